package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/ignore"
	"helm.sh/helm/v3/pkg/strvals"

	"ward.dev/ward/internal/source/tree"
)

// chartDir is a folder with a chart.
type chartDir struct {
	dir string
	// beside are the charts of this target that it says to be made of, by name: repository: file://../common.
	beside map[string]string
	// archive is set where dir is a file that holds the whole chart.
	archive bool
}

func isChart(file string) bool { return path.Base(file) == "Chart.yaml" }

// metadata is what is read of a Chart.yaml before Helm does.
type metadata struct {
	Type         string `yaml:"type"`
	Dependencies []struct {
		Name       string `yaml:"name"`
		Repository string `yaml:"repository"`
	} `yaml:"dependencies"`
}

// charts finds the charts that are deployed by themselves, and takes the files of all charts.
func (e *estate) charts(taken map[string]bool) []chartDir {
	all := map[string]metadata{}
	for _, file := range e.disk.names {
		if isChart(file) && e.disk.File == "" {
			var m metadata
			if content, err := e.disk.Head(file); err == nil {
				_ = yaml.Unmarshal(content, &m) // Helm tells what is wrong with it
			}
			all[path.Dir(file)] = m
		}
	}
	used := map[string]bool{}
	e.chartDirs = map[string]chartDir{}
	var found []chartDir
	for dir, m := range all {
		c := chartDir{dir: dir, beside: map[string]string{}}
		for _, d := range m.Dependencies {
			if at, ok := strings.CutPrefix(d.Repository, "file://"); ok {
				at = path.Join(dir, at)
				if _, ok := all[at]; ok && at != dir {
					c.beside[d.Name], used[at] = at, true
				}
			}
		}
		found = append(found, c)
		e.chartDirs[dir] = c
	}
	for _, file := range e.disk.names {
		for dir := path.Dir(file); ; dir = path.Dir(dir) {
			if _, ok := all[dir]; ok && ofChart(dir, file) {
				taken[file] = true
			}
			if dir == "." {
				break
			}
		}
	}
	found = slices.DeleteFunc(found, func(c chartDir) bool {
		return used[c.dir] || all[c.dir].Type == "library" || subchart(c.dir, all)
	})
	slices.SortFunc(found, func(a, b chartDir) int { return strings.Compare(a.dir, b.dir) })
	return found
}

// ofChart tells whether a file in the folder of a chart is a part of it. What stands beside it may be manifests.
func ofChart(dir, file string) bool {
	rest := file
	if dir != "." {
		rest = strings.TrimPrefix(file, dir+"/")
	}
	first, _, below := strings.Cut(rest, "/")
	return below && (first == "templates" || first == "charts" || first == "crds" || first == "ci") ||
		!below && (strings.HasPrefix(first, "values") || isChart(first) || first == "requirements.yaml")
}

// subchart tells whether a chart lies in the charts/ of another.
func subchart(dir string, all map[string]metadata) bool {
	for at := dir; at != "."; {
		parent, name := path.Dir(at), path.Base(at)
		if _, ok := all[path.Dir(parent)]; ok && path.Base(parent) == "charts" && name != "" {
			return true
		}
		at = parent
	}
	return false
}

// load reads the files of a chart and makes it, with the charts beside it that it says to be made of.
func (e *estate) load(c chartDir, all map[string]bool) (*chart.Chart, error) {
	if all[c.dir] || len(all) > maxDepth {
		return nil, errors.New("the chart depends on itself")
	}
	all[c.dir] = true
	defer delete(all, c.dir)
	if c.archive {
		files, err := e.archived(c.dir)
		if err != nil {
			return nil, err
		}
		return loader.LoadFiles(files)
	}
	rules := ignore.Empty()
	if content, err := e.disk.Read(path.Join(c.dir, ".helmignore")); err == nil {
		if parsed, err := ignore.Parse(bytes.NewReader(content)); err == nil {
			rules = parsed
		}
	}
	rules.AddDefaults()
	var files []*loader.BufferedFile
	for _, file := range e.disk.names {
		rel := file
		if c.dir != "." {
			rel = strings.TrimPrefix(file, c.dir+"/")
		}
		if !within(c.dir, file) || e.ignored(rules, file, rel) {
			continue
		}
		content, err := e.disk.Read(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", rel, err)
		}
		files = append(files, &loader.BufferedFile{Name: rel, Data: content})
	}
	made, err := loader.LoadFiles(files)
	if err != nil {
		return nil, err
	}
	for name, dir := range c.beside {
		if slices.ContainsFunc(made.Dependencies(), func(d *chart.Chart) bool { return d.Name() == name }) {
			continue // it is vendored, too
		}
		beside, err := e.load(e.chartDirs[dir], all)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
		made.AddDependency(beside)
	}
	return made, nil
}

// ignored tells what .helmignore leaves out of a chart; a folder with all that is in it.
func (e *estate) ignored(rules *ignore.Rules, file, rel string) bool {
	info, err := e.disk.Stat(file)
	if err != nil || rules.Ignore(rel, info) {
		return true
	}
	for up, at := path.Dir(rel), path.Dir(file); up != "."; up, at = path.Dir(up), path.Dir(at) {
		if info, err := e.disk.Stat(at); err == nil && rules.Ignore(up, info) {
			return true
		}
	}
	return false
}

// values are those that the user gave for charts.
func (e *estate) values() (map[string]any, error) {
	if e.release != nil {
		return e.release.values()
	}
	all := map[string]any{}
	for _, file := range e.options.HelmValues {
		info, err := os.Stat(file)
		if err == nil && info.Size() > tree.MaxFile {
			err = tree.ErrTooLarge
		}
		var content []byte
		if err == nil {
			content, err = os.ReadFile(file)
		}
		if err != nil {
			return nil, fmt.Errorf("read values %s: %w", file, tree.Cause(err))
		}
		given, err := chartutil.ReadValues(content)
		if err != nil {
			return nil, fmt.Errorf("read values %s: %w", file, err)
		}
		all = chartutil.CoalesceTables(given, all) // a later file wins
	}
	for _, set := range e.options.HelmSet {
		if err := strvals.ParseInto(set, all); err != nil {
			name, _, _ := strings.Cut(set, "=")
			return nil, fmt.Errorf("--helm-set %s: it is not NAME=VALUE", name)
		}
	}
	return all, nil
}

// namespace is that of the release, "" if it is not known.
func (e *estate) namespace() string {
	if e.release != nil {
		return e.release.Namespace
	}
	return e.options.Namespace
}

const wantsValues = "--helm-values FILE, or --helm-set NAME=VALUE"

// render returns the objects that a chart makes.
func (e *estate) render(ctx context.Context, c chartDir) []object {
	file := path.Join(c.dir, "Chart.yaml")
	made, err := e.load(c, map[string]bool{})
	if err != nil {
		e.gaps.add(file, 0, "the chart cannot be loaded: "+said(err), "")
		return nil
	}
	if e.release != nil {
		if err := e.release.holes(made); err != nil {
			e.gaps.add(file, 0, err.Error(), "assess the cluster")
			return nil
		}
	}
	given, err := e.values()
	if err != nil {
		e.gaps.add(file, 0, err.Error(), wantsValues)
		return nil
	}
	r, err := e.prepare(made, given)
	if err != nil {
		e.gaps.add(file, 0, "the chart cannot be rendered: "+said(err), wantsValues)
		return nil
	}
	for _, name := range r.missing {
		e.gaps.add(file, 0, "the chart "+name+" that it depends on is not in charts/", "run helm dependency build")
	}
	texts, failed := r.texts(ctx)
	for _, f := range failed {
		e.gaps.add(e.fileOf(c, f.template), f.line, f.text, f.grant)
	}
	var all []object
	for _, name := range slices.Sorted(mapKeys(texts)) {
		template := e.fileOf(c, name)
		where := inTemplate(path.Join(e.options.Root, template), r.sources[name], texts[name])
		documents, faults := parse([]byte(texts[name]), where)
		for _, f := range faults {
			_, line, _ := where(f.line)
			e.gaps.add(template, line, fmt.Sprintf("rendered line %d: %s", f.line, f.text), "")
		}
		for _, o := range objectsOf(documents, template) {
			if o.value, o.line = unsaid(o.value, e.namespace()), 0; o.value.Origin() != nil {
				o.line = o.value.Origin().Line
			}
			all = append(all, o)
		}
	}
	return append(all, e.definitions(c, made)...)
}

// definitions are the CustomResourceDefinitions that a chart brings along as they are.
func (e *estate) definitions(c chartDir, made *chart.Chart) []object {
	var all []object
	for _, crd := range made.CRDObjects() {
		file := e.fileOf(c, crd.Filename)
		documents, faults := parse(crd.File.Data, inFile(path.Join(e.options.Root, file)))
		for _, f := range faults {
			e.gaps.add(file, f.line, f.text, "")
		}
		all = append(all, objectsOf(documents, file)...)
	}
	return all
}

// fileOf is the file of a template, which Helm calls by the name of its chart.
func (e *estate) fileOf(c chartDir, name string) string {
	_, rest, _ := strings.Cut(name, "/")
	return path.Join(c.dir, rest)
}

// inTemplate finds the lines of a rendered text in its template: one that stands there once, as a whole or by its key.
func inTemplate(file, template, rendered string) locate {
	whole, keys := map[string][]int{}, map[string][]int{}
	for i, line := range strings.Split(template, "\n") {
		line = strings.TrimSpace(line)
		whole[line] = append(whole[line], i+1)
		if key := keyOf(line); key != "" {
			keys[key] = append(keys[key], i+1)
		}
	}
	lines := strings.Split(rendered, "\n")
	return func(line int) (string, int, string) {
		note := fmt.Sprintf("rendered line %d: ", line)
		if line < 1 || line > len(lines) {
			return file, 0, note
		}
		text := strings.TrimSpace(lines[line-1])
		if found := whole[text]; len(found) == 1 {
			return file, found[0], ""
		}
		if found := keys[keyOf(text)]; len(found) == 1 {
			return file, found[0], ""
		}
		return file, 0, note
	}
}

var keyBefore = regexp.MustCompile(`^(?:- )*("?[A-Za-z_][\w./-]*"?):(?:\s|$)`)

func keyOf(line string) string {
	if m := keyBefore.FindStringSubmatch(line); m != nil {
		return m[1]
	}
	return ""
}
