package guard

import (
	"context"
	"errors"
	"fmt"

	faults "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// evicting ends a pod that nobody starts again. Disruption budgets are honoured.
var evicting = act{name: "evict", action: "evict",
	can: func(e *estate, o Object) string {
		if o.typ() != "Pod" {
			return "the pods of a " + o.Kind + " come back; scale it"
		}
		owners, _ := e.of(o).Body.Field("metadata").Field("ownerReferences").AsList()
		for _, owner := range owners {
			if controls, _ := owner.Field("controller").AsBool(); controls {
				kind, _ := owner.Field("kind").AsString()
				return "a " + kind + " controls it and starts it again"
			}
		}
		return ""
	},
	already: func(e *estate, o Object) string {
		if e.of(o).Body.Field("metadata").Field("deletionTimestamp").IsKnown() {
			return "it is ending"
		}
		if phase, _ := e.of(o).Body.Field("status").Field("phase").AsString(); phase == "Succeeded" || phase == "Failed" {
			return "it has ended"
		}
		return ""
	},
	do: func(ctx context.Context, g *Guard, _ *estate, t *target, dry bool) error {
		at, _ := t.object.resource()
		eviction := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "policy/v1", "kind": "Eviction",
			"metadata": map[string]any{"name": t.object.Name, "namespace": t.object.Namespace},
			"deleteOptions": map[string]any{"preconditions": map[string]any{"uid": t.object.UID,
				"resourceVersion": t.now.GetResourceVersion()}}}}
		_, err := g.client.Resource(at).Namespace(t.object.Namespace).Create(ctx, eviction,
			meta.CreateOptions{DryRun: dryRun(dry), FieldManager: manager}, "eviction")
		if faults.HasStatusCause(err, "DisruptionBudget") {
			return errors.New("a PodDisruptionBudget does not allow it now; it is tried again later")
		}
		if err != nil {
			return plain("create pods/eviction", t.object.Namespace, err)
		}
		t.detail = "evicted"
		return nil
	},
	stands: func(_ context.Context, _ *Guard, _ Record, now *unstructured.Unstructured) (bool, string, error) {
		switch {
		case now == nil:
			return true, "it is gone", nil
		case now.GetDeletionTimestamp() != nil:
			return true, "it is ending", nil
		}
		return false, "it is still there", nil
	},
	undo: func(ctx context.Context, g *Guard, r Record, dry bool) (string, error) {
		if now, err := g.live(ctx, *r.Object); err != nil {
			return "", err
		} else if now != nil {
			return "", fmt.Errorf("there is a pod %s: either it has not ended yet, or somebody has made it anew", r.Object)
		}
		if !r.Whole {
			return "", fmt.Errorf("%s held values that look secret, which records leave out; make it anew from its manifest", r.Object)
		}
		before, ok := r.Before.(map[string]any)
		if !ok {
			return "", fmt.Errorf("the record does not hold what %s was", r.Object)
		}
		at, _ := r.Object.resource()
		_, err := g.client.Resource(at).Namespace(r.Object.Namespace).Create(ctx, anew(before),
			meta.CreateOptions{DryRun: dryRun(dry), FieldManager: manager})
		if err != nil {
			return "", plain("create pods", r.Object.Namespace, err)
		}
		return "made anew from the record", nil
	},
}

// anew is a pod without what the cluster gave to the one before.
func anew(before map[string]any) *unstructured.Unstructured {
	o := (&unstructured.Unstructured{Object: before}).DeepCopy()
	kept := map[string]any{}
	for _, name := range []string{"name", "namespace", "labels", "annotations", "finalizers"} {
		if v, found, _ := unstructured.NestedFieldNoCopy(o.Object, "metadata", name); found {
			kept[name] = v
		}
	}
	o.Object["metadata"] = kept
	delete(o.Object, "status")
	if spec, ok := o.Object["spec"].(map[string]any); ok {
		delete(spec, "nodeName")
		dropTokens(spec)
	}
	return o
}

// dropTokens takes out the volume with the account's token that the API adds to every pod under a name of its own.
func dropTokens(spec map[string]any) {
	const prefix = "kube-api-access-"
	without := func(from map[string]any, list string) {
		items, ok := from[list].([]any)
		if !ok {
			return
		}
		var kept []any
		for _, item := range items {
			if m, ok := item.(map[string]any); ok {
				if name, _ := m["name"].(string); len(name) > len(prefix) && name[:len(prefix)] == prefix {
					continue
				}
			}
			kept = append(kept, item)
		}
		from[list] = kept
	}
	without(spec, "volumes")
	for _, list := range []string{"initContainers", "containers"} {
		containers, _ := spec[list].([]any)
		for _, one := range containers {
			if c, ok := one.(map[string]any); ok {
				without(c, "volumeMounts")
			}
		}
	}
	delete(spec, "ephemeralContainers")
}
