package manifest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/value"
)

// components returns the flags of the blocks that are made of an object, by their addresses; "?" besides where there may be more.
func components(t *testing.T, text, root string) map[string]any {
	t.Helper()
	b, err := manifest.Block(object(t, text), manifest.Scope{File: "kubeadm.yaml", Root: root})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	for _, one := range manifest.Components(b) {
		if _, known := all[one.Address]; known {
			t.Error(one.Address, "twice")
		}
		flags := one.Body.Field("flags")
		plain := flags.Plain()
		if shown, ok := plain.(map[string]any); ok && flags.IsOpen() {
			shown["?"] = true
		}
		all[one.Address] = plain
	}
	return all
}

// TestPrograms proves which pods are parts of a control plane, and that what a script, an environment, a file or a secret may hide
// is open.
func TestPrograms(t *testing.T) {
	const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"`
	for text, want := range map[string]map[string]any{
		pod + `kube-system"},"spec":{"containers":[{"name":"a","command":["kube-apiserver","--a=1","--b","--c","2","--d=1","--d=2","--d=3",
			"--e=$(E)"]}]}}`: {"r:APIServer/kube-system/p": map[string]any{"a": "1", "b": "true", "c": "2", "d": []any{"1", "2", "3"}, "e": nil}},
		pod + `n"},"spec":{"containers":[{"name":"a","command":["/usr/local/bin/etcd"],"args":["--a=1"],"env":[{"name":"ETCD_B","value":"2"},
			{"name":"ETCD_A","value":"3"},{"name":"OTHER","value":"4"}]}]}}`: {"r:Etcd/n/p": map[string]any{"a": "1", "b": "2"}},
		pod + `kube-system"},"spec":{"containers":[{"name":"e","command":["etcd","--config-file=/e"]}]}}`: {"r:Etcd/kube-system/p": nil},
		pod + `kube-system"},"spec":{"containers":[{"name":"s","command":["sh","-c","exec kube-scheduler --a"]}]}}`: {
			"r:Scheduler/kube-system/p": map[string]any{"?": true}},
		pod + `kube-system"},"spec":{"containers":[{"name":"kube-controller-manager","args":["--a=1"]}]}}`: {
			"r:ControllerManager/kube-system/p": map[string]any{"a": "1", "?": true}},
		pod + `kube-system"},"spec":{"containers":[{"name":"a","command":["kube-apiserver","--token=hunter22hunter22"]}]}}`: {
			"r:APIServer/kube-system/p": map[string]any{"?": true}},
		pod + `n"},"spec":{"containers":[{"name":"etcd","image":"etcd"}]}}`:                              {}, // anything may be called so
		pod + `n"},"spec":{"containers":[{"name":"portal","command":["serve"]}]}}`:                       {},
		`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":"x"}}`:             {},
		`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"p"},"spec":{"containers":"x"}}`: {},
	} {
		if diff := cmp.Diff(want, components(t, text, "r")); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// TestKubeadm proves what kubeadm makes of its configurations: its own flags, and over them those that are given.
func TestKubeadm(t *testing.T) {
	const head = `{"apiVersion":"kubeadm.k8s.io/v1beta4","kind":"ClusterConfiguration"`
	for _, one := range []struct {
		text, address, flag string
		want                any
	}{
		{head + `}`, "APIServer/kubeadm.yaml", "authorization-mode", "Node,RBAC"},
		{head + `}`, "APIServer/kubeadm.yaml", "audit-log-path", nil},
		{head + `}`, "Etcd/kubeadm.yaml", "client-cert-auth", "true"},
		{head + `,"scheduler":{"extraArgs":{"bind-address":"0.0.0.0"}}}`, "Scheduler/kubeadm.yaml", "bind-address", "0.0.0.0"},
		{head + `,"controllerManager":{"extraArgs":[{"name":"a","value":"1"},{"name":"a","value":"2"}]}}`, "ControllerManager/kubeadm.yaml", "a",
			[]any{"1", "2"}},
		{head + `,"etcd":{"external":{"endpoints":["http://e"]}}}`, "APIServer/kubeadm.yaml", "etcd-servers", []any{"http://e"}},
		{head + `,"etcd":{"external":{"endpoints":["http://e"]}}}`, "APIServer/kubeadm.yaml", "etcd-cafile", nil},
		{`{"apiVersion":"controlplane.cluster.x-k8s.io/v1beta1","kind":"KubeadmControlPlane","metadata":{"name":"c","namespace":"n"},"spec":{
			"kubeadmConfigSpec":{"clusterConfiguration":{"apiServer":{"extraArgs":{"audit-log-path":"/a"}}}}}}`, "APIServer/n/c", "audit-log-path", "/a"},
	} {
		flags, _ := components(t, one.text, "")[one.address].(map[string]any)
		if flags == nil {
			t.Errorf("%s: no %s", one.text, one.address)
		}
		if diff := cmp.Diff(one.want, flags[one.flag]); diff != "" {
			t.Errorf("%s: %s", one.text, diff)
		}
	}
	external := components(t, head+`,"etcd":{"external":{}}}`, "")
	if _, made := external["Etcd/kubeadm.yaml"]; made || len(external) != 3 {
		t.Error("kubeadm runs no etcd beside one that others run", external)
	}
}

// FuzzComponents proves that no pod and no configuration makes Components panic.
func FuzzComponents(f *testing.F) {
	f.Add("Pod", "kube-apiserver", "--a=1", "apiServer")
	f.Add("ClusterConfiguration", "etcd", "--", "etcd")
	f.Fuzz(func(t *testing.T, kind, program, argument, member string) {
		for _, version := range []string{"v1", "kubeadm.k8s.io/v1beta4"} {
			b, err := manifest.Block(manifest.Value(map[string]any{"apiVersion": version, "kind": kind, "metadata": map[string]any{"name": "p"},
				"spec": map[string]any{"containers": []any{map[string]any{"command": []any{program, argument}, "name": argument}}},
				member: map[string]any{"extraArgs": []any{map[string]any{"name": argument, "value": program}, argument}}}, &value.Origin{File: "f"}),
				manifest.Scope{File: "f"})
			if err == nil {
				manifest.Components(b)
			}
		}
	})
}
