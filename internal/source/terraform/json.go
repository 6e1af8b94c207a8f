package terraform

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// fromJSON brings a .tf.json file into the syntax tree of the native language, so that everything after it knows one
// language only. Without the provider's schema a nested block cannot be told from an argument: an object inside a
// block becomes an argument whose value is an object, an array of objects one whose value is a list.
func fromJSON(body hcl.Body) (*hclsyntax.Body, hcl.Diagnostics) {
	attrs, diags := body.JustAttributes()
	out := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}}
	for _, name := range sortedKeys(attrs) {
		if name == "//" {
			continue
		}
		depth := labels[name]
		blocks, more := jsonBlocks(name, attrs[name].Expr, depth, nil)
		diags = append(diags, more...)
		out.Blocks = append(out.Blocks, blocks...)
	}
	return out, diags
}

// jsonBlocks returns the blocks of one type: objects nested as deep as the block has labels, and arrays of bodies.
func jsonBlocks(kind string, expr hcl.Expression, depth int, names []string) (hclsyntax.Blocks,
	hcl.Diagnostics) {
	if items, diags := hcl.ExprList(expr); !diags.HasErrors() {
		var blocks hclsyntax.Blocks
		var all hcl.Diagnostics
		for _, item := range items {
			inner, diags := jsonBlocks(kind, item, depth, names)
			blocks, all = append(blocks, inner...), append(all, diags...)
		}
		return blocks, all
	}
	pairs, diags := hcl.ExprMap(expr)
	if diags.HasErrors() {
		return nil, diags
	}
	if depth > 0 {
		var blocks hclsyntax.Blocks
		for _, pair := range pairs {
			name, more := jsonString(pair.Key)
			diags = append(diags, more...)
			if name == "//" {
				continue
			}
			inner, more := jsonBlocks(kind, pair.Value, depth-1, append(names[:len(names):len(names)], name))
			blocks, diags = append(blocks, inner...), append(diags, more...)
		}
		return blocks, diags
	}
	body, more := jsonBody(pairs, expr.Range())
	return hclsyntax.Blocks{{Type: kind, Labels: names, Body: body, TypeRange: expr.Range(),
		OpenBraceRange: expr.Range(), CloseBraceRange: expr.Range()}}, append(diags, more...)
}

func jsonBody(pairs []hcl.KeyValuePair, rng hcl.Range) (*hclsyntax.Body, hcl.Diagnostics) {
	body := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: rng, EndRange: rng}
	var diags hcl.Diagnostics
	for _, pair := range pairs {
		name, more := jsonString(pair.Key)
		diags = append(diags, more...)
		switch name {
		case "//":
			continue
		case "dynamic":
			blocks, more := jsonDynamic(pair.Value)
			body.Blocks, diags = append(body.Blocks, blocks...), append(diags, more...)
			continue
		}
		expr, more := jsonExpr(pair.Value)
		diags = append(diags, more...)
		if expr != nil {
			body.Attributes[name] = &hclsyntax.Attribute{Name: name, Expr: expr, SrcRange: pair.Key.Range(),
				NameRange: pair.Key.Range()}
		}
	}
	return body, diags
}

// jsonDynamic returns dynamic blocks: {"ingress": {"for_each": …, "content": {…}}}, or a list of them.
func jsonDynamic(expr hcl.Expression) (hclsyntax.Blocks, hcl.Diagnostics) {
	blocks, diags := jsonBlocks("dynamic", expr, 1, nil)
	for _, block := range blocks {
		content, ok := block.Body.Attributes["content"]
		if !ok {
			continue
		}
		delete(block.Body.Attributes, "content")
		inner := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: content.SrcRange}
		if object, ok := content.Expr.(*hclsyntax.ObjectConsExpr); ok {
			for _, item := range object.Items {
				name, _ := item.KeyExpr.Value(nil)
				if isString(name) {
					inner.Attributes[name.AsString()] = &hclsyntax.Attribute{Name: name.AsString(),
						Expr: item.ValueExpr, SrcRange: item.KeyExpr.Range(), NameRange: item.KeyExpr.Range()}
				}
			}
		}
		block.Body.Blocks = append(block.Body.Blocks, &hclsyntax.Block{Type: "content", Body: inner})
	}
	return blocks, diags
}

// jsonExpr returns a JSON value as an expression; strings are templates.
func jsonExpr(expr hcl.Expression) (hclsyntax.Expression, hcl.Diagnostics) {
	rng := expr.Range()
	if items, diags := hcl.ExprList(expr); !diags.HasErrors() {
		tuple := &hclsyntax.TupleConsExpr{SrcRange: rng, OpenRange: rng}
		var all hcl.Diagnostics
		for _, item := range items {
			inner, diags := jsonExpr(item)
			all = append(all, diags...)
			if inner != nil {
				tuple.Exprs = append(tuple.Exprs, inner)
			}
		}
		return tuple, all
	}
	if pairs, diags := hcl.ExprMap(expr); !diags.HasErrors() {
		object := &hclsyntax.ObjectConsExpr{SrcRange: rng, OpenRange: rng}
		var all hcl.Diagnostics
		for _, pair := range pairs {
			key, diags := jsonTemplate(pair.Key)
			all = append(all, diags...)
			inner, diags := jsonExpr(pair.Value)
			all = append(all, diags...)
			if key != nil && inner != nil {
				object.Items = append(object.Items, hclsyntax.ObjectConsItem{KeyExpr: key, ValueExpr: inner})
			}
		}
		return object, all
	}
	return jsonTemplate(expr)
}

func jsonTemplate(expr hcl.Expression) (hclsyntax.Expression, hcl.Diagnostics) {
	v, diags := expr.Value(nil)
	if diags.HasErrors() {
		return nil, diags
	}
	if !isString(v) {
		return &hclsyntax.LiteralValueExpr{Val: v, SrcRange: expr.Range()}, nil
	}
	if tooDeep([]byte(v.AsString()), templateSyntax) {
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Template nests too deep",
			Subject: expr.Range().Ptr()}}
	}
	parsed, diags := hclsyntax.ParseTemplate([]byte(v.AsString()), expr.Range().Filename, expr.Range().Start)
	if diags.HasErrors() {
		return nil, diags
	}
	return parsed, nil
}

func jsonString(expr hcl.Expression) (string, hcl.Diagnostics) {
	v, diags := expr.Value(nil)
	if !isString(v) {
		return "", diags
	}
	return v.AsString(), diags
}

func isString(v cty.Value) bool {
	return v != cty.NilVal && !v.IsMarked() && v.IsKnown() && !v.IsNull() && v.Type() == cty.String
}
