package terraform

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// maxPlan bounds a plan file.
const maxPlan = 256 << 20

// Plan reads what "terraform show -json PLANFILE" prints. What Terraform will know only after apply is unknown; what
// it refers to is taken from the configuration in the plan. The plan does not hold expressions, only what they refer
// to, so that an attribute that refers to one block only counts as that reference.
//
// Sensitive strings are not read.
type Plan struct{}

var _ source.Reader = Plan{}

// Kind returns "terraform-plan".
func (Plan) Kind() string { return "terraform-plan" }

// Detect tells whether the file looks like a plan: its first bytes name the version of its format.
func (Plan) Detect(name string) bool {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || filepath.Ext(name) != ".json" {
		return false
	}
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return false
	}
	return bytes.Contains(head, []byte(`"format_version"`)) && (bytes.Contains(head, []byte(`"terraform_version"`)) ||
		bytes.Contains(head, []byte(`"planned_values"`)))
}

// Read reads the plan at name.
func (Plan) Read(ctx context.Context, name string, options source.Options) (source.Reading, error) {
	reading := source.Reading{Kind: "terraform-plan", Name: name}
	data, err := readBounded(name, maxPlan)
	if err != nil {
		return reading, fmt.Errorf("read %s: %w", name, err)
	}
	p, err := newPlanned(name, data)
	if err != nil {
		return reading, fmt.Errorf("read %s: %w", name, err)
	}
	p.file = path.Join(filepath.ToSlash(options.Root), p.file)
	if err := p.read(ctx); err != nil {
		return reading, fmt.Errorf("read %s: %w", name, err)
	}
	reading.Blocks, reading.Gaps = p.blocks, p.gaps
	return reading, nil
}

// planned is one plan while it is read.
type planned struct {
	plan   *tfjson.Plan
	target string
	file   string
	// copies are the addresses of the instances of each block, by its address without index.
	copies map[string][]string
	blocks []resource.Block
	gaps   []resource.Gap
}

func newPlanned(name string, data []byte) (*planned, error) {
	if tooDeep(data, jsonSyntax) {
		return nil, fmt.Errorf("nests deeper than %d levels", maxNesting)
	}
	plan := &tfjson.Plan{}
	plan.UseJSONNumber(true)
	if err := plan.UnmarshalJSON(data); err != nil {
		return nil, fmt.Errorf("parse the plan: %w", err)
	}
	if plan.PlannedValues == nil && len(plan.ResourceChanges) == 0 {
		var other struct{ Values json.RawMessage }
		if json.Unmarshal(data, &other) == nil && other.Values != nil {
			return nil, fmt.Errorf("it is a state, not a plan: use terraform show -json PLANFILE")
		}
	}
	return &planned{plan: plan, target: name, file: filepath.Base(name), copies: map[string][]string{}}, nil
}

func (p *planned) gap(what, why, grant string) {
	p.gaps = append(p.gaps, resource.Gap{Target: p.target, What: what, Reason: why, Grant: grant})
}

// found is one instance in the plan.
type found struct {
	address, module, typ, name string
	index                      any
	data                       bool
	after, unknown, sensitive  any
}

func (p *planned) read(ctx context.Context) error {
	if complete := p.plan.Complete; complete != nil && !*complete {
		p.gap(p.file, "the plan is not complete: it was made with -target, or changes are deferred", "run terraform plan")
	}
	for _, deferred := range p.plan.DeferredChanges {
		if deferred != nil && deferred.ResourceChange != nil {
			p.gap(deferred.ResourceChange.Address, "the change is deferred to a later plan", "")
		}
	}
	all := p.instances()
	for _, f := range all {
		base := withoutIndex(f.address)
		p.copies[base] = append(p.copies[base], f.address)
	}
	for _, f := range all {
		if err := ctx.Err(); err != nil {
			return err
		}
		p.blocks = append(p.blocks, p.block(f))
	}
	return nil
}

// instances gathers what will exist: changes first, since they say what is unknown; then what only the planned values
// or, for data sources, the state before the plan hold.
func (p *planned) instances() []found {
	var all []found
	seen := map[string]bool{}
	for _, change := range p.plan.ResourceChanges {
		if change == nil || change.Change == nil || change.DeposedKey != "" {
			continue
		}
		actions := change.Change.Actions
		if actions.Delete() || actions.Forget() {
			seen[change.Address] = true
			continue
		}
		seen[change.Address] = true
		all = append(all, found{address: change.Address, module: change.ModuleAddress, typ: change.Type,
			name: change.Name, index: change.Index, data: change.Mode == tfjson.DataResourceMode,
			after: change.Change.After, unknown: change.Change.AfterUnknown, sensitive: change.Change.AfterSensitive})
	}
	var walk func(m *tfjson.StateModule, onlyData bool)
	walk = func(m *tfjson.StateModule, onlyData bool) {
		if m == nil {
			return
		}
		for _, r := range m.Resources {
			if r == nil || seen[r.Address] || r.DeposedKey != "" || onlyData && r.Mode != tfjson.DataResourceMode {
				continue
			}
			seen[r.Address] = true
			var sensitive any
			_ = json.Unmarshal(r.SensitiveValues, &sensitive)
			all = append(all, found{address: r.Address, module: m.Address, typ: r.Type, name: r.Name, index: r.Index,
				data: r.Mode == tfjson.DataResourceMode, after: r.AttributeValues, sensitive: sensitive})
		}
		for _, child := range m.ChildModules {
			walk(child, onlyData)
		}
	}
	if p.plan.PlannedValues != nil {
		walk(p.plan.PlannedValues.RootModule, false)
	}
	if p.plan.PriorState != nil && p.plan.PriorState.Values != nil {
		walk(p.plan.PriorState.Values.RootModule, true)
	}
	return all
}

func (p *planned) block(f found) resource.Block {
	origin := value.Origin{File: p.file}
	at := place{plan: p, module: f.module, address: f.address, ofCluster: leadsToCluster(f.typ)}
	config := p.config(f.module).resource(f)
	members := map[string]value.Value{}
	if config != nil {
		at.config = config
	}
	after, _ := f.after.(map[string]any)
	for _, name := range union(after, asObject(f.unknown)) {
		var expr *tfjson.Expression
		if config != nil {
			expr = config.Expressions[name]
		}
		unknown := child(f.unknown, name)
		if config != nil && expr == nil && isEmptyList(after[name]) && (unknown == nil || isEmptyList(unknown)) {
			// Nested blocks that nobody wrote are an empty list in a plan.
			members[name] = value.None().At(&value.Origin{File: p.file, Path: name})
			continue
		}
		members[name] = at.value(after[name], unknown, child(f.sensitive, name), expr,
			value.Origin{File: p.file, Path: name})
	}
	if all, ok := members["tags_all"]; ok && !all.IsAbsent() && !f.data {
		members["tags"] = all
	}
	b := resource.Block{Dialect: resource.Terraform, Type: f.typ, Address: f.address, Target: p.target,
		Origin: &origin, Data: f.data}
	if config != nil {
		b.Region = p.region(config.ProviderConfigKey)
		if at.ofCluster {
			b.Account, b.Region = p.alias(config.ProviderConfigKey), ""
		}
	}
	if region, ok := members["region"].AsString(); ok && strings.HasPrefix(f.typ, "aws_") {
		b.Region = region
	}
	b.Body = value.Object(members).At(&origin)
	return b
}

// region returns a provider's region if the configuration in the plan tells it.
func (p *planned) region(key string) string {
	if p.plan.Config == nil {
		return ""
	}
	provider := p.plan.Config.ProviderConfigs[key]
	if provider == nil {
		return ""
	}
	expr := provider.Expressions["region"]
	if expr == nil || expr.ExpressionData == nil {
		return ""
	}
	if region, ok := expr.ConstantValue.(string); ok {
		return region
	}
	if provider.ModuleAddress != "" || len(expr.References) != 1 {
		return ""
	}
	name, ok := strings.CutPrefix(expr.References[0], "var.")
	if v := p.plan.Variables[name]; ok && v != nil {
		region, _ := v.Value.(string)
		return region
	}
	return ""
}

func asObject(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// union returns the keys of both, sorted.
func union(a, b map[string]any) []string {
	keys := maps.Clone(b)
	if keys == nil {
		keys = map[string]any{}
	}
	maps.Copy(keys, a)
	return sortedKeys(keys)
}

// child returns the part of after_unknown or after_sensitive for a member; true stands for everything below it.
func child(v any, name string) any {
	switch v := v.(type) {
	case bool:
		return v
	case map[string]any:
		return v[name]
	}
	return nil
}

func item(v any, i int) any {
	switch v := v.(type) {
	case bool:
		return v
	case []any:
		if i < len(v) {
			return v[i]
		}
	}
	return nil
}

func isEmptyList(v any) bool { list, ok := v.([]any); return ok && len(list) == 0 }

func isTrue(v any) bool { b, ok := v.(bool); return ok && b }

// place is the instance whose attributes are converted.
type place struct {
	plan    *planned
	module  string
	address string
	config  *tfjson.ConfigResource
	// ofCluster is set for what is about the objects of a cluster.
	ofCluster bool
}

// value converts an attribute of a plan.
func (at place) value(after, unknown, sensitive any, expr *tfjson.Expression, origin value.Origin) value.Value {
	refs, exact := at.references(expr)
	refer := func(v value.Value) value.Value {
		if len(refs) > 0 {
			v = v.Referring(exact, refs...)
		}
		return v.At(&origin)
	}
	if isTrue(unknown) && at.computed(expr) {
		return value.None().At(&origin)
	}
	if isTrue(unknown) {
		return refer(value.Unresolved(value.Reason{Why: at.address + "." + origin.Path + " is known after apply"}))
	}
	if _, isString := after.(string); isTrue(sensitive) && (isString || after == nil && unknown == nil) {
		if after == nil {
			return value.None().At(&origin)
		}
		return refer(value.Unresolved(value.Reason{Why: at.address + "." + origin.Path + " is sensitive"}))
	}
	switch after := after.(type) {
	case []any:
		return refer(at.list(after, unknown, sensitive, expr, origin))
	case map[string]any:
		members := map[string]value.Value{}
		for _, name := range union(after, asObject(unknown)) {
			members[name] = at.value(after[name], child(unknown, name), child(sensitive, name),
				nestedExpr(expr, 0, name), below(origin, name))
		}
		return refer(value.Object(members))
	case nil:
		if parts, ok := unknown.([]any); ok && len(parts) > 0 {
			return refer(at.list(make([]any, len(parts)), unknown, sensitive, expr, origin))
		}
		if parts := asObject(unknown); len(parts) > 0 {
			return at.value(map[string]any{}, unknown, sensitive, expr, origin)
		}
		return value.None().At(&origin)
	}
	return refer(scalar(after))
}

func (at place) list(after []any, unknown, sensitive any, expr *tfjson.Expression, origin value.Origin) value.Value {
	if parts, ok := unknown.([]any); ok && len(parts) > len(after) {
		after = append(after[:len(after):len(after)], make([]any, len(parts)-len(after))...)
	}
	if at.ofCluster && expr != nil && expr.ExpressionData != nil && len(expr.NestedBlocks) > 0 && len(expr.NestedBlocks) != len(after) {
		expr = nil // dynamic blocks are among them, of which the plan does not hold what they say
	}
	items := make([]value.Value, len(after))
	for i, element := range after {
		inner := expr
		if object, ok := element.(map[string]any); ok || element == nil && asObject(item(unknown, i)) != nil {
			members := map[string]value.Value{}
			for _, name := range union(object, asObject(item(unknown, i))) {
				members[name] = at.value(child(any(object), name), child(item(unknown, i), name),
					child(item(sensitive, i), name), nestedExpr(expr, i, name), below(below(origin, strconv.Itoa(i)), name))
			}
			where := below(origin, strconv.Itoa(i))
			items[i] = value.Object(members).At(&where)
			continue
		}
		items[i] = at.value(element, item(unknown, i), item(sensitive, i), inner, below(origin, strconv.Itoa(i)))
	}
	return value.List(items...)
}

// nestedExpr returns the expression of an argument of the i-th nested block, or the expression itself where it is the
// object's as a whole.
func nestedExpr(expr *tfjson.Expression, i int, name string) *tfjson.Expression {
	if expr == nil || expr.ExpressionData == nil || len(expr.NestedBlocks) == 0 {
		return expr
	}
	if i < len(expr.NestedBlocks) {
		if inner := expr.NestedBlocks[i][name]; inner != nil {
			return inner
		}
		return unwritten
	}
	return nil
}

// unwritten is the expression of an argument that a nested block does not have.
var unwritten = &tfjson.Expression{}

func scalar(v any) value.Value {
	switch v := v.(type) {
	case string:
		return value.String(v)
	case bool:
		return value.Bool(v)
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return value.Int(n)
		}
		if f, err := v.Float64(); err == nil {
			return value.Float(f)
		}
	case float64:
		return value.Float(v)
	}
	return value.Unresolved(value.Reason{Why: "the plan holds a value of a type that JSON does not have"})
}
