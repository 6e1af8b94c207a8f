package terraform

import (
	"maps"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"ward.dev/ward/internal/value"
)

// provider is what a provider's configuration says about the blocks it is used for.
type provider struct {
	region string    // "" if it is not known
	alias  string    // what tells it from others of its name: its alias, with the module that it stands in; "" for the root's default
	tags   cty.Value // default tags, NilVal if there are none
	file   string
	line   int
}

// provider returns the provider configuration of a resource.
func (m *module) provider(d *decl) provider {
	name, alias := d.typ, ""
	if i := strings.IndexByte(name, '_'); i > 0 {
		name = name[:i]
	}
	if attr, ok := d.body.Attributes["provider"]; ok {
		if n, a, ok := providerName(attr.Expr); ok {
			name, alias = n, a
		}
	}
	return m.providerNamed(name, alias)
}

// providerNamed looks a configuration up: in the module, in what its caller passes, and at last, for the default
// configuration, in its caller.
func (m *module) providerNamed(name, alias string) provider {
	for at := m; at != nil; at = at.parent {
		for _, d := range at.config.providers {
			if d.name == name && d.alias() == alias {
				return at.configured(d)
			}
		}
		if at.call == nil {
			break
		}
		if attr, ok := at.call.body.Attributes["providers"]; ok {
			n, a, ok := passedProvider(attr.Expr, name, alias)
			if !ok && alias != "" {
				break
			}
			if ok {
				name, alias = n, a
			}
		} else if alias != "" {
			break
		}
	}
	return provider{}
}

func (m *module) configured(d *decl) provider {
	p := provider{file: d.rng.Filename, line: d.rng.Start.Line, alias: d.alias()}
	if m.parent != nil {
		p.alias = strings.TrimSuffix(strings.TrimPrefix(m.address, m.root.address)+"."+p.alias, ".")
	}
	if attr, ok := d.body.Attributes["region"]; ok {
		plain, _ := m.once("provider."+d.name+"."+d.alias()+".region", func() cty.Value {
			return m.scope.result(attr.Expr)
		}).UnmarkDeep()
		if isString(plain) {
			p.region = plain.AsString()
		}
	}
	if d.name != "aws" {
		return p
	}
	tags := m.once("provider."+d.name+"."+d.alias()+".tags", func() cty.Value { return m.defaultTags(d) })
	if !tags.IsNull() {
		p.tags = tags
	}
	return p
}

// defaultTags returns the tags of the provider's default_tags block, null if it has none.
func (m *module) defaultTags(d *decl) cty.Value {
	tags := cty.NullVal(cty.DynamicPseudoType)
	g := m.scope.blocks(d.body)["default_tags"]
	if g == nil {
		if attr, ok := d.body.Attributes["default_tags"]; ok { // JSON
			v := m.scope.result(attr.Expr)
			if first, err := m.scope.index(v, cty.NumberIntVal(0), noRange); err == nil {
				v = first
			}
			if v, err := m.scope.attr(v, "tags", noRange); err == nil {
				return v
			}
		}
		return tags
	}
	for _, n := range g.bodies {
		if attr, ok := n.body.Attributes["tags"]; ok {
			tags = n.scope.result(attr.Expr)
		}
	}
	if g.more != nil {
		return cty.DynamicVal.WithMarks(g.more)
	}
	return tags
}

// tags returns a resource's tags over the provider's default tags.
func (i *instance) tags(p provider, members map[string]value.Value) value.Value {
	defaults := toValue(p.tags, value.Origin{File: p.file, Line: p.line, Path: "default_tags.tags"})
	own, set := members["tags"]
	if !set || own.IsAbsent() {
		return defaults
	}
	base, ok := defaults.AsObject()
	over, overOK := own.AsObject()
	switch {
	case !ok && !overOK:
		return value.Unresolved(append(defaults.Reasons(), own.Reasons()...)...).At(own.Origin())
	case !ok:
		return own.Open(defaults.Reasons()...)
	case !overOK:
		// Whatever the resource's own tags are, they may replace any of the defaults.
		unsure := make(map[string]value.Value, len(base))
		for name := range base {
			unsure[name] = value.Unresolved(own.Reasons()...).At(own.Origin())
		}
		return value.Object(unsure).Open(own.Reasons()...).At(own.Origin())
	}
	all := maps.Clone(base)
	if own.IsOpen() {
		for name := range all {
			all[name] = value.Unresolved(own.Reasons()...).At(own.Origin())
		}
	}
	maps.Copy(all, over)
	out := value.Object(all).At(own.Origin())
	if reasons := append(openReasons(defaults), openReasons(own)...); len(reasons) > 0 {
		out = out.Open(reasons...)
	}
	return out
}

func openReasons(v value.Value) []value.Reason {
	if v.IsOpen() {
		return append([]value.Reason(nil), v.Reasons()...)
	}
	return nil
}

// providerName reads aws or aws.west, also as a string.
func providerName(expr hcl.Expression) (name, alias string, ok bool) {
	t, diags := hcl.AbsTraversalForExpr(expr)
	if diags.HasErrors() {
		native, is := expr.(hclsyntax.Expression)
		if !is {
			return "", "", false
		}
		literal, is := literalString(native)
		if !is {
			return "", "", false
		}
		name, alias, _ = strings.Cut(literal, ".")
		return name, alias, true
	}
	alias, _ = attrName(t, 1)
	return t.RootName(), alias, true
}

// passedProvider finds a provider in a call's providers argument.
func passedProvider(expr hcl.Expression, name, alias string) (string, string, bool) {
	pairs, diags := hcl.ExprMap(expr)
	if diags.HasErrors() {
		return "", "", false
	}
	for _, pair := range pairs {
		key := pair.Key
		if object, ok := key.(*hclsyntax.ObjectConsKeyExpr); ok {
			key = object.Wrapped
		}
		if n, a, ok := providerName(key); ok && n == name && a == alias {
			return providerName(pair.Value)
		}
	}
	return "", "", false
}
