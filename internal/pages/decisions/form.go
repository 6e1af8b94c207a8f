package decisions

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"ward.dev/ward/internal/governance"
	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/web"
)

// input is one field of a form.
type input struct {
	Name, Label, Help string
	Type              string // of the part "field" of all pages, or "files", "group"
	Value             string
	Error             string
	Options           []web.Choice
	Required          bool
	Max               int
	Inner             []input // of a group
	Files             []attached
	Meanings          []register.Option
}

// attached is a file that a form can keep or leave out.
type attached struct {
	register.File
	Keep string // what the form sends to keep it
}

// inputs are the fields of the form for a body.
func (p *pages) inputs(ctx context.Context, r *register.Register, b register.Body, faults register.Faults) ([]input, error) {
	var all []input
	for _, f := range r.Fields {
		if !f.Asked() {
			continue
		}
		in := input{Name: f.ID, Label: f.Label, Help: f.Help, Value: b[f.ID].Text, Error: faults.Of(f.ID), Required: f.Required,
			Max: f.Max, Type: "text"}
		if !f.Required {
			in.Label += " (if it applies)"
		}
		switch f.Type {
		case register.Long:
			in.Type = "textarea"
		case register.List, register.Checks:
			in.Type, in.Value = "textarea", strings.Join(b[f.ID].List, "\n")
			if in.Value == "" {
				in.Value = b[f.ID].Text
			}
		case register.Date:
			in.Type = "date"
		case register.Number:
			in.Type = "number"
		case register.Files:
			in.Type, in.Files = "files", attachments(b[f.ID].Attached)
		case register.Selector:
			in.Type, in.Inner = "group", selectors(f.ID, b[f.ID].Selector)
		case register.Choice, register.Citation, register.Statement, register.Item:
			in.Type, in.Meanings = "select", f.Options
			var err error
			if in.Options, err = p.options(ctx, r, f, in.Value); err != nil {
				return nil, err
			}
		}
		all = append(all, in)
	}
	return all, nil
}

func attachments(files []register.File) []attached {
	var all []attached
	for _, f := range files {
		all = append(all, attached{f, f.Digest + "|" + strconv.FormatInt(f.Size, 10) + "|" + f.Name})
	}
	return all
}

func selectors(id string, s *register.Resources) []input {
	if s == nil {
		s = &register.Resources{}
	}
	var tags []string
	for key, values := range s.Tags {
		tags = append(tags, key+"="+strings.Join(values, ","))
	}
	slices.Sort(tags)
	return []input{
		{Name: id + ".address", Label: "Address", Type: "text", Value: s.Address,
			Help: "A pattern; * stands for any characters, and alone for every resource."},
		{Name: id + ".target", Label: "Target", Type: "text", Value: s.Target,
			Help: "A pattern on the account, cluster or folder as it was given."},
		{Name: id + ".tags", Label: "Tags", Type: "textarea", Value: strings.Join(tags, "\n"),
			Help: "One key=value in each line. A tag that is not known does not match."},
	}
}

// options are the choices of a field. What an item says already stays a choice.
func (p *pages) options(ctx context.Context, r *register.Register, f *register.Field, now string) ([]web.Choice, error) {
	choices := []web.Choice{{Value: "", Label: "Choose"}}
	switch f.Type {
	case register.Choice:
		for _, o := range f.Options {
			choices = append(choices, web.Choice{Value: o.Value, Label: o.Value})
		}
	case register.Citation:
		for _, s := range p.Framework.Safeguards {
			if r.ID != governance.Alternative || s.Specification == "addressable" {
				choices = append(choices, web.Choice{Value: s.Citation, Label: s.Citation + " " + s.Name})
			}
		}
	case register.Statement:
		for _, s := range p.statements() {
			choices = append(choices, web.Choice{Value: s.ID, Label: s.ID + " (" + s.Citation + ")"})
		}
	case register.Item:
		items, err := p.decisions.List(ctx, governance.Wanted{Register: f.Register, Open: true, Limit: governance.MaxList})
		if err != nil {
			return nil, err
		}
		for _, i := range items {
			choices = append(choices, web.Choice{Value: i.ID, Label: i.ID + " " + i.Title})
		}
	}
	if !slices.ContainsFunc(choices, func(c web.Choice) bool { return c.Value == now }) {
		choices = append(choices, web.Choice{Value: now, Label: now})
	}
	return choices, nil
}

// maxForm is how large a form with its files may be, in bytes.
const maxForm = governance.MaxFile + 4<<20

// submitted reads a form, files included.
func (p *pages) submitted(w http.ResponseWriter, r *http.Request, of *register.Register) (register.Body, register.Faults, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseMultipartForm(1 << 20); err != nil && err != http.ErrNotMultipart {
		return nil, nil, web.Faultf(http.StatusRequestEntityTooLarge,
			"What was sent cannot be read, or is larger than %d MB. Attach large files one at a time.", maxForm>>20)
	}
	if r.MultipartForm != nil {
		defer r.MultipartForm.RemoveAll()
	}
	b := register.Body{}
	var faults register.Faults
	for _, f := range of.Fields {
		if !f.Asked() {
			continue
		}
		v, err := p.value(r, f)
		fieldFaults, other := problem(err)
		if other != nil {
			return nil, nil, other
		}
		for _, fault := range fieldFaults {
			faults = append(faults, register.Fault{Field: f.ID, Text: fault.Text})
		}
		if !v.Empty() {
			b[f.ID] = v
		}
	}
	return b, faults, nil
}

// value reads one field of a form.
func (p *pages) value(r *http.Request, f *register.Field) (v register.Value, err error) {
	switch f.Type {
	case register.List, register.Checks:
		v.List = lines(r.PostFormValue(f.ID))
	case register.Selector:
		v.Selector, err = selected(f.ID, r.PostForm)
	case register.Files:
		for _, keep := range r.PostForm[f.ID+".keep"] {
			part := strings.SplitN(keep, "|", 3)
			if len(part) != 3 {
				continue
			}
			size, _ := strconv.ParseInt(part[1], 10, 64)
			v.Attached = append(v.Attached, register.File{Digest: part[0], Size: size, Name: part[2]})
		}
		if r.MultipartForm == nil {
			return v, nil
		}
		for _, sent := range r.MultipartForm.File[f.ID] {
			from, err := sent.Open()
			if err != nil {
				return v, fmt.Errorf("read an uploaded file: %w", err)
			}
			kept, err := p.decisions.Keep(r.Context(), sent.Filename, from)
			from.Close()
			if err != nil {
				return v, err
			}
			v.Attached = append(v.Attached, kept)
		}
	default:
		v.Text = r.PostFormValue(f.ID)
	}
	return v, err
}

func lines(text string) []string {
	var all []string
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

func selected(id string, form url.Values) (*register.Resources, error) {
	s := &register.Resources{Address: form.Get(id + ".address"), Target: form.Get(id + ".target")}
	for _, line := range lines(form.Get(id + ".tags")) {
		key, values, ok := strings.Cut(line, "=")
		if !ok {
			return s, register.Faults{{Field: id, Text: "Write tags as key=value, one in each line."}}
		}
		if s.Tags == nil {
			s.Tags = map[string][]string{}
		}
		s.Tags[strings.TrimSpace(key)] = strings.Split(values, ",")
	}
	if s.Address == "" && s.Target == "" && s.Tags == nil {
		return nil, nil
	}
	return s, nil
}

// prefilled is the body that the query of a link asks for: each field by its id, "check" and "resource" from a finding, "id" the key.
func prefilled(of *register.Register, q url.Values) register.Body {
	b := register.Body{}
	for _, f := range of.Fields {
		text := q.Get(f.ID)
		switch {
		case !f.Asked():
		case f.Type == register.Checks && q.Get("check") != "":
			b[f.ID] = register.ListOf(q["check"]...)
		case f.Type == register.Selector && q.Get("resource") != "":
			b[f.ID] = register.Value{Selector: &register.Resources{Address: q.Get("resource")}}
		case f.ID == of.Key && text == "" && q.Get("id") != "":
			b[f.ID] = register.Of(q.Get("id"))
		case text != "" && (f.Type == register.List || f.Type == register.Checks):
			b[f.ID] = register.ListOf(q[f.ID]...)
		case text != "" && f.Type != register.Selector && f.Type != register.Files:
			b[f.ID] = register.Of(text)
		}
	}
	return b
}

// statement is something that the framework wants a person to say.
type statement struct {
	ID, Text, Role, Citation, Name string
	Months                         int
}

// statements are all of them, once each.
func (p *pages) statements() []statement {
	var all []statement
	seen := map[string]bool{}
	for _, s := range p.Framework.Safeguards {
		for _, a := range s.Attestations {
			if !seen[a.ID] {
				seen[a.ID] = true
				all = append(all, statement{a.ID, a.Statement, a.Role, s.Citation, s.Name, a.ReviewMonths})
			}
		}
	}
	return all
}

func (p *pages) statement(id string) *statement {
	for _, s := range p.statements() {
		if s.ID == id {
			return &s
		}
	}
	return nil
}

// messages are what is wrong by the ids of the inputs, with the labels of the fields for the list at the top of a form.
func messages(of *register.Register, faults register.Faults) map[string]string {
	m := map[string]string{}
	for _, f := range faults {
		m[f.Field] = f.Text
		if of != nil && of.Field(f.Field) != nil {
			m[f.Field] = of.Field(f.Field).Label + ": " + f.Text
		}
	}
	return m
}
