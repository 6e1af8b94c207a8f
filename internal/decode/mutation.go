package decode

import (
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	celparser "cel.dev/cel-go/parser"

	"ward.dev/ward/internal/value"
)

// maxMutation is how long an expression the API takes.
const maxMutation = 10_000

// mutationWeakens tells of one of the mutations of a MutatingAdmissionPolicy whether it takes a protection away from what passes: it
// sets a member that gives a pod rights over its node, or removes one that confines it. What it computes is not known.
func mutationWeakens(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		patch := v.Field("applyConfiguration")
		if !patch.IsKnown() {
			patch = v.Field("jsonPatch")
		}
		written := patch.Field("expression")
		text, ok := written.AsString()
		if !ok {
			return from(v, value.Unresolved(value.Reason{Why: "the expression of the mutation is not known"}))
		}
		switch weakens(text) {
		case surely:
			return from(written, value.Bool(true))
		case perhaps:
			return from(written, value.Unresolved(value.Reason{Why: "the mutation computes something that may take a protection away"}))
		}
		return from(written, value.Bool(false))
	})
}

// doubt is whether something is so, in an order in which the worse wins.
type doubt int

const (
	never doubt = iota
	perhaps
	surely
)

func weakens(expression string) doubt {
	p, err := celparser.NewParser(celparser.Macros(celparser.AllMacros...), celparser.ExpressionSizeCodePointLimit(maxMutation),
		celparser.MaxRecursionDepth(100), celparser.EnableOptionalSyntax(true))
	if err != nil {
		return perhaps
	}
	tree, faults := p.Parse(common.NewTextSource(expression))
	if faults != nil && len(faults.GetErrors()) > 0 {
		return perhaps
	}
	return mutates(tree.Expr(), "")
}

// mutates judges an expression that is given to a member, "" for none, and everything in it.
func mutates(e ast.Expr, member string) doubt {
	worst := sets(member, e)
	see := func(inner ast.Expr, member string) { worst = max(worst, mutates(inner, member)) }
	switch e.Kind() {
	case ast.StructKind:
		if e.AsStruct().TypeName() == "JSONPatch" {
			return max(worst, patches(e.AsStruct()))
		}
		for _, field := range e.AsStruct().Fields() {
			see(field.AsStructField().Value(), inMember(member, field.AsStructField().Name()))
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			name, ok := constant(entry.AsMapEntry().Key())
			if !ok {
				worst = max(worst, perhaps)
			}
			see(entry.AsMapEntry().Value(), inMember(member, name))
		}
	case ast.ListKind:
		for _, item := range e.AsList().Elements() {
			see(item, "")
		}
	case ast.CallKind:
		for i, arg := range e.AsCall().Args() {
			if i > 0 && e.AsCall().FunctionName() == "_?_:_" {
				see(arg, member) // what is chosen
			} else {
				see(arg, "")
			}
		}
		if e.AsCall().IsMemberFunction() {
			see(e.AsCall().Target(), "")
		}
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		for _, inner := range []ast.Expr{c.IterRange(), c.AccuInit(), c.LoopStep(), c.Result()} {
			see(inner, "")
		}
	}
	return worst
}

// inMember is a member of a member, as far as it matters in what: the type of a profile, what is added to capabilities.
func inMember(outer, name string) string {
	outer = outer[strings.LastIndexByte(outer, '.')+1:]
	if (outer == "seccompProfile" || outer == "appArmorProfile") && name == "type" || outer == "capabilities" && name == "add" {
		return outer + "." + name
	}
	return name
}

// weak are the texts which take a protection away where they are the value of a member.
var weak = map[string]string{
	"privileged": "true", "hostNetwork": "true", "hostPID": "true", "hostIPC": "true", "allowPrivilegeEscalation": "true",
	"automountServiceAccountToken": "true", "runAsNonRoot": "false", "readOnlyRootFilesystem": "false", "runAsUser": "0",
	"seccompProfile.type": "Unconfined", "appArmorProfile.type": "Unconfined", "pod-security.kubernetes.io/enforce": "privileged",
}

// holders are the members that hold others which matter.
var holders = strings.Fields("spec template containers initContainers ephemeralContainers securityContext capabilities seccompProfile volumes jobTemplate -")

// protections are the members whose removal takes a protection away.
var protections = strings.Fields(`securityContext runAsNonRoot readOnlyRootFilesystem seccompProfile appArmorProfile drop capabilities limits
	resources runAsUser allowPrivilegeEscalation automountServiceAccountToken hostUsers pod-security.kubernetes.io/enforce`)

// sets judges what one member is set to.
func sets(member string, e ast.Expr) doubt {
	built := slices.Contains([]ast.ExprKind{ast.StructKind, ast.MapKind, ast.ListKind, ast.ComprehensionKind}, e.Kind())
	text, isLiteral := constant(e)
	bad, guarded := weak[member]
	switch {
	case member == "hostPath":
		return surely
	case member == "capabilities.add" && e.Kind() == ast.ListKind && len(e.AsList().Elements()) > 0:
		return surely
	case guarded && isLiteral && text == bad:
		return surely
	case guarded && !isLiteral && !(e.Kind() == ast.CallKind && choice(e.AsCall())), member == "capabilities.add" && e.Kind() != ast.ListKind:
		return perhaps
	case slices.Contains(holders, member) && !built && !isLiteral && e.Kind() != ast.CallKind:
		return perhaps // such as a variable
	case slices.Contains(holders, member) && e.Kind() == ast.CallKind && !choice(e.AsCall()):
		return perhaps
	}
	return never
}

// choice tells of a call that its value is one of its arguments, which are judged by themselves.
func choice(c ast.CallExpr) bool { return c.FunctionName() == "_?_:_" || c.FunctionName() == "_+_" }

// patches judges one operation of a JSON patch (RFC 6902).
func patches(s ast.StructExpr) doubt {
	fields := map[string]ast.Expr{}
	for _, field := range s.Fields() {
		fields[field.AsStructField().Name()] = field.AsStructField().Value()
	}
	if fields["op"] == nil || fields["path"] == nil {
		return perhaps
	}
	op, knownOp := constant(fields["op"])
	member, ok := tail(fields["path"])
	switch {
	case !knownOp || !ok:
		return perhaps
	case op == "test":
		return never
	case op == "remove":
		if slices.Contains(protections, member[strings.LastIndexByte(member, '.')+1:]) || slices.Contains(protections, member) {
			return surely
		}
		return never
	case op == "move" || op == "copy" || fields["value"] == nil:
		return perhaps
	}
	if _, err := strconv.Atoi(member); err == nil {
		member = "-"
	}
	return mutates(fields["value"], member)
}

// tail is the member that a path ends with, as far as it is written.
func tail(e ast.Expr) (member string, ok bool) {
	if e.Kind() == ast.CallKind {
		c := e.AsCall()
		switch {
		case c.FunctionName() == "_+_" && len(c.Args()) == 2:
			return tail(c.Args()[1])
		case c.FunctionName() == "escapeKey" && len(c.Args()) == 1:
			return constant(c.Args()[0])
		}
		return "", false
	}
	path, ok := constant(e)
	if !ok || e.Kind() != ast.LiteralKind || path == "" || !strings.Contains(path, "/") {
		return "", false
	}
	steps := strings.Split(path, "/")
	for i, step := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
	}
	outer := ""
	if len(steps) > 1 {
		outer = steps[len(steps)-2]
	}
	return inMember(outer, steps[len(steps)-1]), true
}

// constant is what a constant says.
func constant(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	switch data := e.AsLiteral().Value().(type) {
	case string:
		return data, true
	case bool:
		return strconv.FormatBool(data), true
	case int64:
		return strconv.FormatInt(data, 10), true
	}
	return "", false
}
