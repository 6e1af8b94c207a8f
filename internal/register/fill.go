package register

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Known tells what texts that name something else may name. What is nil is not checked.
type Known struct {
	Citation  func(citation string) bool
	Statement func(id string) bool
	// Check tells whether a pattern matches the id of any check.
	Check func(pattern string) bool
	// Item tells whether a register has an item.
	Item func(register, id string) bool
}

// Fault is what is wrong with a field.
type Fault struct {
	Field string `json:"field"`
	Text  string `json:"text"` // a sentence for whoever typed it
}

// Faults are all that is wrong with a body.
type Faults []Fault

// Error implements error.
func (all Faults) Error() string {
	var texts []string
	for _, f := range all {
		texts = append(texts, f.Field+": "+f.Text)
	}
	return strings.Join(texts, "; ")
}

// Of returns what is wrong with a field, "" if nothing is.
func (all Faults) Of(field string) string {
	for _, f := range all {
		if f.Field == field {
			return f.Text
		}
	}
	return ""
}

// filler fills one body in.
type filler struct {
	register *Register
	known    Known
	today    time.Time
	body     Body
	faults   Faults
}

// Fill cleans what people wrote, computes what follows from it, and finds all that is wrong. The body comes back even with faults, as
// it was typed. today is the day in UTC.
func (r *Register) Fill(b Body, known Known, today time.Time) (Body, Faults) {
	f := &filler{register: r, known: known, today: today.UTC().Truncate(24 * time.Hour), body: Body{}}
	for _, id := range slices.Sorted(maps.Keys(b)) {
		if r.Field(id) == nil {
			f.fault(&Field{ID: short(id)}, "There is no such field.")
		}
	}
	for _, field := range r.Fields {
		if !field.Computed() {
			f.take(field, b[field.ID])
		}
	}
	for _, field := range r.Fields {
		if field.Computed() {
			f.compute(field)
		}
	}
	for _, field := range r.Fields {
		f.dates(field)
		if f.body[field.ID].Empty() && (field.Required || len(field.RequiredIf) > 0 && hold(field.RequiredIf, f.body)) {
			f.fault(field, "This is needed.")
		}
	}
	return f.body, f.faults
}

func (f *filler) fault(field *Field, format string, args ...any) {
	if f.faults.Of(field.ID) == "" {
		f.faults = append(f.faults, Fault{field.ID, fmt.Sprintf(format, args...)})
	}
}

// take cleans one value.
func (f *filler) take(field *Field, v Value) {
	clean, problem := Value{}, ""
	switch field.Type {
	case Checks, List:
		clean.List, problem = f.list(field, v.List)
		if v.Text != "" && v.List == nil {
			clean.List, problem = f.list(field, strings.Split(v.Text, "\n"))
		}
	case Selector:
		clean.Selector, problem = selector(v.Selector)
	case Files:
		clean.Attached, problem = files(field, v.Attached)
	default:
		if v.List != nil || v.Selector != nil || v.Attached != nil {
			problem = "A text is wanted here."
			break
		}
		clean.Text = strings.TrimSpace(strings.ReplaceAll(v.Text, "\r\n", "\n"))
		problem = f.text(field, clean.Text)
	}
	if !clean.Empty() {
		f.body[field.ID] = clean
	}
	if problem != "" {
		f.fault(field, "%s", problem)
	}
}

func (f *filler) list(field *Field, lines []string) ([]string, string) {
	var kept []string
	problem := ""
	for _, line := range lines {
		if line = strings.TrimSpace(line); line == "" || slices.Contains(kept, line) {
			continue
		}
		kept = append(kept, line)
		if p := written(line, 300, false); p != "" {
			problem = p
		} else if field.Type == Checks && f.known.Check != nil && !f.known.Check(line) {
			problem = fmt.Sprintf("No check has a name like %q.", short(line))
		}
	}
	if len(kept) > field.limit() {
		return kept[:field.limit()], fmt.Sprintf("These are more than %d lines.", field.limit())
	}
	return kept, problem
}

var (
	money  = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{2})? [A-Z]{3}$`)
	digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// text tells what is wrong with a text, "" if nothing is.
func (f *filler) text(field *Field, text string) string {
	if text == "" {
		return ""
	}
	if field.Type != Number {
		if problem := written(text, field.limit(), field.Type == Long); problem != "" {
			return problem
		}
	}
	switch field.Type {
	case Choice:
		if !slices.Contains(field.values(), text) {
			return "Choose one of: " + strings.Join(field.values(), ", ") + "."
		}
	case Date:
		day, err := time.Parse(time.DateOnly, text)
		if err != nil || day.Year() < 1990 || day.Year() > 2200 {
			return "Write the day as 2026-12-31."
		}
		if field.Past && day.After(f.today) {
			return "This day is yet to come."
		}
	case Number:
		if n, err := strconv.Atoi(text); err != nil || n < 0 || n > field.limit() {
			return fmt.Sprintf("Write a whole number from 0 to %d.", field.limit())
		}
	case Money:
		if !money.MatchString(text) {
			return "Write the amount and its currency as 1200.00 USD."
		}
	}
	return f.named(field, text)
}

// named tells whether a text that names something else names nothing.
func (f *filler) named(field *Field, text string) string {
	switch {
	case field.Type == Citation && f.known.Citation != nil && !f.known.Citation(text):
		return "There is no such safeguard; write its citation as 164.312(a)(1)."
	case field.Type == Statement && f.known.Statement != nil && !f.known.Statement(text):
		return "The framework asks for no such statement."
	case field.Type == Item && f.known.Item != nil && !f.known.Item(field.Register, text):
		return "There is no such item; write its id, such as those of the register " + field.Register + "."
	}
	return ""
}

// written tells what is wrong with a text as such.
func written(text string, limit int, lines bool) string {
	unseen := func(r rune) bool {
		turns := r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 // has text read in another direction than it is written
		return turns || unicode.IsControl(r) && !(lines && (r == '\n' || r == '\t'))
	}
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unseen):
		return "This holds characters that cannot be seen."
	case utf8.RuneCountInString(text) > limit:
		return fmt.Sprintf("This is longer than %d characters.", limit)
	}
	return ""
}

func selector(r *Resources) (*Resources, string) {
	if r == nil {
		return nil, ""
	}
	clean := &Resources{Address: strings.TrimSpace(r.Address), Target: strings.TrimSpace(r.Target)}
	problem := written(clean.Address, 500, false)
	if problem == "" {
		problem = written(clean.Target, 500, false)
	}
	if len(r.Tags) > 20 {
		return clean, "These are more than 20 tags."
	}
	for key, values := range r.Tags {
		if strings.TrimSpace(key) == "" || len(values) == 0 || len(values) > 20 || slices.Contains(values, "") {
			return clean, "Write tags as key=value, one in each line."
		}
		for _, text := range append([]string{key}, values...) {
			if p := written(text, 300, false); p != "" {
				problem = p
			}
		}
		if clean.Tags == nil {
			clean.Tags = map[string][]string{}
		}
		clean.Tags[key] = values
	}
	if clean.empty() {
		return nil, problem
	}
	return clean, problem
}

func files(field *Field, all []File) ([]File, string) {
	for _, file := range all {
		if !digest.MatchString(file.Digest) || file.Size < 0 || file.Name == "" || written(file.Name, 200, false) != "" {
			return nil, "A file is given by its digest, name and size, as the upload answered."
		}
	}
	if len(all) > field.limit() {
		return all[:field.limit()], fmt.Sprintf("These are more than %d files.", field.limit())
	}
	return all, ""
}

// compute sets a field that follows from others.
func (f *filler) compute(field *Field) {
	if field.Type == Table {
		if cell := field.Cells[f.body[field.Rows].Text][f.body[field.Columns].Text]; cell != "" {
			f.body[field.ID] = Of(cell)
		}
		return
	}
	from, err := time.Parse(time.DateOnly, f.body[field.From].Text)
	if err != nil || !hold(field.If, f.body) || len(field.Unless) > 0 && hold(field.Unless, f.body) {
		return
	}
	if field.YearEnd {
		from = time.Date(from.Year(), time.December, 31, 0, 0, 0, 0, time.UTC)
	}
	f.body[field.ID] = Of(from.AddDate(0, 0, field.Days).Format(time.DateOnly))
}

// dates compares a date with another.
func (f *filler) dates(field *Field) {
	if field.NotBefore == "" {
		return
	}
	day, err1 := time.Parse(time.DateOnly, f.body[field.ID].Text)
	first, err2 := time.Parse(time.DateOnly, f.body[field.NotBefore].Text)
	if err1 != nil {
		return
	}
	if err2 != nil { // not set so far: it will be today at the earliest, if a step sets it
		if f.register.Field(field.NotBefore).By != ByFlow {
			return
		}
		first = f.today
	}
	switch label := f.register.Field(field.NotBefore).Label; {
	case day.Before(first):
		f.fault(field, "This comes before %s (%s).", first.Format(time.DateOnly), label)
	case field.AtMost > 0 && day.After(first.AddDate(0, 0, field.AtMost)):
		f.fault(field, "This is more than %d days after %s (%s); the last possible day is %s.", field.AtMost, first.Format(time.DateOnly), label,
			first.AddDate(0, 0, field.AtMost).Format(time.DateOnly))
	}
}

// short cuts what somebody sent before it is told again.
func short(text string) string {
	if utf8.RuneCountInString(text) <= 60 {
		return text
	}
	return string([]rune(text)[:60]) + "…"
}
