package catalog_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"ward.dev/ward/internal/catalog"
)

const door = `kind: t.door
title: door
doc: For tests.
attributes:
  locked: {type: bool, doc: Whether it is locked.}
  guarded: {type: bool, doc: Whether somebody stands there., default: false}
  keys: {type: list string, doc: Who has a key., default: []}
`

const locked = `title: Doors are locked
severity: high
why: Anybody can walk in.
require: self.locked || self.guarded
fix: {console: Turn the key.}
examples:
  - {name: locked, expect: pass, given: {locked: true}}
  - {name: open, expect: fail, given: {locked: false}}
  - {name: guarded, expect: pass, given: {locked: false, guarded: true}}
  - {name: unseen, expect: unknown, unknown: locked}
`

const rules = `framework: house
title: House rules
source: nowhere
default: true
safeguards:
  - citation: "1"
    name: Doors
    specification: required
    obligation: Doors are kept shut.
    responsible: customer
    checks: [{check: t.door.locked, strength: implements, reason: A locked door is shut.}]
`

func layer(changes map[string]string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range map[string]string{"kinds/t.door.yaml": door, "checks/t.door/locked.yaml": locked, "frameworks/house.yaml": rules} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	for name, text := range changes {
		if text == "" {
			delete(files, name)
			continue
		}
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func faults(files fstest.MapFS) []string {
	c, err := catalog.Load(files)
	var all []string
	if err != nil {
		all = append(all, strings.Split(err.Error(), "\n")...)
	}
	for _, fault := range c.Prove(nil, "") {
		all = append(all, fault.Error())
	}
	return all
}

// TestProofs proves that each proof finds the fault that it is for, and that a catalog without faults has none.
func TestProofs(t *testing.T) {
	if got := faults(layer(nil)); len(got) > 0 {
		t.Fatalf("a good catalog has faults: %q", got)
	}
	swap := func(text, old, new string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("%q is not in the text", old)
		}
		return strings.Replace(text, old, new, 1)
	}
	check, kindFile, framework := "checks/t.door/locked.yaml", "kinds/t.door.yaml", "frameworks/house.yaml"
	tests := []struct{ name, file, text, want string }{
		{"a wrong answer", check, swap(locked, "expect: fail", "expect: pass"), `example "open": expected pass, got fail`},
		{"a misspelt attribute", check, swap(locked, "self.locked", "self.loked"), "require: column"},
		{"a misspelt key", check, swap(locked, "severity", "severty"), `unknown key "severty" (did you mean "severity"?)`},
		{"a clause that no example needs", check, swap(locked, "  - {name: guarded, expect: pass, given: {locked: false, guarded: true}}\n", ""),
			"require, column 20: no example notices when this clause is always false"},
		{"no unknown example", check, swap(locked, "  - {name: unseen, expect: unknown, unknown: locked}\n", ""), "an example that expects unknown is wanted"},
		{"an example of nothing", check, swap(locked, "given: {locked: true}", "given: {lokced: true}"), `no attribute "lokced" (did you mean "locked"?)`},
		{"a kind that is not there", "checks/t.dor/locked.yaml", locked, `there is no kind "t.dor" (did you mean "t.door"?)`},
		{"a wrong type", kindFile, swap(door, "type: bool", "type: boolean"), "is not one of bool"},
		{"a wrong default", kindFile, swap(door, "default: []", "default: 3"), "default is not a list string"},
		{"an unknown decoder", kindFile, swap(door, "default: []", "via: csw"), `no decoder "csw" (did you mean "csv"?)`},
		{"a circle", kindFile, door + "  a: {type: bool, doc: d, is: self.b}\n  b: {type: bool, doc: d, is: self.a}\n", "depends on itself"},
		{"a check that does not exist", framework, swap(rules, "t.door.locked", "t.door.locket"), `there is no check "t.door.locket" (did you mean "t.door.locked"?)`},
		{"a check that nobody claims", framework, swap(rules, "    checks: [{check: t.door.locked, strength: implements, reason: A locked door is shut.}]", "    unanswered: later"), "no framework lists the check"},
		{"a safeguard without an answer", framework, rules + "  - {citation: \"2\", name: Walls, specification: required, obligation: Walls stand., responsible: customer}\n", "2: neither checks, attestations nor inheritance"},
		{"the same list twice", framework, rules + "  - {citation: \"2\", name: Walls, specification: required, obligation: Walls stand., responsible: customer, checks: [{check: t.door.locked, strength: supports, reason: A wall has a door.}]}\n", "carry the same list"},
		{"a link without a reason", framework, swap(rules, "reason: A locked door is shut.", "reason: \"\""), "a reason is wanted"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := faults(layer(map[string]string{test.file: test.text}))
			for _, fault := range got {
				if strings.Contains(fault, test.want) {
					return
				}
			}
			t.Errorf("no fault says %q; got %q", test.want, got)
		})
	}
}

// TestAllFaultsAtOnce proves that one broken file does not hide the faults of another.
func TestAllFaultsAtOnce(t *testing.T) {
	got := strings.Join(faults(layer(map[string]string{
		"kinds/t.window.yaml":     "kind: t.window\n",
		"checks/t.door/shut.yaml": "title: x\nwhich: y\n",
	})), "\n")
	for _, want := range []string{"kinds/t.window.yaml:1", "checks/t.door/shut.yaml:2", `unknown key "which"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
}

// TestUserLayer proves that a user's own catalog replaces and adds by name.
func TestUserLayer(t *testing.T) {
	own := fstest.MapFS{"checks/t.door/locked.yaml": &fstest.MapFile{Data: []byte(strings.Replace(locked, "Doors are locked", "Our doors are locked", 1))}}
	c, err := catalog.Load(layer(nil), own)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Check("t.door.locked").Title; got != "Our doors are locked" {
		t.Errorf("title is %q", got)
	}
}
