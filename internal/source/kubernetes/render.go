package kubernetes

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"

	"ward.dev/ward/internal/decode"
	"ward.dev/ward/internal/value"
)

const (
	// releaseName is what Helm calls a release that nobody named.
	releaseName = "release-name"
	// unsaidNamespace stands in rendered texts for the namespace that nobody said; see unsaid.
	unsaidNamespace = "ward-unsaid-ns"
	// renderTime bounds one chart; maxRendered bounds what it may make.
	renderTime  = 30 * time.Second
	maxRendered = 64 << 20
	maxFailed   = 50 // templates of one chart that are left out one after the other
)

// release is a chart with its values, ready to be rendered.
type release struct {
	chart   *chart.Chart
	values  chartutil.Values
	sources map[string]string // of the templates, by their names
	missing []string          // charts that it depends on and that are not there
}

// quiet keeps Helm and Kustomize from logging while some run of them goes on: they warn of values in words that hold them.
var quiet struct {
	sync.Mutex
	runs   int
	before io.Writer
}

func silently(do func()) {
	quiet.Lock()
	if quiet.runs++; quiet.runs == 1 {
		quiet.before = log.Writer()
		log.SetOutput(io.Discard)
	}
	quiet.Unlock()
	defer func() {
		quiet.Lock()
		if quiet.runs--; quiet.runs == 0 {
			log.SetOutput(quiet.before)
		}
		quiet.Unlock()
	}()
	do()
}

// prepare joins a chart with the values that the user gave.
func (e *estate) prepare(made *chart.Chart, given map[string]any) (*release, error) {
	r := &release{chart: made, sources: map[string]string{}}
	var err error
	silently(func() {
		if err = chartutil.ProcessDependenciesWithMerge(made, given); err != nil {
			return
		}
		options := chartutil.ReleaseOptions{Name: releaseName, Namespace: e.namespace(), Revision: 1, IsInstall: true}
		if e.release != nil {
			options.Name = e.release.Name
		}
		if options.Namespace == "" {
			options.Namespace = unsaidNamespace
		}
		capabilities := chartutil.DefaultCapabilities.Copy()
		capabilities.KubeVersion = chartutil.KubeVersion{Version: "v1.34.0", Major: "1", Minor: "34"}
		// The schema of the values may refer to addresses, so it is not asked.
		r.values, err = chartutil.ToRenderValuesWithSchemaValidation(made, given, options, capabilities, true)
	})
	if err != nil {
		return nil, err
	}
	r.missing = missing(made)
	collect(made, r.sources)
	return r, nil
}

// missing are the charts that a chart, or one that it is made of, depends on as it is set, and that are not there.
func missing(c *chart.Chart) []string {
	var all []string
	for _, wanted := range c.Metadata.Dependencies {
		if wanted != nil && !slices.ContainsFunc(c.Dependencies(), func(d *chart.Chart) bool { return d.Name() == wanted.Name }) {
			all = append(all, wanted.Name)
		}
	}
	for _, d := range c.Dependencies() {
		all = append(all, missing(d)...)
	}
	return all
}

// collect gathers the sources of a chart's templates and of those of the charts that it is made of.
func collect(c *chart.Chart, into map[string]string) {
	for _, t := range c.Templates {
		into[path.Join(c.ChartFullPath(), t.Name)] = string(t.Data)
	}
	for _, d := range c.Dependencies() {
		collect(d, into)
	}
}

// failure is a template that could not be rendered.
type failure struct {
	template string
	line     int
	text     string
	grant    string
}

// texts renders the chart. A template that fails is left out, and the others are rendered again.
func (r *release) texts(ctx context.Context) (map[string]string, []failure) {
	deadline := time.Now().Add(renderTime)
	var failed []failure
	for len(failed) < maxFailed {
		if name, what := r.excessive(); what != "" {
			failed = append(failed, failure{template: name, text: what})
			if !drop(r.chart, name) {
				break
			}
			continue
		}
		texts, err := r.render(ctx, time.Until(deadline))
		if err == nil {
			return r.kept(texts), failed
		}
		f := failureOf(err, r.sources)
		failed = append(failed, f)
		if f.template == r.own("Chart.yaml") || !drop(r.chart, f.template) {
			break
		}
	}
	return nil, failed
}

// own is the name of a file of the chart itself.
func (r *release) own(name string) string { return path.Join(r.chart.ChartFullPath(), name) }

// render runs the templates. Go's templates cannot be stopped, so one that does not end is left behind.
func (r *release) render(ctx context.Context, within time.Duration) (map[string]string, error) {
	type answer struct {
		texts map[string]string
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if p := recover(); p != nil {
				a = answer{nil, fmt.Errorf("the templates cannot be rendered: %v", p)}
			}
			done <- a
		}()
		silently(func() { a.texts, a.err = engine.Engine{}.Render(r.chart, r.values) })
	}()
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case a := <-done:
		return a.texts, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, fmt.Errorf("the templates did not end within %s", renderTime)
	}
}

// kept are the texts that may hold objects, as far as there are not too many.
func (r *release) kept(texts map[string]string) map[string]string {
	left := maxRendered
	for name, text := range texts {
		base := path.Base(name)
		if left -= len(text); left < 0 || strings.HasPrefix(base, "_") || base == "NOTES.txt" || strings.TrimSpace(text) == "" {
			delete(texts, name)
		}
	}
	return texts
}

var (
	failedAt = regexp.MustCompile(`([^\s("]+/templates/[^\s:)"]+):(\d+)`)
	// repeated finds functions that make much of a number that a template says.
	repeated = regexp.MustCompile(`\b(until|untilStep|repeat|seq|randAlphaNum|randAlpha|randNumeric|randAscii|randBytes)\b[^}|)]*?\b(\d{7,})\b`)
)

// failureOf says which template an error of Helm is about, and what would help.
func failureOf(err error, sources map[string]string) failure {
	f := failure{text: "Helm: " + said(err), grant: wantsValues}
	for _, m := range failedAt.FindAllStringSubmatch(err.Error(), -1) {
		if _, known := sources[m[1]]; known && f.template == "" {
			f.template = m[1]
			f.line, _ = strconv.Atoi(m[2])
		}
	}
	for name := range sources {
		if f.template == "" && strings.Contains(err.Error(), name) {
			f.template = name
		}
	}
	if f.template == "" {
		for name := range sources {
			chartName, _, _ := strings.Cut(name, "/")
			f.template = chartName + "/Chart.yaml"
		}
	}
	return f
}

// said is what an error says, but for secrets: some quote what they are about.
func said(err error) string {
	look, _ := decode.ByName("secret.lines")
	if names, _ := look(value.String(err.Error())).AsList(); len(names) > 0 || decode.Scrub("", err.Error()) != err.Error() {
		return "the message holds a secret and is left out"
	}
	return oneLine(err.Error())
}

// oneLine keeps an error readable: templates that include each other make long ones.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 400 {
		text = "... " + text[len(text)-400:]
	}
	return text
}

// excessive finds a template that asks for a list or a text of millions.
func (r *release) excessive() (name, what string) {
	for _, name := range slices.Sorted(maps.Keys(r.sources)) {
		if m := repeated.FindStringSubmatch(r.sources[name]); m != nil {
			delete(r.sources, name)
			return name, fmt.Sprintf("%s %s is more than is rendered", m[1], m[2])
		}
	}
	return "", ""
}

// drop takes a template out of a chart or of those that it is made of.
func drop(c *chart.Chart, name string) bool {
	for i, t := range c.Templates {
		if path.Join(c.ChartFullPath(), t.Name) == name {
			c.Templates = slices.Delete(c.Templates, i, i+1)
			return true
		}
	}
	return slices.ContainsFunc(c.Dependencies(), func(d *chart.Chart) bool { return drop(d, name) })
}

// unsaid makes unknown what a rendered object says of a namespace that nobody gave; where it is the whole text, it is as if the
// object did not say it.
func unsaid(v value.Value, given string) value.Value {
	if given != "" {
		return v
	}
	if text, ok := v.AsString(); ok && strings.Contains(text, unsaidNamespace) {
		if text == unsaidNamespace {
			return value.None().At(v.Origin())
		}
		return value.Unresolved(value.Reason{Why: "the namespace of the release is not said", Grant: "--namespace"}).
			Text(strings.ReplaceAll(text, unsaidNamespace, "${Release.Namespace}")).At(v.Origin())
	}
	if items, ok := v.AsList(); ok {
		list := make([]value.Value, len(items))
		for i, item := range items {
			list[i] = unsaid(item, given)
		}
		return value.List(list...).At(v.Origin())
	}
	members, ok := v.AsObject()
	if !ok {
		return v
	}
	all := make(map[string]value.Value, len(members))
	for key, member := range members {
		all[key] = unsaid(member, given)
	}
	return value.Object(all).At(v.Origin())
}

func mapKeys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }
