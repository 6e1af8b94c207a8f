package cluster_test

import (
	"slices"
	"strings"
	"testing"

	"ward.dev/ward/internal/source/cluster"
	"ward.dev/ward/internal/testcluster"
	"ward.dev/ward/internal/value"
)

// control are pods of a control plane as kubeadm writes them, cut to what is read, and one that a script starts.
const control = `
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver-a, namespace: kube-system, labels: {component: kube-apiserver, tier: control-plane}}
spec:
  nodeName: a
  hostNetwork: true
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.34.4
    command: [kube-apiserver, --anonymous-auth=false, "--audit-log-path=/var/log/audit.log", --feature-gates=A=true, --feature-gates=B=true,
      --profiling, --secure-port, "6443"]
---
apiVersion: v1
kind: Pod
metadata: {name: etcd-a, namespace: kube-system, labels: {component: etcd, tier: control-plane}}
spec:
  containers:
  - name: etcd
    image: registry.k8s.io/etcd:3.6.4-0
    command: [/usr/local/bin/etcd, --cert-file=/etc/etcd.crt]
    env:
    - {name: ETCD_CLIENT_CERT_AUTH, value: "true"}
    - {name: ETCD_CERT_FILE, value: /etc/other.crt}
    - {name: ETCD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
---
apiVersion: v1
kind: Pod
metadata: {name: kube-scheduler-a, namespace: kube-system, labels: {k8s-app: kube-scheduler}}
spec: {containers: [{name: s, image: x, command: [/bin/sh, -c, "exec /usr/local/bin/kube-scheduler --profiling=true"]}]}
---
apiVersion: v1
kind: Node
metadata: {name: a, labels: {eks.amazonaws.com/nodegroup: one, plain: x}}
spec: {providerID: "aws:///eu-west-1a/i-0123456789abcdef0"}
`

// TestItself proves what is read of a cluster as a whole: version, groups, who provides it, and the flags of a control plane that
// shows itself, with what a script or the environment may hide left open.
func TestItself(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	c.Apply(t, control)
	r, _ := collect(t, cluster.Options{Config: c.Admin(t), Name: "c"})
	body := the(t, r, "kubernetes.cluster", "Cluster/c").Body
	for path, want := range map[string]string{
		"version.gitVersion":                                "v1.34.4",
		"platform":                                          "eks",
		"server":                                            c.URL,
		"nodes.providers.0":                                 "aws",
		"nodes.labelDomains.0":                              "eks.amazonaws.com",
		"nodeFiles":                                         "unknown",
		"controlPlane.apiservers.0.pod":                     "kube-apiserver-a",
		"controlPlane.apiservers.0.node":                    "a",
		"controlPlane.apiservers.0.image":                   "registry.k8s.io/kube-apiserver:v1.34.4",
		"controlPlane.etcds.0.flags.cert-file":              "/etc/etcd.crt",
		"controlPlane.etcds.0.flags.name":                   "unknown",
		"controlPlane.etcds.0.flags.data-dir":               "absent",
		"controlPlane.schedulers.0.flags.x":                 "unknown",
		"controlPlane.controllerManagers":                   "unknown",
		"controlPlane.etcds.0.flags.client-cert-auth":       "true",
		"controlPlane.apiservers.0.flags.anonymous-auth":    "false",
		"controlPlane.apiservers.0.flags.profiling":         "true",
		"controlPlane.apiservers.0.flags.secure-port":       "6443",
		"controlPlane.apiservers.0.flags.audit-log-path":    "/var/log/audit.log",
		"controlPlane.apiservers.0.flags.audit-policy-file": "absent",
		"controlPlane.apiservers.0.flags.feature-gates.1":   "B=true",
	} {
		if got := at(body, path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if got := at(the(t, r, "APIServer", "APIServer/kube-system/kube-apiserver-a").Body, "flags.anonymous-auth"); got != "false" {
		t.Errorf("the API server by itself says %q", got)
	}
	groups, _ := body.Field("groups").AsList()
	if !slices.ContainsFunc(groups, func(g value.Value) bool { return at(g, "group") == "apps" && at(g, "versions.0") == "v1" }) {
		t.Errorf("groups %v", body.Field("groups").Plain())
	}
}

// TestShape proves that the shape, against which kind files are proved, has whatever the block has.
func TestShape(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	c.Apply(t, control)
	r, _ := collect(t, cluster.Options{Config: c.Admin(t), Name: "c"})
	within(t, "", the(t, r, "kubernetes.cluster", "Cluster/c").Body, cluster.Shape())
}

func within(t *testing.T, path string, v, shape value.Value) {
	t.Helper()
	if items, ok := v.AsList(); ok {
		shapes, _ := shape.AsList()
		for _, item := range items {
			if len(shapes) == 0 {
				t.Errorf("%s has no shape", path)
				return
			}
			within(t, path, item, shapes[0])
		}
	}
	for _, name := range v.Keys() {
		if shape.Field(name).IsAbsent() {
			t.Errorf("%s.%s has no shape", path, name)
		} else if !shape.IsOpen() {
			within(t, path+"."+name, v.Field(name), shape.Field(name))
		}
	}
}

// TestManaged proves that nothing is taken to be known of a control plane that is not shown.
func TestManaged(t *testing.T) {
	r, _ := collect(t, cluster.Options{Config: testcluster.Shared(t).Admin(t), Name: "c"})
	body := the(t, r, "kubernetes.cluster", "Cluster/c").Body
	for _, list := range []string{"apiservers", "controllerManagers", "schedulers", "etcds"} {
		v := follow(body, "controlPlane."+list)
		if !v.IsUnknown() || !strings.Contains(v.Reasons()[0].Why, "a provider runs it") {
			t.Errorf("%s: %v", list, v)
		}
	}
}

// at reads a text, the nth element where a step is a digit; what is no text is called by its state.
func at(v value.Value, path string) string {
	for step := range strings.SplitSeq(path, ".") {
		if items, ok := v.AsList(); ok && len(step) == 1 && step[0] >= '0' && step[0] <= '9' && int(step[0]-'0') < len(items) {
			v = items[step[0]-'0']
		} else {
			v = v.Field(step)
		}
	}
	if text, ok := v.AsString(); ok {
		return text
	}
	return v.State().String()
}
