package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/decode"
	"ward.dev/ward/internal/framework"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/knowledge"
	"ward.dev/ward/internal/wire"
	"ward.dev/ward/internal/yamlfile"
)

// catalogFlags are shared by the commands that look at the catalog.
type catalogFlags struct {
	dirs   []string
	format string
}

func (s *session) catalogCommand() *cobra.Command {
	command := &cobra.Command{Use: "catalog", Short: "List, show and prove kinds, checks and frameworks"}
	command.AddCommand(s.catalogList(), s.catalogShow(), s.catalogTest(), s.catalogRenew())
	return command
}

func (f *catalogFlags) add(command *cobra.Command, formats bool) {
	command.Flags().StringArrayVar(&f.dirs, "catalog", nil, "a folder with your own kinds/, checks/ and frameworks/")
	if formats {
		command.Flags().StringVarP(&f.format, "output", "o", "text", "text or json")
	}
}

// print writes text or JSON.
func (f *catalogFlags) print(w io.Writer, v any, text func(io.Writer)) error {
	switch f.format {
	case "text":
		text(w)
		return nil
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(v)
	}
	return usage{fmt.Errorf("format %q is not text or json", f.format)}
}

// listed is a check as `catalog list -o json` prints it: a contract, see docs/format/check.md.
type listed struct {
	ID        string              `json:"id"`
	Kind      string              `json:"kind"`
	Title     string              `json:"title"`
	Severity  assessment.Severity `json:"severity"`
	Aka       map[string][]string `json:"aka"`
	Citations []string            `json:"citations"`
}

func (s *session) catalogList() *cobra.Command {
	var f catalogFlags
	var id string
	command := &cobra.Command{
		Use:   "list",
		Short: "List the checks",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := loadCatalog(f.dirs)
			if err != nil {
				return err
			}
			of, err := knowledge.Choose(c, id)
			if err != nil {
				return orUsage(err)
			}
			citations := of.Citations()
			list := make([]listed, 0, len(c.Checks))
			for _, one := range c.Checks {
				list = append(list, listed{one.ID, one.Kind.Name, one.Title, one.Severity, orEmpty(one.Aka), append([]string{}, citations[one.ID]...)})
			}
			return f.print(s.stdout, list, func(w io.Writer) {
				for _, one := range list {
					fmt.Fprintf(w, "%-8s  %s\n          %s\n", one.Severity, one.ID, one.Title)
				}
			})
		},
	}
	f.add(command, true)
	command.Flags().StringVar(&id, "framework", "", "whose citations are shown (default hipaa-security-rule)")
	return command
}

func orEmpty(m map[string][]string) map[string][]string {
	if m == nil {
		return map[string][]string{}
	}
	return m
}

func (s *session) catalogShow() *cobra.Command {
	var f catalogFlags
	command := &cobra.Command{
		Use:   "show ID",
		Short: "Show a check, a kind, a framework, or the decoders",
		Args:  one("the id of a check, a kind or a framework, or the word decoders"),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := loadCatalog(f.dirs)
			if err != nil {
				return err
			}
			id := args[0]
			if id == "decoders" {
				return f.print(s.stdout, decode.Names(), showDecoders)
			}
			if one := c.Check(id); one != nil {
				return f.print(s.stdout, shownCheck(c, one), func(w io.Writer) { explainCheck(w, c, one) })
			}
			if k := c.Kind(id); k != nil {
				return f.print(s.stdout, shownKind(k), func(w io.Writer) { showKind(w, k) })
			}
			if of := c.Framework(id); of != nil {
				return f.print(s.stdout, shownFramework(of), func(w io.Writer) { showFramework(w, of) })
			}
			return usage{fmt.Errorf("the catalog has no check, kind or framework %q%s", id, yamlfile.Suggest(id, allIDs(c)))}
		},
	}
	f.add(command, true)
	return command
}

func showDecoders(w io.Writer) {
	for _, name := range decode.Names() {
		fmt.Fprintf(w, "%s (%s)\n%s\n", name, decode.Makes(name), wrap(decode.Doc(name), "    "))
	}
}

func allIDs(c *catalog.Catalog) []string {
	ids := c.IDs()
	for _, k := range c.Kinds {
		ids = append(ids, k.Name)
	}
	for _, f := range c.Frameworks {
		ids = append(ids, f.ID)
	}
	return ids
}

func (s *session) catalogTest() *cobra.Command {
	var f catalogFlags
	var schemas string
	command := &cobra.Command{
		Use:   "test [PATTERN]",
		Short: "Prove that the catalog means what it says",
		Long: `Runs every proof over the built-in catalog and over your own (--catalog DIR): every example gets its answer, every clause
matters to some example, hiding what is known never makes another definite answer, and frameworks and checks agree.
PATTERN keeps to the checks and faults that contain it; files that cannot be read are told in any case. Exit code 3 if a proof fails.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			pattern := strings.Join(args, "")
			c, err := loadCatalog(f.dirs)
			var wrong usage
			if errors.As(err, &wrong) {
				return err
			}
			faults := c.Prove(wire.ReadText, pattern)
			read := &catalog.Schemas{}
			if schemas != "" {
				if read, err = catalog.ReadSchemas(schemas); err != nil {
					return err
				}
			}
			read.Live = wire.Shapes()
			faults = append(faults, c.Lint(read)...)
			faults = slices.DeleteFunc(faults, func(fault error) bool { return !strings.Contains(fault.Error(), pattern) })
			faults = append(yamlfile.Faults(err), faults...) // a broken file is told whatever is asked for: its checks do not exist
			for _, fault := range faults {
				fmt.Fprintln(s.stdout, fault)
			}
			if len(faults) > 0 {
				fmt.Fprintf(s.stderr, "%d faults\n", len(faults))
				return exit(exitFails)
			}
			fmt.Fprintf(s.stdout, "%d kinds, %d checks, %d frameworks: all proofs hold\n", len(c.Kinds), len(c.Checks), len(c.Frameworks))
			return nil
		},
	}
	f.add(command, false)
	command.Flags().StringVar(&schemas, "schemas", "", "a folder with the providers' schemas, to lint the places of kinds")
	return command
}

// The shapes that `catalog show -o json` prints.

type checkJSON struct {
	listed
	Why     string            `json:"why"`
	When    string            `json:"when,omitempty"`
	Require string            `json:"require"`
	Params  map[string]param  `json:"params"`
	Fix     map[string]string `json:"fix"`
}

type param struct {
	Type    string `json:"type"`
	Default any    `json:"default"`
	Doc     string `json:"doc"`
}

func shownCheck(c *catalog.Catalog, of *check.Check) checkJSON {
	var citations []string
	for _, f := range c.Frameworks {
		if f.Default {
			citations = append(citations, f.Citations()[of.ID]...)
		}
	}
	params := map[string]param{}
	for name, p := range of.Params {
		params[name] = param{p.Type.String(), p.Default.Plain(), p.Doc}
	}
	return checkJSON{listed{of.ID, of.Kind.Name, of.Title, of.Severity, orEmpty(of.Aka), citations},
		of.Why, of.When, of.Require, params, of.Fix.Map()}
}

type kindJSON struct {
	ID             string          `json:"id"`
	Title          string          `json:"title"`
	Doc            string          `json:"doc"`
	Service        string          `json:"service"`
	Terraform      []string        `json:"terraform"`
	CloudFormation []string        `json:"cloudformation"`
	Kubernetes     []string        `json:"kubernetes"`
	Dockerfile     []string        `json:"dockerfile"`
	Attributes     []attributeJSON `json:"attributes"`
}

type attributeJSON struct {
	Name string   `json:"name"`
	Type string   `json:"type"`
	Doc  string   `json:"doc"`
	Live []string `json:"live"`
	Is   string   `json:"is,omitempty"`
}

func shownKind(k *kind.Kind) kindJSON {
	shown := kindJSON{k.Name, k.Title, k.Doc, k.Service, append([]string{}, k.Terraform...), append([]string{}, k.CloudFormation...),
		append([]string{}, k.Kubernetes...), append([]string{}, k.Dockerfile...), nil}
	for _, a := range k.All() {
		shown.Attributes = append(shown.Attributes, attributeJSON{a.Name, a.Type.String(), a.Doc, append([]string{}, a.Live...), a.Is})
	}
	return shown
}

type frameworkJSON struct {
	ID         string          `json:"id"`
	Title      string          `json:"title"`
	Source     string          `json:"source"`
	Default    bool            `json:"default"`
	Safeguards []safeguardJSON `json:"safeguards"`
	Views      []viewJSON      `json:"views"`
}

type safeguardJSON struct {
	Citation      string            `json:"citation"`
	Name          string            `json:"name"`
	Specification string            `json:"specification"`
	Obligation    string            `json:"obligation"`
	Responsible   string            `json:"responsible"`
	Checks        []linkJSON        `json:"checks"`
	Attestations  []attestationJSON `json:"attestations"`
	Inherited     *inheritedJSON    `json:"inherited"`
}

type linkJSON struct {
	Check    string `json:"check"`
	Strength string `json:"strength"`
	Reason   string `json:"reason"`
}

type attestationJSON struct {
	ID           string `json:"id"`
	Statement    string `json:"statement"`
	Role         string `json:"role"`
	ReviewMonths int    `json:"review_months"`
}

type inheritedJSON struct {
	From   string `json:"from"`
	Under  string `json:"under"`
	Reason string `json:"reason"`
}

type viewJSON struct {
	ID    string        `json:"id"`
	Title string        `json:"title"`
	Rows  []viewRowJSON `json:"rows"`
}

type viewRowJSON struct {
	ID        string   `json:"id"`
	Title     string   `json:"title"`
	Citations []string `json:"citations"`
}

func shownFramework(f *framework.Framework) frameworkJSON {
	shown := frameworkJSON{ID: f.ID, Title: f.Title, Source: f.Source, Default: f.Default, Views: []viewJSON{}}
	for _, s := range f.Safeguards {
		one := safeguardJSON{Citation: s.Citation, Name: s.Name, Specification: s.Specification, Obligation: s.Obligation,
			Responsible: s.Responsible, Checks: []linkJSON{}, Attestations: []attestationJSON{}}
		for _, l := range s.Checks {
			one.Checks = append(one.Checks, linkJSON{l.Check, l.Strength, l.Reason})
		}
		for _, a := range s.Attestations {
			one.Attestations = append(one.Attestations, attestationJSON(a))
		}
		if s.Inherited != nil {
			inherited := inheritedJSON(*s.Inherited)
			one.Inherited = &inherited
		}
		shown.Safeguards = append(shown.Safeguards, one)
	}
	for _, v := range f.Views {
		view := viewJSON{ID: v.ID, Title: v.Title}
		for _, r := range v.Rows {
			view.Rows = append(view.Rows, viewRowJSON{r.ID, r.Title, r.Citations})
		}
		shown.Views = append(shown.Views, view)
	}
	return shown
}
