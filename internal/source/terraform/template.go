package terraform

import (
	"encoding/json"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// maxText bounds a string that is made from others.
const maxText = 16 << 20

// text builds a string of known and unknown parts. Of an unknown string the template is kept, in which "${…}" stands
// for each unknown part, so that a policy written as text can still be read.
type text struct {
	out    strings.Builder
	marks  cty.ValueMarks
	gaps   bool
	json   bool // the text looks like JSON
	quoted bool // inside one of its strings
	escape bool
}

func (t *text) literal(s string) {
	if !t.json && strings.TrimSpace(t.out.String()) == "" {
		trimmed := strings.TrimLeft(s, " \t\r\n")
		t.json = strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[")
	}
	t.out.WriteString(s)
	if !t.json {
		return
	}
	for i := 0; i < len(s); i++ {
		switch {
		case t.escape:
			t.escape = false
		case t.quoted && s[i] == '\\':
			t.escape = true
		case s[i] == '"':
			t.quoted = !t.quoted
		}
	}
}

// unknown adds the template of an unknown part, or its placeholder.
func (t *text) unknown(v cty.Value, source string) {
	t.gaps = true
	s := sortMarks(v.Marks())
	if s.text != "" && !(t.json && t.quoted) {
		t.literal(s.text)
		return
	}
	placeholder := s.text
	if placeholder == "" {
		placeholder = sortMarks(marksOf(v)).placeholder(source)
	}
	switch {
	case t.json && t.quoted:
		t.out.WriteString(inJSON(placeholder))
	case t.json:
		t.out.WriteString(`"` + inJSON(placeholder) + `"`)
	default:
		t.out.WriteString(placeholder)
	}
}

// inJSON escapes a text for the inside of a JSON string.
func inJSON(s string) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return s
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(out.String(), "\n"), `"`), `"`)
}

func (t *text) mark(v cty.Value) {
	for mark := range flat(marksOf(v)) {
		if t.marks == nil {
			t.marks = cty.ValueMarks{}
		}
		t.marks[mark] = struct{}{}
	}
}

func (t *text) value() cty.Value {
	if t.out.Len() > maxText {
		return unknown("a text is longer than this reader takes").WithMarks(made(t.marks))
	}
	if !t.gaps {
		return cty.StringVal(t.out.String()).WithMarks(made(t.marks))
	}
	return cty.UnknownVal(cty.String).WithMarks(made(t.marks)).Mark(textMark{t.out.String()})
}

// template evaluates "…${a}…${b}…" part by part.
func (s *scope) template(expr *hclsyntax.TemplateExpr) (cty.Value, error) {
	if len(expr.Parts) == 1 {
		if literal, ok := expr.Parts[0].(*hclsyntax.LiteralValueExpr); ok && literal.Val.Type() == cty.String {
			return literal.Val, nil
		}
	}
	var t text
	for _, part := range expr.Parts {
		v, err := s.part(part)
		if err != nil {
			return cty.NilVal, err
		}
		if err := t.add(v, s.sourceOf(part), part.Range()); err != nil {
			return cty.NilVal, err
		}
	}
	return t.value(), nil
}

// add adds a part; source is how it is written, "" if that says nothing.
func (t *text) add(v cty.Value, source string, rng hcl.Range) error {
	plain, _ := v.Unmark()
	if !plain.IsKnown() || isCapsule(plain) {
		t.mark(v)
		t.unknown(v, source)
		return nil
	}
	if plain.IsNull() {
		return faultf(rng, "a template holds a null")
	}
	str, err := convert.Convert(plain, cty.String)
	if err != nil {
		return faultf(rng, "a template holds a value that is not a string")
	}
	t.mark(v)
	t.literal(str.AsString())
	return nil
}

// templateJoin evaluates %{ for }: the texts of all rounds together.
func (s *scope) templateJoin(expr *hclsyntax.TemplateJoinExpr) (cty.Value, error) {
	v, err := s.eval(expr.Tuple)
	if err != nil {
		return cty.NilVal, err
	}
	c, ok := elements(v)
	if !ok {
		return derived(cty.UnknownVal(cty.String), v), nil
	}
	var t text
	t.mark(v)
	for _, item := range listOf(c.known) {
		if err := t.add(item, "", expr.Range()); err != nil {
			return cty.NilVal, err
		}
	}
	if c.more != nil {
		return derived(cty.UnknownVal(cty.String), v), nil
	}
	return t.value(), nil
}

// sourceOf returns the text of an expression as it is written, "" if it is long or not known.
func (s *scope) sourceOf(expr hclsyntax.Expression) string {
	const longest = 120
	rng := expr.Range()
	src := s.mod.estate.sources[rng.Filename]
	if rng.Start.Byte < 0 || rng.End.Byte > len(src) || rng.Start.Byte >= rng.End.Byte ||
		rng.End.Byte-rng.Start.Byte > longest {
		return ""
	}
	source := strings.TrimSpace(string(src[rng.Start.Byte:rng.End.Byte]))
	if strings.ContainsAny(source, "}\n") {
		return ""
	}
	return source
}

// encode returns jsonencode(v). A value that holds unknown parts gives an unknown string whose template is JSON, with
// placeholders for those parts.
func encode(v cty.Value) (cty.Value, error) {
	var t text
	t.mark(v)
	e := encoder{}
	e.write(v)
	if e.err != nil {
		return cty.NilVal, e.err
	}
	t.out.WriteString(e.out.String())
	t.gaps = e.gaps
	return t.value(), nil
}

type encoder struct {
	out  strings.Builder
	gaps bool
	err  error
	// asIs writes <, > and & as they are; Terraform's jsonencode escapes them.
	asIs bool
}

func (e *encoder) write(v cty.Value) {
	plain, marks := v.Unmark()
	c, ok := elements(v)
	switch {
	case e.out.Len() > maxText:
	case isCapsule(plain):
		e.placeholder(v)
	case ok && (plain.Type().IsObjectType() || plain.Type().IsMapType()) && c.more == nil:
		e.object(c.known)
	case ok && c.more == nil:
		e.list(c.known, nil)
	case ok && !c.known.Type().IsObjectType() && !c.known.Type().IsMapType():
		e.list(c.known, marks)
	case !plain.IsKnown():
		e.placeholder(v)
	case plain.IsNull():
		e.out.WriteString("null")
	default:
		e.scalar(plain)
	}
}

func (e *encoder) placeholder(v cty.Value) {
	e.gaps = true
	s := sortMarks(marksOf(v))
	template := s.text
	if template == "" {
		template = s.placeholder("")
	}
	e.out.WriteString(`"` + inJSON(template) + `"`)
}

// list writes the known elements and, if there may be others, one placeholder for them.
func (e *encoder) list(v cty.Value, more cty.ValueMarks) {
	e.out.WriteByte('[')
	for i, item := range listOf(v) {
		if i > 0 {
			e.out.WriteByte(',')
		}
		e.write(item)
	}
	if more != nil {
		if v.LengthInt() > 0 {
			e.out.WriteByte(',')
		}
		e.placeholder(cty.DynamicVal.WithMarks(flat(more)))
	}
	e.out.WriteByte(']')
}

func (e *encoder) object(v cty.Value) {
	e.out.WriteByte('{')
	first := true
	for it := v.ElementIterator(); it.Next(); {
		key, member := it.Element()
		if !first {
			e.out.WriteByte(',')
		}
		first = false
		e.scalar(key)
		e.out.WriteByte(':')
		e.write(member)
	}
	e.out.WriteByte('}')
}

func (e *encoder) scalar(v cty.Value) {
	var data any
	switch v.Type() {
	case cty.String:
		if data = v.AsString(); e.asIs {
			e.out.WriteString(`"` + inJSON(v.AsString()) + `"`)
			return
		}
	case cty.Bool:
		data = v.True()
	case cty.Number:
		if v.AsBigFloat().IsInf() {
			e.err = faultf(noRange, "an infinite number cannot be written as JSON")
			return
		}
		e.out.WriteString(v.AsBigFloat().Text('f', -1))
		return
	default:
		e.err = faultf(noRange, "a value of type %s cannot be written as JSON", v.Type().FriendlyName())
		return
	}
	encoded, err := json.Marshal(data)
	if err != nil {
		e.err = faultf(noRange, "a value cannot be written as JSON")
		return
	}
	e.out.Write(encoded)
}
