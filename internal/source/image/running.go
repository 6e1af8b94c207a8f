package image

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// Run is what pods run under a name.
type Run struct {
	Digest string
	// Manifest tells that it is the digest of a manifest or an index, by which a registry has it; else it is that of a configuration.
	Manifest bool
}

// Running tells what the pods of clusters run under the names of images, as their nodes tell it: a tag may have been moved since. The
// names are those of Named. Names that say the digest themselves are left out, and those of which no pod has told anything yet.
func Running(readings []source.Reading) map[string][]Run {
	all := map[string][]Run{}
	for _, reading := range readings {
		for _, b := range reading.Blocks {
			if b.Dialect == resource.Cluster && b.Type == "Pod" {
				addRuns(all, b.Body)
			}
		}
	}
	return all
}

func addRuns(all map[string][]Run, pod value.Value) {
	for _, lists := range [][2]string{{"initContainers", "initContainerStatuses"}, {"containers", "containerStatuses"},
		{"ephemeralContainers", "ephemeralContainerStatuses"}} {
		called := map[string]string{}
		for _, c := range listOf(pod.Field("spec").Field(lists[0])) {
			container, _ := c.Field("name").AsString()
			called[container], _ = c.Field("image").AsString()
		}
		for _, status := range listOf(pod.Field("status").Field(lists[1])) {
			container, _ := status.Field("name").AsString()
			id, _ := status.Field("imageID").AsString()
			full := inFull(called[container])
			at := strings.LastIndex(id, "sha256:")
			if full == "" || at < 0 || strings.Contains(full, "@") {
				continue
			}
			run := Run{Digest: id[at:], Manifest: at > 0 && id[at-1] == '@'}
			if !slices.Contains(all[full], run) {
				all[full] = append(all[full], run)
			}
		}
	}
}

func listOf(v value.Value) []value.Value { items, _ := v.AsList(); return items }

// Ask is the target that is what runs under a name; it is no one image if pods run several.
func Ask(called string, runs []Run) (target string, one bool) {
	if len(runs) > 1 {
		return "", false
	}
	if ref, err := name.ParseReference(called); len(runs) == 1 && runs[0].Manifest && err == nil {
		return called + "=" + ref.Context().Name() + "@" + runs[0].Digest, true
	}
	return called, true
}

// Verify returns a reading of an image if that is what pods run under its names. Else, what they run is not known, and the reading
// holds nothing but a gap that tells so. It is not for images that were asked for by the digest of an index.
func Verify(r source.Reading, running map[string][]Run) source.Reading {
	for i := range r.Blocks {
		b := &r.Blocks[i]
		if b.Type != typeImage {
			continue
		}
		reference, _ := b.Body.Field("reference").AsString()
		var ids []string
		for _, member := range []string{"digest", "id"} {
			if id, ok := b.Body.Field(member).AsString(); ok {
				ids = append(ids, id)
			}
		}
		if len(ids) == 0 { // a bill of materials, which is what the user says
			continue
		}
		for _, called := range append(textsOf(b.Body.Field("names")), reference) {
			for _, run := range running[inFull(called)] {
				if slices.Contains(ids, run.Digest) {
					continue
				}
				why := fmt.Sprintf("pods run %s as %s, and what was read is %s", called, run.Digest, ids[0])
				return source.Reading{Kind: "unreadable", Name: r.Name, Gaps: []resource.Gap{{Target: r.Name, What: r.Name, Reason: why,
					Grant: "give the image that runs, or roll out the one that is meant"}}}
			}
		}
	}
	return r
}

func textsOf(v value.Value) []string {
	var all []string
	for _, item := range listOf(v) {
		if text, ok := item.AsString(); ok {
			all = append(all, text)
		}
	}
	return all
}
