package terraform

import (
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"ward.dev/ward/internal/value"
)

// maxHops bounds how many variables and outputs a reference is followed through.
const maxHops = 32

// planModule is a module of the configuration in a plan, together with its caller.
type planModule struct {
	config *tfjson.ConfigModule
	call   *tfjson.ModuleCall
	parent *planModule
	// address is the module instance's address, "" for the root module.
	address string
}

// config finds the configuration of a module instance; nil if the plan does not hold it.
func (p *planned) config(address string) *planModule {
	if p.plan.Config == nil || p.plan.Config.RootModule == nil {
		return nil
	}
	m := &planModule{config: p.plan.Config.RootModule}
	steps := splitAddress(address)
	for i := 0; i+1 < len(steps); i += 2 {
		m = m.child(steps[i+1])
		if m == nil {
			return nil
		}
	}
	return m
}

// child returns a called module's instance by its name with index: `a["x"]`.
func (m *planModule) child(step string) *planModule {
	call := m.config.ModuleCalls[withoutIndex(step)]
	if call == nil || call.Module == nil {
		return nil
	}
	return &planModule{config: call.Module, call: call, parent: m, address: m.in("module." + step)}
}

func (m *planModule) in(name string) string {
	if m.address == "" {
		return name
	}
	return m.address + "." + name
}

func (m *planModule) resource(f found) *tfjson.ConfigResource {
	if m == nil {
		return nil
	}
	for _, r := range m.config.Resources {
		if r != nil && r.Type == f.typ && r.Name == f.name && (r.Mode == tfjson.DataResourceMode) == f.data {
			return r
		}
	}
	return nil
}

// references returns the blocks that an expression refers to. exact is true if it refers to one and to nothing else.
func (at place) references(expr *tfjson.Expression) (refs []value.Ref, exact bool) {
	if expr == nil || expr.ExpressionData == nil || len(expr.References) == 0 {
		return nil, false
	}
	m := at.plan.config(at.module)
	if m == nil {
		return nil, false
	}
	r := resolver{plan: at.plan, sure: true}
	r.all(m, expr.References, at.config, 0)
	slices.SortFunc(r.refs, func(a, b value.Ref) int { return strings.Compare(join(a), join(b)) })
	r.refs = slices.Compact(r.refs)
	return r.refs, r.sure && len(r.refs) == 1
}

// resolver follows references through variables and outputs.
type resolver struct {
	plan *planned
	refs []value.Ref
	sure bool
}

// all resolves the references of one expression. Terraform lists each reference and then its beginnings, which say
// nothing more.
func (r *resolver) all(m *planModule, references []string, from *tfjson.ConfigResource, hops int) {
	if hops > maxHops {
		r.sure = false
		return
	}
	for i, reference := range references {
		if i > 0 && isBeginning(reference, references[:i]) {
			continue
		}
		r.one(m, splitAddress(reference), from, hops)
	}
}

func isBeginning(reference string, earlier []string) bool {
	return slices.ContainsFunc(earlier, func(other string) bool {
		rest, ok := strings.CutPrefix(other, reference)
		return ok && (strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, "["))
	})
}

func (r *resolver) one(m *planModule, steps []string, from *tfjson.ConfigResource, hops int) {
	switch steps[0] {
	case "path", "terraform":
		r.sure = false // the value is made from a text
		return
	case "var":
		r.variable(m, steps, hops)
		return
	case "each", "count":
		r.sure = false
		if from != nil && steps[0] == "each" && from.ForEachExpression != nil &&
			from.ForEachExpression.ExpressionData != nil {
			r.all(m, from.ForEachExpression.References, nil, hops+1)
		}
		return
	case "module":
		r.output(m, steps, hops)
		return
	case "local", "self", "ephemeral":
		r.sure = false // the plan does not hold locals
		return
	}
	size := 2
	if steps[0] == "data" {
		size = 3
	}
	if len(steps) < size {
		r.sure = false
		return
	}
	address := m.in(strings.Join(steps[:size], "."))
	attribute := strings.Join(steps[size:], ".")
	if copies := r.plan.copies[address]; len(copies) > 0 && !slices.Contains(copies, address) {
		// One of several instances, and the plan does not say which.
		for _, each := range copies {
			r.refs = append(r.refs, value.Ref{Address: each, Attribute: attribute})
		}
		r.sure = r.sure && len(copies) == 1
		return
	}
	r.refs = append(r.refs, value.Ref{Address: address, Attribute: attribute})
}

// variable follows var.name to the argument of the module's call.
func (r *resolver) variable(m *planModule, steps []string, hops int) {
	if m.call == nil || len(steps) < 2 {
		r.sure = false
		return
	}
	expr := m.call.Expressions[steps[1]]
	if expr == nil || expr.ExpressionData == nil || len(expr.References) == 0 {
		r.sure = false
		return
	}
	if len(steps) > 2 {
		r.sure = false // a part of what is passed
	}
	r.all(m.parent, expr.References, nil, hops+1)
}

// output follows module.name.output to the output's expression.
func (r *resolver) output(m *planModule, steps []string, hops int) {
	if len(steps) < 3 {
		r.sure = false
		return
	}
	called := m.child(steps[1])
	if called == nil {
		r.sure = false
		return
	}
	output := called.config.Outputs[withoutIndex(steps[2])]
	if output == nil || output.Expression == nil || output.Expression.ExpressionData == nil {
		r.sure = false
		return
	}
	if len(steps) > 3 {
		r.sure = false
	}
	r.all(called, output.Expression.References, nil, hops+1)
}

// splitAddress splits an address or reference at its dots; an index stays with its name: `module`, `a["x.y"]`, `b`.
func splitAddress(address string) []string {
	if address == "" {
		return nil
	}
	var steps []string
	start, quoted, depth := 0, false, 0
	for i := 0; i < len(address); i++ {
		switch b := address[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '[':
			depth++
		case b == ']':
			depth--
		case b == '.' && depth == 0:
			steps = append(steps, address[start:i])
			start = i + 1
		}
	}
	return append(steps, address[min(start, len(address)):])
}

// withoutIndex takes the index off the last step of an address.
func withoutIndex(address string) string {
	steps := splitAddress(address)
	if len(steps) == 0 {
		return address
	}
	last := steps[len(steps)-1]
	name, _, ok := strings.Cut(last, "[")
	if !ok {
		return address
	}
	return address[:len(address)-len(last)] + name
}
