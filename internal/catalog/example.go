package catalog

import (
	"fmt"
	"strings"
	"time"

	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/rule"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
	"ward.dev/ward/internal/yamlfile"
)

// ReadText reads the code of an example with the real reader of its dialect.
type ReadText func(dialect resource.Dialect, text string) (source.Reading, error)

// hidden is the text that stands for a value that could not be read.
const hidden = "(unknown)"

// scene is an example made into resources.
type scene struct {
	subject   *resource.Resource
	resources []*resource.Resource
	// world holds the resources, and what the provider has by itself.
	world  rule.World
	params value.Value
	now    time.Time
}

func (s *scene) evaluate(c *check.Check) check.Answer {
	return c.Evaluate(s.world, s.subject, s.params, s.now)
}

// stage makes the scene of an example.
func (c *Catalog) stage(of *check.Check, e check.Example, read ReadText) (*scene, error) {
	s := &scene{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	var err error
	if e.Now != "" {
		if s.now, err = time.Parse(time.DateOnly, e.Now); err != nil {
			return nil, fmt.Errorf("now: %w", err)
		}
	}
	params := map[string]value.Value{}
	for name, v := range e.Params {
		params[name] = v.Value
	}
	if s.params, err = of.With(params); err != nil {
		return nil, err
	}
	if dialect, text := e.Code(); text != "" {
		return s, c.stageCode(s, of, dialect, text, e.Address, read)
	}
	b := &builder{catalog: c, scene: s}
	given := map[string]value.Value{}
	for name, v := range e.Given {
		given[name] = v.Value
	}
	s.subject, err = b.resource(of.Kind, given)
	if err != nil {
		return nil, err
	}
	s.world = inventory.New(nil, s.resources, nil, nil)
	return s, hide(s.subject, e.Unknown, e.Open)
}

func (c *Catalog) stageCode(s *scene, of *check.Check, dialect resource.Dialect, text, address string, read ReadText) error {
	if read == nil {
		return fmt.Errorf("no reader for %s is at hand", dialect)
	}
	reading, err := read(dialect, text)
	if err != nil {
		return err
	}
	for _, gap := range reading.Gaps {
		return fmt.Errorf("%s: %s", gap.What, gap.Reason)
	}
	inv := mapping.Map(c.Kinds, []source.Reading{reading})
	s.world, s.resources = inv, inv.Resources
	var found []string
	for _, r := range inv.Resources {
		if r.Kind == of.Kind && (address == "" || r.Address == address) {
			s.subject = r
			found = append(found, r.Address)
		}
	}
	if len(found) != 1 {
		return fmt.Errorf("one %s is wanted; found %q; use address: to pick one", of.Kind.Name, found)
	}
	return nil
}

// builder makes resources of given attributes.
type builder struct {
	catalog *Catalog
	scene   *scene
}

func (b *builder) resource(k *kind.Kind, given map[string]value.Value) (*resource.Resource, error) {
	r := &resource.Resource{Kind: k, ID: fmt.Sprintf("example#%d", len(b.scene.resources)), Address: "example",
		Values: make([]value.Value, len(k.All()))}
	b.scene.resources = append(b.scene.resources, r)
	for name := range given {
		i := k.Index(name)
		if i < 0 {
			var names []string
			for _, a := range k.All() {
				names = append(names, a.Name)
			}
			return nil, fmt.Errorf("kind %s has no attribute %q%s", k.Name, name, yamlfile.Suggest(name, names))
		}
		if k.All()[i].Is != "" {
			return nil, fmt.Errorf("attribute %s is derived; give what it is derived from", name)
		}
	}
	for i, a := range k.All() {
		v, err := b.attribute(a, a.Type, given[a.Name], has(given, a.Name))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		r.Values[i] = v
	}
	return r, nil
}

func has(m map[string]value.Value, key string) bool { _, ok := m[key]; return ok }

func (b *builder) attribute(a *kind.Attribute, t kind.Type, v value.Value, given bool) (value.Value, error) {
	if !given {
		if a.Default != nil {
			return a.Default.AsDefault(), nil
		}
		return value.None(), nil
	}
	if text, ok := v.AsString(); ok && text == hidden {
		return unresolved(), nil
	}
	if v.IsAbsent() {
		return v, nil
	}
	switch t.Base {
	case kind.Ref:
		return b.ref(t, v)
	case kind.List:
		items, ok := v.AsList()
		if !ok {
			return v, fmt.Errorf("a list is wanted")
		}
		var made []value.Value
		for _, item := range items {
			one, err := b.attribute(a, *t.Elem, item, true)
			if err != nil {
				return v, err
			}
			made = append(made, one)
		}
		return value.List(made...), nil
	case kind.Object:
		return b.item(a, v)
	}
	if !kind.Fits(v, t) {
		return v, fmt.Errorf("a %s is wanted", t)
	}
	return v, nil
}

// ref makes the target of a reference; a text refers to what is not among the resources.
func (b *builder) ref(t kind.Type, v value.Value) (value.Value, error) {
	if text, ok := v.AsString(); ok {
		return value.String(text).Open(value.Reason{Why: text + " is not among the resources assessed"}), nil
	}
	fields, ok := v.AsObject()
	if !ok {
		return v, fmt.Errorf("a reference is given as the attributes of its target")
	}
	k := b.catalog.kinds[t.Kind]
	if k == nil {
		return v, fmt.Errorf("a reference to any kind is given as a text")
	}
	target, err := b.resource(k, fields)
	if err != nil {
		return v, err
	}
	return value.String(target.ID), nil
}

func (b *builder) item(a *kind.Attribute, v value.Value) (value.Value, error) {
	given, ok := v.AsObject()
	if !ok {
		return v, fmt.Errorf("an object is wanted")
	}
	for name := range given {
		if a.Field(name) == nil {
			return v, fmt.Errorf("there is no field %q", name)
		}
	}
	made := map[string]value.Value{}
	for _, f := range a.Fields() {
		one, err := b.attribute(f, f.Type, given[f.Name], has(given, f.Name))
		if err != nil {
			return v, fmt.Errorf("%s: %w", f.Name, err)
		}
		made[f.Name] = one
	}
	return value.Object(made), nil
}

func unresolved() value.Value {
	return value.Unresolved(value.Reason{Why: "the example hides it"})
}

// hide makes attributes of the subject unknown or open.
func hide(r *resource.Resource, unknown, open []string) error {
	for _, name := range unknown {
		i := r.Kind.Index(name)
		if i < 0 {
			return fmt.Errorf("unknown: kind %s has no attribute %q", r.Kind.Name, name)
		}
		r.Values[i] = unresolved()
	}
	for _, name := range open {
		i := r.Kind.Index(name)
		if i < 0 || !r.Values[i].IsKnown() {
			return fmt.Errorf("open: %q is not a list or map that is given", name)
		}
		r.Values[i] = r.Values[i].Open(value.Reason{Why: "the example leaves it open"})
	}
	return nil
}

// trail names where in a scene something was hidden.
func trail(r *resource.Resource, parts ...string) string {
	return r.Kind.Name + " " + strings.Join(parts, ".")
}

// Samples returns the resources of every example in the catalog that is written as code: a mix of all kinds, right and wrong
// ones, as they are met in life, to measure with.
func (c *Catalog) Samples(read ReadText) ([]*resource.Resource, error) {
	var all []*resource.Resource
	for _, of := range c.Checks {
		examples, err := of.Examples()
		if err != nil {
			return nil, err
		}
		for _, e := range examples {
			if _, text := e.Code(); text == "" {
				continue
			}
			s, err := c.stage(of, e, read)
			if err != nil {
				return nil, fmt.Errorf("%s: example %q: %w", of.File, e.Name, err)
			}
			prefix := fmt.Sprintf("%s/%s/", of.ID, e.Name)
			renamed := map[string]string{}
			for _, r := range s.resources {
				renamed[r.ID] = prefix + r.ID
			}
			for _, r := range s.resources {
				if r.Kind.PerTarget() && r != s.subject {
					continue // an estate has one for each account, not one for each example
				}
				copied := *r
				copied.ID = renamed[r.ID]
				copied.Values = make([]value.Value, len(r.Values))
				for i, v := range r.Values {
					copied.Values[i] = rename(v, renamed)
				}
				all = append(all, &copied)
			}
		}
	}
	return all, nil
}

// rename follows the references in a value to where their targets went.
func rename(v value.Value, to map[string]string) value.Value {
	if id, ok := v.AsString(); ok && to[id] != "" {
		return value.String(to[id])
	}
	items, ok := v.AsList()
	if !ok {
		return v
	}
	list := make([]value.Value, len(items))
	for i, item := range items {
		list[i] = rename(item, to)
	}
	return again(v, value.List(list...))
}
