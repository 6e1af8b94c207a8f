package wire_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

const root = "../.."

func text(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestWhereToAdd proves that every path that docs/where-to-add.md names exists.
func TestWhereToAdd(t *testing.T) {
	paths := regexp.MustCompile("`([a-z.]+/[^`]*|go.mod)`").FindAllStringSubmatch(text(t, "docs/where-to-add.md"), -1)
	if len(paths) < 10 {
		t.Errorf("only %d paths found", len(paths))
	}
	for _, path := range paths {
		if _, err := os.Stat(filepath.Join(root, path[1])); err != nil {
			t.Error(err)
		}
	}
}

// TestDependencies proves that each direct dependency, and nothing else, has its line in docs/dependencies.md.
func TestDependencies(t *testing.T) {
	mod, err := modfile.Parse("go.mod", []byte(text(t, "go.mod")), nil)
	if err != nil {
		t.Fatal(err)
	}
	doc := text(t, "docs/dependencies.md")
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllStringSubmatch(doc, -1) {
		listed[m[1]] = true
	}
	families := map[string]bool{}
	for _, r := range mod.Require {
		if r.Indirect {
			continue
		}
		if of := path.Dir(r.Mod.Path) + "/*"; listed[of] || families[of] {
			families[of] = true // one line for a family of modules, such as the clients of one provider
			delete(listed, of)
			continue
		}
		if !listed[r.Mod.Path] {
			t.Errorf("%s has no line in docs/dependencies.md", r.Mod.Path)
		}
		delete(listed, r.Mod.Path)
	}
	for path := range listed {
		t.Errorf("docs/dependencies.md lists %s, which go.mod does not require directly", path)
	}
}

// TestNothingOfThisMachine proves that no file names a place that exists on one machine only.
func TestNothingOfThisMachine(t *testing.T) {
	local := regexp.MustCompile(`(^|[\s"'=(])/(home|root|Users)/[A-Za-z]`)
	for _, dir := range []string{"catalog", "docs", "internal", "cmd", "examples"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") {
				return err
			}
			data, err := os.ReadFile(path)
			if found := local.Find(data); found != nil {
				t.Errorf("%s names %q", path, found)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
