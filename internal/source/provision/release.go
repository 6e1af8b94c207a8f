package provision

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"ward.dev/ward/internal/decode"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source/kubernetes"
	"ward.dev/ward/internal/value"
)

const (
	wantsChart  = "put the chart among the files (helm pull --untar), or assess the cluster"
	wantsValues = "assess the cluster, or what helm template prints"
)

// maxReleases bounds how many releases of a target are rendered.
const maxReleases = 500

// release makes objects of a chart that lies in the target.
func (s *splitter) release(b *resource.Block) {
	r, why := s.described(b)
	if len(why) > 0 {
		s.gap(b, "the release was not rendered: "+why[0].Why, orElse(why[0].Grant, wantsValues))
		return
	}
	if s.charts == nil && s.failed == nil && !s.plan {
		s.charts, s.failed = kubernetes.OpenCharts(s.ctx, s.name, s.options)
	}
	if s.charts == nil {
		s.gap(b, "the chart "+r.Chart+" is not among the files", wantsChart)
		return
	}
	if s.releases++; s.releases > maxReleases {
		s.gap(b, fmt.Sprintf("the target has more than %d releases; this one was not rendered", maxReleases), wantsValues)
		return
	}
	objects, gaps, err := s.charts.Render(s.ctx, r)
	switch {
	case errors.Is(err, kubernetes.ErrNoChart):
		s.gap(b, "the chart "+r.Chart+" is not among the files", wantsChart)
		return
	case err != nil:
		s.gap(b, err.Error(), "")
	}
	for _, gap := range gaps {
		gap.Reason = b.Address + ": " + gap.Reason
		s.gaps = append(s.gaps, gap)
	}
	if len(objects) > 0 {
		s.installed = append(s.installed, path.Join(s.options.Root, r.Chart))
	}
	in := s.scope(b, r.Namespace)
	in.Several = true
	if r.Namespace == "" {
		in.Namespace = s.symbols.of(b.Body.Field("namespace"), b.Address)
	}
	for _, object := range objects {
		s.add(b, object, in)
	}
}

// described reads what a release is to be. Where more than a single value is not known nothing is rendered: a template may do anything
// with it.
func (s *splitter) described(b *resource.Block) (r kubernetes.Release, why []value.Reason) {
	told := func(name string, v value.Value) string {
		text, ok := v.Spelled()
		if !ok && !v.IsAbsent() {
			why = append(why, unclear(name, v))
		}
		return text
	}
	chart := told("its chart", b.Body.Field("chart"))
	repository := told("its repository", b.Body.Field("repository"))
	if len(why) == 0 && local(chart) && local(repository) {
		r.Chart = inRoot(b, path.Join(repository, chart))
	} else if r.Chart = decode.Scrub("", chart); chart != "" { // an address may hold a password
		return r, []value.Reason{{Why: fmt.Sprintf("the chart %s is not among the files", r.Chart), Grant: wantsChart}}
	}
	r.Name = told("its name", b.Body.Field("name"))
	switch namespace := b.Body.Field("namespace"); {
	case namespace.IsAbsent():
		r.Namespace = "default"
	case namespace.IsKnown():
		r.Namespace = told("its namespace", namespace)
	}
	for _, name := range []string{"postrender", "kustomize"} {
		if !b.Body.Field(name).IsAbsent() {
			why = append(why, value.Reason{Why: name + " changes what the chart makes"})
		}
	}
	r.Values = texts(b.Body.Field("values"), told)
	for _, name := range []string{"set", "set_sensitive", "set_list", "set_wo"} {
		r.Set = append(r.Set, settings(name, b.Body.Field(name), told)...)
	}
	return r, why
}

// local tells of a chart or a repository that it may be a folder beside the code.
func local(name string) bool { return !strings.Contains(name, "://") && !path.IsAbs(name) }

// texts are the values of a release that stand in texts.
func texts(v value.Value, told func(string, value.Value) string) []string {
	items, isList := v.AsList()
	if !isList || v.IsOpen() {
		told("values", closed(v))
		return nil
	}
	var all []string
	for _, item := range items {
		all = append(all, told("values", item))
	}
	return all
}

// settings are the single values of a release.
func settings(block string, v value.Value, told func(string, value.Value) string) []kubernetes.Setting {
	items, isList := v.AsList()
	if !isList || v.IsOpen() {
		told(block, closed(v))
		return nil
	}
	var all []kubernetes.Setting
	for _, item := range items {
		name := told(block, item.Field("name"))
		typ := told(block+" "+name, item.Field("type"))
		content := item.Field("value")
		if list, ok := content.AsList(); ok { // of set_list
			var parts []string
			for _, part := range list {
				parts = append(parts, told(block+" "+name, part))
			}
			content = value.String("{" + strings.Join(parts, ",") + "}")
		}
		if content.IsUnknown() && name != "" {
			all = append(all, kubernetes.Setting{Name: name, Hole: []value.Reason{unclear(block+" "+name, content)}})
			continue
		}
		all = append(all, kubernetes.Setting{Name: name, Value: told(block+" "+name, content), Text: typ == "string",
			Secret: block == "set_sensitive" || block == "set_wo"})
	}
	return all
}

// closed is a list of which not all is known as what it then is: unknown.
func closed(v value.Value) value.Value {
	if v.IsOpen() {
		return value.Unresolved(v.Reasons()...)
	}
	return v
}

// unclear is why something is not known.
func unclear(name string, v value.Value) value.Reason {
	if v.IsKnown() {
		return value.Reason{Why: name + " is no text"}
	}
	first := v.Reasons()[0]
	return value.Reason{Why: name + " is not known: " + first.Why, Grant: first.Grant}
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
