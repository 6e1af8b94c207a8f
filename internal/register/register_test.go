package register_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/catalog"
	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/register"
)

func builtin(tb testing.TB) register.Registers {
	tb.Helper()
	all, err := register.Load(catalog.Files, "registers")
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

// TestCatalog proves that every register of the catalog is sound, and that those which Ward relies on are there.
func TestCatalog(t *testing.T) {
	all := builtin(t)
	for _, id := range []string{"attestation", "exception", "alternative", "risk", "phi-flow", "incident", "vendor", "agreement", "policy",
		"responsibility", "change", "drill"} {
		if all.Get(id) == nil {
			t.Errorf("there is no register %s", id)
		}
	}
}

// TestTables proves that likelihood and level are those of NIST SP 800-30, revision 1, tables G-5 and I-2.
func TestTables(t *testing.T) {
	scale := []string{"very low", "low", "moderate", "high", "very high"}
	tables := map[string][5][5]int{ // by row, then by column, both from very low to very high
		"likelihood": {{0, 0, 1, 1, 1}, {0, 1, 1, 2, 2}, {1, 1, 2, 2, 3}, {1, 2, 2, 3, 4}, {1, 2, 3, 4, 4}},
		"level":      {{0, 0, 0, 1, 1}, {0, 1, 1, 1, 2}, {0, 1, 2, 2, 3}, {0, 1, 2, 3, 4}, {0, 1, 2, 3, 4}},
	}
	r := builtin(t).Get("risk")
	for id, table := range tables {
		f := r.Field(id)
		for row := range scale {
			for column := range scale {
				if got, want := f.Cells[scale[row]][scale[column]], scale[table[row][column]]; got != want {
					t.Errorf("%s of %s and %s is %s, want %s", id, scale[row], scale[column], got, want)
				}
			}
		}
	}
}

// TestExceptionDays proves that the register lets an exception last as long as ward.yaml does, and no longer.
func TestExceptionDays(t *testing.T) {
	if got := builtin(t).Get("exception").Field("expires").AtMost; got != config.MaxExceptionDays {
		t.Errorf("an exception may last %d days, in ward.yaml %d", got, config.MaxExceptionDays)
	}
}

// TestDocument proves that the document of the format names every key that a file may have, and every type of fields that the catalog uses.
func TestDocument(t *testing.T) {
	doc, err := os.ReadFile("../../docs/format/register.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []any{register.Register{}, register.Field{}, register.Option{}, register.Condition{}, register.State{}, register.Transition{},
		register.RequiredIf{}, register.Due{}} {
		for _, field := range reflect.VisibleFields(reflect.TypeOf(of)) {
			key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			if key != "" && key != "-" && !regexp.MustCompile(`\b`+key+`\b`).Match(doc) {
				t.Errorf("the document does not name the key %q of %T", key, of)
			}
		}
	}
	for _, r := range builtin(t) {
		for _, f := range r.Fields {
			if !strings.Contains(string(doc), "`"+f.Type+"`") {
				t.Errorf("%s: the document does not name the type %q", r.File, f.Type)
			}
		}
	}
}

const small = `register: small
prefix: SM
title: Small
one: a small thing
doc: For tests.
citations: ["1"]
name: title
fields:
  - {field: title, label: Title, type: text, required: true}
  - {field: size, label: Size, type: choice, options: [{value: big}, {value: little}]}
  - {field: day, label: Day, type: date}
  - {field: who, label: Who, type: person, by: flow}
states:
  - {state: draft, title: Draft, edit: draft}
  - {state: done, title: Done, in_force: true}
transitions:
  - {verb: do, title: Do, from: [draft], to: done, need: approve, second_person: true, sets: {who: me}}
due:
  - {field: day, days: 3, states: [done], says: It ends}
`

// TestFaults proves that what is wrong with a register is found, and is told with its file.
func TestFaults(t *testing.T) {
	if _, err := register.Read("registers/small.yaml", []byte(small)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ old, new, want string }{
		{"register: small", "register: other", `register is "other" but the file is named for "small"`},
		{"prefix: SM", "prefix: s", "prefix two to four capital letters"},
		{"name: title", "name: titel", `name is "titel"`},
		{"label: Title,", "lable: Title,", `small.yaml:9: unknown key "lable" (did you mean "label"?)`},
		{"type: text", "type: txt", `there is no type "txt"`},
		{"by: flow", "by: me", "by is flow or program"},
		{"required: true", "required: true, by: flow", "nobody is asked for it"},
		{"options: [{value: big}, {value: little}]", "max: 3", "a choice, and nothing else, has options"},
		{"edit: draft", "edit: done", "a change does not put itself into force"},
		{"edit: draft", "edit: drat", `there is no state "drat"`},
		{"from: [draft]", "from: [done]", "state done: nothing leads to it"},
		{"to: done", "to: dome", `there is no state "dome"`},
		{"second_person: true", "second_person: false", "wants second_person"},
		{"need: approve", "need: rule", `no role has the permission "rule"`},
		{"sets: {who: me}", "sets: {day: me}", `sets: "day" is no field of the type [person]`},
		{"sets: {who: me}", "if: [{on: size, is: [huge]}]", `size is never "huge"`},
		{"sets: {who: me}", "if: [{on: size}]", "a condition says"},
		{"sets: {who: me}", "apart: [jump]", `apart: there is no step "jump"`},
		{"field: day, days", "field: title, days", `"title" is no field of the type [date deadline]`},
		{"  - {field: day, label: Day, type: date}", "  - {field: day, label: Day, type: table, rows: size, columns: size}\n  - {field: d, label: D, type: date}", "there is no cell for big and big"},
		{"  - {field: day, label: Day, type: date}", "  - {field: day, label: Day, type: table, rows: day, columns: size}", "that stand before it"},
	} {
		_, err := register.Read("registers/small.yaml", []byte(strings.Replace(small, test.old, test.new, 1)))
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "registers/small.yaml") {
			t.Errorf("%s: %v; want %q", test.new, err, test.want)
		}
	}
}

// FuzzRead proves that no text makes the reader panic, and that a register which is read can be used.
func FuzzRead(f *testing.F) {
	f.Add(small)
	for _, name := range []string{"risk", "incident", "exception"} {
		data, err := catalog.Files.ReadFile("registers/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := register.Read("registers/small.yaml", []byte(text))
		if err != nil {
			return
		}
		body, _ := r.Fill(register.Body{r.Name: register.Of("2026-01-01")}, register.Known{}, time.Unix(0, 0))
		for _, s := range r.States {
			r.DueBy(body, s.ID, time.Unix(0, 0), 30)
			for _, step := range r.From(s.ID) {
				step.Missing(step.Apply(body, access.Actor{Name: "a"}, time.Unix(0, 0)))
			}
		}
	})
}

// FuzzBody proves that what is read as a body is written and read again as the same.
func FuzzBody(f *testing.F) {
	f.Add(`{"title":"a","n":3,"list":["a"],"resources":{"tags":{"a":["b"]}},"files":[{"digest":"sha256:00","name":"a","size":1}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		body, err := register.ReadBody([]byte(text))
		if err != nil {
			return
		}
		data, err := body.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := register.ReadBody(data)
		if err != nil {
			t.Fatalf("%v of %s", err, data)
		}
		twice, err := again.JSON()
		if err != nil || string(twice) != string(data) {
			t.Errorf("%s became %s, %v", data, twice, err)
		}
	})
}
