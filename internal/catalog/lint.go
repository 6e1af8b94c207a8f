package catalog

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/value"
	"ward.dev/ward/internal/yamlfile"
)

// Schemas are the providers' own descriptions of their block types, cut to names and types.
type Schemas struct {
	terraform      map[string]any
	cloudformation map[string]any
	// Live holds, for each kind that is read of a live account and each type of Kubernetes' objects, a block of it in which
	// everything is set; nil for none.
	Live map[string]value.Value
}

// ReadSchemas reads every terraform-*.json.gz and cloudformation-*.json.gz of a folder.
func ReadSchemas(dir string) (*Schemas, error) {
	s := &Schemas{terraform: map[string]any{}, cloudformation: map[string]any{}}
	files, err := filepath.Glob(filepath.Join(dir, "*.json.gz"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no schemas (*.json.gz) in %s", dir)
	}
	for _, file := range files {
		var content map[string]any
		if err := readGzip(file, &content); err != nil {
			return nil, fmt.Errorf("read schema %s: %w", file, err)
		}
		into, types := s.cloudformation, content
		if strings.HasPrefix(filepath.Base(file), "terraform") {
			into = s.terraform
			types, _ = content["resources"].(map[string]any)
		}
		for name, t := range types {
			into[name] = t
		}
	}
	return s, nil
}

func readGzip(file string, out any) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	return json.NewDecoder(unzipped).Decode(out)
}

// shape is a place in a schema: what may stand below it.
type shape struct {
	dialect string
	node    any            // Terraform: attributes or one attribute; CloudFormation: a property
	defs    map[string]any // CloudFormation's definitions
}

// block returns the shape of a block type.
func (s *Schemas) block(dialect, name string) (shape, bool) {
	if complete(dialect) {
		body, ok := s.Live[name]
		return shape{dialect: dialect, node: body}, ok
	}
	if dialect == "terraform" {
		node, ok := s.terraform[name]
		return shape{dialect: dialect, node: node}, ok
	}
	t, ok := s.cloudformation[name].(map[string]any)
	if !ok {
		return shape{}, false
	}
	defs, _ := t["definitions"].(map[string]any)
	return shape{dialect, map[string]any{"properties": t["properties"]}, defs}, true
}

// members returns what stands below; free if anything may.
func (s shape) members() (members map[string]any, free bool) {
	switch {
	case s.dialect == "terraform":
		return terraformMembers(s.node)
	case complete(s.dialect):
		return liveMembers(s.node)
	}
	return s.cloudformationMembers(s.node, 0)
}

func terraformMembers(node any) (map[string]any, bool) {
	m, ok := node.(map[string]any)
	if !ok {
		return nil, false
	}
	if block, ok := m["block"].(map[string]any); ok {
		return block, false
	}
	switch t := m["type"].(type) {
	case string:
		return nil, t == "dynamic"
	case []any:
		for len(t) == 2 {
			if t[0] == "map" {
				return nil, true
			}
			if t[0] == "object" {
				fields := map[string]any{}
				object, _ := t[1].(map[string]any)
				for k, v := range object {
					fields[k] = map[string]any{"type": v}
				}
				return fields, false
			}
			inner, ok := t[1].([]any)
			if !ok {
				return nil, false
			}
			t = inner
		}
		return nil, false
	}
	return m, false
}

func (s shape) cloudformationMembers(node any, depth int) (map[string]any, bool) {
	m, ok := node.(map[string]any)
	if !ok || depth > 16 {
		return nil, true
	}
	if ref, ok := m["ref"].(string); ok {
		return s.cloudformationMembers(s.defs[ref], depth+1)
	}
	if items, ok := m["items"]; ok {
		return s.cloudformationMembers(items, depth+1)
	}
	if properties, ok := m["properties"].(map[string]any); ok {
		return properties, false
	}
	scalar := m["type"] == "string" || m["type"] == "boolean" || m["type"] == "integer" || m["type"] == "number"
	return nil, !scalar
}

// below follows a path; the error names what is not there.
func (s shape) below(path []string) (shape, error) {
	for _, name := range path {
		members, free := s.members()
		if free {
			return shape{dialect: "free"}, nil
		}
		next, ok := members[name]
		if !ok {
			var names []string
			for k := range members {
				names = append(names, k)
			}
			return s, fmt.Errorf("there is no %q%s", name, yamlfile.Suggest(name, names))
		}
		s.node = next
	}
	return s, nil
}

// Lint proves that every place of every kind exists in the providers' schemas.
func (c *Catalog) Lint(s *Schemas) []error {
	var faults []error
	for _, k := range c.Kinds {
		for _, dialect := range kind.Dialects {
			if !s.knows(dialect, k) {
				continue
			}
			l := &linter{catalog: c, schemas: s, kind: k, dialect: dialect}
			l.lint()
			faults = append(faults, l.faults...)
		}
	}
	return faults
}

type linter struct {
	catalog *Catalog
	schemas *Schemas
	kind    *kind.Kind
	dialect string
	faults  []error
}

func (l *linter) fault(line int, format string, args ...any) {
	l.faults = append(l.faults, yamlfile.Fault{File: l.kind.File, Line: line, Text: l.dialect + ": " + fmt.Sprintf(format, args...)})
}

func (l *linter) lint() {
	var roots []shape
	for _, name := range l.kind.Blocks(l.dialect) {
		if name == "target" || name == l.kind.Name && l.dialect == "cluster" {
			continue
		}
		root, ok := l.schemas.block(l.dialect, name)
		if !ok {
			l.fault(1, "there is no block type %s", name)
			continue
		}
		roots = append(roots, root)
	}
	for _, p := range l.kind.Identity.In(l.dialect) {
		l.place(p, roots)
	}
	for _, p := range l.kind.Provided.In(l.dialect) {
		l.place(p, roots)
	}
	for _, part := range l.kind.Parts {
		for _, p := range part.In(l.dialect) {
			l.place(p, roots)
		}
	}
	for _, a := range l.kind.All() {
		l.attribute(a, roots)
	}
}

func (l *linter) attribute(a *kind.Attribute, roots []shape) {
	if complete(l.dialect) && l.dialect != "kubernetes" && a.Is == "" && len(a.In(l.dialect)) == 0 {
		l.fault(a.Line, "attribute %s has no place; \"@none\" says that it cannot be there, \"@unreadable\" that nobody can read it", a.Name)
	}
	var rows []shape
	for _, p := range a.In(l.dialect) {
		rows = append(rows, l.place(p, roots)...)
	}
	rows = listed(a.Via, rows)
	for _, f := range a.Fields() {
		if len(f.In(l.dialect)) > 0 || complete(l.dialect) && f.Anywhere() && !nothing(a.In(l.dialect)) {
			l.attribute(f, rows)
		}
	}
}

// place returns the shapes at a place, and faults if there are none.
func (l *linter) place(p kind.Place, roots []shape) []shape {
	if len(p.Path) == 1 && strings.HasPrefix(p.Path[0], "@") {
		return nil
	}
	if len(p.Concat) > 0 {
		var all []shape
		for _, one := range p.Concat {
			all = append(all, l.place(one, roots)...)
		}
		return all
	}
	switch {
	case p.Part != "":
		if len(l.kind.Parts[p.Part].In(l.dialect)) == 0 {
			l.fault(p.Line, "%s: part %s has no place here", p.Text, p.Part)
		}
		var starts []shape
		for _, one := range l.kind.Parts[p.Part].In(l.dialect) {
			starts = append(starts, l.quiet(one, roots)...)
		}
		roots = starts
	case p.Join != nil:
		joined, ok := l.joined(p, roots)
		if !ok {
			return nil
		}
		roots = joined
	}
	found, errs := stepAll(roots, p.Path)
	if len(found) == 0 && len(errs) > 0 && !policyOfTemplate(p.Path) {
		sort.Strings(errs)
		l.fault(p.Line, "%s: %s", p.Text, errs[0])
	}
	if p.Via == "json" { // what stands in the text is in no schema
		return []shape{{dialect: "free"}}
	}
	for field := range p.Where {
		if _, errs := stepAll(found, strings.Split(field, ".")); len(errs) > 0 && len(errs) == len(found) {
			l.fault(p.Line, "where: %s", errs[0])
		}
	}
	if len(p.Take) > 0 {
		taken, errs := stepAll(found, p.Take)
		if len(taken) == 0 && len(errs) > 0 {
			l.fault(p.Line, "take: %s", errs[0])
		}
		return taken
	}
	return found
}

// policyOfTemplate tells what CloudFormation sets beside a resource's properties.
func policyOfTemplate(path []string) bool {
	return len(path) == 1 && (path[0] == "DeletionPolicy" || path[0] == "UpdateReplacePolicy")
}

// quiet is place without the faults, which the part itself has told.
func (l *linter) quiet(p kind.Place, roots []shape) []shape {
	kept := l.faults
	found := l.place(p, roots)
	l.faults = kept
	return found
}

func stepAll(roots []shape, path []string) (found []shape, errs []string) {
	for _, root := range roots {
		if root.dialect == "free" {
			found = append(found, root)
			continue
		}
		at, err := root.below(path)
		if err != nil {
			errs = append(errs, err.Error())
			continue
		}
		found = append(found, at)
	}
	return found, errs
}
