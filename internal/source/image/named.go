package image

import (
	"slices"

	"github.com/google/go-containerregistry/pkg/name"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// pods are where the specification of a workload's pods may stand.
var pods = [][]string{{"spec"}, {"spec", "template", "spec"}, {"spec", "jobTemplate", "spec", "template", "spec"},
	{"spec", "podTemplate", "spec"}}

// Named lists the images that workloads of Kubernetes name, sorted, but for those that are among the targets given. Names that are
// not known are left out: the workload tells that its images are unknown.
func Named(readings []source.Reading, given []string) []string {
	var names []string
	for _, reading := range readings {
		for _, b := range reading.Blocks {
			if b.Dialect != resource.Kubernetes && b.Dialect != resource.Cluster {
				continue
			}
			for _, path := range pods {
				names = append(names, ofPod(below(b.Body, path))...)
			}
		}
	}
	slices.Sort(names)
	var except []string
	for _, target := range given {
		called, _, _ := split(target)
		except = append(except, inFull(called), inFull(target))
	}
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return slices.Contains(except, name) })
}

// inFull writes the name of an image so that no file is called so; "" if it is none.
func inFull(text string) string {
	ref, err := name.ParseReference(text)
	if err != nil {
		return ""
	}
	return ref.Name()
}

func below(v value.Value, path []string) value.Value {
	for _, name := range path {
		if v = v.Field(name); !v.IsKnown() {
			break
		}
	}
	return v
}

func ofPod(pod value.Value) []string {
	var names []string
	for _, list := range []string{"initContainers", "containers", "ephemeralContainers"} {
		containers, _ := pod.Field(list).AsList()
		for _, c := range containers {
			text, _ := c.Field("image").AsString()
			if name := inFull(text); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}
