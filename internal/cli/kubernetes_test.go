package cli_test

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	rbac "k8s.io/api/rbac/v1"

	"ward.dev/ward/internal/testcluster"
)

// TestKubernetes runs the command line against a real API. Scripts find three kubeconfigs: of one who may do everything, of one who
// may list namespaces and nothing else, and of one with a certificate that the cluster does not know.
func TestKubernetes(t *testing.T) {
	c, other := testcluster.Start(t, testcluster.Options{}), testcluster.Shared(t)
	c.Apply(t, `
{apiVersion: v1, kind: Namespace, metadata: {name: records}}
---
{apiVersion: v1, kind: Secret, metadata: {name: login, namespace: records}, stringData: {password: a-plain-word}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: records}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1.29", env: [{name: DB_PASSWORD, value: a-plain-word}]}]}
`)
	stranger := other.Admin(t)
	stranger.Host, stranger.CAData = c.URL, c.Admin(t).CAData
	admin, few, nobody := c.Kubeconfig(t, c.Admin(t)), c.Kubeconfig(t, c.Reader(t, "few",
		rbac.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"list"}})), c.Kubeconfig(t, stranger)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/kubernetes",
		Setup: func(e *testscript.Env) error {
			e.Setenv("KUBECONFIG", admin)
			e.Setenv("FEW", few)
			e.Setenv("STRANGER", nobody)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}
