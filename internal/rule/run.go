package rule

import (
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// World finds the resources that refs lead to.
type World interface {
	// Lookup returns the resource with this ID, nil if there is none.
	Lookup(id string) *resource.Resource
}

// Subject is what a rule is judged on.
type Subject = *resource.Resource

// run is one evaluation: what it read and what it found unknown.
type run struct {
	world    World
	self     Subject
	now      time.Time
	own      []*kind.Attribute // see Answer
	reads    []Read
	unknowns []UnknownAttribute
	deriving []derivation
}

type derivation struct {
	resource *resource.Resource
	field    *field
}

// maxReads bounds the evidence of one finding. Of a rule over a very long list the first reads and the last ones are kept: those
// are what decided.
const maxReads = 64

func (r *run) read(path string, v value.Value, a *kind.Attribute) {
	for i := range r.reads {
		if r.reads[i].Attribute == path {
			return
		}
	}
	if len(r.reads) == maxReads {
		r.reads = append(r.reads[:maxReads/2], r.reads[maxReads/2+1:]...)
	}
	r.reads = append(r.reads, Read{Attribute: path, Value: v, Secret: a.Secret})
}

// hangsOn notes that the answer hangs on an attribute of self, or on one of the items of a list.
func (r *run) hangsOn(a *kind.Attribute) {
	if !slices.Contains(r.own, a) {
		r.own = append(r.own, a)
	}
}

// unknown makes a CEL unknown that remembers what it stands for.
func (r *run) unknown(path string, reasons []value.Reason) ref.Val {
	for i := range r.unknowns {
		if r.unknowns[i].Attribute == path {
			return types.NewUnknown(int64(i+1), nil)
		}
	}
	r.unknowns = append(r.unknowns, UnknownAttribute{Attribute: path, Reasons: reasons})
	return types.NewUnknown(int64(len(r.unknowns)), nil)
}

// derive evaluates a derived attribute of the node's resource.
func (r *run) derive(n *node, f *field, path string) ref.Val {
	if n.resource == nil {
		return r.unknown(path, n.missing)
	}
	this := derivation{n.resource, f}
	for _, d := range r.deriving {
		if d == this {
			return r.unknown(path, []value.Reason{{Why: path + " depends on itself"}})
		}
	}
	r.deriving = append(r.deriving, this)
	defer func() { r.deriving = r.deriving[:len(r.deriving)-1] }()
	derived, err := f.derived()
	if err != nil {
		return r.unknown(path, []value.Reason{{Why: err.Error()}})
	}
	self := &node{of: derived.self, run: r, path: n.path, resource: n.resource}
	result := r.eval(derived, self, value.Object(nil))
	if err, ok := result.(*types.Err); ok {
		return r.unknown(path, r.failed(err).Reasons)
	}
	if shown, ok := scalar(result); ok {
		r.read(path, shown, f.attribute)
	}
	return result
}

func scalar(v ref.Val) (value.Value, bool) {
	switch v := v.(type) {
	case types.Bool:
		return value.Bool(bool(v)), true
	case types.Int:
		return value.Int(int64(v)), true
	case types.Double:
		return value.Float(float64(v)), true
	case types.String:
		return value.String(string(v)), true
	}
	return value.Value{}, false
}

func (r *run) eval(rule *Rule, self *node, params value.Value) ref.Val {
	program, err := rule.plan()
	if err != nil {
		return types.WrapErr(err)
	}
	result, _, err := program.Eval(&activation{self: self, params: params})
	if err != nil && result == nil {
		return types.WrapErr(err)
	}
	return result
}

// activation gives a rule its variables.
type activation struct {
	self   *node
	params value.Value
}

// ResolveName implements interpreter.Activation.
func (a *activation) ResolveName(name string) (any, bool) {
	switch {
	case strings.HasPrefix(name, "self@"):
		return a.self, true
	case strings.HasPrefix(name, "params@"):
		return &arguments{a.self.run, a.params}, true
	case name == "now":
		return types.Timestamp{Time: a.self.run.now}, true
	}
	return nil, false
}

// Parent implements interpreter.Activation.
func (a *activation) Parent() interpreter.Activation { return nil }
