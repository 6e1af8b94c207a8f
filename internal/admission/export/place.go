package export

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/value"
)

// found is what stands at a place.
type found struct {
	// text is the CEL of an optional value, or of the value itself if it is definite.
	text     string
	definite bool
	// list is the CEL of a list of the values, where the path leads through a list; shape is then that of its elements.
	list string
	// one says that the API lets no list have more than one element.
	one   bool
	shape *shape
	// base is the CEL of the value itself, where it is there for sure: a part of the object, or all of it.
	base string
	only string // see term.only
}

var (
	textShape = &shape{form: "string"}
	boolShape = &shape{form: "bool"}
)

// fits tells whether what stands there can be taken for a value of a type as it is.
func (f found) fits(t kind.Type) error {
	if f.list != "" {
		return refuse("several values may stand where one is wanted")
	}
	forms := map[kind.Base][]string{kind.Bool: {"bool"}, kind.Int: {"int"}, kind.String: {"string"}, kind.Ref: {"string"},
		kind.Double: {"number"}, kind.Time: {"string"}}
	if !slices.Contains(forms[t.Base], f.shape.form) {
		return refuse("in the object it is a %s, not a %s", f.shape.form, t)
	}
	return nil
}

// place finds what stands at a place.
func (c *compiler) place(p kind.Place, f frame) (found, error) {
	switch {
	case p.Join != nil:
		return found{}, refuse("it looks at other objects (%s)", p.Join.Type)
	case len(p.Same) > 0:
		return found{}, refuse("it compares rows with the object")
	case len(p.Concat) > 0:
		return c.concat(p, f)
	}
	one, err := c.at(p, f)
	if err != nil {
		return one, err
	}
	if len(p.Where) > 0 {
		if one, err = c.where(p, one); err != nil {
			return one, err
		}
	}
	if len(p.Take) > 0 {
		if one, err = c.follow(one, p.Take); err != nil {
			return one, err
		}
	}
	if p.Present {
		one = one.present()
	}
	if p.Via != "" {
		if one, err = c.decoded(p.Via, one); err != nil {
			return one, err
		}
	}
	if len(p.Map) > 0 {
		return one.replaced(p)
	}
	return one, nil
}

// at follows the path of a place.
func (c *compiler) at(p kind.Place, f frame) (found, error) {
	if p.Part != "" {
		base, err := c.part(p.Part)
		if err != nil {
			return base, err
		}
		return c.follow(base, p.Path)
	}
	whole := found{text: f.row, definite: true, base: f.row, shape: f.shape}
	if len(p.Path) == 1 && strings.HasPrefix(p.Path[0], "@") {
		switch p.Path[0] {
		case "@body":
			return whole, nil
		case "@namespace":
			return found{text: "request.namespace", definite: true, shape: textShape}, nil
		case "@unreadable":
			return found{}, refuse("no object tells it")
		}
		return found{}, refuse("%s is not in the object", p.Path[0])
	}
	if f.outer {
		c.look(p.Path)
		if len(p.Path) == 1 && p.Path[0] == "apiVersion" {
			return found{}, refuse("a policy sees every object in the version that it asks for")
		}
		if len(p.Path) == 1 && p.Path[0] == "kind" || slices.Equal(p.Path, []string{"metadata", "name"}) {
			return found{text: f.row + "." + strings.Join(p.Path, "."), definite: true, shape: textShape}, nil
		}
	}
	return c.follow(whole, p.Path)
}

// look remembers that the check looks at a path of the object. What an update cannot change is left out.
func (c *compiler) look(path []string) {
	steps := path
	for i, name := range path { // no further than to the first list
		if s := descend(c.shape, path[:i+1]); s != nil && s.form == "list" {
			steps = path[:i+1]
			break
		} else if name == "status" {
			return
		}
	}
	switch text := strings.Join(steps, "."); text {
	case "kind", "metadata.name", "metadata.namespace":
	default:
		text = choose(c.root, steps)
		if !slices.Contains(c.looks, text) {
			c.looks = append(c.looks, text)
		}
	}
}

func descend(s *shape, path []string) *shape {
	for _, name := range path {
		if s = s.member(name); s == nil {
			return nil
		}
	}
	return s
}

// choose writes an optional selection: base.?a.?b.
func choose(base string, path []string) string {
	for _, name := range path {
		base += step(name)
	}
	return base
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func step(name string) string {
	if identifier.MatchString(name) {
		return ".?" + name
	}
	return "[?" + strconv.Quote(name) + "]"
}

// follow goes down a path; a list on the way is followed into each of its elements.
func (c *compiler) follow(from found, path []string) (found, error) {
	for i, name := range path {
		if from.list == "" && from.shape.form == "list" {
			from.list, from.shape = from.rows(), from.shape.elem
		}
		if from.list != "" && from.one {
			from = found{text: from.list + "[?0]", shape: from.shape}
		} else if from.list != "" {
			return c.each(from, path[i:])
		}
		next := from.shape.member(name)
		if next == nil {
			return found{}, refuse("%s is not a member of the object that the API server sees", strings.Join(path, "."))
		}
		from = found{text: from.text + step(name), shape: next}
	}
	return from, nil
}

// each follows a path in each element of a list.
func (c *compiler) each(from found, path []string) (found, error) {
	name := c.name()
	below, err := c.follow(found{text: name, definite: true, shape: from.shape}, path)
	if err != nil {
		return below, err
	}
	if below.list != "" || below.shape.form == "list" {
		return found{}, refuse("it leads through lists in lists")
	}
	list := fmt.Sprintf("%s.map(%s, %s.hasValue(), %s.value())", from.list, name, below.text, below.text)
	return found{list: list, shape: below.shape}, nil
}

// rows is the CEL of a list that may be absent.
func (f found) rows() string {
	if f.definite {
		return f.text
	}
	return f.text + ".orValue([])"
}

// concat joins what stands at several places into one list.
func (c *compiler) concat(p kind.Place, f frame) (found, error) {
	if p.Via != "" {
		return found{}, undecoded(p.Via)
	}
	if len(p.Where)+len(p.Map) > 0 || p.Present || len(p.Take) > 0 {
		return found{}, refuse("it joins lists and looks into them")
	}
	var lists []string
	var elem *shape
	for _, part := range p.Concat {
		one, err := c.place(part, f)
		if err != nil {
			return one, err
		}
		switch {
		case one.list != "":
			lists, elem = append(lists, one.list), one.shape
		case one.shape.form == "list":
			lists, elem = append(lists, one.rows()), one.shape.elem
		default:
			name := c.name()
			lists, elem = append(lists, fmt.Sprintf("[%s].filter(%s, %s.hasValue()).map(%s, %s.value())", one.text, name, name, name, name)), one.shape
		}
	}
	return found{list: strings.Join(lists, " + "), shape: elem}, nil
}

// where keeps rows, or the one object that it is.
func (c *compiler) where(p kind.Place, from found) (found, error) {
	list := from.list != "" || from.shape.form == "list"
	if from.list == "" && list {
		from.list, from.shape = from.rows(), from.shape.elem
	}
	name := from.text
	if list {
		name = c.name()
	}
	condition, err := conditions(name, from.shape, p.Where)
	if err != nil {
		return found{}, err
	}
	if list {
		kept := fmt.Sprintf("%s.filter(%s, %s)", from.list, name, condition)
		return found{list: kept, shape: from.shape, one: p.Text == "metadata.ownerReferences" && p.Where["controller"] == "true"}, nil
	}
	if !from.definite {
		return found{}, refuse("it looks at an object that may be absent")
	}
	return found{text: fmt.Sprintf("((%s) ? optional.of(%s) : optional.none())", condition, from.text), shape: from.shape}, nil
}

func conditions(row string, of *shape, wanted map[string]string) (string, error) {
	var all []string
	for _, field := range sortedKeys(wanted) {
		path, text := strings.Split(field, "."), wanted[field]
		s, at := descend(of, path), choose(row, path)
		switch {
		case s == nil:
			return "", refuse("%s is not a member of the object that the API server sees", field)
		case s.form == "string":
			all = append(all, fmt.Sprintf("%s.orValue(%q) == %q", at, "", text))
		case s.form == "bool" && text == "true":
			all = append(all, at+".orValue(false)")
		case text == "":
			all = append(all, "!"+at+".hasValue()")
		default:
			return "", refuse("it compares a %s with a text", s.form)
		}
	}
	return strings.Join(all, " && "), nil
}

// present tells whether anything stands there; an empty text and an empty list are nothing.
func (f found) present() found {
	text := f.text + ".hasValue()"
	switch {
	case f.list != "":
		text = fmt.Sprintf("(size(%s) > 0)", f.list)
	case f.definite:
		text = "true"
	case f.shape.form == "list":
		text = fmt.Sprintf("(size(%s) > 0)", f.rows())
	case f.shape.form == "string":
		text = fmt.Sprintf("(%s.orValue(%q) != %q)", f.text, "", "")
	}
	return found{text: text, definite: true, shape: boolShape}
}

// replaced is what the place's table has for the text that stands there. One that is not in it is an error, unless there is an else.
func (f found) replaced(p kind.Place) (found, error) {
	if f.list != "" || f.definite || f.shape.form != "string" {
		return found{}, refuse("it replaces what is no text")
	}
	var pairs, absent, all []string
	var made value.Value
	for _, key := range sortedKeys(p.Map) {
		to := p.Map[key]
		all = append(all, strconv.Quote(key))
		if to.IsAbsent() {
			absent = append(absent, strconv.Quote(key))
			continue
		}
		text, err := literal(to.Plain())
		if err != nil {
			return found{}, err
		}
		made, pairs = to, append(pairs, strconv.Quote(key)+": "+text)
	}
	form := map[bool]*shape{true: boolShape, false: textShape}[isBool(made)]
	chosen := "{" + strings.Join(pairs, ", ") + "}[e0]"
	if p.Else != nil {
		other, err := literal(p.Else.Plain())
		if err != nil || len(absent) > 0 {
			return found{}, refuse("it replaces texts in a way that is not exported")
		}
		chosen = fmt.Sprintf("e0 in [%s] ? %s : %s", strings.Join(all, ", "), chosen, other)
	}
	text := fmt.Sprintf("%s.optMap(e0, %s)", f.text, chosen)
	if len(absent) > 0 {
		text = fmt.Sprintf("(%s.orValue(%q) in [%s] ? optional.none() : %s)", f.text, "", strings.Join(absent, ", "), text)
	}
	return found{text: text, shape: form}, nil
}

func isBool(v value.Value) bool { _, ok := v.AsBool(); return ok }

// part makes a variable of a part of the object, which several attributes are read from.
func (c *compiler) part(name string) (found, error) {
	part, err := c.partOf(name, c.frame())
	if err != nil {
		return found{}, err
	}
	text := c.variable("part "+name, name, part.text+part.list)
	c.parts[name] = true
	if part.list != "" {
		return found{list: text, shape: part.shape, one: part.one}, nil
	}
	return found{text: text, definite: true, base: text, shape: part.shape}, nil
}

// partOf finds a part of an object: {} or [] if it is not there.
func (c *compiler) partOf(name string, f frame) (found, error) {
	var optionals []string
	var made *shape
	looks := c.looks
	defer func() { c.looks = looks }() // the part is compared as a whole
	places := c.kind.Parts[name].In(dialect)
	for _, p := range places {
		one, err := c.place(p, f)
		switch {
		case err != nil:
			return one, err
		case one.list != "" && len(places) == 1:
			return one, nil
		case one.list != "" || one.definite:
			return one, refuse("its part %s is found in several ways", name)
		}
		optionals, made = append(optionals, one.text), one.shape
	}
	if made == nil || made.form != "object" && made.form != "map" {
		return found{}, refuse("its part %s is no object", name)
	}
	return found{text: either(optionals) + ".orValue({})", shape: made}, nil
}
