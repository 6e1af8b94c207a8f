package yamlfile_test

import (
	"errors"
	"strings"
	"testing"

	"ward.dev/ward/internal/yamlfile"
)

type house struct {
	Name  string          `yaml:"name"`
	Doors []door          `yaml:"doors"`
	Rooms map[string]room `yaml:"rooms"`
	extra `yaml:",inline"`
}

type extra struct {
	Garden bool `yaml:"garden"`
}

type door struct {
	Width int `yaml:"width"`
}

type room struct {
	Windows int `yaml:"windows"`
}

// TestFaults proves that whatever is not as the types say is a fault with its line, and that all are told at once.
func TestFaults(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a misspelt key", "nmae: x\n", `f.yaml:1: unknown key "nmae" (did you mean "name"?)`},
		{"deep down", "name: x\ndoors:\n  - {width: 1}\n  - {weight: 2}\n", `f.yaml:4: unknown key "weight"`},
		{"in a map", "rooms:\n  hall:\n    window: 3\n", `f.yaml:3: unknown key "window" (did you mean "windows"?)`},
		{"a key twice", "name: x\nname: y\n", `f.yaml:2: key "name" is already set at line 1`},
		{"a wrong type", "doors: [{width: wide}]\n", "f.yaml:1: "},
		{"an alias", "name: &a x\ndoors: *a\n", "f.yaml:2: aliases are not allowed"},
		{"two documents", "name: x\n---\nname: y\n", "more than one YAML document"},
		{"nothing", "", "the file is empty"},
		{"no YAML", "name: [\n", "f.yaml:"},
		{"too much", strings.Repeat("#", yamlfile.MaxSize+1), "larger than"},
	} {
		var h house
		err := yamlfile.Decode("f.yaml", []byte(test.text), &h)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v; want %q", test.name, err, test.want)
		}
	}
	err := yamlfile.Decode("f.yaml", []byte("a: 1\nb: 2\n"), &house{})
	var all interface{ Unwrap() []error }
	if !errors.As(err, &all) || len(all.Unwrap()) != 2 {
		t.Errorf("two faults are told as %v", err)
	}
}

// TestGood proves that what is right is read, inlined fields too.
func TestGood(t *testing.T) {
	var h house
	if err := yamlfile.Decode("f.yaml", []byte("name: x\ngarden: true\nrooms: {hall: {windows: 2}}\n"), &h); err != nil {
		t.Fatal(err)
	}
	if h.Name != "x" || !h.Garden || h.Rooms["hall"].Windows != 2 {
		t.Errorf("read %+v", h)
	}
}

// FuzzDecode proves that no text makes the reader panic.
func FuzzDecode(f *testing.F) {
	f.Add("name: x\ndoors: [{width: 1}]\n")
	f.Add("a: &a [*a]\n")
	f.Fuzz(func(t *testing.T, text string) {
		_ = yamlfile.Decode("f.yaml", []byte(text), &house{})
	})
}
