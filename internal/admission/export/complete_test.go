package export_test

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// complete adds to an object of an example what the API wants of every such object and no check asks for, since an example says
// no more than its check reads.
func complete(o *unstructured.Unstructured) {
	spec, ok := o.Object["spec"].(map[string]any)
	if !ok && o.GetKind() != "Namespace" {
		return
	}
	switch o.GetKind() {
	case "Namespace":
		o.SetName(o.GetName() + "-new")
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet":
		labels := member(member(member(spec, "template"), "metadata"), "labels")
		labels["example"] = "yes"
		spec["selector"] = map[string]any{"matchLabels": map[string]any{"example": "yes"}}
		containers(member(member(spec, "template"), "spec"))
		templates, _ := spec["volumeClaimTemplates"].([]any)
		for _, template := range templates {
			claim(member(template.(map[string]any), "spec"))
		}
	case "Job":
		absent(member(member(spec, "template"), "spec"), "restartPolicy", "Never")
		containers(member(member(spec, "template"), "spec"))
	case "CronJob":
		absent(spec, "schedule", "0 0 * * *")
		pod := member(member(member(member(spec, "jobTemplate"), "spec"), "template"), "spec")
		absent(pod, "restartPolicy", "Never")
		containers(pod)
	case "Pod":
		containers(spec)
	case "PersistentVolume":
		absent(spec, "accessModes", []any{"ReadWriteOnce"})
		absent(spec, "capacity", map[string]any{"storage": "1Gi"})
		if spec["local"] != nil {
			absent(spec, "nodeAffinity", map[string]any{"required": map[string]any{"nodeSelectorTerms": []any{map[string]any{
				"matchExpressions": []any{map[string]any{"key": "a", "operator": "Exists"}}}}}})
		}
	case "Service":
		if spec["ports"] == nil && spec["type"] != "ExternalName" {
			absent(spec, "ports", []any{map[string]any{"port": int64(8443)}})
		}
	}
}

func absent(in map[string]any, name string, content any) {
	if in != nil && in[name] == nil && content != nil {
		in[name] = content
	}
}

// member returns an object below another, which is made if it is not there.
func member(in map[string]any, name string) map[string]any {
	if in == nil {
		return map[string]any{}
	}
	below, ok := in[name].(map[string]any)
	if !ok {
		below = map[string]any{}
		in[name] = below
	}
	return below
}

func claim(spec map[string]any) {
	absent(spec, "accessModes", []any{"ReadWriteOnce"})
	absent(member(spec, "resources"), "requests", map[string]any{"storage": "1Gi"})
}

// containers names what has no name, and gives a volume to what mounts one.
func containers(pod map[string]any) {
	for _, list := range []string{"containers", "initContainers"} {
		items, _ := pod[list].([]any)
		for _, one := range items {
			container, ok := one.(map[string]any)
			if !ok {
				continue
			}
			absent(container, "name", "main")
			absent(container, "image", "registry.example.com/records:1.0")
			security, _ := container["securityContext"].(map[string]any)
			if security["procMount"] == "Unmasked" {
				pod["hostUsers"] = false
			}
		}
	}
}
