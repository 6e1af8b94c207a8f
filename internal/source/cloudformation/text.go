package cloudformation

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"ward.dev/ward/internal/value"
)

// part is a piece of a text: literal, or a value with the name under which it stays in a template if it is unknown.
type part struct {
	literal string
	value   *value.Value
	name    string
}

// sub is Fn::Sub, with or without variables of its own.
func (s *stack) sub(arg *yaml.Node, p place) value.Value {
	template, variables := follow(arg), (*yaml.Node)(nil)
	if list := items(arg); len(list) == 2 {
		template, variables = follow(list[0]), follow(list[1])
	}
	if template == nil || template.Kind != yaml.ScalarNode {
		return anything(why("Fn::Sub: the template is not a text"))
	}
	own := map[string]*yaml.Node{}
	for _, f := range fields(variables) {
		own[f.key] = f.value
	}
	return s.concat(placeholders(template.Value, func(name string) value.Value {
		if n, ok := own[name]; ok {
			return s.eval(n, p)
		}
		if v, ok := p.loop.find(name); ok {
			return v
		}
		if id, attribute, dotted := strings.Cut(name, "."); dotted {
			return s.reference(id, attribute)
		}
		return s.lookUp(name, p)
	}, p.loop))
}

// placeholders splits the template of Fn::Sub: "${Name}" is looked up, "${!Name}" stands for "${Name}".
func placeholders(template string, find func(name string) value.Value, l *loop) []part {
	var parts []part
	literal := func(text string) { parts = append(parts, l.split(text)...) }
	for {
		before, rest, ok := strings.Cut(template, "${")
		if !ok {
			literal(template)
			return parts
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			literal(template)
			return parts
		}
		literal(before)
		template = after
		if escaped, ok := strings.CutPrefix(name, "!"); ok {
			parts = append(parts, part{literal: "${" + escaped + "}"})
			continue
		}
		name = strings.TrimSpace(name)
		v := find(name)
		parts = append(parts, part{value: &v, name: name})
	}
}

// concat puts a text together. A text that is nothing but one value is that value, with its reference; one with an
// unknown part is unknown and keeps what it was made of, and the text around it as a template.
func (s *stack) concat(parts []part) value.Value {
	parts = squeeze(parts)
	if len(parts) == 1 && parts[0].value != nil {
		v := *parts[0].value
		if text, ok := v.Spelled(); ok {
			return dynamic(value.String(text))
		}
		if v.IsUnknown() {
			return v
		}
	}
	var text strings.Builder
	var unknown []value.Value
	for _, part := range parts {
		switch {
		case part.value == nil:
			text.WriteString(part.literal)
		default:
			known, ok := part.value.Spelled()
			if !ok {
				unknown = append(unknown, *part.value)
				known = placeholder(*part.value, part.name)
			}
			text.WriteString(known)
		}
		if text.Len() > maxText {
			return anything(tooLong)
		}
	}
	if !s.spend(text.Len() >> 6) {
		return anything(tooMuch)
	}
	if len(unknown) == 0 {
		return dynamic(value.String(text.String()))
	}
	return dynamic(derived("a part of the text is not a text", unknown...).Text(text.String()))
}

// squeeze drops empty literals.
func squeeze(parts []part) []part {
	kept := parts[:0:0]
	for _, p := range parts {
		if p.value != nil || p.literal != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

// placeholder is what stands in a template for a value that is unknown.
func placeholder(v value.Value, name string) string {
	if ref, ok := v.ExactRef(); ok {
		if ref.Attribute == "" {
			return "${" + ref.Address + "}"
		}
		return "${" + ref.Address + "." + ref.Attribute + "}"
	}
	if template, ok := v.Template(); ok {
		return template
	}
	return "${" + name + "}"
}

func (s *stack) join(arg *yaml.Node, p place) value.Value {
	args := items(arg)
	if len(args) != 2 {
		return anything(why("Fn::Join wants a delimiter and a list"))
	}
	delimiter := s.eval(args[0], p)
	between, ok := delimiter.AsString()
	if !ok {
		if delimiter.IsAbsent() {
			between = ""
		} else {
			return derived("Fn::Join: the delimiter is not known", delimiter, s.eval(args[1], p))
		}
	}
	names := []string{}
	if list := items(args[1]); list != nil && follow(args[1]).Tag == "!!seq" {
		for _, n := range list {
			names = append(names, hint(n))
		}
	}
	list := s.eval(args[1], p)
	vs, ok := list.AsList()
	if !ok || list.IsOpen() {
		return derived("Fn::Join: the list is not known", list)
	}
	var parts []part
	for i := range vs {
		if i > 0 {
			parts = append(parts, part{literal: between})
		}
		name := unnamed
		if len(names) == len(vs) {
			name = names[i]
		}
		parts = append(parts, part{value: &vs[i], name: name})
	}
	return s.concat(parts)
}

// dynamic replaces a text that CloudFormation completes from Systems Manager or Secrets Manager: it is unknown, and
// what is asked for is not shown. Its template names the service alone,
// "${Resolve.secretsmanager}", which cannot be taken for a variable of an IAM policy.
func dynamic(v value.Value) value.Value {
	const opening = "{{resolve:"
	text, known := v.AsString()
	if !known {
		text, _ = v.Template()
	}
	if !strings.Contains(text, opening) {
		return v
	}
	var reasons []value.Reason
	var template strings.Builder
	for {
		before, rest, ok := strings.Cut(text, opening)
		end := closing(rest)
		if !ok || end < 0 {
			template.WriteString(text)
			break
		}
		service, _, _ := strings.Cut(rest[:end], ":")
		if !isWord(service) {
			service = "?"
		}
		template.WriteString(before + "${Resolve." + service + "}")
		reasons = merge(reasons, why("a dynamic reference is resolved by %s at deployment", service))
		text = rest[end+len("}}"):]
	}
	if reasons == nil {
		return v
	}
	if v.IsUnknown() {
		reasons = merge(reasons, v.Reasons()...)
	}
	return value.Unresolved(reasons...).Referring(false, mergeRefs([]value.Ref{{}}, v.Refs()...)...).
		Text(template.String()).At(v.Origin())
}

// closing finds the "}}" of a dynamic reference, which may hold "${...}" of its own.
func closing(text string) int {
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "${"):
			j := strings.IndexByte(text[i:], '}')
			if j < 0 {
				return -1
			}
			i += j
		case strings.HasPrefix(text[i:], "}}"):
			return i
		}
	}
	return -1
}

func isWord(text string) bool {
	return text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz-") == ""
}
