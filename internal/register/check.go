package register

import (
	"fmt"
	"regexp"
	"slices"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/yamlfile"
)

var (
	word   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	words  = regexp.MustCompile(`^[a-z][a-z0-9 -]{0,39}$`)
	prefix = regexp.MustCompile(`^[A-Z]{2,4}$`)
)

// checker finds what is wrong with a register.
type checker struct {
	*Register
	faults []error
}

func (c *checker) fault(format string, args ...any) {
	c.faults = append(c.faults, yamlfile.Fault{File: c.File, Text: fmt.Sprintf(format, args...)})
}

func (r *Register) check() []error {
	c := &checker{Register: r}
	if !words.MatchString(r.ID) || !prefix.MatchString(r.Prefix) {
		c.fault("register is a word and prefix two to four capital letters")
	}
	if r.Title == "" || r.One == "" || r.Doc == "" || len(r.Citations) == 0 {
		c.fault("title, one, doc and citations are wanted")
	}
	if len(r.States) == 0 || len(r.Fields) == 0 {
		c.fault("states and fields are wanted")
		return c.faults
	}
	if f := r.Field(r.Name); f == nil || slices.Contains([]string{Selector, Files, List, Checks}, f.Type) {
		c.fault("name is %q, which is no field with a text", r.Name)
	}
	if r.Key != "" && r.Field(r.Key) == nil {
		c.fault("key: there is no field %q", r.Key)
	}
	for _, id := range r.Columns {
		c.of("columns", id)
	}
	c.need("write", r.Write)
	seen := map[string]bool{}
	for _, f := range r.Fields {
		if seen[f.ID] {
			c.fault("field %s stands twice", f.ID)
		}
		seen[f.ID] = true
		c.field(f)
	}
	c.states()
	for _, t := range r.Transitions {
		c.transition(t)
	}
	for _, d := range r.Due {
		c.due(d)
	}
	return c.faults
}

func (c *checker) need(what string, p access.Permission) {
	if len(access.RolesWith(p)) == 0 {
		c.fault("%s: no role has the permission %q", what, p)
	}
}

// of finds a field of one of some types.
func (c *checker) of(what, id string, wanted ...string) {
	if f := c.Field(id); f == nil || len(wanted) > 0 && !slices.Contains(wanted, f.Type) {
		c.fault("%s: %q is no field of the type %v", what, id, wanted)
	}
}

func (c *checker) conditions(what string, all []Condition) {
	for _, one := range all {
		c.of(what, one.On)
		if len(one.Is) == 0 && len(one.Not) == 0 && !one.Filled && one.AtLeast <= 0 && one.Below <= 0 {
			c.fault("%s: a condition says is, not, filled, at_least or below", what)
		}
		if f := c.Field(one.On); f != nil && f.values() != nil {
			for _, v := range append(slices.Clone(one.Is), one.Not...) {
				if v != "" && !slices.Contains(f.values(), v) {
					c.fault("%s: %s is never %q", what, one.On, v)
				}
			}
		}
	}
}

func (c *checker) field(f *Field) {
	what := "field " + f.ID
	if !word.MatchString(f.ID) || f.Label == "" {
		c.fault("%s: an id of small letters and a label are wanted", what)
	}
	if !slices.Contains(types, f.Type) {
		c.fault("%s: there is no type %q%s", what, f.Type, yamlfile.Suggest(f.Type, slices.Clone(types)))
	}
	if !slices.Contains([]string{ByPeople, ByFlow, ByProgram}, f.By) {
		c.fault("%s: by is flow or program", what)
	}
	if (f.Type == Choice) != (len(f.Options) > 0) {
		c.fault("%s: a choice, and nothing else, has options", what)
	}
	if f.Required && !f.Asked() {
		c.fault("%s: nobody is asked for it, so it cannot be required", what)
	}
	c.conditions(what, f.RequiredIf)
	c.conditions(what, f.If)
	c.conditions(what, f.Unless)
	if f.NotBefore != "" {
		c.of(what+": not_before", f.NotBefore, Date)
	}
	if f.AtMost > 0 && f.NotBefore == "" {
		c.fault("%s: at_most_days counts from not_before", what)
	}
	switch f.Type {
	case Table:
		c.table(what, f)
	case Deadline:
		c.of(what+": from", f.From, Date)
		if f.Days <= 0 {
			c.fault("%s: days are wanted", what)
		}
	}
}

// table finds cells that are missing.
func (c *checker) table(what string, f *Field) {
	rows, columns := c.Field(f.Rows), c.Field(f.Columns)
	before := func(o *Field) bool {
		return o != nil && o.values() != nil && slices.Index(c.Fields, o) < slices.Index(c.Fields, f)
	}
	if !before(rows) || !before(columns) {
		c.fault("%s: rows and columns are choices or tables that stand before it", what)
		return
	}
	for _, row := range rows.values() {
		for _, column := range columns.values() {
			if f.Cells[row][column] == "" {
				c.fault("%s: there is no cell for %s and %s", what, row, column)
			}
		}
	}
}

// states finds states that nothing leads to.
func (c *checker) states() {
	reached := map[string]bool{c.Fresh().ID: true}
	for range c.States {
		for _, s := range c.States {
			if reached[s.ID] && s.Edit != "" {
				reached[s.Edit] = true
			}
			for _, t := range c.From(s.ID) {
				reached[t.To] = reached[t.To] || reached[s.ID]
			}
		}
	}
	for _, s := range c.States {
		if !words.MatchString(s.ID) || s.Title == "" {
			c.fault("state %s: a name of small letters and a title are wanted", s.ID)
		}
		if !reached[s.ID] {
			c.fault("state %s: nothing leads to it", s.ID)
		}
		if s.Edit != "" && c.State(s.Edit) == nil {
			c.fault("state %s: edit: there is no state %q", s.ID, s.Edit)
		}
		if edit := c.State(s.Edit); edit != nil && edit.InForce {
			c.fault("state %s: a change does not put itself into force", s.ID)
		}
		if s.InForce && s.Over {
			c.fault("state %s is either in_force or over", s.ID)
		}
	}
}

func (c *checker) transition(t *Transition) {
	what := "transition " + t.Verb
	if !words.MatchString(t.Verb) || t.Title == "" || t.Verb == Create || t.Verb == Change {
		c.fault("%s: a verb of small letters and a title are wanted", what)
	}
	for _, id := range append([]string{t.To}, t.From...) {
		if c.State(id) == nil {
			c.fault("%s: there is no state %q", what, id)
		}
	}
	c.need(what, t.Need)
	if to := c.State(t.To); to != nil && to.InForce && !t.SecondPerson && t.Alone == "" {
		c.fault("%s: what is put into force wants second_person, or alone with the reason why not", what)
	}
	for _, verb := range t.Apart {
		if !slices.ContainsFunc(c.Transitions, func(o *Transition) bool { return o.Verb == verb }) {
			c.fault("%s: apart: there is no step %q", what, verb)
		}
	}
	for _, id := range t.NotNamed {
		c.of(what+": not_named", id, Person)
	}
	for _, id := range t.Requires {
		c.of(what+": requires", id)
	}
	for _, r := range t.RequiresIf {
		c.conditions(what, []Condition{r.Condition})
		for _, id := range r.Fields {
			c.of(what+": requires_if", id)
		}
	}
	c.conditions(what, t.If)
	for id, v := range t.Sets {
		switch v {
		case "today":
			c.of(what+": sets", id, Date)
		case "me":
			c.of(what+": sets", id, Person)
		case "nothing":
			c.of(what+": sets", id)
		default:
			c.fault("%s: sets %s to today, me or nothing, not %q", what, id, v)
		}
	}
}

func (c *checker) due(d *Due) {
	what := "due " + d.Field
	c.of(what, d.Field, Date, Deadline)
	if d.Until != "" {
		c.of(what+": until", d.Until)
	}
	c.conditions(what, d.If)
	if d.Says == "" || d.Days < 0 || len(d.In) == 0 {
		c.fault("%s: states, days and says are wanted", what)
	}
	for _, id := range d.In {
		if c.State(id) == nil {
			c.fault("%s: there is no state %q", what, id)
		}
	}
}
