package register

import (
	"slices"
	"strconv"
)

// The types of fields.
const (
	Text      = "text"      // one line
	Long      = "long text" // several lines
	Choice    = "choice"    // one of Options
	Date      = "date"      // YYYY-MM-DD
	Person    = "person"    // a name or an address
	Citation  = "citation"  // a safeguard
	Statement = "statement" // the id of an attestation of the framework
	Checks    = "checks"    // patterns on the ids of checks
	Selector  = "resources" // resources, as exceptions in ward.yaml select them
	Number    = "number"    // a whole number, not negative
	Money     = "money"     // "1200.00 USD"
	Link      = "link"      // a path or a URL
	List      = "list"      // one line each
	Files     = "files"     // uploaded files
	Item      = "item"      // the id of an item of another register
	Table     = "table"     // computed of two choices
	Deadline  = "deadline"  // computed of a date
)

var types = []string{Text, Long, Choice, Date, Person, Citation, Statement, Checks, Selector, Number, Money, Link, List, Files, Item,
	Table, Deadline}

// Who fills a field.
const (
	ByPeople  = ""        // whoever writes the item
	ByFlow    = "flow"    // a step; emptied when a change takes the item back to an earlier state
	ByProgram = "program" // Ward
)

// Field is one thing that an item says.
type Field struct {
	ID    string `yaml:"field"`
	Label string `yaml:"label"`
	Help  string `yaml:"help"`
	Type  string `yaml:"type"`
	By    string `yaml:"by"`
	// Required fields are filled at any time, those of RequiredIf where a condition holds.
	Required   bool        `yaml:"required"`
	RequiredIf []Condition `yaml:"required_if"`
	// Options of a choice.
	Options []Option `yaml:"options"`
	// Max is the greatest length of a text in characters, the greatest count of a list or files, the greatest number.
	Max int `yaml:"max"`
	// NotBefore is a field of type date that this date does not come before; AtMost are the days that it may come after it.
	NotBefore string `yaml:"not_before"`
	AtMost    int    `yaml:"at_most_days"`
	// Past says that a date is not after today.
	Past bool `yaml:"past"`
	// Register is that of an item.
	Register string `yaml:"register"`
	// Rows and Columns are the choices that a table is computed of, Cells its values by row and column.
	Rows    string                       `yaml:"rows"`
	Columns string                       `yaml:"columns"`
	Cells   map[string]map[string]string `yaml:"cells"`
	// From is the date that a deadline runs from, Days for how many calendar days; YearEnd says that they begin with the end of its year.
	From    string      `yaml:"from"`
	Days    int         `yaml:"days"`
	YearEnd bool        `yaml:"year_end"`
	If      []Condition `yaml:"if"`
	// Unless are conditions that, if all hold, end a deadline.
	Unless []Condition `yaml:"unless"`
}

// Option of a choice.
type Option struct {
	Value string `yaml:"value"`
	Means string `yaml:"means"`
}

// Computed tells whether a field follows from others.
func (f *Field) Computed() bool { return f.Type == Table || f.Type == Deadline }

// Asked tells whether people fill the field in.
func (f *Field) Asked() bool { return f.By == ByPeople && !f.Computed() }

// limit is Max or what holds without one.
func (f *Field) limit() int {
	if f.Max > 0 {
		return f.Max
	}
	switch f.Type {
	case Long:
		return 4000
	case Number:
		return 1_000_000_000
	case Files:
		return 20
	case List, Checks:
		return 50
	}
	return 300
}

// values are what a field may be.
func (f *Field) values() []string {
	switch f.Type {
	case Choice:
		var all []string
		for _, o := range f.Options {
			all = append(all, o.Value)
		}
		return all
	case Table:
		var all []string
		for _, row := range f.Cells {
			for _, cell := range row {
				if !slices.Contains(all, cell) {
					all = append(all, cell)
				}
			}
		}
		return all
	}
	return nil
}

// Condition is on the value of one field. What is not known counts as the case that asks for more: a number that is not given is at
// least as great as any, and below none.
type Condition struct {
	On      string   `yaml:"on"` // the field
	Is      []string `yaml:"is"`
	Not     []string `yaml:"not"`
	Filled  bool     `yaml:"filled"`
	AtLeast int      `yaml:"at_least"`
	Below   int      `yaml:"below"`
}

// Holds tells whether the condition holds for a body.
func (c Condition) Holds(b Body) bool {
	text := b[c.On].Text
	switch {
	case len(c.Is) > 0:
		return slices.Contains(c.Is, text)
	case len(c.Not) > 0:
		return !slices.Contains(c.Not, text)
	case c.Filled:
		return !b[c.On].Empty()
	}
	n, err := strconv.Atoi(text)
	if c.AtLeast > 0 {
		return err != nil || n >= c.AtLeast
	}
	return err == nil && n < c.Below
}

// hold tells whether all conditions hold.
func hold(all []Condition, b Body) bool {
	return !slices.ContainsFunc(all, func(c Condition) bool { return !c.Holds(b) })
}
