package kubernetes

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/strvals"

	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/tree"
	"ward.dev/ward/internal/value"
)

// Release is a chart as code of another vocabulary installs it.
type Release struct {
	// Chart is its folder or its archive (.tgz), relative to the target.
	Chart string
	// Name and Namespace are those of the release; the namespace is "" if it is not known.
	Name, Namespace string
	// Values are texts in YAML of which a later one wins, Set single values that win over them.
	Values []string
	Set    []Setting
}

// Setting is a single value of a release: Name is a path as of helm --set. The value is a text if Text is set, and JSON's type
// of what it looks like if not.
type Setting struct {
	Name, Value string
	Text        bool
	// Secret says that the value must not be shown, whatever it is written into.
	Secret bool
	// Hole says why the value is not known; empty if it is.
	Hole []value.Reason
}

// ErrNoChart is what Charts.Render returns for a chart that is not among the files.
var ErrNoChart = errors.New("the chart is not among the files")

// Charts are those of a folder, to be rendered as code says that installs them.
type Charts struct{ e *estate }

// OpenCharts finds the charts below a folder, or beside a file.
func OpenCharts(ctx context.Context, target string, options source.Options) (*Charts, error) {
	t, err := openDisk(target)
	if err != nil {
		return nil, fmt.Errorf("read the charts of %s: %w", target, err)
	}
	t.File = "" // a chart lies beside the code
	e := &estate{disk: t, target: target, options: options, gaps: gaps{target: target, root: options.Root}}
	if err := t.list(ctx, func(string, string) {}); err != nil {
		t.Close()
		return nil, fmt.Errorf("read the charts of %s: %w", target, err)
	}
	e.charts(map[string]bool{})
	return &Charts{e}, nil
}

// Close releases the folder.
func (c *Charts) Close() { c.e.disk.Close() }

// Render returns the objects that a release makes, and what of it could not be rendered.
func (c *Charts) Render(ctx context.Context, r Release) (objects []value.Value, gaps []resource.Gap, err error) {
	e := c.e
	e.release, e.gaps.list, e.gaps.seen = &r, nil, nil
	defer func() { e.release = nil }()
	r.Name = cmp.Or(r.Name, releaseName)
	dir := path.Clean(r.Chart)
	at, known := e.chartDirs[dir]
	if !known {
		info, err := e.disk.Stat(dir)
		if err != nil || !info.Mode().IsRegular() || !strings.HasSuffix(dir, ".tgz") && !strings.HasSuffix(dir, ".tar.gz") {
			return nil, nil, ErrNoChart
		}
		at = chartDir{dir: dir, archive: true}
	}
	for _, o := range e.render(ctx, at) {
		objects = append(objects, r.filled(o.value))
	}
	for i := range e.gaps.list {
		if r.betrayed(e.gaps.list[i].Reason) {
			e.gaps.list[i].Reason = "the message holds a secret and is left out"
		}
	}
	return objects, e.gaps.list, ctx.Err()
}

// betrayed tells of a text that it holds a secret of the release. One of a few letters is in any text.
func (r *Release) betrayed(text string) bool {
	return slices.ContainsFunc(r.Set, func(s Setting) bool { return s.Secret && len(s.Value) > 3 && strings.Contains(text, s.Value) })
}

// archived reads the files of a chart's archive.
func (e *estate) archived(name string) ([]*loader.BufferedFile, error) {
	content, err := e.disk.Read(name)
	if err != nil {
		return nil, err
	}
	return loader.LoadArchiveFiles(bytes.NewReader(content))
}

// values are those of a release.
func (r *Release) values() (map[string]any, error) {
	all := map[string]any{}
	for i, text := range r.Values {
		if len(text) > tree.MaxFile {
			return nil, tree.ErrTooLarge
		}
		given, err := chartutil.ReadValues([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("the values of the release (%d of %d) are not YAML", i+1, len(r.Values)) // the error may quote a secret
		}
		all = chartutil.CoalesceTables(given, all)
	}
	for _, s := range r.Set {
		parse := strvals.ParseInto
		if s.Text {
			parse = strvals.ParseIntoString
		}
		if err := parse(s.Name+"="+s.Value, all); err != nil {
			return nil, fmt.Errorf("the setting %s of the release is not understood", s.Name)
		}
	}
	return all, nil
}

// Documents returns the objects that a text in YAML or JSON holds which stands in code of another vocabulary, all of them seen
// where the text is; and what of it cannot be read.
func Documents(text string, at value.Origin) (objects []value.Value, faults []string) {
	if len(text) > tree.MaxFile {
		return nil, []string{tree.ErrTooLarge.Error()}
	}
	documents, broken := parse([]byte(text), func(line int) (string, int, string) {
		return at.File, at.Line, fmt.Sprintf("%s line %d: ", at.Path, line)
	})
	for _, f := range broken {
		faults = append(faults, fmt.Sprintf("line %d of the text: %s", f.line, f.text))
	}
	for _, d := range documents {
		for _, v := range manifest.Objects(d.value) {
			if isObject(v) {
				objects = append(objects, v)
			}
		}
	}
	return objects, faults
}
