package framework_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/framework"
)

// small is a framework without faults; tests replace parts of it.
const small = `framework: small
title: Small
source: nowhere
safeguards:
  - citation: 1(a)
    name: Locks
    specification: required
    obligation: Lock the door.
    responsible: customer
    attestations:
      - {id: door-locked, statement: The door is locked., role: porter}
      - {id: agreement, statement: The landlord signed., role: owner, review_months: 3}
  - citation: 1(b)
    name: Walls
    specification: addressable
    obligation: Have walls.
    responsible: shared
    inherited: {from: landlord, under: agreement, reason: The house is theirs.}
    checks:
      - {check: house.wall.stands, strength: implements, reason: A wall that stands is a wall.}
views:
  - id: all
    title: All
    rows: [{id: "1", title: House, citations: ["1(a)", "1(b)"]}]
`

func loadFiles(files map[string]string) ([]*framework.Framework, error) {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	all, faults := framework.Load(fsys, "frameworks")
	for _, f := range all {
		faults = append(faults, f.LoadLinks("frameworks", fsys)...)
	}
	return all, errors.Join(faults...)
}

// A framework and the link files of its folder are read into one, with the default of what is not given, and other
// folders are left alone.
func TestLoad(t *testing.T) {
	all, err := loadFiles(map[string]string{
		"frameworks/small.yaml": small,
		"frameworks/small/doors.yaml": `links:
  - check: house.door.locks
    safeguards:
      1(a): {strength: implements, reason: A door that locks can be locked.}
      1(b): {strength: supports, reason: A wall with an open door is none.}
`,
		"frameworks/other/doors.yaml": "not: a framework's",
		"frameworks/small/README.md":  "not YAML",
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 {
		t.Fatalf("%d frameworks, want 1", len(all))
	}
	f := all[0]
	if f.File != "frameworks/small.yaml" || f.Default {
		t.Errorf("file is %q, default %v", f.File, f.Default)
	}
	got := []int{f.Safeguard("1(a)").Attestations[0].ReviewMonths, f.Safeguard("1(a)").Attestations[1].ReviewMonths}
	if diff := cmp.Diff([]int{12, 3}, got); diff != "" {
		t.Errorf("review months (-want +got):\n%s", diff)
	}
	want := map[string][]string{"house.door.locks": {"1(a)", "1(b)"}, "house.wall.stands": {"1(b)"}}
	if diff := cmp.Diff(want, f.Citations()); diff != "" {
		t.Errorf("citations of checks (-want +got):\n%s", diff)
	}
	for _, l := range f.Safeguard("1(b)").Checks {
		if l.Check == "house.door.locks" && l.File != "frameworks/small/doors.yaml" {
			t.Errorf("link says that it is from %q", l.File)
		}
	}
	if f.Safeguard("2") != nil {
		t.Error("there is a safeguard that nobody wrote")
	}
}

// Each fault of a framework is found, and its message says the file and what was wanted.
func TestLoadFaults(t *testing.T) {
	tests := []struct {
		name     string
		old, new string
		want     []string
	}{
		{"unknown key", "title: Small", "titel: Small",
			[]string{`frameworks/small.yaml:2: unknown key "titel" (did you mean "title"?)`}},
		{"unknown key of a safeguard", "    name: Locks", "    nmae: Locks",
			[]string{`frameworks/small.yaml:6: unknown key "nmae" (did you mean "name"?)`}},
		{"key twice", "title: Small\n", "title: Small\ntitle: Large\n",
			[]string{`frameworks/small.yaml:3: key "title" is already set at line 2`}},
		{"wrong type", "review_months: 3", "review_months: often",
			[]string{"frameworks/small.yaml:12: ", "into int"}},
		{"named for another file", "framework: small", "framework: large",
			[]string{"frameworks/small.yaml:", `framework is "large" but the file is named for "small"`}},
		{"citation twice", "1(b)\n    name", "1(a)\n    name",
			[]string{"frameworks/small.yaml:", "1(a) stands twice"}},
		{"no obligation", "    obligation: Have walls.\n", "",
			[]string{"frameworks/small.yaml:", "1(b): name and obligation are wanted"}},
		{"specification", "addressable", "optional",
			[]string{"frameworks/small.yaml:", "1(b): specification is standard, required or addressable"}},
		{"responsible", "responsible: shared", "responsible: nobody",
			[]string{"frameworks/small.yaml:", "1(b): responsible is customer, provider or shared"}},
		{"attestation without a role", ", role: porter", "",
			[]string{"frameworks/small.yaml:", "1(a): an attestation has id, statement and role"}},
		{"attestation stated in two ways", "id: agreement,", "id: door-locked,",
			[]string{"frameworks/small.yaml:", "1(a): attestation door-locked is stated differently elsewhere"}},
		{"inherited under nothing", "under: agreement", "under: handshake",
			[]string{"frameworks/small.yaml:", `1(b): inherited under "handshake", which is no attestation of this framework`}},
		{"strength", "strength: implements", "strength: proves",
			[]string{"frameworks/small.yaml:", `house.wall.stands: strength is implements, supports or evidence, not "proves"`}},
		{"link without a reason", ", reason: A wall that stands is a wall.", "",
			[]string{"frameworks/small.yaml:", "house.wall.stands: a reason is wanted"}},
		{"view of nothing", `"1(a)", "1(b)"`, `"1(a)", "1(c)"`,
			[]string{"frameworks/small.yaml:", `view all, row 1: there is no safeguard "1(c)"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(small, test.old, test.new, 1)
			if text == small {
				t.Fatalf("%q is not in the framework", test.old)
			}
			_, err := loadFiles(map[string]string{"frameworks/small.yaml": text})
			wantFault(t, err, test.want)
		})
	}
}

// Link files are checked like frameworks, under their own name.
func TestLinkFaults(t *testing.T) {
	tests := []struct {
		name, links string
		want        []string
	}{
		{"no such safeguard", "links: [{check: a.b.c, safeguards: {1(z): {strength: supports, reason: It does.}}}]",
			[]string{"frameworks/small/doors.yaml:", `check a.b.c: there is no safeguard "1(z)"`}},
		{"strength", "links: [{check: a.b.c, safeguards: {1(a): {strength: strong, reason: It does.}}}]",
			[]string{"frameworks/small/doors.yaml:", `check a.b.c for 1(a): strength is implements, supports or evidence`}},
		{"no reason", "links: [{check: a.b.c, safeguards: {1(a): {strength: supports}}}]",
			[]string{"frameworks/small/doors.yaml:", "check a.b.c for 1(a): a reason is wanted"}},
		{"unknown key", "links:\n  - {check: a.b.c, safeguard: {}}",
			[]string{`frameworks/small/doors.yaml:2: unknown key "safeguard" (did you mean "safeguards"?)`}},
		{"empty", "", []string{"frameworks/small/doors.yaml: the file is empty"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := loadFiles(map[string]string{"frameworks/small.yaml": small, "frameworks/small/doors.yaml": test.links})
			wantFault(t, err, test.want)
		})
	}
}

// All faults come at once, of all files, and what could be read comes with them.
func TestAllFaultsAtOnce(t *testing.T) {
	bad := strings.NewReplacer("addressable", "optional", "under: agreement", "under: handshake").Replace(small)
	all, err := loadFiles(map[string]string{
		"frameworks/small.yaml":       bad,
		"frameworks/small/doors.yaml": "links: [{check: a.b.c, safeguards: {1(z): {strength: supports, reason: It does.}}}]",
		"frameworks/broken.yaml":      "framework: [",
		"frameworks/sound.yaml":       strings.Replace(small, "framework: small", "framework: sound", 1),
	})
	for _, want := range []string{"specification is", "handshake", "1(z)", "frameworks/broken.yaml:"} {
		wantFault(t, err, []string{want})
	}
	var ids []string
	for _, f := range all {
		ids = append(ids, f.ID)
	}
	if diff := cmp.Diff([]string{"small", "sound"}, ids); diff != "" {
		t.Errorf("frameworks that could be read (-want +got):\n%s", diff)
	}
}

// wantFault wants one line of err to hold all parts, in order.
func wantFault(t *testing.T, err error, parts []string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no fault, want one with %q", parts)
	}
	for line := range strings.Lines(err.Error()) {
		rest, found := line, true
		for _, part := range parts {
			var ok bool
			if _, rest, ok = strings.Cut(rest, part); !ok {
				found = false
				break
			}
		}
		if found {
			return
		}
	}
	t.Errorf("no fault with %q in:\n%v", parts, err)
}

// What is wrong in meaning is told with its line too.
func TestFaultsSayTheirLine(t *testing.T) {
	bad := strings.NewReplacer("addressable", "optional", "strength: implements", "strength: proves", `"1(b)"]`, `"1(c)"]`).Replace(small)
	_, err := loadFiles(map[string]string{
		"frameworks/small.yaml":       bad,
		"frameworks/small/doors.yaml": "links:\n- check: a.b.c\n  safeguards:\n    1(z): {strength: supports, reason: It does.}",
	})
	wantFault(t, err, []string{"frameworks/small.yaml:13: 1(b): specification is"})
	wantFault(t, err, []string{"frameworks/small.yaml:20: 1(b): check house.wall.stands: strength is"})
	wantFault(t, err, []string{`frameworks/small.yaml:24: view all, row 1: there is no safeguard "1(c)"`})
	wantFault(t, err, []string{`frameworks/small/doors.yaml:4: check a.b.c: there is no safeguard "1(z)"`})
}
