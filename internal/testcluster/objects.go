package testcluster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	faults "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
)

// manager is whom the API remembers as the one who set a field.
const manager = "test"

// Apply makes the objects of a manifest, as kubectl apply --server-side does: YAML documents, in the order in which they
// stand. Their status is set, too, since there are no controllers that would. A namespace gets its default service account, and
// of a custom resource definition it waits until the API serves it.
func (c *Cluster) Apply(tb testing.TB, manifest string) {
	tb.Helper()
	client, err := dynamic.NewForConfig(c.Admin(tb))
	if err != nil {
		tb.Fatal(err)
	}
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(manifest), 4096)
	for {
		var o unstructured.Unstructured
		if err := decoder.Decode(&o.Object); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			tb.Fatalf("read the manifest: %v", err)
		}
		if len(o.Object) == 0 {
			continue
		}
		if err := c.apply(tb, client, &o); err != nil {
			tb.Fatalf("apply %s %s: %v", o.GetKind(), o.GetName(), err)
		}
	}
}

// Namespace makes a namespace with labels ("name=value"), its default service account included.
func (c *Cluster) Namespace(tb testing.TB, name string, labels ...string) {
	tb.Helper()
	set := map[string]string{}
	for _, label := range labels {
		key, content, _ := strings.Cut(label, "=")
		set[key] = content
	}
	text, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name, "labels": set}})
	if err != nil {
		tb.Fatal(err)
	}
	c.Apply(tb, string(text))
}

func (c *Cluster) apply(tb testing.TB, client *dynamic.DynamicClient, o *unstructured.Unstructured) error {
	in, err := c.resource(tb, o.GroupVersionKind())
	if err != nil {
		return err
	}
	var objects dynamic.ResourceInterface = client.Resource(in.at)
	if in.namespaced {
		o.SetNamespace(cmp.Or(o.GetNamespace(), "default"))
		objects = client.Resource(in.at).Namespace(o.GetNamespace())
	}
	if err := patch(tb.Context(), objects, o); err != nil {
		return err
	}
	if _, has := o.Object["status"]; has {
		if err := patch(tb.Context(), objects, o, "status"); err != nil && !faults.IsNotFound(err) {
			return fmt.Errorf("set its status: %w", err)
		}
	}
	switch o.GroupVersionKind().GroupKind() {
	case schema.GroupKind{Kind: "Namespace"}:
		account := &unstructured.Unstructured{}
		account.SetUnstructuredContent(map[string]any{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": map[string]any{
			"name": "default", "namespace": o.GetName()}})
		return c.apply(tb, client, account)
	case schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}:
		c.await(tb, o.GetName(), func() (bool, error) { return established(tb.Context(), objects, o.GetName()) })
	}
	return nil
}

func patch(ctx context.Context, objects dynamic.ResourceInterface, o *unstructured.Unstructured, below ...string) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	force := true
	_, err = objects.Patch(ctx, o.GetName(), types.ApplyPatchType, text, v1.PatchOptions{FieldManager: manager, Force: &force}, below...)
	return err
}

// place is where the API serves a kind.
type place struct {
	at         schema.GroupVersionResource
	namespaced bool
}

// resource finds where the API serves a kind, and waits for a kind that it does not serve yet.
func (c *Cluster) resource(tb testing.TB, kind schema.GroupVersionKind) (place, error) {
	if known, ok := c.places.Load(kind); ok {
		return known.(place), nil
	}
	client, err := discovery.NewDiscoveryClientForConfig(c.Admin(tb))
	if err != nil {
		return place{}, err
	}
	var found place
	c.await(tb, "an API for "+kind.String(), func() (bool, error) {
		groups, err := restmapper.GetAPIGroupResources(client)
		if err != nil {
			return false, err
		}
		mapped, err := restmapper.NewDiscoveryRESTMapper(groups).RESTMapping(kind.GroupKind(), kind.Version)
		if err != nil {
			return false, err
		}
		found = place{mapped.Resource, mapped.Scope.Name() == meta.RESTScopeNameNamespace}
		return true, nil
	})
	c.places.Store(kind, found)
	return found, nil
}

func established(ctx context.Context, definitions dynamic.ResourceInterface, name string) (bool, error) {
	found, err := definitions.Get(ctx, name, v1.GetOptions{})
	if err != nil {
		return false, err
	}
	conditions, _, err := unstructured.NestedSlice(found.Object, "status", "conditions")
	for _, one := range conditions {
		if c, ok := one.(map[string]any); ok && c["type"] == "Established" && c["status"] == "True" {
			return true, nil
		}
	}
	return false, err
}
