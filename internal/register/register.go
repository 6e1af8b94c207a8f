// Package register describes the registers in which people's decisions stand: which fields an item has, through which states it goes, who
// may move it and when it is due. Registers are data, read from catalog/registers; docs/format/register.md describes the files.
//
// It must not know where items are kept, nor who is signed in beyond what an Actor says.
package register

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/yamlfile"
)

// Register is one file of catalog/registers.
type Register struct {
	ID     string `yaml:"register"`
	Prefix string `yaml:"prefix"` // of its items' ids: "EX" for EX-1
	Order  int    `yaml:"order"`  // among the registers, the smaller the earlier
	Title  string `yaml:"title"`  // "Exceptions"
	One    string `yaml:"one"`    // what one item is called, with its article: "an exception"
	Doc    string `yaml:"doc"`    // what it is for
	// Citations are the paragraphs of the rule that it serves.
	Citations []string `yaml:"citations"`
	Name      string   `yaml:"name"` // the field that names an item in lists
	// Columns are the fields that lists show besides.
	Columns []string `yaml:"columns"`
	// Key is a field whose value only one open item of an estate has, "" if there is none.
	Key string `yaml:"key"`
	// Write is the permission to create and change items.
	Write       access.Permission `yaml:"write"`
	Fields      []*Field          `yaml:"fields"`
	States      []*State          `yaml:"states"` // the first is that of a new item
	Transitions []*Transition     `yaml:"transitions"`
	Due         []*Due            `yaml:"due"`

	File string `yaml:"-"`
}

// Noun is what one item is called at the beginning of a line, without an article: "Exception".
func (r *Register) Noun() string {
	_, noun, _ := strings.Cut(r.One, " ")
	if noun == "" {
		return r.Title
	}
	return strings.ToUpper(noun[:1]) + noun[1:]
}

// State is where an item stands.
type State struct {
	ID    string `yaml:"state"`
	Title string `yaml:"title"`
	Help  string `yaml:"help"`
	// Edit is the state that an item is in once it was changed here, "" if it cannot be changed.
	Edit string `yaml:"edit"`
	// InForce says that the version which is in this state holds from now on. What held before goes on holding while a change of it is
	// not in force.
	InForce bool `yaml:"in_force"`
	// Over says that nothing of the item holds any more; its key is free again unless KeepsKey.
	Over     bool `yaml:"over"`
	KeepsKey bool `yaml:"keeps_key"`
	// Waits says what is waited for, if the next step is somebody else's: "for a second person".
	Waits string `yaml:"waits"`
}

// Transition is a step from one state to another.
type Transition struct {
	Verb  string            `yaml:"verb"`
	Title string            `yaml:"title"` // of the button
	Help  string            `yaml:"help"`
	From  []string          `yaml:"from"`
	To    string            `yaml:"to"`
	Need  access.Permission `yaml:"need"`
	// SecondPerson wants somebody who has neither written nor proposed anything of what is decided since something of it was in force.
	SecondPerson bool `yaml:"second_person"`
	// Apart names further steps whose actor may not take this one, too.
	Apart []string `yaml:"apart"`
	// NotNamed are fields of type person that may not name whoever takes this step.
	NotNamed []string `yaml:"not_named"`
	// Alone says why one person is enough for a step that puts something into force.
	Alone string `yaml:"alone"`
	// Requires are fields that must be filled by then.
	Requires []string `yaml:"requires"`
	// RequiresIf are fields that must be filled under conditions.
	RequiresIf []RequiredIf `yaml:"requires_if"`
	// If are conditions on the fields without which the step is not taken.
	If []Condition `yaml:"if"`
	// Sets leads from a field to what it becomes: today, me or nothing.
	Sets map[string]string `yaml:"sets"`
	// Reason says that a reason must be given.
	Reason bool `yaml:"reason"`
}

// RequiredIf are fields that must be filled where a condition holds.
type RequiredIf struct {
	Condition `yaml:",inline"`
	Fields    []string `yaml:"fields"`
}

// Due says when somebody must look at an item.
type Due struct {
	Field string      `yaml:"field"`  // the date
	Days  int         `yaml:"days"`   // how many days before it is told
	In    []string    `yaml:"states"` // in which states
	Until string      `yaml:"until"`  // a field that, once filled, ends it
	If    []Condition `yaml:"if"`
	Says  string      `yaml:"says"` // "The exception ends"
}

// Fresh is the state of a new item.
func (r *Register) Fresh() *State { return r.States[0] }

// State returns the state of this id, nil if there is none.
func (r *Register) State(id string) *State {
	for _, s := range r.States {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// Field returns the field of this id, nil if there is none.
func (r *Register) Field(id string) *Field {
	for _, f := range r.Fields {
		if f.ID == id {
			return f
		}
	}
	return nil
}

// Transition returns the step of this name from a state, nil if there is none.
func (r *Register) Transition(verb, from string) *Transition {
	for _, t := range r.Transitions {
		if t.Verb == verb && slices.Contains(t.From, from) {
			return t
		}
	}
	return nil
}

// From returns the steps that lead out of a state.
func (r *Register) From(state string) []*Transition {
	var all []*Transition
	for _, t := range r.Transitions {
		if slices.Contains(t.From, state) {
			all = append(all, t)
		}
	}
	return all
}

// Registers are all registers, in their order.
type Registers []*Register

// Get returns the register of this id, nil if there is none.
func (all Registers) Get(id string) *Register {
	for _, r := range all {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// Load reads every register of a folder. All faults come back joined, each with its file.
func Load(files fs.FS, dir string) (Registers, error) {
	names, err := fs.Glob(files, path.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var all Registers
	var faults []error
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			faults = append(faults, fmt.Errorf("read register: %w", err))
			continue
		}
		r, err := Read(name, data)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b *Register) int { return a.Order - b.Order })
	return all, errors.Join(append(faults, all.check()...)...)
}

// Read reads one register.
func Read(file string, data []byte) (*Register, error) {
	r := &Register{File: file}
	if err := yamlfile.Decode(file, data, r); err != nil {
		return nil, err
	}
	if r.Write == "" {
		r.Write = access.Propose
	}
	if want := strings.TrimSuffix(path.Base(file), ".yaml"); r.ID != want {
		return nil, yamlfile.Fault{File: file, Text: fmt.Sprintf("register is %q but the file is named for %q", r.ID, want)}
	}
	if err := errors.Join(r.check()...); err != nil {
		return nil, err
	}
	return r, nil
}

// check finds what is wrong between registers.
func (all Registers) check() []error {
	var faults []error
	prefixes := map[string]string{}
	for _, r := range all {
		if other, taken := prefixes[r.Prefix]; taken {
			faults = append(faults, yamlfile.Fault{File: r.File, Text: fmt.Sprintf("prefix %s is that of the register %s, too", r.Prefix, other)})
		}
		prefixes[r.Prefix] = r.ID
		for _, f := range r.Fields {
			if f.Type == Item && all.Get(f.Register) == nil {
				faults = append(faults, yamlfile.Fault{File: r.File, Text: fmt.Sprintf("field %s: there is no register %q", f.ID, f.Register)})
			}
		}
	}
	return faults
}
