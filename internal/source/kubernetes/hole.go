package kubernetes

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	templates "text/template/parse"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	"ward.dev/ward/internal/decode"
	"ward.dev/ward/internal/value"
)

// A hole is a single value of a release that is not known. It may be left open as long as the templates do nothing with it but write
// it down: a mark is rendered in its place, and what holds the mark is unknown. Where a template decides by it, or makes something
// else of it, the release is not rendered.

// mark stands in rendered texts for a hole.
func mark(i int) string { return "ward-hole-" + strconv.Itoa(i) + "-." }

// writers are the functions of templates through which a mark goes as it is, or of which nobody reads the outcome.
var writers = strings.Fields("quote squote default toString toYaml nindent indent printf print trim required include sha256sum")

// holes puts marks in place of the values of a release that are not known. An error says of which one the chart makes more than a
// text.
func (r *Release) holes(c *chart.Chart) error {
	for i := range r.Set {
		s := &r.Set[i]
		if len(s.Hole) == 0 {
			continue
		}
		if why := decided(c, valuePath(s.Name)); why != "" {
			return fmt.Errorf("the setting %s is not known (%s), and %s", s.Name, s.Hole[0].Why, why)
		}
		s.Value, s.Text = mark(i), true
	}
	return nil
}

// filled takes the marks out of a rendered value again.
func (r *Release) filled(v value.Value) value.Value {
	if text, ok := v.AsString(); ok {
		return r.unmarked(v, text)
	}
	if items, ok := v.AsList(); ok {
		list := make([]value.Value, len(items))
		for i, item := range items {
			list[i] = r.filled(item)
		}
		return value.List(list...).At(v.Origin())
	}
	members, ok := v.AsObject()
	if !ok {
		return v
	}
	all := make(map[string]value.Value, len(members))
	var odd []value.Reason
	for key, member := range members {
		if name := r.unmarked(value.String(key), key); name.IsUnknown() {
			odd = append(odd, name.Reasons()...)
			continue
		}
		all[key] = r.filled(member)
	}
	made := value.Object(all).At(v.Origin())
	if len(odd) > 0 {
		made = made.Open(odd...)
	}
	return made
}

func (r *Release) unmarked(v value.Value, text string) value.Value {
	if r.betrayed(text) {
		return value.String(decode.LeftOut).At(v.Origin())
	}
	var why []value.Reason
	for i, s := range r.Set {
		if len(s.Hole) > 0 && strings.Contains(text, mark(i)) {
			why = append(why, s.Hole...)
			text = strings.ReplaceAll(text, mark(i), "${"+s.Name+"}")
		}
	}
	if len(why) == 0 {
		return v
	}
	return value.Unresolved(why...).Text(text).At(v.Origin())
}

// valuePath splits the path of a setting: `a.b\.c/d` is a and b.c/d. What lies in a list counts as the list.
func valuePath(name string) []string {
	var path []string
	var step strings.Builder
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '\\' && i+1 < len(name):
			i++
			step.WriteByte(name[i])
		case c == '.':
			path = append(path, step.String())
			step.Reset()
		case c == '[':
			return append(path, step.String())
		default:
			step.WriteByte(c)
		}
	}
	return append(path, step.String())
}

// decided says what a chart does with a value besides writing it down; "" if nothing.
func decided(c *chart.Chart, path []string) string {
	if path[0] == "global" {
		return "charts that it is made of may decide by it"
	}
	for _, d := range c.Metadata.Dependencies {
		if d != nil && (d.Name == path[0] || d.Alias == path[0]) {
			return "the chart " + path[0] + " that it is made of may decide by it"
		}
	}
	trees := map[string]*templates.Tree{}
	for _, t := range withDependencies(c) { // whose helpers it may call
		tree := templates.New(t.Name)
		tree.Mode = templates.SkipFuncCheck
		if _, err := tree.Parse(string(t.Data), "", "", trees); err != nil {
			return t.Name + " cannot be parsed"
		}
		if strings.Contains(string(t.Data), "tpl ") && templated(c) {
			return t.Name + " takes values for templates"
		}
	}
	w := walker{path: append([]string{"Values"}, path...), about: map[string]bool{}}
	for grown := true; grown; { // until all helpers are known that are about it
		grown = false
		for name, tree := range trees {
			if w.seen = false; !w.about[name] {
				w.list(tree.Root, []string{})
				w.about[name], grown = w.seen, grown || w.seen
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(trees)) {
		if w.err = nil; w.about[name] {
			w.list(trees[name].Root, []string{})
		}
		if w.err != nil {
			return name + " " + w.err.Error()
		}
	}
	return ""
}

func withDependencies(c *chart.Chart) []*chart.File {
	all := slices.Clone(c.Templates)
	for _, d := range c.Dependencies() {
		all = append(all, withDependencies(d)...)
	}
	return all
}

// templated tells of a chart that its values hold templates themselves.
func templated(c *chart.Chart) bool {
	return slices.ContainsFunc(c.Raw, func(f *chart.File) bool {
		return f.Name == chartutil.ValuesfileName && strings.Contains(string(f.Data), "{{")
	})
}

// walker follows what templates do with one value.
type walker struct {
	path  []string
	about map[string]bool // helpers that are about it
	seen  bool            // something is about it
	err   error
}

var (
	errDecides = errors.New("decides by it")
	errMakes   = errors.New("makes something else of it")
)

// list walks nodes of which the dot stands for a path; nil if it is something else.
func (w *walker) list(l *templates.ListNode, dot []string) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *templates.ActionNode:
			w.writes(n.Pipe, dot)
		case *templates.TemplateNode:
			if w.seen = w.seen || w.about[n.Name]; w.mentioned(n.Pipe, dot) != unrelated {
				w.seen, w.err = true, errMakes
			}
		case *templates.IfNode:
			w.decides(n.Pipe, dot)
			w.list(n.List, dot)
			w.list(n.ElseList, dot)
		case *templates.WithNode:
			w.decides(n.Pipe, dot)
			w.list(n.List, w.alone(n.Pipe, dot))
			w.list(n.ElseList, dot)
		case *templates.RangeNode:
			if w.mentioned(n.Pipe, dot) != unrelated {
				w.seen, w.err = true, errDecides
			}
			w.list(n.List, nil)
			w.list(n.ElseList, dot)
		}
	}
}

// relation is how far an expression is about the value.
type relation int

const (
	unrelated relation = iota
	holder             // of something that holds it
	exactly            // of itself, or of what it holds
)

// relate compares a path with that of the value.
func (w *walker) relate(path []string) relation {
	n := min(len(path), len(w.path))
	switch {
	case path == nil || !slices.Equal(path[:n], w.path[:n]):
		return unrelated
	case len(path) < len(w.path):
		return holder
	}
	return exactly
}

// pathOf is the path that a node stands for, nil if it is none. The values are found wherever the root of everything was put.
func pathOf(n templates.Node, dot []string) []string {
	var path []string
	known := dot != nil
	switch n := n.(type) {
	case *templates.DotNode:
		return dot
	case *templates.FieldNode:
		path = append(slices.Clone(dot), n.Ident...)
	case *templates.VariableNode:
		path, known = n.Ident[1:], n.Ident[0] == "$"
	}
	if at := slices.Index(path, "Values"); at >= 0 {
		return path[at:]
	}
	if !known {
		return nil
	}
	return path
}

// mentioned is the closest relation of anything in a pipeline. The root of everything, which helpers are handed, is none: what they
// do with it is walked by itself.
func (w *walker) mentioned(n templates.Node, dot []string) relation {
	closest := unrelated
	switch n := n.(type) {
	case nil:
	case *templates.PipeNode:
		if n == nil {
			return unrelated
		}
		for _, c := range n.Cmds {
			closest = max(closest, w.mentioned(c, dot))
		}
	case *templates.CommandNode:
		if w.includes(n) {
			closest = exactly
		}
		for _, arg := range n.Args {
			closest = max(closest, w.mentioned(arg, dot))
		}
	case *templates.ChainNode:
		closest = w.mentioned(n.Node, dot)
	default:
		if path := pathOf(n, dot); len(path) > 0 {
			closest = w.relate(path)
		}
	}
	return closest
}

// writes judges a pipeline whose outcome is written down.
func (w *walker) writes(p *templates.PipeNode, dot []string) {
	if w.mentioned(p, dot) == unrelated {
		return
	}
	w.seen = true
	if len(p.Decl) > 0 || !only(p, writers) || w.hands(p, dot) {
		w.err = errMakes
	}
}

// includes tells of a command that it writes down a helper that is about the value, or one that is not named.
func (w *walker) includes(c *templates.CommandNode) bool {
	function, isFunction := c.Args[0].(*templates.IdentifierNode)
	if !isFunction || function.Ident != "include" || len(c.Args) < 2 {
		return false
	}
	name, isNamed := c.Args[1].(*templates.StringNode)
	return !isNamed && slices.Contains(slices.Collect(maps.Values(w.about)), true) || isNamed && w.about[name.Text]
}

// hands tells of a pipeline that it hands a helper the value itself, or something that holds it.
func (w *walker) hands(n templates.Node, dot []string) bool {
	switch n := n.(type) {
	case *templates.PipeNode:
		return slices.ContainsFunc(n.Cmds, func(c *templates.CommandNode) bool { return w.hands(c, dot) })
	case *templates.CommandNode:
		function, isFunction := n.Args[0].(*templates.IdentifierNode)
		handing := isFunction && function.Ident == "include"
		return slices.ContainsFunc(n.Args[1:], func(arg templates.Node) bool {
			return handing && w.mentioned(arg, dot) != unrelated || w.hands(arg, dot)
		})
	}
	return false
}

// decides judges a condition. Whether something that holds the value is there does not hang on the value.
func (w *walker) decides(p *templates.PipeNode, dot []string) {
	switch w.mentioned(p, dot) {
	case exactly:
		w.seen, w.err = true, errDecides
	case holder:
		if w.seen = true; len(p.Decl) > 0 || !only(p, []string{"and", "or", "not"}) {
			w.err = errDecides
		}
	}
}

// only tells of a pipeline that it calls no other functions than some.
func only(n templates.Node, functions []string) bool {
	switch n := n.(type) {
	case *templates.PipeNode:
		return !slices.ContainsFunc(n.Cmds, func(c *templates.CommandNode) bool { return !only(c, functions) })
	case *templates.CommandNode:
		return !slices.ContainsFunc(n.Args, func(arg templates.Node) bool { return !only(arg, functions) })
	case *templates.IdentifierNode:
		return slices.Contains(functions, n.Ident)
	case *templates.ChainNode:
		return false
	}
	return true
}

// alone is the path that the dot stands for within a with; nil if that is not simply one.
func (w *walker) alone(p *templates.PipeNode, dot []string) []string {
	if len(p.Cmds) == 1 && len(p.Cmds[0].Args) == 1 && len(p.Decl) == 0 {
		return pathOf(p.Cmds[0].Args[0], dot)
	}
	return nil
}
