package cloudformation

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ward.dev/ward/internal/value"
)

const (
	serverless         = "AWS::Serverless-"
	languageExtensions = "AWS::LanguageExtensions"
	processed          = "assess the processed template"
)

// adding are the macros that add resources and change none of those that are there.
var adding = []string{"AWS::CodeDeployBlueGreen", "AWS::SecretsManager-2020-07-23", "AWS::SecretsManager-2024-09-16"}

// transformsOf lists the macros that a whole template goes through.
func transformsOf(d *document) []string {
	var names []string
	add := func(n *yaml.Node) {
		n = follow(n)
		if n != nil && n.Kind == yaml.MappingNode {
			n = follow(field(n, "Name"))
		}
		if n != nil && n.Kind == yaml.ScalarNode {
			names = append(names, n.Value)
		} else {
			names = append(names, "without a name")
		}
	}
	for _, section := range []string{"Transform", "Fn::Transform"} {
		n := d.sections[section]
		switch {
		case n == nil || empty(n):
		case n.Kind == yaml.SequenceNode:
			for _, c := range n.Content {
				add(c)
			}
		default:
			add(n)
		}
	}
	return names
}

// goesThrough tells whether the template goes through a macro whose name begins so.
func (d *document) goesThrough(prefix string) bool {
	return slices.ContainsFunc(d.transforms, func(name string) bool { return strings.HasPrefix(name, prefix) })
}

// macro says that the template goes through a macro that may change anything, nil if it does not.
func (d *document) macro() *value.Reason {
	for _, name := range d.transforms {
		if name != languageExtensions && !strings.HasPrefix(name, serverless) && !slices.Contains(adding, name) {
			reason := granted(processed, "the macro %s may change it", name)
			return &reason
		}
	}
	return nil
}

// reportTransforms records what the template's macros leave unread.
func (s *stack) reportTransforms() {
	n := s.document.sections["Transform"]
	if n == nil {
		n = s.document.sections["Fn::Transform"]
	}
	for _, name := range s.document.transforms {
		switch {
		case name == languageExtensions:
		case strings.HasPrefix(name, serverless):
			if s.hasServerless() {
				s.gap(n.Line, name, "resources made by the AWS::Serverless transform are not expanded",
					"deploy it or run `sam validate` and `sam build`, and assess the processed template")
			}
		case slices.Contains(adding, name):
			s.gap(n.Line, name, fmt.Sprintf("resources made by %s are not expanded", name), processed)
		default:
			s.gap(n.Line, name, fmt.Sprintf("the macro %s may change every value of the template", name), processed)
		}
	}
}

func (s *stack) hasServerless() bool {
	return slices.ContainsFunc(s.resources, func(d *declaration) bool {
		return strings.HasPrefix(s.typeOf(d), "AWS::Serverless::")
	})
}

// reportType records what a resource stands for that is not read.
func (s *stack) reportType(d *declaration, kind string) {
	switch {
	case strings.HasSuffix(kind, "::MODULE"):
		s.gap(d.line, s.prefix+d.id, fmt.Sprintf("the resources of the module %s are not expanded", kind), processed)
	case kind == "AWS::CloudFormation::StackSet" && field(field(d.node, "Properties"), "TemplateBody") != nil:
		s.gap(d.line, s.prefix+d.id, "the template within the stack set is not read", "assess it as a file of its own")
	case strings.HasPrefix(kind, "AWS::Serverless::") && !s.document.goesThrough(serverless):
		s.gap(d.line, s.prefix+d.id,
			fmt.Sprintf("%s is made by the AWS::Serverless transform, which the template does not name", kind), "")
	}
}

func notProcessed(name string) value.Reason {
	return granted(processed, "%s is a macro, which only CloudFormation can run", name)
}

// transform is Fn::Transform: what a macro makes is unknown.
func (s *stack) transform(arg *yaml.Node, p place) value.Value {
	call := arg
	if list := items(arg); len(list) == 1 {
		call = list[0]
	}
	name, ok := s.literal(field(call, "Name"))
	if !ok {
		name = "Fn::Transform"
	}
	s.gap(lineOf(arg), p.path, fmt.Sprintf("what the macro %s makes is not read", name), processed)
	return anything(notProcessed(name))
}

// withGlobals adds what the Globals of a SAM template say of a serverless resource: objects are merged, lists follow
// those of the globals, and other properties of the resource win.
func (s *stack) withGlobals(body value.Value, kind string) value.Value {
	short, ok := strings.CutPrefix(kind, "AWS::Serverless::")
	globals := field(s.document.sections["Globals"], short)
	if !ok || globals == nil {
		return body
	}
	return overlay(s.eval(globals, place{path: "Globals." + short}), body)
}

func overlay(under, over value.Value) value.Value {
	if over.IsAbsent() {
		return under
	}
	if x, ok := under.AsObject(); ok {
		if y, ok := over.AsObject(); ok {
			members := make(map[string]value.Value, len(x)+len(y))
			for k, v := range x {
				members[k] = v
			}
			for k, v := range y {
				if u, shared := x[k]; shared {
					v = overlay(u, v)
				}
				members[k] = v
			}
			return opened(value.Object(members), merge(openness(under), openness(over)...), nil).At(over.Origin())
		}
	}
	if x, ok := under.AsList(); ok {
		if y, ok := over.AsList(); ok {
			all := append(append([]value.Value(nil), x...), y...)
			return opened(value.List(all...), merge(openness(under), openness(over)...),
				mergeRefs(mergeRefs(nil, under.Refs()...), over.Refs()...)).At(over.Origin())
		}
	}
	if under.IsUnknown() || over.IsUnknown() {
		return overlayUnknown(under, over)
	}
	return over
}

// overlayUnknown: a scalar of the resource wins whatever lies under it; an unknown may be an object or a list that is
// merged.
func overlayUnknown(under, over value.Value) value.Value {
	if _, ok := over.Spelled(); ok {
		return over
	}
	if _, ok := over.ExactRef(); ok {
		return over
	}
	return derived("the globals and the resource are merged", under, over).Referring(false,
		mergeRefs(candidates(under), candidates(over)...)...)
}
