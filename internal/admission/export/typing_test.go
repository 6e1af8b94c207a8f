package export_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	admission "k8s.io/api/admissionregistration/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"ward.dev/ward/internal/admission/export"
	"ward.dev/ward/internal/testcluster"
)

// TestTypes proves that Kubernetes finds nothing to warn of in the policies when it checks their expressions against the types of
// the objects, which its controller manager does. The program is there where tests with nodes are (make test-node).
func TestTypes(t *testing.T) {
	program, err := filepath.Abs("../../../bin/node/kube-controller-manager")
	if err != nil {
		t.Fatal(err)
	}
	if given := os.Getenv("WARD_CONTROLLER_MANAGER"); given != "" {
		program = given
	}
	if _, err := os.Stat(program); err != nil {
		t.Skip("there is no kube-controller-manager")
	}
	cluster := testcluster.Start(t, testcluster.Options{})
	r := &rig{cluster: cluster}
	c := loadCatalog(t)
	exported := 0
	for _, of := range c.Checks {
		params, err := of.With(nil)
		if err != nil {
			t.Fatal(err)
		}
		if !export.Asked(of) {
			continue
		}
		p, _, err := export.Compile(of, params, warns)
		if err != nil {
			t.Fatal(err)
		}
		if p != nil {
			exported++
			r.apply(t, p.Policy)
		}
	}
	manager := exec.Command(program, "--kubeconfig="+cluster.Kubeconfig(t, cluster.Admin(t)), "--leader-elect=false", "--secure-port=0",
		"--controllers=validatingadmissionpolicy-status-controller")
	if err := manager.Start(); err != nil {
		t.Fatal(err)
	}
	defer manager.Wait()         //nolint:errcheck // it was killed
	defer manager.Process.Kill() //nolint:errcheck // it may have ended
	client, err := kubernetes.NewForConfig(cluster.Admin(t))
	if err != nil {
		t.Fatal(err)
	}
	checked := map[string]bool{}
	defer func() { t.Logf("%d of %d policies were checked", len(checked), exported) }()
	r.settle(t, func() bool {
		list, err := client.AdmissionregistrationV1().ValidatingAdmissionPolicies().List(t.Context(), meta.ListOptions{LabelSelector: export.Label + "=ward"})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list.Items {
			if p.Status.ObservedGeneration == p.Generation && !checked[p.Name] {
				checked[p.Name] = true
				warnOf(t, p)
			}
		}
		time.Sleep(time.Second)
		return len(checked) == exported
	})
}

func warnOf(t *testing.T, p admission.ValidatingAdmissionPolicy) {
	t.Helper()
	if p.Status.TypeChecking == nil { // there was nothing to say
		return
	}
	for _, warning := range p.Status.TypeChecking.ExpressionWarnings {
		t.Errorf("%s: %s: %s", p.Name, warning.FieldRef, warning.Warning)
	}
}
