package kubernetes

import (
	"reflect"
	"strings"

	admission "k8s.io/api/admissionregistration/v1"
	mutating "k8s.io/api/admissionregistration/v1beta1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	node "k8s.io/api/node/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	storage "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"ward.dev/ward/internal/value"
)

// objects are the types whose shape is known, by the names of their blocks.
var objects = map[string]any{
	"Pod": core.Pod{}, "Service": core.Service{}, "ServiceAccount": core.ServiceAccount{}, "ConfigMap": core.ConfigMap{},
	"Secret": core.Secret{}, "Namespace": core.Namespace{}, "Node": core.Node{}, "PersistentVolume": core.PersistentVolume{},
	"PersistentVolumeClaim": core.PersistentVolumeClaim{}, "LimitRange": core.LimitRange{}, "ResourceQuota": core.ResourceQuota{},
	"ReplicationController": core.ReplicationController{}, "PodTemplate": core.PodTemplate{}, "Endpoints": core.Endpoints{},
	"Deployment.apps": apps.Deployment{}, "StatefulSet.apps": apps.StatefulSet{}, "DaemonSet.apps": apps.DaemonSet{},
	"ReplicaSet.apps": apps.ReplicaSet{}, "Job.batch": batch.Job{}, "CronJob.batch": batch.CronJob{},
	"HorizontalPodAutoscaler.autoscaling":                           autoscaling.HorizontalPodAutoscaler{},
	"NetworkPolicy.networking.k8s.io":                               networking.NetworkPolicy{},
	"Ingress.networking.k8s.io":                                     networking.Ingress{},
	"IngressClass.networking.k8s.io":                                networking.IngressClass{},
	"PodDisruptionBudget.policy":                                    policy.PodDisruptionBudget{},
	"Role.rbac.authorization.k8s.io":                                role{},
	"ClusterRole.rbac.authorization.k8s.io":                         clusterRole{},
	"RoleBinding.rbac.authorization.k8s.io":                         rbac.RoleBinding{},
	"ClusterRoleBinding.rbac.authorization.k8s.io":                  rbac.ClusterRoleBinding{},
	"StorageClass.storage.k8s.io":                                   storage.StorageClass{},
	"RuntimeClass.node.k8s.io":                                      node.RuntimeClass{},
	"ValidatingWebhookConfiguration.admissionregistration.k8s.io":   admission.ValidatingWebhookConfiguration{},
	"MutatingWebhookConfiguration.admissionregistration.k8s.io":     admission.MutatingWebhookConfiguration{},
	"ValidatingAdmissionPolicy.admissionregistration.k8s.io":        admission.ValidatingAdmissionPolicy{},
	"ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io": admission.ValidatingAdmissionPolicyBinding{},
	"MutatingAdmissionPolicy.admissionregistration.k8s.io":          mutating.MutatingAdmissionPolicy{},
	"MutatingAdmissionPolicyBinding.admissionregistration.k8s.io":   mutating.MutatingAdmissionPolicyBinding{},
}

// role and clusterRole are roles with what follows from all of them; see package rbac.
type (
	role struct {
		rbac.Role `json:",inline"`
		Provided  bool `json:"provided"`
	}
	clusterRole struct {
		rbac.ClusterRole `json:",inline"`
		Provided         bool `json:"provided"`
	}
)

// free are types that others define, of which anything may be asked.
var free = []string{"Gateway.gateway.networking.k8s.io", "HTTPRoute.gateway.networking.k8s.io", "Policy.audit.k8s.io",
	"EncryptionConfiguration.apiserver.config.k8s.io", "KubeletConfiguration.kubelet.config.k8s.io", "Dockerfile", "Subject",
	"PeerAuthentication.security.istio.io", "Gateway.networking.istio.io", "DestinationRule.networking.istio.io",
	"CiliumNetworkPolicy.cilium.io", "CiliumClusterwideNetworkPolicy.cilium.io", "AdminNetworkPolicy.policy.networking.k8s.io",
	"BaselineAdminNetworkPolicy.policy.networking.k8s.io", "NetworkPolicy.projectcalico.org", "NetworkPolicy.crd.projectcalico.org",
	"GlobalNetworkPolicy.projectcalico.org", "GlobalNetworkPolicy.crd.projectcalico.org",
	"AdmissionConfiguration.apiserver.config.k8s.io",
	"KubeProxyConfiguration.kubeproxy.config.k8s.io", "APIServer", "ControllerManager", "Scheduler", "Etcd",
	"Sandbox.agents.x-k8s.io", "SandboxTemplate.extensions.agents.x-k8s.io"}

// Shapes returns, for each type, an object in which everything is set, so that places in kind files can be held against it. What
// is unknown in it may hold anything.
func Shapes() map[string]value.Value {
	all := map[string]value.Value{}
	for typ, object := range objects {
		all[typ] = shape(reflect.TypeOf(object), 0)
	}
	for _, typ := range free {
		all[typ] = value.Unresolved(value.Reason{Why: "others define it"})
	}
	return all
}

// whole are types that are written as one text or number, or as anything.
var whole = map[reflect.Type]bool{
	reflect.TypeFor[meta.Time](): true, reflect.TypeFor[meta.MicroTime](): true, reflect.TypeFor[resource.Quantity](): true,
	reflect.TypeFor[intstr.IntOrString](): true,
}

func shape(t reflect.Type, depth int) value.Value {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case depth > 20:
		return value.Unresolved(value.Reason{Why: "it holds itself"})
	case whole[t]:
		return value.String("")
	}
	switch t.Kind() {
	case reflect.Struct:
		members := map[string]value.Value{}
		addFields(t, members, depth)
		return value.Object(members)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return value.String("")
		}
		return value.List(shape(t.Elem(), depth+1))
	case reflect.Map:
		return value.Object(nil).Open(value.Reason{Why: "its keys are free"})
	case reflect.Bool:
		return value.Bool(false)
	case reflect.Int, reflect.Int32, reflect.Int64:
		return value.Int(0)
	case reflect.Interface:
		return value.Unresolved(value.Reason{Why: "it may be anything"})
	}
	return value.String("")
}

// addFields adds the members that JSON has of a struct.
func addFields(t reflect.Type, members map[string]value.Value, depth int) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case name == "" && (f.Anonymous || strings.Contains(options, "inline")):
			addFields(f.Type, members, depth)
		case name != "":
			members[name] = shape(f.Type, depth+1)
		}
	}
}
