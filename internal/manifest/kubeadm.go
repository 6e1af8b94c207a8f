package manifest

import (
	"maps"
	"strings"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

const pki = "/etc/kubernetes/pki/"

// byKubeadm are the flags that kubeadm gives to the parts of a control plane by itself, as far as they bear on its safety. Its
// documentation names them: "Implementation details".
var byKubeadm = map[string]map[string]string{
	"APIServer": {
		"authorization-mode": "Node,RBAC", "client-ca-file": pki + "ca.crt", "enable-admission-plugins": "NodeRestriction",
		"enable-bootstrap-token-auth": "true", "etcd-cafile": pki + "etcd/ca.crt", "etcd-certfile": pki + "apiserver-etcd-client.crt",
		"etcd-keyfile": pki + "apiserver-etcd-client.key", "etcd-servers": "https://127.0.0.1:2379",
		"kubelet-client-certificate": pki + "apiserver-kubelet-client.crt", "kubelet-client-key": pki + "apiserver-kubelet-client.key",
		"secure-port": "6443", "service-account-key-file": pki + "sa.pub", "service-account-signing-key-file": pki + "sa.key",
		"tls-cert-file": pki + "apiserver.crt", "tls-private-key-file": pki + "apiserver.key",
	},
	"ControllerManager": {
		"bind-address": "127.0.0.1", "client-ca-file": pki + "ca.crt", "root-ca-file": pki + "ca.crt",
		"service-account-private-key-file": pki + "sa.key", "use-service-account-credentials": "true",
	},
	"Scheduler": {"bind-address": "127.0.0.1"},
	"Etcd": {
		"cert-file": pki + "etcd/server.crt", "key-file": pki + "etcd/server.key", "client-cert-auth": "true",
		"trusted-ca-file": pki + "etcd/ca.crt", "peer-cert-file": pki + "etcd/peer.crt", "peer-key-file": pki + "etcd/peer.key",
		"peer-client-cert-auth": "true", "peer-trusted-ca-file": pki + "etcd/ca.crt",
	},
}

// clusterConfigurations are where objects hold a ClusterConfiguration of kubeadm: itself, and in Cluster API.
var clusterConfigurations = map[string]string{
	"ClusterConfiguration.kubeadm.k8s.io":                       "",
	"KubeadmControlPlane.controlplane.cluster.x-k8s.io":         "spec.kubeadmConfigSpec.clusterConfiguration",
	"KubeadmControlPlaneTemplate.controlplane.cluster.x-k8s.io": "spec.template.spec.kubeadmConfigSpec.clusterConfiguration",
}

// kubeadm returns the parts of the control plane that kubeadm makes of a configuration, by the types of their blocks.
func kubeadm(b resource.Block) map[string]value.Value {
	path, is := clusterConfigurations[b.Type]
	if !is {
		return nil
	}
	configuration := follow(b.Body, path)
	all := map[string]value.Value{}
	for typ, at := range map[string]string{"APIServer": "apiServer", "ControllerManager": "controllerManager", "Scheduler": "scheduler",
		"Etcd": "etcd.local"} {
		external := configuration.Field("etcd").Field("external")
		if typ == "Etcd" && external.IsKnown() {
			continue
		}
		given := follow(configuration, at+".extraArgs")
		flags := maps.Clone(byKubeadm[typ])
		if typ == "APIServer" && !external.IsAbsent() { // whose files and addresses it then names itself
			for _, name := range []string{"etcd-cafile", "etcd-certfile", "etcd-keyfile", "etcd-servers"} {
				delete(flags, name)
			}
			given = withExternal(given, external)
		}
		all[typ] = value.Object(map[string]value.Value{"flags": over(flags, given, b.Origin)}).At(b.Origin)
	}
	return all
}

// withExternal adds the flags that kubeadm makes of an etcd that others run.
func withExternal(given, external value.Value) value.Value {
	flags := map[string]value.Value{"etcd-cafile": external.Field("caFile"), "etcd-certfile": external.Field("certFile"),
		"etcd-keyfile": external.Field("keyFile"), "etcd-servers": external.Field("endpoints")}
	return over(nil, value.Object(flags), external.Origin(), given)
}

// over lays flags that a configuration gives over those that kubeadm sets. It writes them as a map of names or, since v1beta4, as a
// list of name and value, in which a name may come several times.
func over(set map[string]string, given value.Value, at *value.Origin, more ...value.Value) value.Value {
	all := map[string]value.Value{}
	for name, text := range set {
		all[name] = value.String(text).At(at)
	}
	var open []value.Reason
	for _, v := range append([]value.Value{given}, more...) {
		if v.IsUnknown() || v.IsOpen() {
			open = append(open, v.Reasons()...)
		}
		for _, name := range v.Keys() {
			all[name] = v.Field(name)
		}
		items, _ := v.AsList()
		seen := map[string]value.Value{}
		for _, item := range items {
			name, ok := item.Field("name").AsString()
			if !ok {
				open = append(open, value.Reason{Why: "the name of a flag is not known"})
				continue
			}
			add(seen, name, item.Field("value"))
			all[name] = seen[name]
		}
	}
	flags := value.Object(all).At(at)
	if len(open) > 0 {
		flags = flags.Open(open...)
	}
	return flags
}

func follow(v value.Value, path string) value.Value {
	for name := range strings.SplitSeq(path, ".") {
		if name != "" {
			v = v.Field(name)
		}
	}
	return v
}
