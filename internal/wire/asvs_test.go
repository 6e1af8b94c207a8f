package wire_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// asvsItems are the items of OWASP ASVS 4.0.3 for levels 1 and 2: section, and the numbers in it. Those that were deleted and those of level 3
// are left out.
const asvsItems = `1.1 1-7; 1.2 1-4; 1.4 1 4-5; 1.5 1-4; 1.6 1-4; 1.7 1-2; 1.8 1-2; 1.9 1-2; 1.10 1; 1.11 1-2; 1.12 2; 1.14 1-6;
2.1 1-12; 2.2 1-3; 2.3 1-3; 2.4 1-5; 2.5 1-7; 2.6 1-3; 2.7 1-6; 2.8 1-7; 2.9 1-3; 2.10 1-4;
3.1 1; 3.2 1-4; 3.3 1-4; 3.4 1-5; 3.5 1-3; 3.7 1; 4.1 1-3 5; 4.2 1-2; 4.3 1-3;
5.1 1-5; 5.2 1-8; 5.3 1-10; 5.4 1-3; 5.5 1-4; 6.1 1-3; 6.2 1-6; 6.3 1-2; 6.4 1-2; 7.1 1-4; 7.2 1-2; 7.3 1 3-4; 7.4 1-3;
8.1 1-4; 8.2 1-3; 8.3 1-8; 9.1 1-3; 9.2 1-4; 10.2 1-2; 10.3 1-3; 11.1 1-8; 12.1 1-3; 12.2 1; 12.3 1-6; 12.4 1-2; 12.5 1-2; 12.6 1;
13.1 1 3-5; 13.2 1-3 5-6; 13.3 1-2; 13.4 1-2; 14.1 1-4; 14.2 1-6; 14.3 2-3; 14.4 1-7; 14.5 1-4`

// span are the numbers of "2-4" or "7".
func span(t *testing.T, text string) (all []int) {
	t.Helper()
	from, to, more := strings.Cut(text, "-")
	if !more {
		to = from
	}
	a, err := strconv.Atoi(from)
	b, err2 := strconv.Atoi(to)
	if err != nil || err2 != nil || a > b {
		t.Fatalf("%q is no span", text)
	}
	for n := a; n <= b; n++ {
		all = append(all, n)
	}
	return all
}

var itemsCell = regexp.MustCompile(`(\d+\.\d+)\.(\d+)(?: to (\d+\.\d+)\.(\d+))?`)

// TestASVS proves that docs/asvs.md names each item of levels 1 and 2 once, that each test that it names exists, and that an item which is said
// to be met either names a test or says what else shows it.
func TestASVS(t *testing.T) {
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, "docs", "asvs.md"))
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]bool{}
	for _, section := range strings.Split(strings.ReplaceAll(asvsItems, "\n", " "), ";") {
		words := strings.Fields(section)
		for _, word := range words[1:] {
			for _, n := range span(t, word) {
				left[fmt.Sprintf("%s.%d", words[0], n)] = true
			}
		}
	}
	for n, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || !itemsCell.MatchString(cells[1]) {
			continue
		}
		for _, m := range itemsCell.FindAllStringSubmatch(cells[1], -1) {
			numbers := m[2]
			if m[4] != "" && m[3] == m[1] {
				numbers += "-" + m[4]
			}
			for _, number := range span(t, numbers) {
				item := fmt.Sprintf("%s.%d", m[1], number)
				if !left[item] {
					t.Errorf("line %d: %s is no item of level 1 or 2, or stands here twice", n+1, item)
				}
				delete(left, item)
			}
		}
		if strings.TrimSpace(cells[len(cells)-2]) == "" {
			t.Errorf("line %d: nothing shows it", n+1)
		}
	}
	missing := []string{}
	for item := range left {
		missing = append(missing, item)
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		t.Errorf("items that are not told of: %s", strings.Join(missing, ", "))
	}
	tests := testsByPackage(t, root)
	named := regexp.MustCompile("`([a-z]+(?:/[a-z]+)*)\\.(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(string(text), -1)
	if len(named) < 60 {
		t.Errorf("only %d tests are named", len(named))
	}
	for _, m := range named {
		if !tests[m[1]+"."+m[2]] {
			t.Errorf("there is no test %s.%s", m[1], m[2])
		}
	}
}

// testsByPackage are all tests, as "package.TestName", where a package is called by the last part of its path, or by all of it below internal.
func testsByPackage(t *testing.T, root string) map[string]bool {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
	all := map[string]bool{}
	for _, top := range []string{"internal", "ledger", "cmd", "deploy"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, filepath.Dir(path))
			if err != nil {
				return err
			}
			for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
				all[filepath.Base(name)+"."+m[1]] = true
				all[strings.TrimPrefix(filepath.ToSlash(name), "internal/")+"."+m[1]] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}
