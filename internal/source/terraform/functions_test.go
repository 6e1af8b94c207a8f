package terraform

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"ward.dev/ward/internal/source"
)

// TestOracleFunctions calls every function with all pairs of some arguments, here and in the real terraform. Wherever
// both know the result it is the same, and nothing is known here that terraform does not know. Calls that terraform
// refuses are not compared: what is read here is assumed to be accepted there.
func TestOracleFunctions(t *testing.T) {
	args := []string{"null", "2", `"a,b"`, `["b", "a", "b"]`, `{ a = 1, b = "x" }`, "true", "terraform_data.u.id"}
	names := []string{"try"}
	for name := range builtins {
		names = append(names, name)
	}
	for name := range special() {
		if name != "sensitive" && name != "list" && name != "map" {
			names = append(names, name)
		}
	}
	var exprs []string
	for _, a := range args {
		for _, name := range names {
			exprs = append(exprs, fmt.Sprintf("%s(%s)", name, a))
		}
		exprs = append(exprs, "("+a+")[*]", `"x${`+a+`}"`, "[for x in "+a+" : x]", "{ for k, x in "+a+" : k => x }")
		for _, b := range args {
			for _, name := range names {
				exprs = append(exprs, fmt.Sprintf("%s(%s, %s)", name, a, b))
			}
			for _, op := range []string{"+", "/", "%", "==", "!=", "<", "&&"} {
				exprs = append(exprs, fmt.Sprintf("(%s) %s (%s)", a, op, b))
			}
			exprs = append(exprs, fmt.Sprintf("(%s)[%s]", a, b), fmt.Sprintf("true ? (%s) : (%s)", a, b))
		}
	}
	var src strings.Builder
	const each = 200 // of one resource: terraform is slow with large objects
	src.WriteString("resource \"terraform_data\" \"u\" {}\n")
	for i, expr := range exprs {
		if i%each == 0 {
			fmt.Fprintf(&src, "resource \"terraform_data\" \"r%d\" {\n  input = {\n", i/each)
		}
		fmt.Fprintf(&src, "    e%d = try(%s, \"<error>\")\n", i, expr)
		if i%each == each-1 || i == len(exprs)-1 {
			src.WriteString("  }\n}\n")
		}
	}
	dir := write(t, map[string]string{"main.tf": src.String()})
	planned, err := Plan{}.Read(context.Background(), planOf(t, dir), source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	reading, err := Directory{}.Read(context.Background(), dir, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, expr := range exprs {
		address, path := fmt.Sprintf("terraform_data.r%d", i/each), fmt.Sprintf("input.e%d", i)
		want := fmt.Sprint(plain(field(t, planned, address, path)))
		got := fmt.Sprint(plain(field(t, reading, address, path)))
		switch {
		case got == want, want == "<error>", strings.Contains(got, unknownMark):
		case got == "<error>" && want == unknownMark: // refused here already, there only at apply
		default:
			t.Errorf("%s is %.80s, terraform has %.80s", expr, got, want)
		}
	}
}
