package rule_test

import (
	"testing"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/rule"
	"ward.dev/ward/internal/value"
)

const bucketKind = `
kind: t.bucket
title: bucket
doc: For tests.
attributes:
  encrypted: {type: bool, doc: d}
  size: {type: int, doc: d}
  name: {type: string, doc: d}
  tags: {type: map string, doc: d}
  ports: {type: list int, doc: d}
  policy.statements: {type: list, doc: d, item: {effect: {type: string, doc: d}, public: {type: bool, doc: d}}}
  key: {type: ref t.key, doc: d}
  open: {type: bool, doc: d, is: "has(self.policy.statements) && self.policy.statements.exists(s, s.public)"}
`

const keyKind = `
kind: t.key
title: key
doc: For tests.
attributes:
  rotation: {type: bool, doc: d}
`

type world map[string]*resource.Resource

func (w world) Lookup(id string) *resource.Resource { return w[id] }

func kinds(t *testing.T) (bucket, key *kind.Kind, types *rule.Types) {
	t.Helper()
	var err error
	if key, err = kind.New("t.key.yaml", keyKind); err != nil {
		t.Fatal(err)
	}
	if bucket, err = kind.New("t.bucket.yaml", bucketKind); err != nil {
		t.Fatal(err)
	}
	types, faults := rule.NewTypes([]*kind.Kind{bucket, key})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return bucket, key, types
}

func thing(k *kind.Kind, id string, values map[string]value.Value) *resource.Resource {
	r := &resource.Resource{Kind: k, ID: id, Values: make([]value.Value, len(k.All()))}
	for i := range r.Values {
		r.Values[i] = value.None()
	}
	for name, v := range values {
		r.Values[k.Index(name)] = v
	}
	return r
}

var denied = value.Unresolved(value.Reason{Why: "denied", Grant: "x:Get"})

func statements(public ...value.Value) value.Value {
	var items []value.Value
	for _, p := range public {
		items = append(items, value.Object(map[string]value.Value{"effect": value.String("Allow"), "public": p}))
	}
	return value.List(items...)
}

// TestThreeAnswers proves that the unknown never becomes a definite answer by itself, and that what is known decides
// wherever it can.
func TestThreeAnswers(t *testing.T) {
	bucket, key, types := kinds(t)
	open := value.Reason{Why: "there may be more"}
	yes, no := value.Bool(true), value.Bool(false)
	good := thing(key, "good", map[string]value.Value{"rotation": yes})
	tests := []struct {
		rule   string
		values map[string]value.Value
		want   rule.Value
	}{
		{`self.encrypted`, map[string]value.Value{"encrypted": yes}, rule.True},
		{`self.encrypted`, map[string]value.Value{"encrypted": no}, rule.False},
		{`self.encrypted`, map[string]value.Value{"encrypted": denied}, rule.Unknown},
		{`!self.encrypted`, map[string]value.Value{"encrypted": denied}, rule.Unknown},
		{`self.encrypted`, nil, rule.Unknown},
		{`!self.encrypted`, nil, rule.Unknown},
		{`has(self.encrypted)`, nil, rule.False},
		{`has(self.encrypted)`, map[string]value.Value{"encrypted": denied}, rule.Unknown},
		{`has(self.encrypted)`, map[string]value.Value{"encrypted": no}, rule.True},
		{`has(self.encrypted) && self.encrypted`, nil, rule.False},
		{`self.encrypted || self.size > 3`, map[string]value.Value{"encrypted": denied, "size": value.Int(4)}, rule.True},
		{`self.encrypted && self.size > 3`, map[string]value.Value{"encrypted": denied, "size": value.Int(2)}, rule.False},
		{`self.?size.orValue(9) > 3`, nil, rule.True},
		{`self.?size.orValue(9) > 3`, map[string]value.Value{"size": denied}, rule.Unknown},
		{`self.policy.statements.all(s, !s.public)`, map[string]value.Value{"policy.statements": statements(no, denied)}, rule.Unknown},
		{`self.policy.statements.all(s, !s.public)`, map[string]value.Value{"policy.statements": statements(denied, yes)}, rule.False},
		{`self.policy.statements.all(s, !s.public)`, map[string]value.Value{"policy.statements": statements(no).Open(open)}, rule.Unknown},
		{`self.policy.statements.all(s, !s.public)`, map[string]value.Value{"policy.statements": statements().Open(open)}, rule.Unknown},
		{`self.policy.statements.exists(s, s.public)`, map[string]value.Value{"policy.statements": statements(yes).Open(open)}, rule.True},
		{`self.policy.statements.exists(s, s.public)`, map[string]value.Value{"policy.statements": statements(no).Open(open)}, rule.Unknown},
		{`self.policy.statements.exists(s, s.public)`, map[string]value.Value{"policy.statements": value.List(denied)}, rule.Unknown},
		{`self.policy.statements.exists(s, has(s.effect) && s.effect == "Allow")`, map[string]value.Value{"policy.statements": value.List(denied)}, rule.Unknown},
		{`self.policy.statements.size() > 0`, map[string]value.Value{"policy.statements": statements(yes).Open(open)}, rule.Unknown},
		{`self.policy.statements.size() > 0`, map[string]value.Value{"policy.statements": value.List(denied)}, rule.True},
		{`self.policy.statements.filter(s, s.public).size() == 0`, map[string]value.Value{"policy.statements": statements(no).Open(open)}, rule.Unknown},
		{`self.policy.statements.exists_one(s, s.public)`, map[string]value.Value{"policy.statements": statements(yes).Open(open)}, rule.Unknown},
		{`self.policy.statements.exists(s, true)`, map[string]value.Value{"policy.statements": statements().Open(open)}, rule.Unknown},
		{`self.policy.statements.exists(s, true)`, map[string]value.Value{"policy.statements": statements(no).Open(open)}, rule.True},
		{`self.policy.statements.all(s, false)`, map[string]value.Value{"policy.statements": statements().Open(open)}, rule.Unknown},
		{`self.policy.statements.all(s, true)`, map[string]value.Value{"policy.statements": statements(no).Open(open)}, rule.True},
		{`22 in self.ports`, map[string]value.Value{"ports": value.List(value.Int(22)).Open(open)}, rule.True},
		{`!(22 in self.ports)`, map[string]value.Value{"ports": value.List(value.Int(80)).Open(open)}, rule.Unknown},
		{`!(22 in self.ports)`, map[string]value.Value{"ports": value.List(value.Int(80))}, rule.True},
		{`self.ports[0] == 80`, map[string]value.Value{"ports": value.List(value.Int(80)).Open(open)}, rule.True},
		{`self.tags["phi"] == "yes"`, map[string]value.Value{"tags": value.Object(map[string]value.Value{"phi": value.String("yes")})}, rule.True},
		{`"phi" in self.tags`, map[string]value.Value{"tags": value.Object(nil).Open(open)}, rule.Unknown},
		{`self.tags.all(k, k != "phi")`, map[string]value.Value{"tags": value.Object(nil).Open(open)}, rule.Unknown},
		{`self.?tags["phi"].orValue("") == ""`, map[string]value.Value{"tags": value.Object(nil).Open(open)}, rule.Unknown},
		{`self.?tags["phi"].orValue("") == ""`, map[string]value.Value{"tags": value.Object(nil)}, rule.True},
		{`self.key.rotation`, map[string]value.Value{"key": value.String("good")}, rule.True},
		{`self.key.rotation`, map[string]value.Value{"key": value.String("gone")}, rule.Unknown},
		{`has(self.key)`, map[string]value.Value{"key": value.String("gone")}, rule.True},
		{`has(self.key)`, map[string]value.Value{"key": denied}, rule.Unknown},
		{`has(self.key.rotation)`, nil, rule.False},
		{`has(self.key) && self.key.rotation`, nil, rule.False},
		{`self.open`, nil, rule.False},
		{`self.open`, map[string]value.Value{"policy.statements": statements(yes)}, rule.True},
		{`!self.open`, map[string]value.Value{"policy.statements": statements(no).Open(open)}, rule.Unknown},
	}
	for _, test := range tests {
		r, err := types.Compile(test.rule, bucket, nil, boolType(t))
		if err != nil {
			t.Errorf("%s: %v", test.rule, err)
			continue
		}
		got := r.Eval(rule.Input{World: world{"good": good}, Self: thing(bucket, "b", test.values), Params: value.Object(nil)})
		if got.Value != test.want {
			t.Errorf("%s over %v: got %v (%v), want %v", test.rule, test.values, got.Value, got.Unknowns, test.want)
		}
		if got.Value == rule.Unknown && len(got.Unknowns) == 0 {
			t.Errorf("%s: unknown without a reason", test.rule)
		}
	}
}

func boolType(t *testing.T) kind.Type {
	b, err := kind.ParseType("bool")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestReasonsReachTheAnswer proves that the reasons of several unknowns are all told, with what to grant.
func TestReasonsReachTheAnswer(t *testing.T) {
	bucket, _, types := kinds(t)
	r, err := types.Compile(`self.encrypted && self.size > 3`, bucket, nil, boolType(t))
	if err != nil {
		t.Fatal(err)
	}
	got := r.Eval(rule.Input{World: world{}, Self: thing(bucket, "b", map[string]value.Value{"encrypted": denied, "size": denied}), Params: value.Object(nil)})
	if len(got.Unknowns) != 2 || got.Unknowns[0].Reasons[0].Grant != "x:Get" {
		t.Errorf("unknowns: %+v", got.Unknowns)
	}
	if len(got.Reads) != 2 {
		t.Errorf("reads: %+v", got.Reads)
	}
}

// TestRefused proves that expressions that could answer wrongly do not compile.
func TestRefused(t *testing.T) {
	bucket, _, types := kinds(t)
	for _, text := range []string{
		`self.encrypte`, `self.key == self.key`, `self.size`, `self.name == 3`, `has(self)`, `[1, "a"].exists(x, x == 1)`,
		`dyn(self.size) == 1`, `self.policy.statements[0] in self.policy.statements`, `self.tags == self.tags`,
	} {
		if _, err := types.Compile(text, bucket, nil, boolType(t)); err == nil {
			t.Errorf("%s compiles", text)
		}
	}
}
