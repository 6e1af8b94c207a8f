package terraform

import (
	"fmt"
	"path"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	hcljson "github.com/hashicorp/hcl/v2/json"
)

// config is the declarations of one folder, before anything is evaluated.
type config struct {
	dir       string // relative to the target's root, "." for the root itself
	variables map[string]*decl
	locals    map[string]*hclsyntax.Attribute
	outputs   map[string]*decl
	resources []*decl
	byKey     map[string]*decl // resources by "aws_s3_bucket.b" and "data.aws_ami.a"
	calls     []*decl
	providers []*decl
}

// decl is one block at the top of a file.
type decl struct {
	kind string // "resource", "data", "variable", "output", "module", "provider"
	// typ is a resource's type; name is the name of everything else too.
	typ, name string
	body      *hclsyntax.Body
	rng       hcl.Range
}

// key is what the block is called in expressions of its module.
func (d *decl) key() string {
	switch d.kind {
	case "resource":
		return d.typ + "." + d.name
	case "data":
		return "data." + d.typ + "." + d.name
	}
	return d.kind + "." + d.name
}

// load parses the files of one folder; what cannot be parsed becomes a gap and the rest is kept.
func (e *estate) load(dir string, files []string) *config {
	if c, ok := e.configs[dir]; ok {
		return c
	}
	c := &config{dir: dir, variables: map[string]*decl{}, locals: map[string]*hclsyntax.Attribute{},
		outputs: map[string]*decl{}, byKey: map[string]*decl{}}
	e.configs[dir] = c
	for _, override := range []bool{false, true} {
		for _, file := range files {
			if isOverride(path.Base(file)) != override {
				continue
			}
			if body := e.parse(file); body != nil {
				c.add(e, body, override)
			}
		}
	}
	return c
}

// parse returns a file's body, or nil. The parts of a broken file that could be understood are kept.
func (e *estate) parse(file string) *hclsyntax.Body {
	src, err := e.files.file(file, maxFile)
	lang := nativeSyntax
	if path.Ext(file) == ".json" {
		lang = jsonSyntax
	}
	file = e.shown(file)
	if err != nil {
		e.gap(file, err.Error(), "")
		return nil
	}
	if e.files.read > maxTotal {
		e.gap(file, fmt.Sprintf("the files together are larger than %d bytes", maxTotal), "")
		return nil
	}
	if tooDeep(src, lang) {
		e.gap(file, fmt.Sprintf("nests deeper than %d levels", maxNesting), "")
		return nil
	}
	if lang == jsonSyntax {
		parsed, diags := hcljson.Parse(src, file)
		e.faults(file, diags)
		if parsed == nil || parsed.Body == nil {
			return nil
		}
		body, diags := fromJSON(parsed.Body)
		e.faults(file, diags)
		return body
	}
	parsed, diags := hclsyntax.ParseConfig(src, file, hcl.InitialPos)
	e.faults(file, diags)
	if parsed == nil {
		return nil
	}
	body, _ := parsed.Body.(*hclsyntax.Body)
	e.sources[file] = src
	return body
}

// faults records the first errors of a broken file as gaps.
func (e *estate) faults(file string, diags hcl.Diagnostics) {
	const most = 5
	count := 0
	for _, diag := range diags {
		if diag.Severity != hcl.DiagError {
			continue
		}
		if count++; count > most {
			e.gap(file, "has further errors", "")
			return
		}
		where := file
		if diag.Subject != nil {
			where = fmt.Sprintf("%s:%d", file, diag.Subject.Start.Line)
		}
		e.gap(where, diag.Summary, "")
	}
}

// labels is how many labels each block at the top of a file has.
var labels = map[string]int{"resource": 2, "data": 2, "variable": 1, "output": 1, "module": 1, "provider": 1}

func (c *config) add(e *estate, body *hclsyntax.Body, override bool) {
	for _, block := range body.Blocks {
		if block.Type == "locals" {
			for name, attr := range block.Body.Attributes {
				c.locals[name] = attr
			}
			continue
		}
		want, ok := labels[block.Type]
		if !ok {
			continue // terraform, moved, import, removed, check, ephemeral: nothing that is declared
		}
		if len(block.Labels) != want {
			e.gap(at(block.DefRange()), fmt.Sprintf("a %s block has %d labels, want %d", block.Type,
				len(block.Labels), want), "")
			continue
		}
		d := &decl{kind: block.Type, name: block.Labels[want-1], body: block.Body, rng: block.DefRange()}
		if want == 2 {
			d.typ = block.Labels[0]
		}
		if !c.put(d, override) {
			e.gap(at(d.rng), d.key()+" is declared twice; the first is read", "")
		}
	}
}

// put adds a declaration; one of an override file is merged into what it overrides. It returns false for a second
// declaration of the same thing.
func (c *config) put(d *decl, override bool) bool {
	if earlier := c.find(d); earlier != nil {
		if override {
			earlier.body = merged(earlier.body, d.body)
		}
		return override
	}
	switch d.kind {
	case "variable":
		c.variables[d.name] = d
	case "output":
		c.outputs[d.name] = d
	case "module":
		c.calls = append(c.calls, d)
		c.byKey[d.key()] = d
	case "provider":
		c.providers = append(c.providers, d)
	default:
		c.resources = append(c.resources, d)
		c.byKey[d.key()] = d
	}
	return true
}

func (c *config) find(d *decl) *decl {
	switch d.kind {
	case "variable":
		return c.variables[d.name]
	case "output":
		return c.outputs[d.name]
	case "provider":
		for _, provider := range c.providers {
			if provider.name == d.name && provider.alias() == d.alias() {
				return provider
			}
		}
		return nil
	}
	return c.byKey[d.key()]
}

// alias returns a provider block's alias, "" for the default configuration.
func (d *decl) alias() string {
	attr, ok := d.body.Attributes["alias"]
	if !ok {
		return ""
	}
	v, diags := attr.Expr.Value(nil)
	if diags.HasErrors() || !isString(v) {
		return ""
	}
	return v.AsString()
}

// merged returns base with override merged in as Terraform does: arguments replace arguments, and nested blocks of a
// type replace all nested blocks of that type.
func merged(base, override *hclsyntax.Body) *hclsyntax.Body {
	out := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: base.SrcRange, EndRange: base.EndRange}
	for _, body := range []*hclsyntax.Body{base, override} {
		for name, attr := range body.Attributes {
			out.Attributes[name] = attr
		}
	}
	replaced := map[string]bool{}
	for _, block := range override.Blocks {
		replaced[blockType(block)] = true
	}
	for _, block := range base.Blocks {
		if !replaced[blockType(block)] {
			out.Blocks = append(out.Blocks, block)
		}
	}
	out.Blocks = append(out.Blocks, override.Blocks...)
	return out
}

// blockType returns the type of blocks that a nested block or a dynamic block gives.
func blockType(block *hclsyntax.Block) string {
	if block.Type == "dynamic" && len(block.Labels) == 1 {
		return block.Labels[0]
	}
	return block.Type
}

// at returns a range's place as file:line.
func at(rng hcl.Range) string { return fmt.Sprintf("%s:%d", rng.Filename, rng.Start.Line) }
