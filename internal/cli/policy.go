package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/wire"
)

func (s *session) policyCommand() *cobra.Command {
	command := &cobra.Command{Use: "policy", Short: "Print the permissions that reading needs"}
	var a awsFlags
	var format string
	var part int
	var checks []string
	live := &cobra.Command{
		Use:   "aws",
		Short: "Print the least-privilege IAM policy for reading AWS accounts",
		Long: `Prints the IAM policy that lets Ward read what it judges, and nothing else: all of its actions
read, but that one asks for a credential report. It is made from the
calls that the collectors make, so it fits this version of the program. A managed policy holds 6,144 characters at most: what is
longer is split, into several policies in Terraform, and into parts of JSON that --part prints one by one.`,
		Example: `  ward policy aws > ward-read.json
  ward policy aws --services s3,kms,rds
  ward policy aws --organization WardReader -o terraform`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := a.chooseKinds(); err != nil {
				return err
			}
			if len(checks) > 0 {
				asked, err := kindsOf(checks)
				if err != nil {
					return err
				}
				of := a.options.Kinds
				a.options.Kinds = func(kind string) bool { return asked[kind] && (of == nil || of(kind)) }
			}
			actions := wire.AWSFoundation()
			for _, some := range wire.AWSPermissions(a.options.Kinds) {
				actions = append(actions, some...)
			}
			if a.options.Organization != "" {
				actions = append(actions, "organizations:ListAccounts")
			}
			slices.Sort(actions)
			return s.writePolicy(format, part, wire.AWSPolicies(slices.Compact(actions), a.options.Organization))
		},
	}
	flags := live.Flags()
	flags.StringVarP(&format, "output", "o", "json", "json or terraform")
	flags.IntVar(&part, "part", 0, "print this part of the JSON only, counted from 1")
	flags.StringSliceVar(&checks, "checks", nil, "checks to answer, such as aws.s3.bucket.* (default: all)")
	flags.StringSliceVar(&a.services, "services", nil, "services to read, such as s3,rds (default: all)")
	flags.StringVar(&a.options.Organization, "organization", "", "name of the role that is assumed in the other accounts of the organization")
	command.AddCommand(live, s.policyKubernetesCommand())
	return command
}

// kindsOf returns the kinds that checks need: their own, and those that these refer to.
func kindsOf(patterns []string) (map[string]bool, error) {
	c, err := openCatalog(nil)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, pattern := range patterns {
		matched := false
		for _, id := range c.IDs() {
			if ok, err := path.Match(pattern, id); err != nil {
				return nil, usage{fmt.Errorf("--checks %q: %w", pattern, err)}
			} else if ok {
				matched = true
				addKind(c, wanted, catalog.KindOf(id))
			}
		}
		if !matched {
			return nil, usage{fmt.Errorf("--checks: no check is called %s", pattern)}
		}
	}
	return wanted, nil
}

func addKind(c *catalog.Catalog, wanted map[string]bool, name string) {
	k := c.Kind(name)
	if wanted[name] || k == nil {
		return
	}
	wanted[name] = true
	for _, needed := range k.Needs("aws") {
		addKind(c, wanted, needed)
	}
}

func (s *session) writePolicy(format string, part int, documents []wire.AWSPolicy) error {
	switch {
	case format == "terraform":
		_, err := fmt.Fprint(s.stdout, wire.AWSPoliciesTerraform(documents))
		return err
	case format != "json":
		return usage{errors.New("-o is json or terraform")}
	case part < 0 || part > len(documents):
		return usage{fmt.Errorf("--part is 1 to %d", len(documents))}
	}
	document := documents[max(0, part-1)]
	if part == 0 && len(documents) > 1 {
		for _, more := range documents[1:] {
			document.Statement = append(document.Statement, more.Statement...)
		}
		fmt.Fprintf(s.stderr, "ward: this is longer than one managed policy may be; print its %d parts with --part 1 to --part %d, or -o terraform\n",
			len(documents), len(documents))
	}
	text, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.stdout, string(text))
	return err
}
