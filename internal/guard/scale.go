package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// annotationReplicas keeps on an object how many replicas it had, if the guard may write that.
const annotationReplicas = "ward.dev/replicas-before"

// scalable are the types that have the subresource scale.
var scalable = []string{"Deployment.apps", "StatefulSet.apps", "ReplicaSet.apps", "ReplicationController"}

// scaling leaves a workload no replicas.
var scaling = act{name: "scale", action: "scale",
	can: func(_ *estate, o Object) string {
		switch typ := o.typ(); {
		case slices.Contains(scalable, typ):
			return ""
		case typ == "DaemonSet.apps":
			return "a DaemonSet has no number of replicas; delete it, or isolate it"
		case typ == "Pod":
			return "a Pod by itself has no number of replicas; evict it"
		}
		return "a " + o.Kind + " cannot be scaled"
	},
	already: func(e *estate, o Object) string {
		if n, ok := e.of(o).Body.Field("spec").Field("replicas").Data().(int64); ok && n == 0 {
			return "it has no replicas"
		}
		return ""
	},
	do: func(ctx context.Context, g *Guard, _ *estate, t *target, dry bool) error {
		n := replicas(t.now)
		if err := g.scale(ctx, t.now, 0, dry); err != nil {
			return err
		}
		t.detail = fmt.Sprintf("%d replicas to 0", n)
		t.after = map[string]any{"spec": map[string]any{"replicas": int64(0)}}
		if !dry {
			g.annotate(ctx, t, fmt.Sprint(n))
		}
		return nil
	},
	stands: func(_ context.Context, _ *Guard, _ Record, now *unstructured.Unstructured) (bool, string, error) {
		if now == nil {
			return true, "it is gone", nil
		}
		return replicas(now) == 0, fmt.Sprintf("it has %d replicas", replicas(now)), nil
	},
	undo: func(ctx context.Context, g *Guard, r Record, dry bool) (string, error) {
		now, err := g.unchanged(ctx, r)
		if err != nil {
			return "", err
		}
		if n := replicas(now); n != 0 {
			return "", fmt.Errorf("%s has %d replicas: somebody has scaled it since, so it is left as it is", r.Object, n)
		}
		if r.Replicas == nil {
			return "", fmt.Errorf("the record does not say how many replicas %s had", r.Object)
		}
		return fmt.Sprintf("0 replicas to %d", *r.Replicas), g.scale(ctx, now, *r.Replicas, dry)
	},
}

// replicas that an object wants; one if it does not say.
func replicas(o *unstructured.Unstructured) int64 {
	n, found, err := unstructured.NestedInt64(o.Object, "spec", "replicas")
	if err != nil || !found {
		return 1
	}
	return n
}

// scale sets the replicas of an object that has not changed since it was read.
func (g *Guard) scale(ctx context.Context, now *unstructured.Unstructured, n int64, dry bool) error {
	o := Object{APIVersion: now.GetAPIVersion(), Kind: now.GetKind(), Namespace: now.GetNamespace(), Name: now.GetName()}
	at, _ := o.resource()
	return g.patch(ctx, o, now, map[string]any{"spec": map[string]any{"replicas": n}}, "patch "+at.Resource+"/scale", dry, "scale")
}

// patch changes an object that has not changed since it was read.
func (g *Guard) patch(ctx context.Context, o Object, now *unstructured.Unstructured, change map[string]any, right string, dry bool,
	below ...string,
) error {
	about, _ := change["metadata"].(map[string]any)
	if about == nil {
		about = map[string]any{}
	}
	about["uid"], about["resourceVersion"] = string(now.GetUID()), now.GetResourceVersion()
	change["metadata"] = about
	text, err := json.Marshal(change)
	if err != nil {
		return err
	}
	at, known := o.resource()
	if !known {
		return fmt.Errorf("nobody knows how to change a %s", o.Kind)
	}
	_, err = g.client.Resource(at).Namespace(o.Namespace).Patch(ctx, o.Name, types.MergePatchType, text,
		meta.PatchOptions{DryRun: dryRun(dry), FieldManager: manager}, below...)
	if err != nil {
		return plain(right, o.Namespace, err)
	}
	return nil
}

// annotate keeps the number of replicas on the object itself. That takes the right to change all of it, which a guard need not have: the
// journal has the number anyway.
func (g *Guard) annotate(ctx context.Context, t *target, n string) {
	at, _ := t.object.resource()
	text, _ := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{annotationReplicas: n}}})
	_, err := g.client.Resource(at).Namespace(t.object.Namespace).Patch(ctx, t.object.Name, types.MergePatchType, text,
		meta.PatchOptions{FieldManager: manager})
	if err == nil {
		t.detail += ", noted in the annotation " + annotationReplicas
	}
}

// unchanged reads the object of a record, which must be the same one.
func (g *Guard) unchanged(ctx context.Context, r Record) (*unstructured.Unstructured, error) {
	now, err := g.live(ctx, *r.Object)
	if err != nil {
		return nil, err
	}
	if now == nil || string(now.GetUID()) != r.Object.UID {
		return nil, fmt.Errorf("%s is gone; another of the same name is not what was stopped", r.Object)
	}
	return now, nil
}

var errSuspended = errors.New("it does not say whether it is suspended")

// suspending lets a Job or CronJob start no more pods.
var suspending = act{name: "suspend", action: "scale",
	can: func(e *estate, o Object) string {
		if typ := o.typ(); typ == "Job.batch" || typ == "CronJob.batch" {
			return ""
		}
		return scaling.can(e, o)
	},
	already: func(e *estate, o Object) string {
		if yes, _ := e.of(o).Body.Field("spec").Field("suspend").AsBool(); yes {
			return "it is suspended"
		}
		conditions, _ := e.of(o).Body.Field("status").Field("conditions").AsList()
		for _, c := range conditions {
			typ, _ := c.Field("type").AsString()
			if status, _ := c.Field("status").AsString(); status == "True" && (typ == "Complete" || typ == "Failed") {
				return "it has ended"
			}
		}
		return ""
	},
	do: func(ctx context.Context, g *Guard, _ *estate, t *target, dry bool) error {
		if err := g.suspend(ctx, t.now, true, dry); err != nil {
			return err
		}
		t.detail = "suspended"
		t.after = map[string]any{"spec": map[string]any{"suspend": true}}
		if active, _, _ := unstructured.NestedSlice(t.now.Object, "status", "active"); len(active) > 0 {
			t.detail += fmt.Sprintf("; the %d Jobs that it has started go on", len(active))
		}
		return nil
	},
	stands: func(_ context.Context, _ *Guard, _ Record, now *unstructured.Unstructured) (bool, string, error) {
		if now == nil {
			return true, "it is gone", nil
		}
		yes, _, err := unstructured.NestedBool(now.Object, "spec", "suspend")
		if err != nil {
			return false, "", errSuspended
		}
		return yes, fmt.Sprintf("suspend is %t", yes), nil
	},
	undo: func(ctx context.Context, g *Guard, r Record, dry bool) (string, error) {
		now, err := g.unchanged(ctx, r)
		if err != nil {
			return "", err
		}
		if yes, _, _ := unstructured.NestedBool(now.Object, "spec", "suspend"); !yes {
			return "", fmt.Errorf("%s is not suspended any more: somebody has changed it since, so it is left as it is", r.Object)
		}
		return "suspended no longer", g.suspend(ctx, now, false, dry)
	},
}

func (g *Guard) suspend(ctx context.Context, now *unstructured.Unstructured, yes, dry bool) error {
	o := Object{APIVersion: now.GetAPIVersion(), Kind: now.GetKind(), Namespace: now.GetNamespace(), Name: now.GetName()}
	at, _ := o.resource()
	return g.patch(ctx, o, now, map[string]any{"spec": map[string]any{"suspend": yes}}, "patch "+at.Resource, dry)
}
