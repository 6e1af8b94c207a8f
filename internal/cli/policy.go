package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

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
			return s.writePolicy(format, part, policies(slices.Compact(actions), a.options.Organization))
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

type policyStatement struct {
	Sid      string
	Effect   string
	Action   []string
	Resource []string
}

type policyDocument struct {
	Version   string
	Statement []policyStatement
}

// longest is how long a managed policy may be, white space left out (IAM quotas).
const longest = 6144

// policies makes statements of one service each, so that a reader finds what they look for, and as many documents as they
// need. Where the
// roles of an organization are assumed, that is one more statement.
func policies(actions []string, role string) []policyDocument {
	var statements []policyStatement
	for _, action := range actions {
		service, _, _ := strings.Cut(action, ":")
		sid := "Read" + strings.ToUpper(service[:1]) + strings.ReplaceAll(service[1:], "-", "")
		resources := wire.AWSResources(action)
		if len(resources) > 1 || resources[0] != "*" {
			sid += "OfSome"
		}
		at := slices.IndexFunc(statements, func(st policyStatement) bool { return st.Sid == sid })
		if at < 0 {
			at = len(statements)
			statements = append(statements, policyStatement{Sid: sid, Effect: "Allow", Resource: resources})
		}
		statements[at].Action = append(statements[at].Action, action)
	}
	if role != "" {
		statements = append(statements, policyStatement{"EnterAccounts", "Allow", []string{"sts:AssumeRole"}, []string{"arn:aws:iam::*:role/" + role}})
	}
	documents := []policyDocument{{Version: "2012-10-17"}}
	for _, st := range statements {
		last := &documents[len(documents)-1]
		if longer := append(slices.Clip(last.Statement), st); len(last.Statement) > 0 && length(longer) > longest {
			documents = append(documents, policyDocument{"2012-10-17", []policyStatement{st}})
		} else {
			last.Statement = longer
		}
	}
	return documents
}

func length(statements []policyStatement) int {
	text, _ := json.Marshal(policyDocument{"2012-10-17", statements}) // texts alone always marshal
	return len(text)
}

func (s *session) writePolicy(format string, part int, documents []policyDocument) error {
	switch {
	case format == "terraform":
		_, err := fmt.Fprint(s.stdout, terraformPolicies(documents))
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

func terraformPolicies(documents []policyDocument) string {
	var out strings.Builder
	for i, document := range documents {
		name := "ward_read"
		if len(documents) > 1 {
			name = fmt.Sprintf("ward_read_%d", i+1)
		}
		fmt.Fprintf(&out, "data \"aws_iam_policy_document\" %q {\n", name)
		for _, st := range document.Statement {
			fmt.Fprintf(&out, "  statement {\n    sid       = %q\n    effect    = %q\n    resources = [%s]\n    actions = [\n", st.Sid, st.Effect, quoted(st.Resource))
			for _, action := range st.Action {
				fmt.Fprintf(&out, "      %q,\n", action)
			}
			out.WriteString("    ]\n  }\n")
		}
		fmt.Fprintf(&out, "}\n\nresource \"aws_iam_policy\" %q {\n  name   = %q\n  policy = data.aws_iam_policy_document.%s.json\n}\n\n",
			name, strings.ReplaceAll(name, "_", "-"), name)
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

func quoted(texts []string) string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = fmt.Sprintf("%q", text)
	}
	return strings.Join(all, ", ")
}
