// Package terraform reads Terraform: folders of HCL and JSON with an evaluator of its own, and the plans that
// "terraform show -json" prints.
//
// It knows Terraform's language and nothing about kinds of resources or checks; of providers it knows only where a
// region and default tags stand and how aws_iam_policy_document becomes a document. It runs nothing and uses no
// network. What cannot be told without running Terraform is unknown and says why.
//
// A folder is one target. Its own configuration is a root module; so is every folder below it that holds
// configuration and that no module block calls, examples and tests included. Addresses of those begin with their
// folder: "envs/prod:aws_s3_bucket.logs". Folders whose names begin with a dot, and node_modules, are left out.
//
// In JSON syntax a nested block cannot be told from an argument: there an object stands for itself, not for a list of
// one.
package terraform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
)

// Directory reads folders of Terraform configuration, and single files of it. A single file's root is its folder: its
// modules and the files that its expressions read are looked for there.
type Directory struct{}

var _ source.Reader = Directory{}

// Kind returns "terraform".
func (Directory) Kind() string { return "terraform" }

// Detect tells whether the path is a configuration file or a folder that holds one, at some depth.
func (Directory) Detect(name string) bool {
	info, err := os.Stat(name)
	if err != nil {
		return false
	}
	if !info.IsDir() {
		return isConfiguration(filepath.Base(name))
	}
	const most = 20_000
	found, seen := false, 0
	_ = filepath.WalkDir(name, func(p string, entry fs.DirEntry, err error) error {
		if seen++; seen > most {
			return fs.SkipAll
		}
		switch {
		case err != nil:
			return nil
		case entry.IsDir():
			if p != name && skipped(entry.Name()) {
				return fs.SkipDir
			}
		case isConfiguration(entry.Name()):
			found = true
			return fs.SkipAll
		}
		return nil
	})
	return found
}

// Read reads the target at name. It fails only if nothing of it can be read.
func (Directory) Read(ctx context.Context, name string, options source.Options) (source.Reading, error) {
	reading := source.Reading{Kind: "terraform", Name: name}
	info, err := os.Stat(name)
	if err != nil {
		return reading, fmt.Errorf("read %s: %w", name, plainPathError(err))
	}
	dir, only := name, ""
	if !info.IsDir() {
		dir, only = filepath.Split(name)
		dir = cmp.Or(dir, ".")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return reading, fmt.Errorf("read %s: %w", name, plainPathError(err))
	}
	defer root.Close()
	e := &estate{name: name, files: &confined{root: root}, options: options, configs: map[string]*config{},
		sources: map[string][]byte{}, seen: map[resource.Gap]bool{}, folders: map[string][]string{},
		special: special()}
	if only != "" {
		e.folders["."] = []string{only}
	} else {
		var over []string
		e.folders, over = e.files.folders()
		for _, what := range over {
			e.gap(name, "not everything was read: "+what, "")
		}
	}
	if len(e.folders) == 0 {
		return reading, fmt.Errorf("read %s: no Terraform configuration is there", name)
	}
	e.readVarFiles()
	if err := e.read(ctx); err != nil {
		return reading, fmt.Errorf("read %s: %w", name, err)
	}
	reading.Blocks, reading.Gaps = e.blocks, e.gaps
	return reading, nil
}

// read evaluates every root module.
func (e *estate) read(ctx context.Context) error {
	dirs := slices.Sorted(maps.Keys(e.folders))
	configs := map[string]*config{}
	for _, dir := range dirs {
		if err := ctx.Err(); err != nil {
			return err
		}
		configs[dir] = e.load(dir, e.folders[dir])
	}
	for _, dir := range roots(dirs, configs) {
		if err := ctx.Err(); err != nil {
			return err
		}
		m := e.newModule(configs[dir])
		m.root = m
		if dir != "." {
			m.address = dir + ":"
		}
		m.readInputs()
		if err := m.emit(ctx); err != nil {
			return err
		}
	}
	return nil
}

// roots returns the folders that are root modules: the target's own, and those that no other calls. Folders that call
// each other in a circle are reached from nowhere; the first of them is taken.
func roots(dirs []string, configs map[string]*config) []string {
	called := map[string]bool{}
	for _, dir := range dirs {
		for _, callee := range configs[dir].callees() {
			called[callee] = called[callee] || callee != dir
		}
	}
	var out []string
	reached := map[string]bool{}
	var reach func(string)
	reach = func(dir string) {
		if c := configs[dir]; c != nil && !reached[dir] {
			reached[dir] = true
			for _, callee := range c.callees() {
				reach(callee)
			}
		}
	}
	for _, dir := range dirs {
		if dir == "." || !called[dir] {
			out = append(out, dir)
			reach(dir)
		}
	}
	for _, dir := range dirs {
		if !reached[dir] {
			out = append(out, dir)
			reach(dir)
		}
	}
	return out
}

// callees returns the folders of the local modules that a folder calls.
func (c *config) callees() []string {
	var dirs []string
	for _, call := range c.calls {
		if attr, ok := call.body.Attributes["source"]; ok {
			if src, ok := literalString(attr.Expr); ok && isLocal(src) {
				dirs = append(dirs, path.Join(c.dir, filepath.ToSlash(src)))
			}
		}
	}
	return dirs
}

// emit adds the blocks of a module and of the modules that it calls.
func (m *module) emit(ctx context.Context) error {
	e := m.estate
	for _, d := range m.config.resources {
		if err := ctx.Err(); err != nil {
			return err
		}
		m.resource(d.key())
		for _, inst := range m.copies[d.key()] {
			if len(e.blocks) >= maxBlocks {
				e.gap(e.name, fmt.Sprintf("has more than %d blocks; the others are not read", maxBlocks), "")
				return nil
			}
			e.blocks = append(e.blocks, inst.block())
		}
	}
	for _, d := range m.config.calls {
		m.child(d.name)
		for _, called := range m.calls[d.name] {
			if err := called.emit(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// file is a variable file that the user named.
type file struct {
	name string
	src  []byte
}

// readVarFiles reads the files of --var-file. The user named them, so they may lie anywhere.
func (e *estate) readVarFiles() {
	for _, name := range e.options.VarFiles {
		src, err := readBounded(name, maxFile)
		if err != nil {
			e.gap(name, "the variable file was not read: "+err.Error(), "")
			continue
		}
		e.varFiles = append(e.varFiles, file{name: name, src: src})
	}
}

// readBounded returns the content of a file that the user named.
func readBounded(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, plainPathError(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.New("is not a regular file")
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, plainPathError(err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%w: the bound is %d bytes", errTooLarge, limit)
	}
	return data, nil
}

// namesIn returns the names of a folder's files.
func (e *estate) namesIn(dir string) []string {
	entries, err := fs.ReadDir(e.files.root.FS(), dir)
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func sortedKeys[V any, M ~map[string]V](m M) []string { return slices.Sorted(maps.Keys(m)) }
