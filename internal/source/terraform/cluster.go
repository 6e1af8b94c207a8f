package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	tfjson "github.com/hashicorp/terraform-json"

	"ward.dev/ward/internal/value"
)

// ofClusters are the beginnings of the types whose providers each lead to one cluster of Kubernetes.
var ofClusters = map[string]bool{"kubernetes": true, "helm": true, "kubectl": true}

// leadsToCluster tells of a type of blocks that it is about what a cluster holds.
func leadsToCluster(typ string) bool {
	name, _, _ := strings.Cut(typ, "_")
	return ofClusters[name]
}

// namespace gives the namespace of an object of a cluster that is a variable without a value what stands for it in texts, so that
// what is in the same namespace can be told.
func (i *instance) namespace(members map[string]value.Value) {
	if attr, ok := i.decl.body.Attributes["namespace"]; ok {
		members["namespace"] = i.scope.spelled(attr, members["namespace"])
	}
	g := i.scope.blocks(i.decl.body)["metadata"]
	if g == nil || len(g.bodies) != 1 {
		return
	}
	items, _ := members["metadata"].AsList()
	attr, ok := g.bodies[0].body.Attributes["namespace"]
	if !ok || len(items) != 1 {
		return
	}
	inner := map[string]value.Value{}
	for _, name := range items[0].Keys() {
		inner[name] = items[0].Field(name)
	}
	inner["namespace"] = g.bodies[0].scope.spelled(attr, inner["namespace"])
	metadata := value.List(value.Object(inner).At(items[0].Origin())).At(members["metadata"].Origin())
	if whole := members["metadata"]; whole.IsOpen() {
		metadata = metadata.Open(whole.Reasons()...)
	}
	members["metadata"] = metadata
}

// spelled gives an unknown value that is nothing but a variable its placeholder.
func (s *scope) spelled(attr *hclsyntax.Attribute, v value.Value) value.Value {
	if _, isTemplate := v.Template(); !v.IsUnknown() || isTemplate || len(v.Refs()) > 0 {
		return v
	}
	if marks := sortMarks(marksOf(s.result(attr.Expr))); !marks.derived && len(marks.reasons) == 1 && marks.reasons[0].expr != "" {
		return v.Text("${" + marks.reasons[0].expr + "}")
	}
	return v
}

// alias returns what tells a provider's configuration from others of its name, "" for the root module's default one.
func (p *planned) alias(key string) string {
	if p.plan.Config == nil || p.plan.Config.ProviderConfigs[key] == nil { // it is passed down
		return ""
	}
	module, name, inModule := strings.Cut(key, ":")
	if !inModule {
		module, name = "", key
	}
	_, alias, _ := strings.Cut(name, ".")
	return strings.Trim(module+"."+alias, ".")
}

// computed tells of an object of Kubernetes that nobody wrote an argument which the plan does not know: the API will set what it
// sets whenever an object does not say it.
func (at place) computed(expr *tfjson.Expression) bool {
	return expr == unwritten && at.ofCluster
}
