package admission_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	review "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/admission"
	"ward.dev/ward/internal/assess"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// still is a cluster in which nothing changes.
type still struct {
	objects map[string]map[string]any // by address
	reading source.Reading
}

func (s *still) Live() source.Live {
	return source.Live{Name: s.reading.Name, Dialect: resource.Cluster}
}
func (s *still) Version() uint64 { return 1 }

func (s *still) Named(typ, namespace, name string) (resource.Block, bool) {
	for _, b := range s.reading.Blocks {
		if called, _ := b.Body.Field("metadata").Field("name").AsString(); b.Type == typ && b.Region == namespace && called == name {
			return b, true
		}
	}
	return resource.Block{}, false
}

func (s *still) Around(namespace string, everywhere map[string]bool) source.Reading {
	reading := s.reading
	reading.Blocks, reading.Kinds = nil, nil
	for _, b := range s.reading.Blocks {
		if all, wanted := everywhere[b.Type]; wanted && (all || b.Region == "" || b.Region == namespace) {
			reading.Blocks = append(reading.Blocks, b)
		}
	}
	for _, typ := range s.reading.Kinds {
		if _, wanted := everywhere[typ]; wanted {
			reading.Kinds = append(reading.Kinds, typ)
		}
	}
	return reading
}

var loaded = sync.OnceValues(func() (*catalog.Catalog, error) { return catalog.Load(builtin.Files) })

// load opens the catalog, which all tests share.
func load(t testing.TB) *catalog.Catalog {
	t.Helper()
	c, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// hold makes a cluster of manifests, each of which is in a namespace of its own as far as it names none.
func hold(t testing.TB, c *catalog.Catalog, manifests map[string]string) *still {
	t.Helper()
	s := &still{objects: map[string]map[string]any{}, reading: source.Reading{Name: "kubernetes:test", Kind: "cluster", Dialect: resource.Cluster}}
	types := map[string]bool{"Namespace": true}
	for _, k := range c.Kinds {
		for _, typ := range k.Blocks("cluster") {
			types[typ] = true
		}
		for _, typ := range k.Needs("cluster") {
			if c.Kind(typ) == nil {
				types[typ] = true
			}
		}
	}
	for _, namespace := range slices.Sorted(maps.Keys(manifests)) {
		s.add(t, namespace, fmt.Sprintf("{apiVersion: v1, kind: Namespace, metadata: {name: %s}}", namespace))
		s.add(t, namespace, fmt.Sprintf("{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: %s}}", namespace))
		s.add(t, namespace, manifests[namespace])
	}
	s.reading.Kinds = slices.Sorted(maps.Keys(types))
	return s
}

func (s *still) add(t testing.TB, namespace, manifests string) {
	t.Helper()
	for _, text := range strings.Split("\n"+manifests, "\n---") {
		var data map[string]any
		if err := yaml.Unmarshal([]byte(text), &data); err != nil || len(data) == 0 {
			continue
		}
		for _, object := range manifest.Objects(manifest.Value(data, &value.Origin{})) {
			b, err := manifest.Block(object, manifest.Scope{Dialect: resource.Cluster, Target: s.reading.Name,
				Namespaced: func(string) (bool, bool) { return true, true }, Namespace: namespace})
			if err != nil || s.objects[b.Address] != nil {
				continue
			}
			plain, _ := object.Plain().(map[string]any)
			if plain == nil {
				continue
			}
			if !b.Global {
				metadata, _ := plain["metadata"].(map[string]any)
				if metadata["namespace"] == nil {
					b, _ = manifest.Block(manifest.Value(withNamespace(plain, b.Region), &value.Origin{}), manifest.Scope{Dialect: resource.Cluster,
						Target: s.reading.Name, Namespaced: func(string) (bool, bool) { return true, true }})
				}
			}
			s.objects[b.Address] = plain
			s.reading.Blocks = append(s.reading.Blocks, b)
		}
	}
}

func withNamespace(object map[string]any, namespace string) map[string]any {
	metadata, _ := object["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
		object["metadata"] = metadata
	}
	metadata["namespace"] = namespace
	return object
}

func (s *still) request(t testing.TB, b resource.Block) *review.AdmissionRequest {
	t.Helper()
	raw, err := json.Marshal(s.objects[b.Address])
	if err != nil {
		t.Fatal(err)
	}
	return &review.AdmissionRequest{UID: "1", Operation: review.Create, Namespace: b.Region, Object: runtime.RawExtension{Raw: raw}}
}

func everything(string) bool { return true }

func reviewer(t testing.TB, c *catalog.Catalog, in admission.Cluster, o admission.Options) *admission.Reviewer {
	t.Helper()
	f := c.Framework("hipaa-security-rule")
	if err := c.Link(f); err != nil {
		t.Fatal(err)
	}
	o.Catalog, o.Framework = c, f
	if o.Unknown == "" {
		o.Unknown = admission.WarnUnknown
	}
	r, err := admission.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Join(in, nil)
	return r
}

// compare asks about each object of a cluster and tells where an answer is not the assessment's. It returns how many it compared.
func compare(t *testing.T, c *catalog.Catalog, s *still, decisions *config.Config) (compared int) {
	t.Helper()
	inv := mapping.Map(c.Kinds, []source.Reading{s.reading})
	a, err := assess.Assess(t.Context(), assess.Request{Catalog: c, Framework: c.Framework("hipaa-security-rule"), Inventory: inv,
		Config: decisions, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]assessment.Status{}
	for _, f := range a.Findings {
		want[f.Resource.Address+" "+f.Check] = f.Status
	}
	r := reviewer(t, c, s, admission.Options{Checks: everything, Config: decisions})
	for _, b := range s.reading.Blocks {
		if b.Owner != "" {
			continue
		}
		d, err := r.Review(t.Context(), s.request(t, b), admission.Deny)
		if err != nil {
			t.Errorf("%s: %v", b.Address, err)
			continue
		}
		got := map[string]assessment.Status{}
		for _, a := range slices.Concat(d.Failed, d.Unsure, d.Excepted, d.Later, d.Before) {
			got[a.Asked.ID] = a.Status
		}
		for key, status := range want {
			address, id, _ := strings.Cut(key, " ")
			if address != b.Address || c.Check(id).Kind.Name == assess.AnyKind {
				continue
			}
			compared++
			if status == assessment.Pass || status == assessment.NotApplicable {
				status = ""
			}
			if got[id] != status {
				t.Errorf("%s of %s: admission says %q, the assessment %q", id, address, got[id], status)
			}
		}
	}
	return compared
}

// TestSame proves that each object gets the answers that an assessment of a cluster with it gives, for the examples of the catalog: some
// of them together in a cluster, and all in one.
func TestSame(t *testing.T) {
	c := load(t)
	const clusters = 20
	all, some, n, compared := map[string]string{}, [clusters]map[string]string{}, 0, 0
	for _, k := range c.Checks {
		examples, err := k.Examples()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range examples {
			if e.Kubernetes == "" {
				continue
			}
			n++
			name := fmt.Sprintf("n%d", n)
			if all[name] = e.Kubernetes; some[n%clusters] == nil {
				some[n%clusters] = map[string]string{}
			}
			some[n%clusters][name] = e.Kubernetes
		}
	}
	for _, of := range some {
		if testing.Short() {
			break
		}
		compared += compare(t, c, hold(t, c, of), nil)
	}
	compared += compare(t, c, hold(t, c, all), nil)
	t.Logf("%d examples, %d answers compared", n, compared)
	least := 10_000
	if testing.Short() { // one cluster instead of all
		least = 5_000
	}
	if n < 100 || compared < least {
		t.Errorf("only %d examples and %d answers were compared", n, compared)
	}
}
