package cloudformation

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"ward.dev/ward/internal/value"
)

// noValue is the pseudo parameter that takes a property away.
const noValue = "AWS::NoValue"

// pseudo says where a pseudo parameter becomes known, and whether all stacks of the target have the same.
var pseudo = map[string]struct {
	why    string
	shared bool
}{
	"AWS::AccountId":        {"is known only in the account", true},
	"AWS::Region":           {"is known only at deployment", true},
	"AWS::Partition":        {"is known only in the account", true},
	"AWS::URLSuffix":        {"is known only in the account", true},
	"AWS::StackName":        {"is known only at deployment", false},
	"AWS::StackId":          {"is known only after deployment", false},
	"AWS::NotificationARNs": {"are known only at deployment", false},
}

func (s *stack) ref(arg *yaml.Node, p place) value.Value {
	name, ok := s.textOf(arg, p)
	if !ok {
		return derived("Ref: the name is not known", s.eval(arg, p)).Referring(false, value.Ref{})
	}
	return s.lookUp(name, p)
}

// lookUp resolves what Ref names: a loop's variable, a pseudo parameter, a parameter, a resource.
func (s *stack) lookUp(name string, p place) value.Value {
	if v, ok := p.loop.find(name); ok {
		return v
	}
	if name == noValue {
		return value.None()
	}
	if known, ok := pseudo[name]; ok {
		reason := why("%s %s", name, known.why)
		if known.shared {
			if text, ok := s.estate.given[name]; ok {
				return value.String(text)
			}
			reason.Grant = "--parameter " + name + "=VALUE"
		}
		return value.Unresolved(reason).Text("${" + name + "}")
	}
	if _, ok := s.document.parameters[name]; ok {
		return s.parameter(name)
	}
	return s.reference(name, "")
}

func (s *stack) getAtt(arg *yaml.Node, p place) value.Value {
	parts := items(arg)
	if parts == nil {
		text, ok := s.textOf(arg, p)
		id, attribute, dotted := strings.Cut(text, ".")
		if !ok || !dotted {
			return anything(why("Fn::GetAtt: the resource or the attribute is not known"))
		}
		return s.reference(id, attribute)
	}
	names := make([]string, len(parts))
	for i, n := range parts {
		text, ok := s.textOf(n, p)
		if !ok {
			return derived("Fn::GetAtt: the resource or the attribute is not known", s.eval(n, p)).Referring(false, value.Ref{})
		}
		names[i] = text
	}
	if len(names) < 2 {
		return anything(why("Fn::GetAtt: the resource or the attribute is not known"))
	}
	return s.reference(names[0], strings.Join(names[1:], "."))
}

// reference is what a resource's attribute is to a reader: known after deployment, but known to point there.
func (s *stack) reference(id, attribute string) value.Value {
	written := id
	if attribute != "" {
		written += "." + attribute
	}
	s.spend(len(written) >> 6)
	d := s.byID[id]
	switch {
	case d == nil && s.document.goesThrough(serverless):
		return anything(why("%s is not in the template; the AWS::Serverless transform may make it", written))
	case d == nil:
		return anything(why("%s is neither a parameter nor a resource of the template", id))
	}
	exists := s.exists(d)
	if b, ok := exists.AsBool(); ok && !b {
		return value.Unresolved(why("%s is not created: its condition is false", id))
	}
	if output, ok := strings.CutPrefix(attribute, "Outputs."); ok {
		if isStack(s.typeOf(d)) {
			return s.nestedOutput(d, output)
		}
	}
	return value.Unresolved(why("%s is known after deployment", s.prefix+written)).
		Referring(true, value.Ref{Address: s.prefix + id, Attribute: attribute})
}

// unnamed stands in a text template for what has no name. It cannot be taken for a variable of an IAM policy, as "?" can.
const unnamed = "Unknown.Value"

// hint is how an expression is written in a text template in which it stays unknown.
func hint(n *yaml.Node) string {
	n = follow(n)
	if n == nil {
		return unnamed
	}
	name, arg, ok := function(n)
	if !ok {
		return unnamed
	}
	arg = follow(arg)
	switch {
	case arg != nil && arg.Kind == yaml.ScalarNode && (name == "Ref" || name == "Fn::GetAtt"):
		return arg.Value
	case name == "Fn::GetAtt":
		var names []string
		for _, c := range items(arg) {
			if c = follow(c); c != nil && c.Kind == yaml.ScalarNode {
				names = append(names, c.Value)
			}
		}
		return strings.Join(names, ".")
	}
	return name
}
