package cli_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/cli"
	"ward.dev/ward/internal/decode"
)

var update = flag.Bool("update", false, "write the generated documents anew")

const generated = "<!-- Generated from the program: go test ./internal/cli -run TestGenerated -update -->\n\n"

// TestGenerated proves that the documents that are made from the program say what the program is now.
func TestGenerated(t *testing.T) {
	c, err := catalog.Load(builtin.Files)
	if err != nil {
		t.Fatal(err)
	}
	for name, made := range map[string]string{
		"docs/commands.md":        commands(),
		"docs/catalog.md":         contents(c),
		"docs/format/decoders.md": decoders(),
	} {
		path := filepath.Join("..", "..", name)
		if *update {
			if err := os.WriteFile(path, []byte(made), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(have), made); diff != "" {
			t.Errorf("%s is not what the program is; run with -update (-have +now):\n%s", name, diff)
		}
	}
}

func commands() string {
	var b strings.Builder
	b.WriteString("# Commands\n\n" + generated)
	for _, args := range [][]string{{"assess"}, {"assess", "image"}, {"sbom"}, {"report"}, {"diff"}, {"explain"}, {"catalog", "list"}, {"catalog", "show"}, {"catalog", "test"}, {"vulndb", "update"}, {"vulndb", "status"}, {"guard", "plan"}, {"guard", "approve"}, {"guard", "run"}, {"guard", "journal"}, {"guard", "undo"}, {"ledger", "verify"}, {"ledger", "export"}, {"ledger", "show"}, {"ledger", "checkpoint"}, {"ledger", "key"}, {"backup"}, {"backup", "verify"}, {"restore"}, {"version"}} {
		var help bytes.Buffer
		cli.Run(append(args, "--help"), nil, &help, &help)
		fmt.Fprintf(&b, "## ward %s\n\n```\n%s```\n\n", strings.Join(args, " "), help.String())
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func decoders() string {
	var b strings.Builder
	b.WriteString("# Decoders\n\n" + generated + "What `via:` in a kind file can name. A decoder that makes objects gives the list its fields.\n")
	for _, name := range decode.Names() {
		fmt.Fprintf(&b, "\n## %s\n\nMakes a %s. %s\n", name, decode.Makes(name), decode.Doc(name))
		if fields := decode.Items(name); len(fields) > 0 {
			b.WriteString("\n| field | type | meaning |\n| --- | --- | --- |\n")
			for _, f := range fields {
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name, f.Type, strings.ReplaceAll(f.Doc, "|", "\\|"))
			}
		}
	}
	return b.String()
}

func contents(c *catalog.Catalog) string {
	perKind := map[string]int{}
	for _, one := range c.Checks {
		perKind[one.Kind.Name]++
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# The catalog\n\n%s%d kinds and %d checks. `ward catalog list` lists the checks, `ward explain ID` explains one.\n\n",
		generated, len(c.Kinds), len(c.Checks))
	b.WriteString("## Kinds\n\n| kind | what | checks | Terraform | CloudFormation |\n| --- | --- | --- | --- | --- |\n")
	for _, k := range c.Kinds {
		fmt.Fprintf(&b, "| `%s` | %s | %d | %s | %s |\n", k.Name, k.Title, perKind[k.Name], strings.Join(k.Terraform, ", "), strings.Join(k.CloudFormation, ", "))
	}
	for _, f := range c.Frameworks {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| citation | safeguard | | checks | attestations | inherited |\n| --- | --- | --- | --- | --- | --- |\n", f.Title, f.Source)
		for _, s := range f.Safeguards {
			inherited := ""
			if s.Inherited != nil {
				inherited = "from the " + s.Inherited.From
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %d | %d | %s |\n", s.Citation, s.Name, s.Specification, len(s.Checks), len(s.Attestations), inherited)
		}
	}
	return b.String()
}
