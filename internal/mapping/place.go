package mapping

import (
	"fmt"
	"slices"
	"strings"

	"ward.dev/ward/internal/decode"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// frame is what places are read from: a block, or a row of a list in it.
type frame struct {
	kind  *kind.Kind
	block *resource.Block // nil for a resource of a whole target
	body  value.Value
	parts map[string]value.Value // read so far; nil in rows
	outer *frame                 // of a row, that of the block which holds it
}

// root is the root module or template of the frame's block.
func (f frame) root() string {
	if f.block == nil {
		return ""
	}
	return root(f.block)
}

// at reads the raw value at a place.
func (t *target) at(p kind.Place, f frame) value.Value {
	v := t.found(p, f)
	if len(p.Where) > 0 {
		v = where(p.Where, v)
	}
	if len(p.Same) > 0 {
		v = alike(p.Same, v, f.body)
	}
	v = follow(v, p.Take)
	if p.Present {
		v = present(v)
	}
	v = via(p.Via, v)
	if len(p.Map) > 0 {
		v = mapped(p, v)
	}
	return v
}

func (t *target) found(p kind.Place, f frame) value.Value {
	switch {
	case len(p.Concat) > 0:
		return t.concat(p.Concat, f)
	case p.Part != "":
		return follow(t.part(p.Part, f), p.Path)
	case p.Join != nil:
		rows := t.join(p.Join, f)
		if p.Join.All && empty(rows) { // that an account has none is known
			return rows
		}
		return follow(rows, p.Path)
	case len(p.Path) == 1 && p.Path[0][0] == '@':
		return t.pseudo(p.Path[0], f)
	}
	return follow(f.body, p.Path)
}

// pseudo reads what a source tells of a block besides its body; @none is what a vocabulary has no way to set.
func (t *target) pseudo(name string, f frame) value.Value {
	if f.block == nil || name == "@none" {
		return value.None()
	}
	if name == "@body" {
		return f.body
	}
	text := map[string]string{"@region": f.block.Region, "@namespace": f.block.Region, "@address": f.block.Address, "@type": f.block.Type}[name]
	switch name {
	case "@unreadable":
		return value.Unresolved(value.Reason{Why: "nobody but the provider can read it"})
	case "@namespace", "@qualified":
		if f.block.Global {
			return value.None()
		}
		if said := f.block.Body.Field("metadata").Field("namespace"); f.block.Declared != "" && said.IsUnknown() {
			return said
		}
		if name == "@qualified" && f.block.Region != "" {
			return qualified(f.block)
		}
	}
	if text == "" && t.live() {
		return value.Unresolved(value.Reason{Why: name[1:] + " was not told"})
	} else if text == "" && t.ofKubernetes() {
		return value.Unresolved(value.Reason{Why: "the namespace is not said in the files", Grant: "--namespace, or assess the cluster"})
	} else if text == "" {
		return value.Unresolved(value.Reason{Why: name[1:] + " is not said in the code", Grant: "assess the live account"})
	}
	return value.String(text).At(f.block.Origin)
}

// qualified is NAMESPACE/NAME.
func qualified(b *resource.Block) value.Value {
	name := b.Address[strings.LastIndexByte(b.Address, '/')+1:]
	if b.Declared != "" {
		said := b.Body.Field("metadata").Field("name")
		text, known := said.AsString()
		if !known {
			return value.Unresolved(said.Reasons()...).At(said.Origin())
		}
		name = text
	}
	return value.String(b.Region + "/" + name).At(b.Origin)
}

// part reads the first place of a part that exists, once for each resource.
func (t *target) part(name string, f frame) value.Value {
	if f.outer != nil && f.outer.block == f.block {
		return t.part(name, *f.outer)
	}
	if v, ok := f.parts[name]; ok {
		return v
	}
	v := value.None()
	for _, p := range f.kind.Parts[name].In(t.dialect) {
		if v = t.at(p, f); !empty(v) {
			break
		}
	}
	if f.parts != nil {
		f.parts[name] = v
	}
	return v
}

// empty tells whether surely nothing is there: absent, or a closed list of nothing.
func empty(v value.Value) bool {
	items, isList := v.AsList()
	return v.IsAbsent() || isList && len(items) == 0 && !v.IsOpen()
}

// concat joins lists. A list that is unknown leaves the whole open.
func (t *target) concat(places []kind.Place, f frame) value.Value {
	var all collector
	found := false
	for _, p := range places {
		v := t.at(p, f)
		found = found || !v.IsAbsent()
		all.add(v)
	}
	if !found {
		return value.None()
	}
	return all.list()
}

// collector gathers values into one flat list.
type collector struct {
	items   []value.Value
	reasons []value.Reason
	origin  *value.Origin
}

func (c *collector) add(v value.Value) {
	if c.origin == nil {
		c.origin = v.Origin()
	}
	switch items, isList := v.AsList(); {
	case v.IsAbsent():
	case isList:
		c.items = append(c.items, items...)
		if v.IsOpen() {
			c.reasons = append(c.reasons, v.Reasons()...)
		}
	default:
		c.items = append(c.items, v)
	}
}

func (c *collector) list() value.Value {
	v := value.List(c.items...)
	if c.origin != nil {
		v = v.At(c.origin)
	}
	if len(c.reasons) > 0 {
		v = v.Open(c.reasons...)
	}
	return v
}

// follow goes down a path; a list on the way is followed into each of its elements, whose results make one list.
func follow(v value.Value, path []string) value.Value {
	for i, name := range path {
		items, isList := v.AsList()
		if !isList {
			v = v.Field(name)
			continue
		}
		if len(items) == 1 && !v.IsOpen() {
			v = items[0].Field(name)
			continue
		}
		var all collector
		all.origin = v.Origin()
		if v.IsOpen() {
			all.reasons = v.Reasons()
		}
		found := v.IsOpen()
		for _, item := range items {
			below := follow(item, path[i:])
			if found = found || !below.IsAbsent(); below.IsAbsent() {
				all.items = append(all.items, below) // that one row says nothing matters where one value is wanted
			}
			all.add(below)
		}
		if !found {
			return value.None()
		}
		return all.list()
	}
	return v
}

// where keeps the rows whose fields read as wanted.
func where(wanted map[string]string, v value.Value) value.Value {
	return keep(v, func(row value.Value) (bool, []value.Reason) { return matches(wanted, row) })
}

// alike keeps the rows whose fields read the same as those of a block.
func alike(fields map[string]string, v, body value.Value) value.Value {
	return keep(v, func(row value.Value) (bool, []value.Reason) {
		var why []value.Reason
		for name, own := range fields {
			a, b := single(follow(row, strings.Split(name, "."))), single(follow(body, strings.Split(own, ".")))
			switch _, isRef := a.ExactRef(); {
			case same(a, b) && (isRef || a.IsKnown()):
			case a.IsUnknown() && !isRef:
				why = append(why, a.Reasons()...)
			case b.IsUnknown() && !isExact(b):
				why = append(why, b.Reasons()...)
			case isRef != isExact(b): // a reference may be to what has the other's name
				why = append(why, value.Reason{Why: name + " and " + own + " cannot be compared"})
			default:
				return false, nil
			}
		}
		return true, why
	})
}

func isExact(v value.Value) bool { _, exact := v.ExactRef(); return exact }

// keep keeps the rows that a test keeps. A row of which that is not known leaves the list open.
func keep(v value.Value, test func(value.Value) (bool, []value.Reason)) value.Value {
	if !v.IsKnown() {
		return v
	}
	rows, isList := v.AsList()
	if !isList {
		rows = []value.Value{v}
	}
	all := collector{origin: v.Origin()}
	if isList && v.IsOpen() {
		all.reasons = v.Reasons()
	}
	for _, row := range rows {
		kept, why := test(row)
		switch {
		case len(why) > 0:
			all.reasons = append(all.reasons, why...)
		case kept:
			all.items = append(all.items, row)
		}
	}
	return all.list()
}

// matches tells whether a row's fields read as wanted, or why that is not known.
func matches(wanted map[string]string, row value.Value) (bool, []value.Reason) {
	if row.IsUnknown() {
		return false, row.Reasons()
	}
	var why []value.Reason
	for name, text := range wanted {
		field := single(follow(row, strings.Split(name, ".")))
		switch {
		case field.IsUnknown():
			why = append(why, field.Reasons()...)
		case field.IsAbsent() && text != "":
			return false, nil
		case field.IsKnown() && fmt.Sprint(field.Data()) != text:
			return false, nil
		}
	}
	return true, why
}

// present tells whether anything stands at a place.
func present(v value.Value) value.Value {
	answer := func(b bool) value.Value { return value.Bool(b).At(v.Origin()) }
	if _, exact := v.ExactRef(); exact || written(v) {
		return answer(true)
	}
	if v.IsUnknown() {
		return v
	}
	items, isList := v.AsList()
	items = slices.DeleteFunc(slices.Clone(items), value.Value.IsAbsent)
	text, isText := v.AsString()
	switch {
	case v.IsAbsent(), isText && text == "": // templates write an empty text for none
		return answer(false)
	case isList && len(items) == 0 && v.IsOpen():
		return value.Unresolved(v.Reasons()...).At(v.Origin())
	case isList && len(items) > 0 && allUnknown(items):
		return value.Unresolved(items[0].Reasons()...).At(v.Origin())
	case isList:
		return answer(len(items) > 0)
	}
	return answer(true)
}

// written tells that some text stands there whatever its placeholders hold: a document, or "${api.arn}/*".
func written(v value.Value) bool {
	source, ok := v.Template()
	return ok && !strings.Contains(source, "%{") && !(strings.HasPrefix(source, "${") && strings.HasSuffix(source, "}"))
}

func allUnknown(items []value.Value) bool {
	for _, item := range items {
		if _, exact := item.ExactRef(); exact || !item.IsUnknown() || written(item) {
			return false
		}
	}
	return true
}

// mapped replaces known scalars, in a list each of them.
func mapped(p kind.Place, v value.Value) value.Value {
	if items, ok := v.AsList(); ok {
		return each(v, items, func(item value.Value) value.Value { return mapped(p, item) })
	}
	if !v.IsKnown() {
		return v
	}
	if to, ok := p.Map[fmt.Sprint(v.Data())]; ok {
		return to.At(v.Origin())
	}
	if p.Else != nil {
		return p.Else.At(v.Origin())
	}
	return value.Unresolved(value.Reason{Why: fmt.Sprintf("%v is not a value that %s is known to have", v.Data(), p.Text)}).At(v.Origin())
}

// each makes a list of what is made of each item of a list.
func each(v value.Value, items []value.Value, makes func(value.Value) value.Value) value.Value {
	all := collector{origin: v.Origin()}
	if v.IsOpen() {
		all.reasons = v.Reasons()
	}
	for _, item := range items {
		all.items = append(all.items, makes(item))
	}
	return all.list()
}

func via(name string, v value.Value) value.Value {
	if name == "" {
		return v
	}
	decoder, ok := decode.ByName(name)
	if !ok {
		return value.Unresolved(value.Reason{Why: "there is no decoder " + name})
	}
	items, isList := v.AsList()
	switch decode.Makes(name) {
	case "bool", "int", "string": // of each, as of a single one
		if isList && !decode.Folds(name) {
			return each(v, items, func(item value.Value) value.Value { return via(name, item) })
		}
	}
	made := decoder(v)
	if made.Origin() == nil && v.Origin() != nil {
		made = made.At(v.Origin())
	}
	return made
}
