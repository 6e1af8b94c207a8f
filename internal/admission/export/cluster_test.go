package export_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	admission "k8s.io/api/admissionregistration/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/admission/export"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/testcluster"
	"ward.dev/ward/internal/value"
)

var loaded = sync.OnceValues(func() (*catalog.Catalog, error) { return catalog.Load(builtin.Files) })

func loadCatalog(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rig is a cluster with policies that warn. An object is held against those of one batch at a time, which its label chooses: the
// API server cuts off what it has to say where it is too much.
type rig struct {
	cluster  *testcluster.Cluster
	client   dynamic.Interface
	mapper   apimeta.RESTMapper
	warnings *recorder
	accounts map[string]bool
}

// recorder keeps the warnings of the last request.
type recorder struct{ texts []string }

func (r *recorder) HandleWarningHeader(_ int, _, text string) { r.texts = append(r.texts, text) }

const batchLabel = "ward-test/batch"

// ready is the rig that all tests share, as they do the cluster.
var ready *rig

func newRig(t *testing.T) *rig {
	t.Helper()
	if ready != nil {
		return ready
	}
	c := testcluster.Shared(t)
	c.Apply(t, definitions)
	r := &rig{cluster: c, warnings: &recorder{}, accounts: map[string]bool{}}
	config := rest.CopyConfig(c.Admin(t))
	config.WarningHandler = r.warnings
	var err error
	if r.client, err = dynamic.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	groups, err := restmapper.GetAPIGroupResources(discovery.NewDiscoveryClientForConfigOrDie(c.Admin(t)))
	if err != nil {
		t.Fatal(err)
	}
	r.mapper = restmapper.NewDiscoveryRESTMapper(groups)
	ready = r
	return r
}

// apply makes an object of Kubernetes.
func (r *rig) apply(t *testing.T, object any) {
	t.Helper()
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	r.cluster.Apply(t, string(text))
}

// await waits until the newest policy acts.
func (r *rig) await(t *testing.T, batch string) {
	t.Helper()
	canary := "canary-" + batch
	policy := &admission.ValidatingAdmissionPolicy{TypeMeta: meta.TypeMeta{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingAdmissionPolicy"}}
	policy.Name = canary
	policy.Spec.MatchConstraints = &admission.MatchResources{ResourceRules: []admission.NamedRuleWithOperations{{RuleWithOperations: admission.RuleWithOperations{
		Operations: []admission.OperationType{admission.Create},
		Rule:       admission.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}}}}}}
	policy.Spec.Validations = []admission.Validation{{Expression: "object.metadata.name != '" + canary + "'", Message: "canary"}}
	binding := &admission.ValidatingAdmissionPolicyBinding{TypeMeta: meta.TypeMeta{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingAdmissionPolicyBinding"}}
	binding.Name = canary
	binding.Spec = admission.ValidatingAdmissionPolicyBindingSpec{PolicyName: canary, ValidationActions: []admission.ValidationAction{admission.Warn}}
	r.apply(t, policy)
	r.apply(t, binding)
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": canary, "namespace": "default"}}}
	r.settle(t, func() bool {
		_, broken, err := r.create(t, o)
		if err != nil {
			t.Fatal(err)
		}
		return broken[canary] != ""
	})
}

// settle waits until the API server has taken notice of what was made.
func (r *rig) settle(t *testing.T, has func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !has(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("policies take no effect")
		}
	}
}

var warned = regexp.MustCompile(`(?s)^Validation failed for ValidatingAdmissionPolicy '([^']*)' with binding '[^']*': (.*)$`)

// create makes an object in a dry run. It returns the object as the API server would keep it, and what the policies say that it
// breaks.
func (r *rig) create(t *testing.T, o *unstructured.Unstructured) (*unstructured.Unstructured, map[string]string, error) {
	t.Helper()
	resources, err := r.resources(o)
	if err != nil {
		return nil, nil, err
	}
	r.warnings.texts = nil
	made, err := resources.Create(t.Context(), o, meta.CreateOptions{DryRun: []string{meta.DryRunAll}})
	return made, r.broken(t), err
}

func (r *rig) broken(t *testing.T) map[string]string {
	t.Helper()
	broken := map[string]string{}
	sum := 0
	for _, text := range r.warnings.texts {
		if sum += len(text); sum > mostWarnings {
			t.Error("the API server may have dropped warnings; hold the object against fewer policies at once")
		}
		if m := warned.FindStringSubmatch(text); m != nil {
			broken[m[1]] = m[2]
		}
	}
	return broken
}

func (r *rig) resources(o *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	mapped, err := r.mapper.RESTMapping(o.GroupVersionKind().GroupKind(), o.GroupVersionKind().Version)
	if err != nil {
		return nil, err
	}
	if mapped.Scope.Name() == apimeta.RESTScopeNameNamespace {
		if o.GetNamespace() == "" {
			o.SetNamespace("surgery")
		}
		return r.client.Resource(mapped.Resource).Namespace(o.GetNamespace()), nil
	}
	return r.client.Resource(mapped.Resource), nil
}

// ground makes the namespaces and accounts that an object wants.
func (r *rig) ground(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	namespace := o.GetNamespace()
	if _, err := r.resources(o); err != nil {
		return
	}
	if namespace = o.GetNamespace(); namespace == "" {
		return
	}
	if !r.accounts[namespace] {
		r.cluster.Namespace(t, namespace)
		r.accounts[namespace] = true
	}
	if name, _, _ := unstructured.NestedString(o.Object, "spec", "serviceAccountName"); name != "" && !r.accounts[namespace+"/"+name] {
		r.cluster.Apply(t, fmt.Sprintf(`{apiVersion: v1, kind: ServiceAccount, metadata: {name: %q, namespace: %q}}`, name, namespace))
		r.accounts[namespace+"/"+name] = true
	}
}

// exported is a policy with what the engine needs to give the same answer.
type exported struct {
	of     *check.Check
	params value.Value
	policy *export.Policy
	name   string
	batch  int
	// mistake is what is wrong with the policy on purpose.
	mistake string
}

var warns = export.Options{Actions: []admission.ValidationAction{admission.Warn}, FailurePolicy: admission.Fail}

// perBatch is how many policies an object is held against at once: the API server drops warnings beyond 4,096 characters. Names and
// messages are therefore short.
const perBatch = 40

// mostWarnings leaves some room below that.
const mostWarnings = 3800

// brief gives a policy a short name and a short message.
func (one *exported) brief(name string) {
	p := *one.policy
	p.Policy, p.Binding = p.Policy.DeepCopy(), p.Binding.DeepCopy()
	p.Policy.Name, p.Binding.Name, p.Binding.Spec.PolicyName = name, name, name
	p.Policy.Spec.Validations[0].Message, p.Policy.Spec.Validations[0].MessageExpression = "no", ""
	one.name, one.policy = name, &p
}

// exportAll compiles every check that can be a policy, with its default parameters and with those of its examples.
func exportAll(t *testing.T, c *catalog.Catalog) []exported {
	t.Helper()
	var all []exported
	for _, of := range c.Checks {
		if !export.Asked(of) {
			continue
		}
		examples, err := of.Examples()
		if err != nil {
			t.Fatal(err)
		}
		given := []map[string]kind.Literal{nil}
		for _, e := range examples {
			if len(e.Params) > 0 {
				given = append(given, e.Params)
			}
		}
		for _, params := range given {
			plain := map[string]value.Value{}
			for name, v := range params {
				plain[name] = v.Value
			}
			with, err := of.With(plain)
			if err != nil {
				t.Fatal(err)
			}
			p, why, err := export.Compile(of, with, warns)
			if err != nil {
				t.Error(err)
			}
			if why != "" || err != nil {
				break
			}
			one := exported{of: of, params: with, policy: p, batch: len(all) / perBatch}
			one.brief(fmt.Sprintf("p%d", len(all)))
			all = append(all, one)
		}
	}
	return all
}

// bind puts the policies to work, each for the objects of its batch.
func (r *rig) bind(t *testing.T, all []exported) {
	t.Helper()
	for _, one := range all {
		one.policy.Binding.Spec.MatchResources = &admission.MatchResources{ObjectSelector: &meta.LabelSelector{
			MatchLabels: map[string]string{batchLabel: fmt.Sprint(one.batch)}}}
		r.apply(t, one.policy.Policy)
		r.apply(t, one.policy.Binding)
	}
	r.await(t, fmt.Sprint(all[0].batch))
}

// objects reads the objects of a manifest.
func objects(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	for {
		var o unstructured.Unstructured
		if err := decoder.Decode(&o.Object); err == io.EOF {
			return all
		} else if err != nil {
			return all // an example of what cannot be read
		}
		if len(o.Object) > 0 && o.GetKind() != "" {
			all = append(all, &o)
		}
	}
}

// sample is an object of an example.
type sample struct {
	from   string
	object *unstructured.Unstructured
}

// in is the object with the label of a batch.
func (s sample) in(batch int) *unstructured.Unstructured {
	o := s.object.DeepCopy()
	labels := maps.Clone(o.GetLabels())
	if labels == nil {
		labels = map[string]string{}
	}
	labels[batchLabel] = fmt.Sprint(batch)
	o.SetLabels(labels)
	return o
}

// about tells whether a policy is about objects of this type.
func about(one exported, s sample) bool {
	return slices.Contains(one.of.Kind.Kubernetes, typeOf(s.object))
}

// samples are the objects of all examples that are written as manifests, odd ones, and workloads made by chance.
func samples(t *testing.T, c *catalog.Catalog) []sample {
	t.Helper()
	var all []sample
	seen := map[string]bool{}
	for _, of := range c.Checks {
		examples, err := of.Examples()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range examples {
			for _, o := range objects(t, e.Kubernetes) {
				text, _ := json.Marshal(o)
				if !seen[string(text)] {
					all = append(all, sample{of.ID + ": " + e.Name, o})
				}
				seen[string(text)] = true
			}
		}
	}
	edges, err := os.ReadFile("testdata/edges.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects(t, string(edges)) {
		all = append(all, sample{"edges.yaml: " + o.GetName(), o})
	}
	all = append(all, workloads(1, 80)...)
	for _, s := range all {
		complete(s.object)
	}
	return all
}

// tally counts answers by the name of the policy.
type tally struct {
	compared, objected map[string]int
	tried              int
	refused            []string // why the API server does not take an object at all
}

// compare holds objects against policies, and what these say against the engine's answers.
func (r *rig) compare(t *testing.T, c *catalog.Catalog, all []exported, with []sample) tally {
	t.Helper()
	sum := tally{compared: map[string]int{}, objected: map[string]int{}}
	for _, s := range with {
		of := map[int][]exported{}
		for _, one := range all {
			if about(one, s) {
				of[one.batch] = append(of[one.batch], one)
			}
		}
		if len(of) == 0 {
			continue
		}
		sum.tried++
		r.ground(t, s.object)
		var w world
		for _, batch := range slices.Sorted(maps.Keys(of)) {
			made, broken, err := r.create(t, s.in(batch))
			if err != nil {
				sum.refused = append(sum.refused, fmt.Sprintf("%s: %v", s.from, err))
				break
			}
			if w.inventory == nil {
				w = newWorld(t, c, made.Object)
			}
			for _, one := range of[batch] {
				status := w.answer(one.of, one.params)
				want := status == assessment.Fail || status == assessment.Unknown
				if _, got := broken[one.name]; got != want {
					t.Errorf("%s\n\tof %s: the check answers %q, the policy says %q", one.of.ID, s.from, status, broken[one.name])
				}
				sum.compared[one.name]++
				if want {
					sum.objected[one.name]++
				}
			}
		}
	}
	return sum
}

// TestSameAnswer proves that the API server, by the exported policies, gives the engine's answer for the objects of every example:
// it objects to what the check fails or cannot answer, and to nothing else.
func TestSameAnswer(t *testing.T) {
	c := loadCatalog(t)
	r := newRig(t)
	all := exportAll(t, c)
	r.bind(t, all)
	sum := r.compare(t, c, all, samples(t, c))
	answers := 0
	for _, one := range all {
		compared, objected := sum.compared[one.name], sum.objected[one.name]
		if compared == 0 || objected == 0 || objected == compared {
			t.Errorf("%s: held against %d objects, objects to %d", one.of.ID, compared, objected)
		}
		answers += compared
	}
	t.Logf("%d policies, %d objects, %d refused as invalid, %d answers compared", len(all), sum.tried, len(sum.refused), answers)
	if len(sum.refused)*20 > sum.tried {
		t.Errorf("the API server refuses %d of %d objects as invalid", len(sum.refused), sum.tried)
	}
	for _, line := range sum.refused {
		t.Log(line)
	}
}

func typeOf(o *unstructured.Unstructured) string {
	kind := o.GroupVersionKind()
	if kind.Group == "" {
		return kind.Kind
	}
	return kind.Kind + "." + kind.Group
}

// definitions let the API server take what others define, whatever it says.
var definitions = definition("gateway.networking.k8s.io", "v1", "Gateway", "gateways") + definition("networking.istio.io", "v1", "Gateway", "gateways") +
	definition("networking.istio.io", "v1", "DestinationRule", "destinationrules") +
	definition("security.istio.io", "v1", "PeerAuthentication", "peerauthentications") +
	definition("agents.x-k8s.io", "v1alpha1", "Sandbox", "sandboxes") +
	definition("extensions.agents.x-k8s.io", "v1alpha1", "SandboxTemplate", "sandboxtemplates")

func definition(group, version, kind, plural string) string {
	approved := ""
	if strings.HasSuffix(group, "k8s.io") {
		approved = "annotations: {api-approved.kubernetes.io: unapproved}, "
	}
	return fmt.Sprintf(`---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {%sname: %s.%s}
spec:
  group: %s
  scope: Namespaced
  names: {kind: %s, plural: %s}
  versions:
  - name: %s
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`, approved, plural, group, group, kind, plural, version)
}
