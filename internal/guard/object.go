package guard

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	faults "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// Object names one object of the cluster.
type Object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
	UID        string `json:"uid"`
	Address    string `json:"address,omitempty"` // as in reports
}

func (o Object) String() string { return o.Kind + "/" + o.Namespace + "/" + o.Name }

// resources are how the API calls the kinds that the guard reads by themselves.
var resources = map[string]string{
	"Pod": "pods", "ReplicationController": "replicationcontrollers", "Deployment.apps": "deployments", "StatefulSet.apps": "statefulsets",
	"ReplicaSet.apps": "replicasets", "DaemonSet.apps": "daemonsets", "Job.batch": "jobs", "CronJob.batch": "cronjobs",
	"NetworkPolicy.networking.k8s.io": "networkpolicies",
}

func (o Object) typ() string { return manifest.Type(o.APIVersion, o.Kind) }

func (o Object) resource() (schema.GroupVersionResource, bool) {
	version, err := schema.ParseGroupVersion(o.APIVersion)
	name, known := resources[o.typ()]
	return version.WithResource(name), known && err == nil
}

func objectOf(b resource.Block) Object {
	text := func(v value.Value) string { s, _ := v.AsString(); return s }
	about := b.Body.Field("metadata")
	return Object{APIVersion: text(b.Body.Field("apiVersion")), Kind: text(b.Body.Field("kind")), Namespace: b.Region, Name: text(about.Field("name")),
		UID: text(about.Field("uid")), Address: b.Address}
}

// estate is what was read, found by what acts ask for.
type estate struct {
	readings []source.Reading
	blocks   map[string]resource.Block   // by address
	near     map[string][]resource.Block // by namespace
	partial  map[string]string           // by type: why there may be more
	kinds    map[string]bool             // the types that were to be read
	gaps     []string
}

func newEstate(readings []source.Reading) *estate {
	e := &estate{readings: readings, blocks: map[string]resource.Block{}, near: map[string][]resource.Block{}, partial: map[string]string{},
		kinds: map[string]bool{}}
	for _, r := range readings {
		if r.Dialect != resource.Cluster {
			continue
		}
		for _, typ := range r.Kinds {
			e.kinds[typ] = true
		}
		for typ, why := range r.Partial {
			if len(why) > 0 {
				e.partial[typ] = why[0].Why
			}
		}
		for _, b := range r.Blocks {
			e.blocks[b.Type+" "+b.Address] = b
			e.near[b.Region] = append(e.near[b.Region], b)
		}
	}
	return e
}

// block is what a resource of the cluster was made of.
func (e *estate) block(r *resource.Resource) (resource.Block, bool) {
	if r == nil {
		return resource.Block{}, false
	}
	for _, typ := range r.Kind.Blocks(string(resource.Cluster)) {
		if b, ok := e.blocks[typ+" "+r.Address]; ok {
			return b, true
		}
	}
	return resource.Block{}, false
}

// left is why types that the policy does not ask about were not read.
func (e *estate) left() string {
	for _, r := range e.readings {
		if r.Left != "" {
			return r.Left
		}
	}
	return ""
}

func (e *estate) of(o Object) resource.Block { return e.blocks[o.typ()+" "+o.Address] }

// live reads an object anew, nil if there is none. As a list it takes no other right than reading all of them does.
func (g *Guard) live(ctx context.Context, o Object) (*unstructured.Unstructured, error) {
	at, known := o.resource()
	if !known {
		return nil, fmt.Errorf("nobody knows how to read a %s", o.Kind)
	}
	found, err := g.client.Resource(at).Namespace(o.Namespace).List(ctx, meta.ListOptions{FieldSelector: "metadata.name=" + o.Name})
	if err != nil {
		return nil, plain("list "+at.Resource, o.Namespace, err)
	}
	for i := range found.Items {
		if found.Items[i].GetName() == o.Name {
			found.Items[i].SetAPIVersion(o.APIVersion)
			found.Items[i].SetKind(o.Kind)
			return &found.Items[i], nil
		}
	}
	return nil, nil
}

// scrubbed is an object without secrets, without its status and without what Kubernetes keeps for itself. whole tells that nothing was left
// out for being secret.
func scrubbed(o *unstructured.Unstructured) (object map[string]any, whole bool) {
	raw := manifest.Value(o.Object, nil)
	kept, _ := data(manifest.Scrub(manifest.Type(o.GetAPIVersion(), o.GetKind()), raw)).(map[string]any)
	full, _ := data(raw).(map[string]any)
	for _, m := range []map[string]any{kept, full} {
		delete(m, "status")
		if about, ok := m["metadata"].(map[string]any); ok {
			delete(about, "managedFields")
			if notes, ok := about["annotations"].(map[string]any); ok {
				delete(notes, "kubectl.kubernetes.io/last-applied-configuration")
			}
		}
	}
	return kept, reflect.DeepEqual(kept, full)
}

// data is a value as JSON has it.
func data(v value.Value) any {
	if items, ok := v.AsList(); ok {
		made := make([]any, len(items))
		for i, item := range items {
			made[i] = data(item)
		}
		return made
	}
	if members, ok := v.AsObject(); ok {
		made := make(map[string]any, len(members))
		for name, member := range members {
			made[name] = data(member)
		}
		return made
	}
	return v.Data()
}

// asJudged tells whether an object is still what was judged.
func asJudged(judged resource.Block, now *unstructured.Unstructured) bool {
	object, _ := scrubbed(now)
	spec, labels := data(judged.Body.Field("spec")), data(judged.Body.Field("metadata").Field("labels"))
	about, _ := object["metadata"].(map[string]any)
	return reflect.DeepEqual(spec, object["spec"]) && reflect.DeepEqual(labels, about["labels"])
}

// plain says in few words why a call failed, and what to grant. What the API writes into a message is not ours to hand on.
func plain(right, namespace string, err error) error {
	where := ""
	if namespace != "" {
		where = " in " + namespace
	}
	switch {
	case faults.IsForbidden(err):
		return fmt.Errorf("%s%s was denied; grant: %s", right, where, right)
	case faults.IsUnauthorized(err):
		return fmt.Errorf("%s%s: the credentials were not accepted; sign in again", right, where)
	case faults.IsConflict(err):
		return fmt.Errorf("%s%s: the object has changed meanwhile", right, where)
	case faults.IsNotFound(err):
		return fmt.Errorf("%s%s: there is no such object any more", right, where)
	case faults.IsTooManyRequests(err):
		return fmt.Errorf("%s%s was refused for now", right, where)
	}
	if reason := faults.ReasonForError(err); reason != meta.StatusReasonUnknown {
		return fmt.Errorf("%s%s was answered with %s", right, where, reason)
	}
	return fmt.Errorf("%s%s: %w", right, where, errUnanswered)
}

// errUnanswered means that nobody knows whether a call had its effect.
var errUnanswered = errors.New("the cluster did not answer")

// trimmed is a name that the API takes.
func trimmed(name string, most int) string {
	if len(name) > most {
		name = name[:most]
	}
	return strings.Trim(name, "-.")
}

// Reads tells whether guards look at objects of a type, besides what checks ask for.
func Reads(typ string) bool {
	_, known := resources[typ]
	return known || slices.Contains(foreign, typ)
}
