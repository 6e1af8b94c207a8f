package terraform

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/source"
)

// TestBadInput proves that what is broken is a gap with its place, that the rest is read, and that nothing hangs.
func TestBadInput(t *testing.T) {
	const good = `resource "good" "g" { v = 1 }` + "\n"
	deep := strings.Repeat("(", 100_000)
	var laughs strings.Builder
	laughs.WriteString("locals {\n l0 = [\"ha\", \"ha\"]\n s0 = \"haha\"\n")
	for i := range 60 {
		a, b := string(rune('a'+i/26)), string(rune('a'+i%26))
		previous := "0"
		if i > 0 {
			previous = string(rune('a'+(i-1)/26)) + string(rune('a'+(i-1)%26))
		}
		laughs.WriteString(" l" + a + b + " = [local.l" + previous + ", local.l" + previous + "]\n")
		laughs.WriteString(" s" + a + b + " = \"${local.s" + previous + "}${local.s" + previous + "}\"\n")
	}
	laughs.WriteString("}\n")
	tests := map[string]struct {
		files map[string]string
		gap   string // part of a gap that there must be, "" for none
		where string // address|path and
		want  string // part of what stands there
	}{
		"broken HCL": {map[string]string{"main.tf": "resource \"a\" \"b\" {\n  x = \n}\n"}, "main.tf:2: Invalid expression", "", ""},
		"half a file": {map[string]string{"main.tf": "resource \"a\" \"b\" {\n  x = 1\n}\nresource \"a\" \"c\" {\n  y = [1,\n"},
			"main.tf:", "a.b|x", "1"},
		"broken JSON":        {map[string]string{"x.tf.json": "{\"resource\": \n [}"}, "x.tf.json:2", "", ""},
		"not UTF-8":          {map[string]string{"main.tf": "a = \"\xff\xfe\"\n"}, "main.tf:1", "", ""},
		"wrong labels":       {map[string]string{"main.tf": "resource \"a\" {}\n"}, "main.tf:1: a resource block has 1 labels, want 2", "", ""},
		"declared twice":     {map[string]string{"main.tf": "resource \"a\" \"b\" {}\nresource \"a\" \"b\" {}\n"}, "main.tf:2: a.b is declared twice", "", ""},
		"deep nesting":       {map[string]string{"main.tf": "locals {\n x = " + deep + "\n}\n"}, "main.tf: nests deeper", "", ""},
		"deep JSON":          {map[string]string{"x.tf.json": strings.Repeat(`{"a":[`, 100_000)}, "x.tf.json: nests deeper", "", ""},
		"deep prefixes":      {map[string]string{"main.tf": "locals {\n x = " + strings.Repeat("!", 100_000) + "true\n}\n"}, "main.tf: nests deeper", "", ""},
		"deep conditional":   {map[string]string{"main.tf": "locals {\n x = " + strings.Repeat("true ? 1 : ", 20_000) + "2\n}\n"}, "main.tf: nests deeper", "", ""},
		"deep template":      {map[string]string{"main.tf": "locals {\n x = \"" + strings.Repeat(`${"`, 20_000) + "\n}\n"}, "main.tf: nests deeper", "", ""},
		"deep template file": {map[string]string{"main.tf": "resource \"a\" \"b\" { x = templatefile(\"t\", {}) }\n", "t": strings.Repeat("%{if true}", 20_000)}, "nests too deep", "a.b|x", "?"},
		"module circle": {map[string]string{"main.tf": "module \"a\" {\n source = \"./a\"\n}\n", "a/main.tf": "module \"b\" {\n source = \"../b\"\n}\n",
			"b/main.tf": "module \"a\" {\n source = \"../a\"\n}\noutput \"o\" { value = module.a.o }\n"}, "module.a.module.b.module.a calls itself, directly or through others (b/main.tf:1)", "", ""},
		"module of itself":      {map[string]string{"main.tf": "module \"a\" {\n source = \"./\"\n}\n"}, "calls itself", "", ""},
		"module outside":        {map[string]string{"main.tf": "module \"a\" {\n source = \"../../x\"\n}\n"}, "lies outside the target (main.tf:1)", "", ""},
		"module not fetched":    {map[string]string{"main.tf": "module \"a\" {\n source = \"git::https://me:token@example.org/x.git\"\n}\n"}, "module.a: was not fetched from git::https://example.org/x.git (main.tf:1)", "", ""},
		"empty module":          {map[string]string{"main.tf": "module \"a\" {\n source = \"./nope\"\n}\n"}, "has no configuration in nope", "", ""},
		"broken manifest":       {map[string]string{"main.tf": "module \"a\" {\n source = \"x/y/z\"\n}\n", ".terraform/modules/modules.json": "["}, "is not a manifest", "", ""},
		"manifest leads out":    {map[string]string{"main.tf": "module \"a\" {\n source = \"x/y/z\"\n}\n", ".terraform/modules/modules.json": `{"Modules":[{"Key":"a","Dir":"../../etc"}]}`}, "lies outside the target", "", ""},
		"file outside":          {map[string]string{"main.tf": "resource \"a\" \"b\" {\n  x = file(\"../secret\")\n}\n"}, `main.tf:2: file("../secret") lies outside the target`, "a.b|x", `? (file("../secret") lies outside the target (main.tf:2))`},
		"file by absolute path": {map[string]string{"main.tf": "resource \"a\" \"b\" { x = file(\"/etc/passwd\") }\n"}, "lies outside the target", "a.b|x", "?"},
		"file that is missing":  {map[string]string{"main.tf": "resource \"a\" \"b\" { x = file(\"nope\") }\n"}, `file("nope") does not exist`, "a.b|x", "?"},
		"file that is a folder": {map[string]string{"main.tf": "resource \"a\" \"b\" { x = file(\"d\") }\n", "d/x": ""}, "is not a regular file", "a.b|x", "?"},
		"file that is large":    {map[string]string{"main.tf": "resource \"a\" \"b\" { x = file(\"big\") }\n", "big": strings.Repeat("x", maxInclude+1)}, "is larger than this reader takes", "a.b|x", "?"},
		"template that is itself": {map[string]string{"main.tf": "resource \"a\" \"b\" { x = templatefile(\"t\", {}) }\n",
			"t": "${templatefile(\"t\", {})}"}, "", "a.b|x", "?"},
		"huge count":         {map[string]string{"main.tf": "resource \"a\" \"b\" { count = 1000000000 }\n"}, "count is more than", "a.b[*]|x", "absent"},
		"negative count":     {map[string]string{"main.tf": "resource \"a\" \"b\" { count = -1 }\n"}, "", "", ""},
		"count of text":      {map[string]string{"main.tf": "resource \"a\" \"b\" { count = \"x\" }\n"}, "", "a.b[*]|x", "absent"},
		"laughs":             {map[string]string{"main.tf": laughs.String() + "resource \"a\" \"b\" {\n x = local.lch\n y = local.sch\n}\n"}, "", "a.b|y", "?"},
		"laughs in one for":  {map[string]string{"main.tf": "resource \"a\" \"b\" { x = " + nestedFor(40) + " }\n"}, "", "a.b|x", "[[["},
		"wide format":        {map[string]string{"main.tf": "resource \"a\" \"b\" { x = format(\"%0999999999d\", 1) }\n"}, "", "a.b|x", "?"},
		"big replace":        {map[string]string{"main.tf": "locals { s = join(\"\", [for i in range(1000) : \"aaaaaaaaaa\"]) }\nresource \"a\" \"b\" { x = replace(replace(local.s, \"a\", local.s), \"a\", local.s) }\n"}, "", "a.b|x", "?"},
		"big indent":         {map[string]string{"main.tf": "resource \"a\" \"b\" { x = indent(2000000000, \"a\\nb\") }\n"}, "", "a.b|x", "?"},
		"big power":          {map[string]string{"main.tf": "resource \"a\" \"b\" { x = pow(9999999999, 9999999999) }\n"}, "", "a.b|x", "?"},
		"big product":        {map[string]string{"main.tf": "resource \"a\" \"b\" { x = setproduct(range(1000), range(1000), range(1000)) }\n"}, "", "a.b|x", "?"},
		"broken tfvars":      {map[string]string{"main.tf": "variable \"v\" {}\n", "terraform.tfvars": "v = \nw = 2\n"}, "terraform.tfvars:1", "", ""},
		"reference in input": {map[string]string{"main.tf": "variable \"v\" {}\nresource \"a\" \"b\" { x = var.v }\n", "terraform.tfvars": "v = local.x\n"}, "terraform.tfvars:1", "a.b|x", "? (the value of var.v cannot be read (terraform.tfvars:1))"},
		"wrong type":         {map[string]string{"main.tf": "variable \"v\" { type = list(string) }\nresource \"a\" \"b\" { x = var.v }\n", "terraform.tfvars": "v = 5\n"}, "", "a.b|x", "? (the value of var.v is not of its type (main.tf:1))"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.files["good.tf"] = good
			start := time.Now()
			reading := read(t, test.files, source.Options{})
			// What hangs doubles its time with each level and takes for ever; a minute is what a busy machine may need for the rest.
			if elapsed := time.Since(start); elapsed > time.Minute {
				t.Errorf("took %v", elapsed)
			}
			all := strings.Join(gaps(reading), "\n")
			if !strings.Contains(all, test.gap) || test.gap == "" && all != "" {
				t.Errorf("gaps %q, want %q", all, test.gap)
			}
			if got := describe(field(t, reading, "good.g", "v")); got != "1" {
				t.Errorf("what is not broken was not read: %s", got)
			}
			if test.where == "" {
				return
			}
			address, path, _ := strings.Cut(test.where, "|")
			if got := describe(field(t, reading, address, path)); !strings.HasPrefix(got, test.want) {
				t.Errorf("%s is %.200s, want %s", test.where, got, test.want)
			}
		})
	}
}

// nestedFor doubles a list as many times as it nests, without a name on the way.
func nestedFor(levels int) string {
	expr := "x"
	for range levels {
		expr = "[for x in [[x, x]] : " + expr + "]"
	}
	return "[for x in [1] : " + expr + "]"
}

// TestHugeFile proves that a file over the bound is a gap and is not read into memory.
func TestHugeFile(t *testing.T) {
	dir := write(t, map[string]string{"main.tf": "resource \"a\" \"b\" {}\n"})
	huge := filepath.Join(dir, "huge.tf")
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, 1<<30); err != nil {
		t.Skipf("no sparse files here: %v", err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	reading, err := Directory{}.Read(context.Background(), dir, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
		t.Errorf("%d bytes were allocated", used)
	}
	if len(reading.Gaps) != 1 || !strings.Contains(reading.Gaps[0].Reason, "larger") || len(reading.Blocks) != 1 {
		t.Errorf("gaps %v, blocks %v", gaps(reading), addresses(reading))
	}
}

// TestLinksOut proves that symbolic links that lead out of the target are not followed.
func TestLinksOut(t *testing.T) {
	outside := write(t, map[string]string{"x.tf": "resource \"outside\" \"o\" {}\n", "secret": "secret"})
	dir := write(t, map[string]string{"main.tf": "resource \"a\" \"b\" {\n  x = file(\"secret\")\n}\nmodule \"m\" {\n  source = \"./linked\"\n}\n"})
	for link, to := range map[string]string{"secret": "secret", "x.tf": "x.tf", "linked": "."} {
		if err := os.Symlink(filepath.Join(outside, to), filepath.Join(dir, link)); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	reading, err := Directory{}.Read(context.Background(), dir, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := addresses(reading); len(got) != 1 || got[0] != "a.b" {
		t.Errorf("blocks %v", got)
	}
	if got := describe(field(t, reading, "a.b", "x")); !strings.HasPrefix(got, "?") {
		t.Errorf("x is %s", got)
	}
	if len(reading.Gaps) != 3 {
		t.Errorf("gaps %q, want three", gaps(reading))
	}
}

func TestDetect(t *testing.T) {
	dir := write(t, map[string]string{"a/b/main.tf": "", "plan.json": `{"format_version":"1.2","terraform_version":"1.11.4"}`,
		"other.json": `{"Resources":{}}`, "empty/x.txt": "", "dot/.terraform/x.tf": ""})
	for name, want := range map[string][2]bool{".": {true, false}, "a/b/main.tf": {true, false}, "plan.json": {false, true},
		"other.json": {false, false}, "empty": {false, false}, "dot": {false, false}, "nope": {false, false}} {
		name := filepath.Join(dir, name)
		if got := [2]bool{Directory{}.Detect(name), Plan{}.Detect(name)}; got != want {
			t.Errorf("%s: detected %v, want %v", name, got, want)
		}
	}
	if _, err := (Directory{}).Read(context.Background(), filepath.Join(dir, "empty"), source.Options{}); err == nil {
		t.Error("a folder without configuration gives no error")
	}
	reading, err := Directory{}.Read(context.Background(), filepath.Join(dir, "a/b/main.tf"), source.Options{})
	if err != nil || len(reading.Blocks) != 0 {
		t.Errorf("a single file: %v, %v", reading, err)
	}
}
