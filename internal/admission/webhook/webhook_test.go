package webhook_test

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	network "k8s.io/api/networking/v1"
	faults "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"ward.dev/ward/internal/admission"
	"ward.dev/ward/internal/admission/images"
	"ward.dev/ward/internal/admission/webhook"
	"ward.dev/ward/internal/config"
)

const (
	bound      = "kubernetes.workload.is-bound-by-network-policies"
	forbidden  = "kubernetes.workload.images-have-no-forbidden-vulnerability"
	ownAccount = "kubernetes.workload.has-an-account-of-its-own"
	binds      = "kubernetes.network_policy.binds-something"
)

func prepared(r webhook.Reviewer, mode admission.Mode) http.Handler {
	return (&webhook.Handler{Reviewer: r, Mode: mode, Ready: func() error { return nil }, Metrics: webhook.NewMetrics(nil),
		Log: slog.New(slog.DiscardHandler)}).Prepare()
}

// pool trusts an authority.
func pool(ca []byte) (*http.Transport, error) {
	all, err := certificates(ca)
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: all}}, err
}

// deployment is one that a test sends.
type deployment struct {
	name, image, account string
	owners               []meta.OwnerReference
}

func (d *deployment) template() core.PodTemplateSpec {
	return core.PodTemplateSpec{ObjectMeta: meta.ObjectMeta{Labels: map[string]string{"app": d.name}},
		Spec: core.PodSpec{ServiceAccountName: d.account, Containers: []core.Container{{Name: "app", Image: d.image}}}}
}

func (d *deployment) made() *apps.Deployment {
	return &apps.Deployment{ObjectMeta: meta.ObjectMeta{Name: d.name}, Spec: apps.DeploymentSpec{
		Selector: &meta.LabelSelector{MatchLabels: map[string]string{"app": d.name}}, Template: d.template()}}
}

func (d *deployment) pod() *core.Pod {
	template := d.template()
	return &core.Pod{ObjectMeta: meta.ObjectMeta{Name: d.name, Labels: template.Labels, OwnerReferences: d.owners}, Spec: template.Spec}
}

// policy is one for the pods of the deployment "portal".
func policy(name string) *network.NetworkPolicy {
	return &network.NetworkPolicy{ObjectMeta: meta.ObjectMeta{Name: name}, Spec: network.NetworkPolicySpec{
		PodSelector: meta.LabelSelector{MatchLabels: map[string]string{"app": "portal"}},
		PolicyTypes: []network.PolicyType{network.PolicyTypeIngress}}}
}

// refused finds out whether an object was refused by Ward for a check.
func refused(t *testing.T, err error, check string) {
	t.Helper()
	var status faults.APIStatus
	switch {
	case err == nil:
		t.Fatalf("it was let in although %s fails", check)
	case !faults.IsForbidden(err) || !strings.Contains(err.Error(), "denied the request"):
		t.Fatalf("refused, but not by the webhook: %v", err)
	case !strings.Contains(err.Error(), check):
		t.Fatalf("the reason does not name %s: %v", check, err)
	case !errors.As(err, &status) || status.Status().Details == nil || !slices.ContainsFunc(status.Status().Details.Causes,
		func(c meta.StatusCause) bool { return string(c.Type) == check }):
		t.Errorf("programs are not told of %s: %v", check, err)
	}
}

// TestOthers proves that an object is refused for what other objects lack, with the reason, that it is let in at once when they are
// there, and that an update is held to the checks again unless nothing but its metadata is new.
func TestOthers(t *testing.T) {
	s := begin(t, setup{checks: []string{bound, binds}})
	deployments, policies := s.client.AppsV1().Deployments(s.namespace), s.client.NetworkingV1().NetworkPolicies(s.namespace)
	portal := &deployment{name: "portal", image: "registry.example.com/portal:1"}
	_, err := deployments.Create(t.Context(), portal.made(), meta.CreateOptions{})
	refused(t, err, bound)
	for _, wanted := range []string{"164.312", "Network policies say whom pods let in", "network_policies", "kind: NetworkPolicy"} {
		if !strings.Contains(err.Error(), wanted) {
			t.Errorf("the reason does not hold %q:\n%v", wanted, err)
		}
	}
	s.warnings()
	if _, err := policies.Create(t.Context(), policy("walls"), meta.CreateOptions{}); err != nil { // binds nothing so far: what it binds comes later
		t.Fatal(err)
	}
	if got := s.warnings(); len(got) != 1 || !strings.Contains(got[0], binds) {
		t.Errorf("warnings %q, one of %s is wanted", got, binds)
	}
	if _, err := deployments.Create(t.Context(), portal.made(), meta.CreateOptions{}); err != nil {
		t.Fatalf("refused right after the policy was made: %v", err)
	}
	if err := policies.Delete(t.Context(), "walls", meta.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	patch := func(text string, o meta.PatchOptions) error {
		_, err := deployments.Patch(t.Context(), "portal", types.StrategicMergePatchType, []byte(text), o)
		return err
	}
	newer := `{"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "registry.example.com/portal:2"}]}}}}`
	s.await(t, "the end of the policy", func() bool { return patch(newer, meta.PatchOptions{DryRun: []string{meta.DryRunAll}}) != nil })
	refused(t, patch(newer, meta.PatchOptions{}), bound)
	s.warnings()
	if err := patch(`{"metadata": {"annotations": {"note": "seen"}}}`, meta.PatchOptions{}); err != nil {
		t.Errorf("an update of metadata alone was refused: %v", err)
	}
	if got := s.warnings(); len(got) != 1 || !strings.Contains(got[0], "did not hold before") {
		t.Errorf("warnings %q", got)
	}
	if err := deployments.Delete(t.Context(), "portal", meta.DeleteOptions{}); err != nil {
		t.Errorf("a deletion was refused: %v", err)
	}
}

// TestModes proves that in the modes warn and audit everything is let in, and who is told.
func TestModes(t *testing.T) {
	for mode, warned := range map[admission.Mode]int{admission.Warn: 1, admission.Audit: 0} {
		t.Run(string(mode), func(t *testing.T) {
			s := begin(t, setup{checks: []string{bound}, mode: mode})
			portal := &deployment{name: "portal", image: "registry.example.com/portal:1"}
			if _, err := s.client.AppsV1().Deployments(s.namespace).Create(t.Context(), portal.made(), meta.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			got := s.warnings()
			if len(got) != warned {
				t.Errorf("warnings %q, %d wanted", got, warned)
			}
			for _, text := range got {
				if !strings.Contains(text, bound) || len(text) > 256 {
					t.Errorf("warning %q", text)
				}
			}
		})
	}
}

// TestFailurePolicy proves that while the server does not answer, everything is refused or let in as the registration says.
func TestFailurePolicy(t *testing.T) {
	for name, open := range map[string]bool{"fail": false, "ignore": true} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, setup{checks: []string{bound}, failOpen: open})
			s.stop()
			_, err := s.client.AppsV1().Deployments(s.namespace).Create(t.Context(), (&deployment{name: "portal", image: "a"}).made(), meta.CreateOptions{})
			if open && err != nil {
				t.Errorf("refused: %v", err)
			}
			if !open && (err == nil || !strings.Contains(err.Error(), "failed calling webhook")) {
				t.Errorf("not refused: %v", err)
			}
		})
	}
}

// TestGivenImages proves that a vulnerable image is refused and a mended one let in, in pods, in the workloads that make them, and in
// containers that are attached to a pod which runs.
func TestGivenImages(t *testing.T) {
	given := images.Options{Image: advisories(t), Given: []string{"registry.example.com/portal:1=" + saved(t, debian(t, "3.0.9-1")),
		"registry.example.com/portal:2=" + saved(t, debian(t, "3.0.11-1"))}}
	s := begin(t, setup{checks: []string{forbidden}, options: admission.Options{Unknown: admission.DenyUnknown}, images: given})
	pods := s.client.CoreV1().Pods(s.namespace)
	bad, good := &deployment{name: "bad", image: "registry.example.com/portal:1"}, &deployment{name: "good", image: "registry.example.com/portal:2"}
	_, err := s.client.AppsV1().Deployments(s.namespace).Create(t.Context(), bad.made(), meta.CreateOptions{})
	refused(t, err, forbidden)
	_, err = pods.Create(t.Context(), bad.pod(), meta.CreateOptions{})
	refused(t, err, forbidden)
	if _, err = s.client.AppsV1().Deployments(s.namespace).Create(t.Context(), good.made(), meta.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	running, err := pods.Create(t.Context(), good.pod(), meta.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	attach := func(image string) error {
		with := running.DeepCopy()
		with.Spec.EphemeralContainers = []core.EphemeralContainer{{EphemeralContainerCommon: core.EphemeralContainerCommon{Name: "look", Image: image}}}
		_, err := pods.UpdateEphemeralContainers(t.Context(), running.Name, with, meta.UpdateOptions{})
		return err
	}
	refused(t, attach(bad.image), forbidden)
	if err := attach(good.image); err != nil {
		t.Error(err)
	}
	_, err = pods.Create(t.Context(), (&deployment{name: "other", image: "registry.example.com/other:1"}).pod(), meta.CreateOptions{})
	refused(t, err, forbidden) // of which nothing is known
}

// TestFetchedImages proves that an image that is not known is read from its registry, so that the next try gets an answer, that an object
// can wait for it, and what happens to those that come before.
func TestFetchedImages(t *testing.T) {
	at := hub(t)
	mended := pushed(t, at, "portal:2", debian(t, "3.0.11-1"))
	vulnerable := pushed(t, at, "portal:1", debian(t, "3.0.9-1"))
	o := setup{checks: []string{forbidden}, images: images.Options{Image: advisories(t), Fetch: true, Registries: []string{at}}}
	o.options.Unknown = admission.DenyUnknown
	s := begin(t, o)
	create := func(name, image string) error {
		_, err := s.client.CoreV1().Pods(s.namespace).Create(t.Context(), (&deployment{name: name, image: image}).pod(), meta.CreateOptions{})
		return err
	}
	first := create("first", mended)
	refused(t, first, forbidden)
	if !strings.Contains(first.Error(), "try again") {
		t.Errorf("the reason does not say what to do: %v", first)
	}
	s.await(t, "the image", func() bool { return create("second", mended) == nil })
	refused(t, create("elsewhere", "registry.example.com/portal:1"), forbidden)
	o.options.Wait = 5 * time.Second
	o.options.Unknown = admission.WarnUnknown
	t.Run("waits", func(t *testing.T) {
		s := begin(t, o)
		_, err := s.client.CoreV1().Pods(s.namespace).Create(t.Context(), (&deployment{name: "bad", image: vulnerable}).pod(), meta.CreateOptions{})
		refused(t, err, forbidden)
		s.warnings()
		_, err = s.client.CoreV1().Pods(s.namespace).Create(t.Context(), (&deployment{name: "other", image: "registry.example.com/x:1"}).pod(), meta.CreateOptions{})
		if got := s.warnings(); err != nil || len(got) != 1 || !strings.Contains(got[0], "is not known") {
			t.Errorf("an image that is not known: %v, warnings %q", err, got)
		}
	})
}

// TestExceptions proves that the exceptions of ward.yaml hold, for a deployment and for the pods that the cluster's own controllers make
// of it, and for no pod that only claims to be one of them.
func TestExceptions(t *testing.T) {
	today := time.Now().UTC().Format(time.DateOnly)
	text := `phi: {default: "unknown"}
exceptions:
  - {id: E1, checks: [` + bound + `], resources: {address: "Deployment/testexceptions/portal"}, owner: jane@clinic.example, reason: moved in May, approver: ciso@clinic.example,
     approved: ` + today + `, expires: ` + time.Now().UTC().AddDate(0, 1, 0).Format(time.DateOnly) + `, measure: it holds no PHI}
`
	decisions := decided(t, text)
	s := begin(t, setup{checks: []string{bound}, options: admission.Options{Config: decisions, Settle: time.Millisecond}})
	portal := &deployment{name: "portal", image: "registry.example.com/portal:1"}
	_, err := s.client.AppsV1().Deployments(s.namespace).Create(t.Context(), (&deployment{name: "other", image: "a"}).made(), meta.CreateOptions{})
	refused(t, err, bound)
	made, err := s.client.AppsV1().Deployments(s.namespace).Create(t.Context(), portal.made(), meta.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	yes := true
	owner := func(kind, name string, uid types.UID) []meta.OwnerReference {
		return []meta.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: name, UID: uid, Controller: &yes}}
	}
	set := &apps.ReplicaSet{ObjectMeta: meta.ObjectMeta{Name: "portal-1", OwnerReferences: owner("Deployment", "portal", made.UID)},
		Spec: apps.ReplicaSetSpec{Selector: made.Spec.Selector, Template: made.Spec.Template}}
	_, err = s.client.AppsV1().ReplicaSets(s.namespace).Create(t.Context(), set, meta.CreateOptions{})
	refused(t, err, bound) // anybody may claim it
	controller := s.as(t, "system:serviceaccount:kube-system:deployment-controller", "system:masters")
	s.await(t, "the deployment in the copy", func() bool {
		set, err = controller.AppsV1().ReplicaSets(s.namespace).Create(t.Context(), set, meta.CreateOptions{})
		return err == nil
	})
	portal.name, portal.owners = "portal-1-a", owner("ReplicaSet", "portal-1", set.UID)
	pod := portal.pod()
	_, err = s.client.CoreV1().Pods(s.namespace).Create(t.Context(), pod, meta.CreateOptions{})
	refused(t, err, bound)
	controller = s.as(t, "system:serviceaccount:kube-system:replicaset-controller", "system:masters")
	s.await(t, "the replica set in the copy", func() bool {
		_, err = controller.CoreV1().Pods(s.namespace).Create(t.Context(), pod, meta.CreateOptions{})
		return err == nil
	})
	if err := s.reviewer.Decide(&config.Config{}); err != nil {
		t.Fatal(err)
	}
	pod.Name = "portal-1-b"
	_, err = controller.CoreV1().Pods(s.namespace).Create(t.Context(), pod, meta.CreateOptions{})
	refused(t, err, bound)
}
