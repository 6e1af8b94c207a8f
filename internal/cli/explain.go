package cli

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/framework"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/yamlfile"
)

func (s *session) explainCommand() *cobra.Command {
	var f catalogFlags
	var from string
	command := &cobra.Command{
		Use:   "explain CHECK|CITATION|FINDING",
		Short: "Explain a check, a paragraph of the rule, or a finding",
		Example: `  ward explain aws.kms.key.rotates
  ward explain '164.312(a)(2)(iv)'
  ward explain 3f9c2a7d10b4 --assessment now.json`,
		Args: one("the id of a check, a citation such as '164.312(b)', or the id of a finding"),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := loadCatalog(f.dirs)
			if err != nil {
				return err
			}
			id := args[0]
			if one := c.Check(id); one != nil {
				explainCheck(s.stdout, c, one)
				return nil
			}
			if of, safeguard := findSafeguard(c, id); safeguard != nil {
				explainSafeguard(s.stdout, of, safeguard)
				return nil
			}
			if from == "" {
				return usage{fmt.Errorf("%q is no check and no citation%s; for a finding give --assessment FILE",
					id, yamlfile.Suggest(id, allIDs(c)))}
			}
			a, err := s.readAssessment(from)
			if err != nil {
				return err
			}
			for i := range a.Findings {
				if strings.HasPrefix(a.Findings[i].ID, id) {
					explainFinding(s.stdout, c, &a.Findings[i])
					return nil
				}
			}
			return usage{fmt.Errorf("%s has no finding %q", from, id)}
		},
	}
	command.Flags().StringArrayVar(&f.dirs, "catalog", nil, "a folder with your own kinds/, checks/ and frameworks/")
	command.Flags().StringVar(&from, "assessment", "", "the saved assessment that holds the finding")
	return command
}

// findSafeguard finds a citation in the default framework first.
func findSafeguard(c *catalog.Catalog, citation string) (*framework.Framework, *framework.Safeguard) {
	citation = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(citation, "45 CFR"), "§"))
	for _, wanted := range []bool{true, false} {
		for _, f := range c.Frameworks {
			if s := f.Safeguard(citation); s != nil && f.Default == wanted {
				return f, s
			}
		}
	}
	return nil, nil
}

func explainCheck(w io.Writer, c *catalog.Catalog, of *check.Check) {
	fmt.Fprintf(w, "%s\n%s  (%s, %s)\n\n%s\n", of.Title, of.ID, of.Severity, of.Kind.Title, wrap(of.Why, ""))
	fmt.Fprintf(w, "\nIt holds when\n%s\n", wrap(of.Require, "  "))
	if of.When != "" {
		fmt.Fprintf(w, "and applies when\n%s\n", wrap(of.When, "  "))
	}
	for _, name := range sorted(of.Params) {
		p := of.Params[name]
		fmt.Fprintf(w, "\nParameter %s (%s, default %v)\n%s\n", name, p.Type, p.Default.Plain(), wrap(p.Doc, "  "))
	}
	fmt.Fprintln(w, "\nIt reads")
	for _, r := range of.Rules() {
		for _, a := range r.Attributes() {
			fmt.Fprintf(w, "  %s: %s\n", a.Name, wrapAfter(a.Doc, "    ", len(a.Name)+4))
		}
	}
	fmt.Fprintln(w, "\nIt bears on")
	for _, wanted := range []bool{true, false} { // the rule in force first
		for _, f := range c.Frameworks {
			if f.Default == wanted {
				explainLinks(w, f, of.ID)
			}
		}
	}
	fix := of.Fix.Map()
	for _, name := range []string{"console", "cli", "terraform", "cloudformation", "kubernetes", "dockerfile"} {
		if fix[name] != "" {
			fmt.Fprintf(w, "\nTo fix it (%s)\n%s\n", name, indent(fix[name], "  "))
		}
	}
	if len(of.Aka) > 0 {
		fmt.Fprintln(w, "\nElsewhere it is called")
		for _, tool := range sorted(of.Aka) {
			fmt.Fprintf(w, "  %s: %s\n", tool, strings.Join(of.Aka[tool], ", "))
		}
	}
}

func explainLinks(w io.Writer, f *framework.Framework, id string) {
	for _, s := range f.Safeguards {
		for _, l := range s.Checks {
			if l.Check == id {
				fmt.Fprintf(w, "  %s %s (%s, %s)\n%s\n", s.Citation, s.Name, f.ID, l.Strength, wrap(l.Reason, "    "))
			}
		}
	}
}

func explainSafeguard(w io.Writer, f *framework.Framework, s *framework.Safeguard) {
	fmt.Fprintf(w, "%s  %s\n%s, %s; %s answers for it\n\n%s\n", s.Citation, s.Name, f.Title, s.Specification, s.Responsible, wrap(s.Obligation, ""))
	if len(s.Checks) > 0 {
		fmt.Fprintf(w, "\n%d checks bear on it\n", len(s.Checks))
	}
	for _, l := range s.Checks {
		fmt.Fprintf(w, "  %s (%s)\n%s\n", l.Check, l.Strength, wrap(l.Reason, "    "))
	}
	for _, a := range s.Attestations {
		fmt.Fprintf(w, "\nAttestation %s, by the %s, every %d months\n%s\n", a.ID, a.Role, a.ReviewMonths, wrap(a.Statement, "  "))
	}
	if s.Inherited != nil {
		fmt.Fprintf(w, "\nInherited from the %s under %s\n%s\n", s.Inherited.From, s.Inherited.Under, wrap(s.Inherited.Reason, "  "))
	}
	if s.Unanswered != "" {
		fmt.Fprintf(w, "\nNot answered: %s\n", s.Unanswered)
	}
}

func explainFinding(w io.Writer, c *catalog.Catalog, f *assessment.Finding) {
	fmt.Fprintf(w, "%s: %s\n%s  (%s)\n", f.Status, f.Title, f.Resource.Address, f.Kind)
	if at := report.Place(f.Location); at != "" {
		fmt.Fprintf(w, "at %s\n", at)
	}
	if c := f.Location.Call; c != nil {
		fmt.Fprintf(w, "account %s, read by %s\n", report.Clean(c.Account), report.Clean(c.Caller))
	}
	fmt.Fprintf(w, "PHI: %s %s\n", f.PHI, f.PHIReason)
	if len(f.Evidence) > 0 {
		fmt.Fprintln(w, "\nEvidence")
	}
	for _, e := range f.Evidence {
		fmt.Fprintf(w, "  %s\n", report.Evidence(e))
		if at := report.Place(e.Location); at != "" {
			fmt.Fprintf(w, "    %s\n", at)
		}
	}
	for _, u := range f.Unknown {
		fmt.Fprintf(w, "\nUnknown: %s, since %s\n", u.Attribute, u.Reason)
		if u.Grant != "" {
			fmt.Fprintf(w, "  to know it: %s\n", u.Grant)
		}
	}
	if of := c.Check(f.Check); of != nil {
		fmt.Fprintln(w)
		explainCheck(w, c, of)
	}
}

func showKind(w io.Writer, k *kind.Kind) {
	fmt.Fprintf(w, "%s  %s\n\n%s\n", k.Name, k.Title, wrap(k.Doc, ""))
	fmt.Fprintln(w)
	for _, in := range []struct {
		dialect string
		types   kind.Names
	}{{"Terraform", k.Terraform}, {"CloudFormation", k.CloudFormation}, {"Kubernetes", k.Kubernetes}, {"Dockerfile", k.Dockerfile}} {
		if len(in.types) > 0 {
			fmt.Fprintf(w, "%s: %s\n", in.dialect, strings.Join(in.types, ", "))
		}
	}
	fmt.Fprintln(w)
	for _, a := range k.All() {
		fmt.Fprintf(w, "%s (%s)\n%s\n", a.Name, a.Type, wrap(a.Doc, "    "))
	}
}

func showFramework(w io.Writer, f *framework.Framework) {
	fmt.Fprintf(w, "%s\n%s\n\n", f.Title, f.Source)
	for _, s := range f.Safeguards {
		fmt.Fprintf(w, "%-24s %-11s %s (%d checks, %d attestations)\n", s.Citation, s.Specification, s.Name, len(s.Checks), len(s.Attestations))
	}
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// wrap folds a text to 80 columns behind an indent.
func wrap(text, indent string) string { return indent + wrapAfter(text, indent, len(indent)) }

// wrapAfter folds a text whose first line begins at a column.
func wrapAfter(text, indent string, column int) string {
	var b strings.Builder
	for i, word := range strings.Fields(text) {
		switch {
		case i > 0 && column+1+len(word) > 80:
			b.WriteString("\n" + indent)
			column = len(indent)
		case i > 0:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+by)
}
