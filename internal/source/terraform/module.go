package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
)

const (
	maxModules = 5_000 // module instances in one target
	maxCalls   = 32    // modules inside modules
)

// estate is one target while it is read.
type estate struct {
	name    string
	files   *confined
	options source.Options
	folders map[string][]string // configuration files by folder
	configs map[string]*config
	sources map[string][]byte // of native files
	modules int
	// special are the functions that are not in builtins.
	special   map[string]func(*call) (cty.Value, error)
	steps     int
	depth     int
	templates int
	gaps      []resource.Gap
	seen      map[resource.Gap]bool
	blocks    []resource.Block
	// varFiles are the files of --var-file.
	varFiles []file
}

func (e *estate) gap(what, why, grant string) {
	g := resource.Gap{Target: e.name, What: what, Reason: why, Grant: grant}
	if !e.seen[g] {
		e.seen[g] = true
		e.gaps = append(e.gaps, g)
	}
}

// shown returns a file's name as origins and gaps have it.
func (e *estate) shown(file string) string { return path.Join(filepath.ToSlash(e.options.Root), file) }

// filesIn returns the configuration files of a folder, which may be one that the walk leaves out (.terraform).
func (e *estate) filesIn(dir string) []string {
	if files, ok := e.folders[dir]; ok {
		return files
	}
	entries, err := fs.ReadDir(e.files.root.FS(), dir)
	if err != nil {
		return nil
	}
	var files []string
	for _, entry := range entries {
		if !entry.IsDir() && isConfiguration(entry.Name()) {
			files = append(files, path.Join(dir, entry.Name()))
		}
	}
	e.folders[dir] = files
	return files
}

// module is one instance of a module: the root module, or what a module block calls.
type module struct {
	estate *estate
	config *config
	root   *module
	parent *module
	call   *decl
	outer  *scope // where the call's arguments are evaluated
	// key is the path of call names that the manifest of fetched modules uses: "network.subnets".
	key string
	// address is the prefix of every block's address: `module.a["x"]`, or "envs/prod:" for a root module in a folder
	// below the target's.
	address string
	maybe   *reasonMark
	scope   *scope
	cells   map[string]*cell
	// copies are the instances of each block, by key, in the order of their declaration.
	copies map[string][]*instance
	calls  map[string][]*module
	inputs map[string]input
	dirs   map[string]string // fetched modules by key; of the root module only
}

// cell is a value with a name: it is evaluated once, when it is first asked for.
type cell struct {
	v    cty.Value
	busy bool
}

func (e *estate) newModule(c *config) *module {
	m := &module{estate: e, config: c, cells: map[string]*cell{}, copies: map[string][]*instance{},
		calls: map[string][]*module{}}
	m.scope = &scope{mod: m}
	e.modules++
	return m
}

// once evaluates a named value once. A value that is made from itself is unknown.
func (m *module) once(name string, evaluate func() cty.Value) cty.Value {
	if c, ok := m.cells[name]; ok {
		if c.busy {
			return unknown(m.in(name) + " is made from itself")
		}
		return c.v
	}
	c := &cell{busy: true}
	m.cells[name] = c
	v := evaluate()
	if v != cty.NilVal && outsized(v) {
		v = unknown(fmt.Sprintf("%s is larger than this reader takes", m.in(name)))
	}
	c.v, c.busy = v, false
	return v
}

// outsized tells whether a value has more parts than a bound. Parts that are shared count each time.
func outsized(v cty.Value) bool {
	left := maxSize
	var walk func(cty.Value)
	walk = func(v cty.Value) {
		plain, _ := v.Unmark()
		if left--; left < 0 || !plain.IsKnown() || plain.IsNull() {
			return
		}
		if plain.Type() == cty.String {
			left -= len(plain.AsString()) / 16
			return
		}
		if !plain.CanIterateElements() {
			return
		}
		for it := plain.ElementIterator(); left >= 0 && it.Next(); {
			_, inner := it.Element()
			walk(inner)
		}
	}
	walk(v)
	return left < 0
}

// in returns a name as it is known in the whole target.
func (m *module) in(name string) string {
	switch {
	case m.address == "":
		return name
	case strings.HasSuffix(m.address, ":"):
		return m.address + name
	}
	return m.address + "." + name
}

func (m *module) local(name string) cty.Value {
	attr, ok := m.config.locals[name]
	if !ok {
		return cty.NilVal
	}
	return m.once("local."+name, func() cty.Value { return m.scope.result(attr.Expr) })
}

func (m *module) output(name string) cty.Value {
	d, ok := m.config.outputs[name]
	if !ok {
		return cty.NilVal
	}
	attr, ok := d.body.Attributes["value"]
	if !ok {
		return cty.NilVal
	}
	return m.once("output."+name, func() cty.Value {
		v := m.scope.result(attr.Expr)
		if m.isSet(d, "sensitive") {
			return hidden(v, reasonMark{why: m.in("output."+name) + " is sensitive"})
		}
		return v
	})
}

// isSet tells whether an argument is known to be true.
func (m *module) isSet(d *decl, name string) bool {
	attr, ok := d.body.Attributes[name]
	if !ok {
		return false
	}
	plain, err := argument(m.scope.result(attr.Expr), cty.Bool)
	return err == nil && plain.IsKnown() && !plain.IsNull() && plain.True()
}

// path returns path.module and its likes, relative to the folder of the root module as Terraform has it.
func (m *module) path(name string, rng hcl.Range) (cty.Value, error) {
	switch name {
	case "module":
		rel, err := filepath.Rel(m.root.config.dir, m.config.dir)
		if err != nil {
			return cty.NilVal, faultf(rng, "path.module cannot be told")
		}
		return cty.StringVal(filepath.ToSlash(rel)), nil
	case "root":
		return cty.StringVal("."), nil
	case "cwd":
		return unknown("path.cwd depends on where Terraform runs"), nil
	}
	return cty.NilVal, faultf(rng, "path.%s does not exist", name)
}

func (e *estate) terraform(name string, rng hcl.Range) (cty.Value, error) {
	if name != "workspace" {
		return unknown("terraform." + name + " is known only while Terraform runs"), nil
	}
	if e.options.Workspace != "" {
		return cty.StringVal(e.options.Workspace), nil
	}
	return cty.UnknownVal(cty.String).Mark(reasonMark{why: "terraform.workspace is not known",
		grant: "--workspace NAME", expr: "terraform.workspace"}), nil
}

// child returns what module.name is in expressions: the called module, or a list or map of its instances.
func (m *module) child(name string) cty.Value {
	d, ok := m.config.byKey["module."+name]
	if !ok {
		return cty.NilVal
	}
	return m.once(d.key(), func() cty.Value {
		config, why := m.locate(d)
		if config == nil {
			return cty.DynamicVal.Mark(reasonMark{why: why, expr: m.in("module." + name)})
		}
		x := m.expand(d)
		vals := make([]cty.Value, len(x.copies))
		for i, each := range x.copies {
			called := m.estate.newModule(config)
			called.root, called.parent, called.call = m.root, m, d
			called.outer = m.scope.with(each.vars)
			called.key = strings.TrimPrefix(m.key+"."+name, ".")
			called.address = m.in("module." + name + each.suffix)
			called.maybe = m.maybe
			if each.maybe != nil {
				called.maybe = each.maybe
			}
			m.calls[name] = append(m.calls[name], called)
			vals[i] = cty.CapsuleVal(moduleType, called)
		}
		return x.value(vals)
	})
}

// locate returns the configuration of a called module, or why there is none.
func (m *module) locate(d *decl) (c *config, why string) {
	e := m.estate
	called := m.in("module." + d.name)
	src := m.sourceOfCall(d)
	if src == "" {
		why = fmt.Sprintf("%s has a source that is not known", called)
		e.gap(called, fmt.Sprintf("%s (%s)", why, at(d.rng)), "")
		return nil, why
	}
	dir, ok := m.folderOf(d, src)
	depth := 0
	for up := m; up != nil; up = up.parent {
		depth++
		if ok && up.config.dir == dir {
			why = called + " calls itself, directly or through others"
		}
	}
	switch {
	case why != "":
	case !ok:
		why = fmt.Sprintf("%s (%s) was not fetched", called, printable(src))
		e.gap(called, fmt.Sprintf("was not fetched from %s (%s)", printable(src), at(d.rng)), "run terraform init")
		return nil, why
	case dir == ".." || strings.HasPrefix(dir, "../") || path.IsAbs(dir):
		why = fmt.Sprintf("%s (%s) lies outside the target", called, printable(src))
		e.gap(called, fmt.Sprintf("%s lies outside the target (%s)", printable(src), at(d.rng)),
			"give the folder that holds both as the target")
		return nil, why
	case depth > maxCalls:
		why = fmt.Sprintf("%s is nested deeper than %d modules", called, maxCalls)
	case e.modules >= maxModules:
		why = fmt.Sprintf("%s is one of more than %d modules", called, maxModules)
	}
	if why == "" {
		files := e.filesIn(dir)
		if len(files) > 0 {
			return e.load(dir, files), ""
		}
		why = fmt.Sprintf("%s has no configuration in %s", called, dir)
	}
	e.gap(called, fmt.Sprintf("%s (%s)", why, at(d.rng)), "")
	return nil, why
}

// printable takes what may be a password out of a module's source: git::https://user:token@host/….
func printable(src string) string {
	head, tail, ok := strings.Cut(src, "@")
	if !ok {
		return src
	}
	if i := strings.LastIndex(head, "/"); i >= 0 {
		return head[:i+1] + tail
	}
	return tail
}

func (m *module) sourceOfCall(d *decl) string {
	attr, ok := d.body.Attributes["source"]
	if !ok {
		return ""
	}
	plain, _ := m.scope.result(attr.Expr).UnmarkDeep()
	if !isString(plain) {
		return ""
	}
	return plain.AsString()
}

// folderOf returns a called module's folder relative to the target's root.
func (m *module) folderOf(d *decl, src string) (dir string, ok bool) {
	if isLocal(src) {
		return path.Join(m.config.dir, filepath.ToSlash(src)), true
	}
	dir, ok = m.root.fetched()[strings.TrimPrefix(m.key+"."+d.name, ".")]
	return dir, ok
}

func isLocal(src string) bool {
	return strings.HasPrefix(src, "./") || strings.HasPrefix(src, "../") || src == "." || src == ".."
}

// fetched returns the folders of the modules that "terraform init" fetched for a root module.
func (m *module) fetched() map[string]string {
	if m.dirs != nil {
		return m.dirs
	}
	m.dirs = map[string]string{}
	name := path.Join(m.config.dir, ".terraform/modules/modules.json")
	data, err := m.estate.files.file(name, maxFile)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			m.estate.gap(m.estate.shown(name), err.Error(), "")
		}
		return m.dirs
	}
	var manifest struct {
		Modules []struct{ Key, Dir string }
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		m.estate.gap(m.estate.shown(name), "is not a manifest of modules", "run terraform init")
		return m.dirs
	}
	for _, entry := range manifest.Modules {
		if entry.Key != "" {
			m.dirs[entry.Key] = path.Join(m.config.dir, filepath.ToSlash(entry.Dir))
		}
	}
	return m.dirs
}
