package export

import (
	"strings"
	"testing"

	"cel.dev/cel-go/common/ast"
)

// TestTidy proves that an expression is written in one form, which reads as the same expression.
func TestTidy(t *testing.T) {
	for text, want := range map[string]string{
		`((a)) && ((b) || (c))`:             "a &&\n(b || c)",
		`(x ? y : z) || !(w)`:               "(x ? y : z) ||\n!w",
		`(object.?a[?"b.c/d"]).orValue("")`: `object.?a[?"b.c/d"].orValue("")`,
		`((c) in (["x"]))`:                  `c in ["x"]`,
		`a.exists(e, (e) == (1))`:           "a.exists(e, e == 1)",
	} {
		got, err := tidy(text)
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", text, got, err, want)
		}
		if again, err := tidy(got); err != nil || again != got {
			t.Errorf("%s: again %q, %v", got, again, err)
		}
	}
	if _, err := tidy("a &&"); err == nil {
		t.Error("a broken expression is tidy")
	}
}

// TestShapes proves that every type of objects has a shape, and that a member it does not have is not found.
func TestShapes(t *testing.T) {
	for typ := range types {
		s := shapeOf(typ)
		if s == nil || s.member("metadata") == nil || descend(s, []string{"metadata", "labels", "any"}).form != "string" {
			t.Errorf("%s: %+v", typ, s)
		}
		if descend(s, []string{"spec", "nothing"}) != nil || descend(s, []string{"provided"}) != nil {
			t.Errorf("%s has what it has not", typ)
		}
	}
	all := merge(shapeOf("Pod"), shapeOf("Deployment.apps"), 0)
	if descend(all, []string{"spec", "template", "spec", "containers"}).form != "list" || descend(all, []string{"spec", "containers"}).form != "list" {
		t.Error("two types do not have the members of both")
	}
}

// FuzzQuote proves that any text is the same text in CEL, on one line.
func FuzzQuote(f *testing.F) {
	for _, text := range []string{"", `a"b\c`, "a\nb\tc\r\x00\x7f", "§ é 漢 \u2028"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ToValidUTF8(text, "") != text {
			t.Skip("YAML and JSON hold no such text")
		}
		quoted := quote(text)
		parsed, err := parse(quoted)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if e := parsed.Expr(); e.Kind() != ast.LiteralKind || e.AsLiteral().Value() != text || strings.ContainsAny(quoted, "\n\r") {
			t.Errorf("%q becomes %s", text, quoted)
		}
	})
}
