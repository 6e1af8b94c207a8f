package guard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	faults "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

const (
	networkPolicy   = "NetworkPolicy.networking.k8s.io"
	networkVersion  = "networking.k8s.io/v1"
	annotationOwner = "ward.dev/isolates"
	annotationCheck = "ward.dev/check"
	labelManaged    = "app.kubernetes.io/managed-by"
	labelGuard      = "ward.dev/guard"
)

// foreign are the policies of network plugins that may allow what a NetworkPolicy does not.
var foreign = []string{"AdminNetworkPolicy.policy.networking.k8s.io", "BaselineAdminNetworkPolicy.policy.networking.k8s.io",
	"CiliumNetworkPolicy.cilium.io", "CiliumClusterwideNetworkPolicy.cilium.io", "NetworkPolicy.crd.projectcalico.org",
	"GlobalNetworkPolicy.crd.projectcalico.org", "NetworkPolicy.projectcalico.org", "GlobalNetworkPolicy.projectcalico.org"}

// isolating allows a workload's pods no traffic. Policies add up: what another one allows stays allowed. So it is done only if no other
// policy that binds the pods allows anything, and if its selector binds no pods of others.
var isolating = act{name: "isolate", action: "isolate",
	can: func(e *estate, o Object) string {
		s, why := selectorOf(e.of(o))
		if why != "" {
			return why
		}
		if why := e.strangers(o, s); why != "" {
			return why
		}
		return e.allowed(o)
	},
	already: func(e *estate, o Object) string {
		if _, made := e.blocks[networkPolicy+" NetworkPolicy/"+o.Namespace+"/"+isolationName(o)]; made {
			return "the NetworkPolicy " + isolationName(o) + " is there"
		}
		return ""
	},
	do: func(ctx context.Context, g *Guard, e *estate, t *target, dry bool) error {
		s, why := selectorOf(e.of(t.object))
		if why != "" {
			return fmt.Errorf("%s", why)
		}
		at, _ := Object{APIVersion: networkVersion, Kind: "NetworkPolicy"}.resource()
		made, err := g.client.Resource(at).Namespace(t.object.Namespace).Create(ctx, isolation(t, s),
			meta.CreateOptions{DryRun: dryRun(dry), FieldManager: manager})
		if faults.IsAlreadyExists(err) {
			t.detail = "the NetworkPolicy " + isolationName(t.object) + " was there"
			return nil
		}
		if err != nil {
			return plain("create networkpolicies", t.object.Namespace, err)
		}
		t.detail = "the NetworkPolicy " + made.GetName() + " allows no traffic, if the network of the cluster enforces policies"
		t.after, _ = scrubbed(made)
		t.made = &Object{APIVersion: networkVersion, Kind: "NetworkPolicy", Namespace: t.object.Namespace, Name: made.GetName(),
			UID: string(made.GetUID())}
		return nil
	},
	stands: func(ctx context.Context, g *Guard, r Record, _ *unstructured.Unstructured) (bool, string, error) {
		made, err := g.live(ctx, Object{APIVersion: networkVersion, Kind: "NetworkPolicy", Namespace: r.Object.Namespace,
			Name: isolationName(*r.Object)})
		if err != nil || made == nil {
			return false, "there is no NetworkPolicy " + isolationName(*r.Object), err
		}
		return true, "the NetworkPolicy " + made.GetName() + " is there", nil
	},
	undo: func(ctx context.Context, g *Guard, r Record, dry bool) (string, error) {
		if r.Made == nil {
			return "", fmt.Errorf("the act did not make the NetworkPolicy %s, so it is left", isolationName(*r.Object))
		}
		now, err := g.live(ctx, *r.Made)
		if err != nil {
			return "", err
		}
		if now == nil || string(now.GetUID()) != r.Made.UID || now.GetLabels()[labelGuard] != "isolate" {
			return "", fmt.Errorf("the NetworkPolicy %s is not the one that the act made any more, so it is left as it is", r.Made.Name)
		}
		at, _ := r.Made.resource()
		uid := types.UID(r.Made.UID)
		err = g.client.Resource(at).Namespace(r.Made.Namespace).Delete(ctx, r.Made.Name, meta.DeleteOptions{DryRun: dryRun(dry),
			Preconditions: &meta.Preconditions{UID: &uid}})
		if err != nil {
			return "", plain("delete networkpolicies", r.Made.Namespace, err)
		}
		return "the NetworkPolicy " + r.Made.Name + " is deleted", nil
	},
}

// isolationName is the same for a workload each time.
func isolationName(o Object) string {
	sum := sha256.Sum256([]byte(o.UID))
	return trimmed("ward-isolate-"+lower(o.Kind)+"-"+o.Name, 200) + "-" + hex.EncodeToString(sum[:4])
}

// isolation denies all traffic, in and out, to the pods that the selector finds.
func isolation(t *target, s *meta.LabelSelector) *unstructured.Unstructured {
	text, _ := json.Marshal(s) // texts always marshal
	var selector map[string]any
	_ = json.Unmarshal(text, &selector)
	notes := map[string]any{annotationOwner: t.object.String()}
	if t.record != nil {
		notes[annotationCheck] = t.record.Check
	}
	return &unstructured.Unstructured{Object: map[string]any{"apiVersion": networkVersion, "kind": "NetworkPolicy",
		"metadata": map[string]any{"name": isolationName(t.object), "namespace": t.object.Namespace, "annotations": notes,
			"labels": map[string]any{labelManaged: "ward", labelGuard: "isolate"}},
		"spec": map[string]any{"podSelector": selector, "policyTypes": []any{"Ingress", "Egress"}}}}
}

// selectorOf finds the pods of a workload; why says that nothing does, or that policies do not bind them.
func selectorOf(b resource.Block) (s *meta.LabelSelector, why string) {
	pod, podLabels := podOf(b)
	if yes, _ := pod.Field("hostNetwork").AsBool(); yes {
		return nil, "its pods use the network of their nodes, which policies do not bind"
	}
	spec := b.Body.Field("spec")
	if b.Type == "ReplicationController" {
		s = &meta.LabelSelector{MatchLabels: mapOf(spec.Field("selector"))}
	} else if selector := spec.Field("selector"); selector.IsKnown() && b.Type != "CronJob.batch" {
		text, err := json.Marshal(data(selector))
		if err != nil || json.Unmarshal(text, &s) != nil {
			return nil, "its selector cannot be read"
		}
	} else {
		s = &meta.LabelSelector{MatchLabels: podLabels}
	}
	if len(s.MatchLabels)+len(s.MatchExpressions) == 0 {
		return nil, "its pods have no labels by which a policy could bind them alone"
	}
	return s, ""
}

// podOf is the specification of a workload's pods, and their labels.
func podOf(b resource.Block) (spec value.Value, podLabels map[string]string) {
	template := b.Body
	switch {
	case b.Type == "CronJob.batch":
		template = b.Body.Field("spec").Field("jobTemplate").Field("spec").Field("template")
	case b.Type != "Pod":
		template = b.Body.Field("spec").Field("template")
	}
	return template.Field("spec"), mapOf(template.Field("metadata").Field("labels"))
}

func mapOf(v value.Value) map[string]string {
	made := map[string]string{}
	for _, name := range v.Keys() {
		made[name], _ = v.Field(name).AsString()
	}
	return made
}

// strangers says whose pods a selector would bind, too.
func (e *estate) strangers(o Object, s *meta.LabelSelector) string {
	if why, open := e.partial["Pod"]; open {
		return "whether other pods have the same labels is not known: " + why
	}
	selector, err := meta.LabelSelectorAsSelector(s)
	if err != nil {
		return "its selector cannot be read"
	}
	ours := e.descendants(o)
	for _, b := range e.near[o.Namespace] {
		_, podLabels := podOf(b)
		if _, workload := resources[b.Type]; !workload || b.Type == networkPolicy || ours[b.Address] || !selector.Matches(labels.Set(podLabels)) {
			continue
		}
		return "its labels are also those of " + b.Address + ", which a policy would bind, too"
	}
	return ""
}

// descendants are a workload and what its controllers made of it.
func (e *estate) descendants(o Object) map[string]bool {
	ours := map[string]bool{o.Address: true}
	for range 3 { // a CronJob's Jobs, and their pods
		for _, b := range e.near[o.Namespace] {
			if b.Owner != "" && ours[b.Owner] {
				ours[b.Address] = true
			}
		}
	}
	return ours
}

// podLabels are those of a workload's pods: of those to come, and of those that are there.
func (e *estate) podLabels(o Object) []labels.Set {
	_, template := podOf(e.of(o))
	all := []labels.Set{template}
	ours := e.descendants(o)
	for _, b := range e.near[o.Namespace] {
		if b.Type == "Pod" && ours[b.Address] {
			_, one := podOf(b)
			all = append(all, one)
		}
	}
	return all
}

// allowed says which other policy allows traffic to or from the pods of a workload, or may.
func (e *estate) allowed(o Object) string {
	if why, open := e.partial[networkPolicy]; open || !e.kinds[networkPolicy] {
		return strings.TrimSuffix("which other policies bind its pods is not known: "+why, ": ")
	}
	bound := e.podLabels(o)
	for _, b := range e.near[o.Namespace] {
		if b.Type != networkPolicy {
			continue
		}
		spec := b.Body.Field("spec")
		var other meta.LabelSelector
		text, err := json.Marshal(data(spec.Field("podSelector")))
		if err == nil {
			err = json.Unmarshal(text, &other)
		}
		selector, bad := meta.LabelSelectorAsSelector(&other)
		if err != nil || bad != nil {
			return "the NetworkPolicy " + b.Address + " cannot be read"
		}
		in, _ := spec.Field("ingress").AsList()
		out, _ := spec.Field("egress").AsList()
		if len(in)+len(out) > 0 && slices.ContainsFunc(bound, func(l labels.Set) bool { return selector.Matches(l) }) {
			return "isolation would not be complete: " + b.Address + " binds its pods, too, and what it allows stays allowed"
		}
	}
	for _, b := range e.blocks {
		if slices.Contains(foreign, b.Type) {
			return "isolation may not be complete: the cluster has policies of the type " + b.Type + ", which may allow more"
		}
	}
	return ""
}
