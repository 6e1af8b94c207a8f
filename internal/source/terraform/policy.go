package terraform

import (
	"encoding/json"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// policyDocument is the one data source that is evaluated here: it looks nothing up, it only writes a policy down.
const policyDocument = "aws_iam_policy_document"

// document gathers the statements of a policy as JSON texts.
type document struct {
	statements []statement
	marks      cty.ValueMarks
	gaps       bool // a text holds placeholders
	lost       bool // which statements there are is not known
}

type statement struct{ sid, text string }

// policy returns the json attribute of aws_iam_policy_document. A statement that is not known at all is a placeholder
// string among the statements.
func (i *instance) policy() cty.Value {
	var doc document
	doc.merge(i, "source_json", "source_policy_documents", false)
	g := i.scope.blocks(i.decl.body)["statement"]
	if g == nil {
		if attr, ok := i.decl.body.Attributes["statement"]; ok { // JSON syntax
			return derived(cty.UnknownVal(cty.String), unknown(i.address+".statement is written as JSON, which is not "+
				"read here"), i.argument(attr))
		}
		g = &group{}
	}
	for _, n := range g.bodies {
		doc.add(n)
	}
	if g.more != nil {
		doc.unknown(cty.DynamicVal.WithMarks(g.more))
	}
	doc.merge(i, "override_json", "override_policy_documents", true)
	if doc.lost {
		return cty.UnknownVal(cty.String).WithMarks(made(doc.marks))
	}
	version := cty.StringVal("2012-10-17")
	if attr, ok := i.decl.body.Attributes["version"]; ok {
		if v := i.argument(attr); !isNull(v) {
			version = v
		}
	}
	var t text
	t.marks = doc.marks
	e := encoder{asIs: true}
	e.out.WriteString(`{"Version":`)
	e.write(version)
	e.out.WriteString(`,"Statement":[`)
	for n, s := range doc.statements {
		if n > 0 {
			e.out.WriteByte(',')
		}
		e.out.WriteString(s.text)
	}
	e.out.WriteString("]}")
	t.out.WriteString(e.out.String())
	t.gaps = doc.gaps || e.gaps
	return t.value()
}

func isNull(v cty.Value) bool {
	plain, _ := v.Unmark()
	return plain.IsKnown() && plain.IsNull()
}

// unknown adds what stands for statements of which nothing is known.
func (doc *document) unknown(v cty.Value) {
	e := encoder{asIs: true}
	e.placeholder(v)
	doc.marks = merge(doc.marks, flat(marksOf(v)))
	doc.gaps = true
	doc.statements = append(doc.statements, statement{text: e.out.String()})
}

// put adds a statement or, if it has the id of an earlier one, replaces that.
func (doc *document) put(s statement) {
	for i, earlier := range doc.statements {
		if s.sid != "" && earlier.sid == s.sid {
			doc.statements[i] = s
			return
		}
	}
	doc.statements = append(doc.statements, s)
}

// add adds a statement block.
func (doc *document) add(n nested) {
	members := map[string]cty.Value{"Effect": cty.StringVal("Allow")}
	for name, key := range map[string]string{"sid": "Sid", "effect": "Effect", "actions": "Action",
		"not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource"} {
		if attr, ok := n.body.Attributes[name]; ok {
			if v := n.scope.result(attr.Expr); !isNull(v) && !(isString(v) && v.AsString() == "") {
				members[key] = v
			}
		}
	}
	groups := n.scope.blocks(n.body)
	for name, key := range map[string]string{"principals": "Principal", "not_principals": "NotPrincipal"} {
		if g := groups[name]; g != nil {
			members[key] = g.principals()
		}
	}
	if g := groups["condition"]; g != nil {
		members["Condition"] = g.conditions()
	}
	v := cty.ObjectVal(members)
	e := encoder{asIs: true}
	e.write(v)
	doc.marks = merge(doc.marks, flat(marksOf(v)))
	doc.gaps = doc.gaps || e.gaps
	s := statement{text: strings.ReplaceAll(e.out.String(), "&{", "${")}
	if sid := members["Sid"]; sid != cty.NilVal {
		if plain, _ := sid.Unmark(); isString(plain) {
			s.sid = plain.AsString()
		}
	}
	doc.put(s)
}

// argument returns an argument of a nested block, null if it is not set.
func (n nested) argument(name string) cty.Value {
	if attr, ok := n.body.Attributes[name]; ok {
		return n.scope.result(attr.Expr)
	}
	return cty.NullVal(cty.DynamicPseudoType)
}

// principals returns {"AWS": ["…"]}, or "*" where the type is "*".
func (g *group) principals() cty.Value {
	members := map[string][]cty.Value{}
	for _, n := range g.bodies {
		kind := n.argument("type")
		plain, _ := kind.Unmark()
		c, ok := elements(n.argument("identifiers"))
		if !isString(plain) || !ok || c.more != nil {
			if isString(plain) && !ok {
				members[plain.AsString()] = append(members[plain.AsString()], n.argument("identifiers"))
				continue
			}
			return derived(cty.DynamicVal, kind, n.argument("identifiers"))
		}
		if plain.AsString() == "*" {
			return cty.StringVal("*")
		}
		members[plain.AsString()] = append(members[plain.AsString()], listOf(c.known)...)
	}
	if g.more != nil {
		return cty.DynamicVal.WithMarks(made(g.more))
	}
	return objectOfLists(members)
}

func objectOfLists(lists map[string][]cty.Value) cty.Value {
	members := make(map[string]cty.Value, len(lists))
	for name, list := range lists {
		members[name] = cty.TupleVal(list)
	}
	return cty.ObjectVal(members)
}

// conditions returns {"StringEquals": {"aws:SourceArn": ["…"]}}.
func (g *group) conditions() cty.Value {
	tests := map[string]map[string][]cty.Value{}
	for _, n := range g.bodies {
		test, variable, values := n.argument("test"), n.argument("variable"), n.argument("values")
		operator, _ := test.Unmark()
		name, _ := variable.Unmark()
		if !isString(operator) || !isString(name) {
			return derived(cty.DynamicVal, test, variable, values)
		}
		if tests[operator.AsString()] == nil {
			tests[operator.AsString()] = map[string][]cty.Value{}
		}
		list := []cty.Value{values}
		if c, ok := elements(values); ok {
			list = listOf(c.known)
			if c.more != nil {
				list = append(list, cty.DynamicVal.WithMarks(c.more))
			}
		}
		at := tests[operator.AsString()]
		at[name.AsString()] = append(at[name.AsString()], list...)
	}
	if g.more != nil {
		return cty.DynamicVal.WithMarks(made(g.more))
	}
	members := make(map[string]cty.Value, len(tests))
	for operator, variables := range tests {
		members[operator] = objectOfLists(variables)
	}
	return cty.ObjectVal(members)
}

// merge takes in the statements of other documents: one in an argument, or a list of them in another.
func (doc *document) merge(i *instance, one, many string, override bool) {
	if attr, ok := i.decl.body.Attributes[one]; ok {
		doc.take(i.argument(attr), override)
	}
	attr, ok := i.decl.body.Attributes[many]
	if !ok {
		return
	}
	list := i.argument(attr)
	c, ok := elements(list)
	if !ok {
		doc.take(list, override)
		return
	}
	for _, v := range listOf(c.known) {
		doc.take(v, override)
	}
	if c.more != nil {
		doc.take(cty.DynamicVal.WithMarks(c.more), override)
	}
}

// take adds the statements of another document. Of one that is not known any statement may come; if it overrides,
// any statement may also be replaced.
func (doc *document) take(v cty.Value, override bool) {
	plain, marks := v.Unmark()
	s := sortMarks(marks)
	source := s.text
	switch {
	case isNull(plain):
		return
	case isString(plain):
		source = plain.AsString()
		if source == "" {
			return
		}
	}
	doc.marks = merge(doc.marks, flat(marksOf(v)))
	var parsed struct{ Statement json.RawMessage }
	if source == "" || json.Unmarshal([]byte(source), &parsed) != nil {
		doc.unknown(v)
		doc.lost = doc.lost || override
		return
	}
	doc.gaps = doc.gaps || s.text != ""
	var statements []json.RawMessage
	if json.Unmarshal(parsed.Statement, &statements) != nil {
		statements = []json.RawMessage{parsed.Statement}
	}
	for _, raw := range statements {
		var head struct{ Sid string }
		_ = json.Unmarshal(raw, &head) // a placeholder is no object and has no id
		doc.put(statement{sid: head.Sid, text: string(raw)})
	}
}
