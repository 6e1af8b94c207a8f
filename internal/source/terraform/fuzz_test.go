package terraform

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// fuzzFile reads files as a target: whatever they hold, reading ends, does not panic, and every unknown says why.
func fuzzFile(t *testing.T, files map[string]string) {
	reading, err := Directory{}.Read(context.Background(), write(t, files), source.Options{})
	if err != nil {
		return
	}
	for _, gap := range reading.Gaps {
		if gap.Reason == misuse {
			t.Errorf("%v", gap)
		}
	}
	for _, b := range reading.Blocks {
		if b.Origin == nil {
			t.Errorf("%s has no origin", b.Address)
		}
		visit(b.Body, func(v value.Value) {
			if len(v.Reasons()) == 0 && v.IsUnknown() || len(v.Reasons()) > 0 && v.Reasons()[0].Why == "nothing was read" {
				t.Errorf("%s: an unknown value does not say why", b.Address)
			}
		})
	}
}

func FuzzHCL(f *testing.F) {
	f.Add(surroundings)
	f.Add("resource \"a\" \"b\" {\n dynamic \"x\" {\n for_each = [1]\n content { y = x.value }\n }\n}\n")
	f.Add("locals { a = [for x in [1] : x...] }")
	f.Add("resource \"a\" \"b\" { v = \"%{for a in null}${a}%{endfor}\" }")
	for _, name := range []string{"testdata/oracle/main.tf", "testdata/oracle/inner/main.tf"} {
		seed, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(seed))
	}
	f.Fuzz(func(t *testing.T, src string) { fuzzFile(t, map[string]string{"main.tf": src}) })
}

// FuzzExpression puts the expression where everything around it is declared.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{`aws_s3_bucket.two[*].id`, `merge(var.map, {a = 1})["a"]`, `"${local.id}-x"`,
		`try(one(aws_s3_bucket.maybe)[0], null)`, `{for k, v in aws_s3_bucket.each : k => v.tags...}`,
		`templatefile("main.tf", {a = 1})`, `jsonencode(concat(var.list, [local.id, 1e99, null]))`,
		`element(var.list, -1)`, `cidrsubnet(var.nothing, 8, 1)`, `format("%s %d", var.nothing, "x")`,
		`toset([null, 1, var.list])`, `zipmap(["a"], var.list)`, `aws_s3_bucket.each[aws_s3_bucket.b.id].x[*]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		fuzzFile(t, map[string]string{"main.tf": "resource \"test\" \"it\" { v = " + expr + "\n}\n", "rest.tf": surroundings})
	})
}

func FuzzJSON(f *testing.F) {
	seed, err := os.ReadFile("testdata/oracle/base.tf.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(seed))
	f.Add(`{"resource":[{"a":{"b":{"dynamic":{"x":{"for_each":[1],"content":{"y":"${x.value}"}}}}}}]}`)
	f.Add(`{"module":{"m":{"source":"./","providers":{"aws":"aws.west"}}},"provider":{"aws":[{"region":"x"}]}}`)
	f.Fuzz(func(t *testing.T, src string) { fuzzFile(t, map[string]string{"main.tf.json": src}) })
}

func FuzzVariables(f *testing.F) {
	f.Add("v = [1, \"a\"]\n", "list(string)")
	f.Add("v = { a = { b = null } }\n", "object({ a = optional(object({ b = optional(string, \"x\") }), {}) })")
	f.Add("v = null\n", "any")
	f.Fuzz(func(t *testing.T, src, ty string) {
		fuzzFile(t, map[string]string{"terraform.tfvars": src,
			"main.tf": "variable \"v\" {\n type = " + ty + "\n}\nresource \"a\" \"b\" { x = var.v }\n"})
	})
}

func FuzzPlan(f *testing.F) {
	for _, seed := range []string{planText, `{"format_version":"1.2","resource_changes":[null]}`,
		`{"format_version":"1.2","planned_values":{"root_module":{"resources":[null],"child_modules":[null]}}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		name := filepath.Join(t.TempDir(), "plan.json")
		if err := os.WriteFile(name, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		reading, err := Plan{}.Read(context.Background(), name, source.Options{})
		if err != nil {
			if strings.Contains(err.Error(), "panic") {
				t.Error(err)
			}
			return
		}
		for _, b := range reading.Blocks {
			visit(b.Body, func(v value.Value) { _ = describe(v) })
		}
	})
}
