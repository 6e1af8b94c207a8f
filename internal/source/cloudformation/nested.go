package cloudformation

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ward.dev/ward/internal/value"
)

// isStack tells whether a resource is a stack made from another template.
func isStack(kind string) bool {
	return kind == "AWS::CloudFormation::Stack" || kind == "AWS::Serverless::Application"
}

// nestedDocuments are the templates that the stack nests, whether or not their conditions hold.
func (s *stack) nestedDocuments() []*document {
	var found []*document
	for _, d := range s.resources {
		if !isStack(s.typeOf(d)) {
			continue
		}
		if doc, _ := s.templateOf(d); doc != nil {
			found = append(found, doc)
		}
	}
	return found
}

// child returns the stack that a resource nests, nil if its template cannot be read; that is a gap.
func (s *stack) child(d *declaration) *stack {
	if c, ok := s.children[d.id]; ok {
		return c
	}
	s.children[d.id] = nil
	what := "nested stack " + s.prefix + d.id
	refuse := func(reason, grant string) *stack {
		s.estate.gaps.add(s.document.file, d.line, what, reason, grant)
		return nil
	}
	doc, reason := s.templateOf(d)
	if doc == nil {
		grant := "assess a directory that holds the template"
		if !s.estate.wholeTree {
			grant = "assess the directory, not the one file"
		}
		return refuse(reason, grant)
	}
	for a := s; a != nil; a = a.parent {
		if a.document == doc {
			return refuse(fmt.Sprintf("%s nests itself: the circle was cut here", doc.file), "")
		}
	}
	if s.depth+1 > maxStackDepth {
		return refuse(fmt.Sprintf("stacks are nested more than %d deep", maxStackDepth), "")
	}
	if s.estate.stacks++; s.estate.stacks > maxStacks {
		return refuse(fmt.Sprintf("the target makes more than %d nested stacks", maxStacks), "")
	}
	more := min(2*doc.size, max(0, s.estate.spare))
	s.estate.steps += more
	s.estate.spare -= more
	c := &stack{estate: s.estate, document: doc, prefix: s.prefix + d.id + "/", parent: s, depth: s.depth + 1,
		given: s.passing(d)}
	c.declareAll()
	s.children[d.id] = c
	return c
}

// passing returns what gives a nested stack its parameters. They are resolved when they are asked for.
func (s *stack) passing(d *declaration) func(name string, list bool) (value.Value, bool) {
	parameters := follow(field(field(d.node, "Properties"), "Parameters"))
	if parameters == nil {
		return func(string, bool) (value.Value, bool) { return value.Value{}, false }
	}
	p := place{path: "Parameters", loop: d.loop}
	direct := map[string]entry{}
	if _, _, isCall := function(parameters); !isCall && field(parameters, "Fn::Transform") == nil {
		for _, f := range fields(parameters) {
			direct[f.key] = f
		}
	}
	var whole *value.Value
	return func(name string, list bool) (value.Value, bool) {
		if f, ok := direct[name]; ok && !f.twice {
			v := s.eval(s.commaJoined(f.value, list), p.key(name))
			return v, !v.IsAbsent()
		}
		if whole == nil {
			v := s.eval(parameters, p)
			whole = &v
		}
		v := whole.Field(name)
		return v, !v.IsAbsent()
	}
}

// commaJoined sees through the common !Join [",", [...]] that passes a list: the list itself keeps the references of
// its elements. It returns n if it is anything else.
func (s *stack) commaJoined(n *yaml.Node, list bool) *yaml.Node {
	target := follow(n)
	if !list || target == nil {
		return n
	}
	name, arg, ok := function(target)
	args := items(arg)
	if !ok || name != "Fn::Join" || len(args) != 2 {
		return n
	}
	if delimiter, _ := s.literal(args[0]); strings.TrimSpace(delimiter) != "," {
		return n
	}
	for _, element := range items(args[1]) {
		// An element that is a parameter or a text may hold commas itself.
		name, arg, ok := function(follow(element))
		id, _ := s.literal(arg)
		if id, _, _ = strings.Cut(id, "."); !ok || name != "Ref" && name != "Fn::GetAtt" || s.byID[id] == nil {
			return n
		}
	}
	if len(items(args[1])) == 0 {
		return n
	}
	return args[1]
}

// templateOf finds the template of a nested stack within the target: by the path as written, by the asset that the CDK
// notes, or by the last part of the URL.
func (s *stack) templateOf(d *declaration) (doc *document, reason string) {
	properties := field(d.node, "Properties")
	url := field(properties, "TemplateURL")
	if url == nil {
		url = field(properties, "Location")
	}
	if url == nil {
		return nil, "it names no template"
	}
	here := path.Dir(s.document.file)
	if asset, ok := s.literal(field(field(d.node, "Metadata"), "aws:asset:path")); ok {
		if doc := s.estate.at(path.Join(here, asset)); doc != nil {
			return doc, ""
		}
	}
	v := s.eval(url, place{path: "TemplateURL", loop: d.loop})
	text, ok := v.Spelled()
	if !ok {
		text, ok = v.Template()
	}
	text, _, _ = strings.Cut(text, "?")
	base := path.Base(text)
	switch {
	case v.IsKnown() && !ok:
		return nil, "its template is not a file of the target"
	case !ok || strings.Contains(base, "${"):
		return nil, "its template is not known: " + derived("it is not a text", v).Reasons()[0].Why
	}
	if !strings.Contains(text, "://") {
		if doc := s.estate.at(path.Join(here, text)); doc != nil {
			return doc, ""
		}
	}
	return s.estate.nearest(text, here)
}

// at returns the template at a path.
func (e *estate) at(file string) *document {
	for _, d := range e.byBase[path.Base(file)] {
		if d.file == file {
			return d
		}
	}
	return nil
}

// nearest returns the template of the URL's last name. Of several, it is the one that shares most of the URL's path,
// then the one that lies nearest to the template that asks.
func (e *estate) nearest(url, here string) (*document, string) {
	base := path.Base(url)
	type rank struct{ url, here int }
	var best *document
	var top rank
	tie := false
	for _, d := range e.byBase[base] {
		r := rank{commonEnd(d.file, url), commonStart(path.Dir(d.file), here)}
		switch {
		case best == nil || r.url > top.url || r.url == top.url && r.here > top.here:
			best, top, tie = d, r, false
		case r == top:
			tie = true
		}
	}
	switch {
	case best == nil:
		return nil, fmt.Sprintf("no template named %s is in the target", base)
	case tie:
		return nil, fmt.Sprintf("several templates are named %s, and none is nearer than the others", base)
	}
	return best, ""
}

func commonEnd(a, b string) int {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	slices.Reverse(x)
	slices.Reverse(y)
	return common(x, y)
}

func commonStart(a, b string) int { return common(strings.Split(a, "/"), strings.Split(b, "/")) }

func common(x, y []string) int {
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	return n
}

// nestedOutput resolves GetAtt Nested.Outputs.Name.
func (s *stack) nestedOutput(d *declaration, name string) value.Value {
	c := s.child(d)
	if c == nil {
		return value.Unresolved(why("the template of the nested stack %s was not read", d.id)).
			Referring(false, value.Ref{Address: s.prefix + d.id, Attribute: "Outputs." + name}, value.Ref{})
	}
	return c.output(name)
}

// output resolves one of the stack's outputs, which are texts.
func (s *stack) output(name string) value.Value {
	d := s.outputs[name]
	label := strings.TrimSuffix(s.prefix, "/")
	if d == nil {
		return anything(why("%s (%s) has no output %s", label, s.document.file, name))
	}
	if b, ok := s.exists(d).AsBool(); ok && !b {
		return value.Unresolved(why("the output %s of %s is not made: its condition is false", name, label))
	}
	leave, reason := s.enter("output " + name)
	if reason != nil {
		return anything(*reason)
	}
	defer leave()
	n := field(d.node, "Value")
	if n == nil || d.twice {
		return anything(why("the output %s of %s has no single value", name, label))
	}
	v := s.eval(n, place{path: "Outputs." + name + ".Value", loop: d.loop})
	if _, ok := v.Spelled(); ok || v.IsUnknown() {
		return v
	}
	return derived("the output "+name+" is not a text", v).Referring(false, candidates(v)...)
}

// export is an output under the name that other stacks import it by.
type export struct {
	stack  *stack
	output string
}

// exported indexes the exports of all stacks of the target.
func (e *estate) exported() map[string][]export {
	if e.exports != nil {
		return e.exports
	}
	e.exports = map[string][]export{} // what is imported to name an export is not known yet
	var collect func(s *stack)
	collect = func(s *stack) {
		for name, d := range s.outputs {
			if b, ok := s.exists(d).AsBool(); ok && !b {
				continue
			}
			p := place{path: "Outputs." + name + ".Export.Name", loop: d.loop}
			if exportName, ok := s.textOf(field(field(d.node, "Export"), "Name"), p); ok {
				e.exports[exportName] = append(e.exports[exportName], export{s, name})
			}
		}
		for _, d := range s.resources {
			if b, ok := s.exists(d).AsBool(); !isStack(s.typeOf(d)) || ok && !b {
				continue
			}
			if c := s.child(d); c != nil {
				collect(c)
			}
		}
	}
	for _, root := range e.roots {
		collect(root)
	}
	return e.exports
}

func (s *stack) importValue(arg *yaml.Node, p place) value.Value {
	name := s.eval(arg, p)
	text, ok := name.Spelled()
	if !ok {
		written := "?"
		if template, ok := name.Template(); ok {
			written = template
		}
		return anything(merge([]value.Reason{why("the export %s is not known", written)}, reasonsOf(name)...)...)
	}
	switch found := s.estate.exported()[text]; len(found) {
	case 0:
		return anything(granted("assess the template that exports it in the same directory",
			"no template of the target exports %s", text))
	case 1:
		return found[0].stack.output(found[0].output)
	default:
		return anything(why("%d stacks of the target export %s", len(found), text))
	}
}
