package export

import (
	"fmt"
	"slices"
	"strings"

	"ward.dev/ward/internal/decode"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
)

// dialect is the vocabulary of what the API server admits: objects as they are in a cluster, with the API's defaults.
const dialect = string(resource.Cluster)

// attribute makes the term of an attribute of the object, or of a row.
func (c *compiler) attribute(a *kind.Attribute, f frame) (term, error) {
	if a.Is != "" {
		return c.derived(a)
	}
	t, err := c.placed(a, f)
	if why, ok := asNotExportable(err); ok {
		return t, refuse("%s: %s", a.Name, why)
	}
	if f.outer && err == nil && len(t.text) > long { // it would stand wherever the check asks for it
		t.text = c.variable("attribute "+a.Name, strings.ReplaceAll(a.Name, ".", "_"), t.text)
	}
	return t, err
}

// long is from which length on, in bytes, the CEL of an attribute is a variable.
const long = 100

func (c *compiler) placed(a *kind.Attribute, f frame) (term, error) {
	if text, ok := f.added[a.Name]; ok {
		return known(text), nil
	}
	switch a.Via {
	case "pod.containers":
		return c.containersOf(a, f)
	case "object.tags":
		return c.tagsOf(a, f)
	}
	places := slices.DeleteFunc(slices.Clone(a.In(dialect)), func(p kind.Place) bool { return len(p.Path) == 1 && p.Path[0] == "@none" })
	if len(a.In(dialect)) == 0 {
		return term{}, refuse("no object of a cluster tells it")
	}
	var all []found
	for _, p := range places {
		one, err := c.place(p, f)
		if err != nil {
			return term{}, err
		}
		all = append(all, one)
	}
	return c.typed(a, all)
}

// typed makes the term of what was found at an attribute's places, of which the first that is there counts.
func (c *compiler) typed(a *kind.Attribute, all []found) (term, error) {
	switch {
	case a.Type.Base == kind.Ref:
		t, err := c.scalar(a, all)
		return term{form: reference, optional: t.optional, text: t.text, attribute: a}, err
	case a.Type.Base == kind.Map:
		return c.mapped(a, all)
	case a.Type.Base == kind.List:
		return c.listed(a, all)
	}
	return c.scalar(a, all)
}

func (c *compiler) scalar(a *kind.Attribute, all []found) (term, error) {
	t := term{form: plain}
	var optionals []string
	for _, one := range all {
		if err := one.fits(a.Type); err != nil && a.Via == "" {
			return term{}, err
		}
		if one.definite { // nothing after it is looked at
			if len(optionals) == 0 {
				return known(one.text), nil
			}
			t.text = fmt.Sprintf("%s.orValue(%s)", either(optionals), one.text)
			return t, nil
		}
		optionals = append(optionals, one.text)
	}
	decoded, only := either(optionals), ""
	if a.Via != "" {
		made, err := c.decoded(a.Via, found{text: decoded, shape: textShape})
		if err != nil {
			return term{}, err
		}
		decoded, only = made.text, made.only
	}
	if a.Default == nil {
		return term{form: plain, optional: decoded, only: only}, nil
	}
	byDefault, err := literal(a.DefaultValue().Plain())
	if err != nil {
		return term{}, err
	}
	if len(optionals) == 0 {
		return known(byDefault), nil
	}
	return term{form: plain, text: fmt.Sprintf("%s.orValue(%s)", decoded, byDefault), only: only}, nil
}

// either is the first of several optionals that is there.
func either(optionals []string) string {
	if len(optionals) == 0 {
		return "optional.none()"
	}
	text := optionals[0]
	for _, other := range optionals[1:] {
		text += ".or(" + other + ")"
	}
	return text
}

func (c *compiler) mapped(a *kind.Attribute, all []found) (term, error) {
	if a.Via != "" {
		return term{}, undecoded(a.Via)
	}
	if len(all) == 1 && all[0].base != "" && all[0].shape.form == "map" && a.Default != nil { // a part, which is {} if it is not there
		return known(all[0].text), nil
	}
	var optionals []string
	for _, one := range all {
		if one.list != "" || one.shape.form != "map" || one.definite {
			return term{}, refuse("it is no map in the object")
		}
		optionals = append(optionals, one.text)
	}
	if a.Default == nil {
		return term{form: plain, optional: either(optionals)}, nil
	}
	return known(either(optionals) + ".orValue({})"), nil
}

func (c *compiler) listed(a *kind.Attribute, all []found) (term, error) {
	made := term{form: plain, attribute: a}
	switch elem := a.Type.Elem; {
	case elem.Base == kind.Ref:
		made.form = references
	case elem.Base == kind.Object:
		made.form = items
	}
	if a.Via != "" {
		return term{}, undecoded(a.Via)
	}
	empty := a.Default != nil
	if items, ok := a.DefaultValue().AsList(); !ok || len(items) > 0 {
		empty = false
	}
	switch {
	case len(all) == 0 && empty:
		made.text = "[]"
	case len(all) == 1 && all[0].list != "" && empty:
		made.text, made.row.shape = all[0].list, all[0].shape
	case len(all) == 0 || slices.ContainsFunc(all, func(one found) bool { return one.list != "" || one.definite || one.shape.form != "list" }):
		return term{}, refuse("that it is absent cannot be told from that it is empty")
	default:
		var optionals []string
		for _, one := range all {
			optionals = append(optionals, one.text)
		}
		made.row.shape = all[0].shape.elem
		if made.optional = either(optionals); empty {
			made.text, made.optional = made.optional+".orValue([])", ""
		}
	}
	if elem := made.row.shape; elem != nil && (made.form == items) != (elem.form == "object") {
		return term{}, refuse("its elements are not what the kind says")
	}
	return made, nil
}

// rowOf is the frame of an element of a list of objects.
func (c *compiler) rowOf(list term, bound string) frame {
	if list.roles {
		return frame{row: bound + ".spec", shape: list.row.shape, added: map[string]string{"role": bound + ".role"}}
	}
	return frame{row: bound, shape: list.row.shape}
}

// containersOf makes a variable of all containers of a pod; with their roles beside them if the check asks for roles.
func (c *compiler) containersOf(a *kind.Attribute, f frame) (term, error) {
	if len(a.In(dialect)) != 1 {
		return term{}, undecoded(a.Via)
	}
	pod, err := c.place(a.In(dialect)[0], f)
	if err != nil {
		return term{}, err
	}
	path, adds := decode.Rows(a.Via)
	rows := pod.shape.member(path[0])
	if rows == nil || rows.form != "list" || !slices.Equal(adds, []string{"role"}) || pod.base == "" {
		return term{}, undecoded(a.Via)
	}
	c.containers = true
	t := term{form: items, attribute: a, row: frame{shape: rows.elem}, roles: c.roles}
	lists := []string{pod.base + ".containers", pod.base + ".?initContainers.orValue([])", pod.base + ".?ephemeralContainers.orValue([])"}
	if c.roles {
		for i, role := range []string{`"main"`, `has(e0.restartPolicy) ? "sidecar" : "init"`, `"ephemeral"`} {
			lists[i] += fmt.Sprintf(`.map(e0, {"role": dyn(%s), "spec": dyn(e0)})`, role)
		}
	}
	t.text = c.variable("attribute "+a.Name, strings.ReplaceAll(a.Name, ".", "_"), strings.Join(lists, " + "))
	return t, nil
}

// tagsOf makes a variable of the labels and annotations: a list of maps, in the order in which they count.
func (c *compiler) tagsOf(a *kind.Attribute, f frame) (term, error) {
	var maps []string
	for _, p := range a.In(dialect) {
		parts := p.Concat
		if len(parts) == 0 {
			parts = []kind.Place{p}
		}
		for _, part := range parts {
			if part.Part != "" || part.Join != nil || len(part.Path) == 0 {
				return term{}, undecoded(a.Via)
			}
			for _, name := range []string{"labels", "annotations"} {
				one, err := c.place(kind.Place{Path: append(slices.Clone(part.Path), name)}, f)
				if err != nil {
					return term{}, err
				}
				maps = append(maps, one.text+".orValue({})")
			}
		}
	}
	return term{form: tags, attribute: a, text: c.variable("attribute "+a.Name, a.Name, "["+strings.Join(maps, ", ")+"]")}, nil
}
