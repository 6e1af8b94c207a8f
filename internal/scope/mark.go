package scope

import (
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// marker tells what ward.yaml says of one resource by itself.
type marker struct{ phi config.PHI }

func (m marker) yes(r *resource.Resource) string  { return matched(r, m.phi.Marks) }
func (m marker) none(r *resource.Resource) string { return matched(r, m.phi.None) }

// matched returns a clause that says which mark matches, "" if none does.
func matched(r *resource.Resource, marks config.Marks) string {
	for _, p := range marks.Kinds {
		if p.Match(r.Kind.Name) {
			return fmt.Sprintf("kind %s", p)
		}
	}
	if len(marks.Tags) > 0 {
		if clause := matchedTag(tags(r), marks); clause != "" {
			return clause
		}
	}
	if len(marks.Names) > 0 {
		name, known := name(r).AsString()
		for _, p := range marks.Names {
			if known && p.Match(name) || p.Match(r.Address) {
				return fmt.Sprintf("name %s", p)
			}
		}
	}
	if r.Origin != nil {
		for _, p := range marks.Paths {
			if p.Match(r.Origin.File) || p.Match(withinTarget(r)) {
				return fmt.Sprintf("path %s", p)
			}
		}
	}
	return ""
}

// withinTarget is the path of the file that declares a resource within its target, as it is from the working directory.
func withinTarget(r *resource.Resource) string {
	folder := filepath.ToSlash(filepath.Clean(r.Target))
	for _, prefix := range []string{folder, path.Dir(folder)} { // a target may be a file
		if within, ok := strings.CutPrefix(r.Origin.File, prefix+"/"); ok {
			return within
		}
	}
	return r.Origin.File
}

func matchedTag(tags value.Value, marks config.Marks) string {
	have, _ := tags.AsObject()
	for _, key := range slices.Sorted(maps.Keys(marks.Tags)) {
		v, ok := have[key]
		if !ok || v.IsAbsent() {
			continue
		}
		wanted := marks.Tags[key]
		text, known := text(v)
		if known && config.MatchesAny(wanted, text) {
			return fmt.Sprintf("tag %s is %s", key, text)
		}
		if !known && slices.Contains(wanted, "*") {
			return fmt.Sprintf("tag %s", key)
		}
	}
	return ""
}

// unlessUnseen turns "no" into unknown where something that could not be read might be a mark of PHI.
func (m marker) unlessUnseen(r *resource.Resource, no Mark) Mark {
	if len(m.phi.Tags) > 0 {
		if why, unseen := unseenTags(tags(r), m.phi.Tags); unseen {
			return Mark{Unknown, "its tags may mark PHI: " + why}
		}
	}
	if v := name(r); len(m.phi.Names) > 0 && v.IsUnknown() {
		return Mark{Unknown, "its name may mark PHI: " + why(v)}
	}
	return no
}

func unseenTags[W any](tags value.Value, marks map[string]W) (string, bool) {
	if tags.IsUnknown() || tags.IsOpen() {
		return why(tags), true
	}
	have, _ := tags.AsObject()
	for _, key := range slices.Sorted(maps.Keys(marks)) {
		if v, ok := have[key]; ok && v.IsUnknown() {
			return why(v), true
		}
	}
	return "", false
}

func why(v value.Value) string {
	if reasons := v.Reasons(); len(reasons) > 0 {
		return reasons[0].Why
	}
	return "nothing was read"
}

// tags returns what is known of a resource's tags; absent if its kind has none.
func tags(r *resource.Resource) value.Value { return attribute(r, "tags") }
func name(r *resource.Resource) value.Value { return attribute(r, "name") }

func attribute(r *resource.Resource, name string) value.Value {
	if r.Kind.Index(name) < 0 {
		return value.None()
	}
	return r.Get(name)
}

func text(v value.Value) (string, bool) {
	if !v.IsKnown() {
		return "", false
	}
	switch d := v.Data().(type) {
	case string, bool, int64, float64:
		return fmt.Sprint(d), true
	}
	return "", false
}
