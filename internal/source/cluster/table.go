package cluster

// objects is one type of objects, and where the API has them.
type objects struct {
	kind       string // "Deployment"
	group      string // "apps", "" for the core
	resource   string // "deployments"
	namespaced bool
	// versions of the group in which the fields that are judged read alike, the best first.
	versions []string
	// special is set for what is not simply listed.
	special special
}

// special says how a type is read that is not simply listed.
type special uint8

const (
	listed   special = iota
	metadata         // of the objects, their metadata only
	kubelet          // from the kubelet of each node
	itself           // from all that the cluster shows of itself
)

// Type is the type of the blocks: the kind and, outside the core, its group.
func (t objects) Type() string {
	if t.group == "" {
		return t.kind
	}
	return t.kind + "." + t.group
}

// Itself is the type of the one block about a cluster as a whole. As what is said of a target it is called like its kind.
const Itself = "kubernetes.cluster"

const (
	podType     = "Pod"
	secretType  = "Secret"
	kubeletType = "KubeletConfiguration.kubelet.config.k8s.io"
)

const (
	global     = false
	namespaced = true
)

var (
	v1        = []string{"v1"}
	beta      = []string{"v1", "v1beta1"}
	alpha     = []string{"v1", "v1beta1", "v1alpha1"}
	v2        = []string{"v2"}
	calico    = []string{"v1", "v3"}
	secretsV1 = []string{"v1", "v1alpha1"}
	sandboxes = []string{"v1", "v1beta1", "v1alpha1"}
)

// table holds all that is read. A group that the cluster does not serve has no objects.
var table = []objects{
	{Itself, "", "", global, nil, itself},
	{"Namespace", "", "namespaces", global, v1, listed},
	{"Node", "", "nodes", global, v1, listed},
	{"PersistentVolume", "", "persistentvolumes", global, v1, listed},
	{"Pod", "", "pods", namespaced, v1, listed},
	{"ReplicationController", "", "replicationcontrollers", namespaced, v1, listed},
	{"Service", "", "services", namespaced, v1, listed},
	{"ServiceAccount", "", "serviceaccounts", namespaced, v1, listed},
	{"ConfigMap", "", "configmaps", namespaced, v1, listed},
	{"PersistentVolumeClaim", "", "persistentvolumeclaims", namespaced, v1, listed},
	{"LimitRange", "", "limitranges", namespaced, v1, listed},
	{"ResourceQuota", "", "resourcequotas", namespaced, v1, listed},
	{secretType, "", "secrets", namespaced, v1, metadata},

	{"Deployment", "apps", "deployments", namespaced, v1, listed},
	{"StatefulSet", "apps", "statefulsets", namespaced, v1, listed},
	{"DaemonSet", "apps", "daemonsets", namespaced, v1, listed},
	{"ReplicaSet", "apps", "replicasets", namespaced, v1, listed},
	{"Job", "batch", "jobs", namespaced, v1, listed},
	{"CronJob", "batch", "cronjobs", namespaced, beta, listed},
	{"Sandbox", "agents.x-k8s.io", "sandboxes", namespaced, sandboxes, listed},
	{"SandboxTemplate", "extensions.agents.x-k8s.io", "sandboxtemplates", namespaced, sandboxes, listed},
	{"HorizontalPodAutoscaler", "autoscaling", "horizontalpodautoscalers", namespaced, v2, listed},
	{"PodDisruptionBudget", "policy", "poddisruptionbudgets", namespaced, beta, listed},

	{"Role", "rbac.authorization.k8s.io", "roles", namespaced, v1, listed},
	{"RoleBinding", "rbac.authorization.k8s.io", "rolebindings", namespaced, v1, listed},
	{"ClusterRole", "rbac.authorization.k8s.io", "clusterroles", global, v1, listed},
	{"ClusterRoleBinding", "rbac.authorization.k8s.io", "clusterrolebindings", global, v1, listed},

	{"NetworkPolicy", "networking.k8s.io", "networkpolicies", namespaced, v1, listed},
	{"Ingress", "networking.k8s.io", "ingresses", namespaced, v1, listed},
	{"IngressClass", "networking.k8s.io", "ingressclasses", global, v1, listed},
	{"Gateway", "gateway.networking.k8s.io", "gateways", namespaced, beta, listed},
	{"HTTPRoute", "gateway.networking.k8s.io", "httproutes", namespaced, beta, listed},
	// Policies that only some networks know. What they allow is allowed besides what NetworkPolicy does.
	{"AdminNetworkPolicy", "policy.networking.k8s.io", "adminnetworkpolicies", global, alpha, listed},
	{"BaselineAdminNetworkPolicy", "policy.networking.k8s.io", "baselineadminnetworkpolicies", global, alpha, listed},
	{"CiliumNetworkPolicy", "cilium.io", "ciliumnetworkpolicies", namespaced, []string{"v2"}, listed},
	{"CiliumClusterwideNetworkPolicy", "cilium.io", "ciliumclusterwidenetworkpolicies", global, []string{"v2"}, listed},
	{"NetworkPolicy", "crd.projectcalico.org", "networkpolicies", namespaced, calico, listed},
	{"GlobalNetworkPolicy", "crd.projectcalico.org", "globalnetworkpolicies", global, calico, listed},
	{"NetworkPolicy", "projectcalico.org", "networkpolicies", namespaced, calico, listed},
	{"GlobalNetworkPolicy", "projectcalico.org", "globalnetworkpolicies", global, calico, listed},
	{"PeerAuthentication", "security.istio.io", "peerauthentications", namespaced, beta, listed},
	{"Gateway", "networking.istio.io", "gateways", namespaced, alpha, listed},
	{"DestinationRule", "networking.istio.io", "destinationrules", namespaced, alpha, listed},

	{"StorageClass", "storage.k8s.io", "storageclasses", global, v1, listed},
	{"CSIDriver", "storage.k8s.io", "csidrivers", global, v1, listed},
	{"SecretProviderClass", "secrets-store.csi.x-k8s.io", "secretproviderclasses", namespaced, secretsV1, listed},
	{"ExternalSecret", "external-secrets.io", "externalsecrets", namespaced, beta, listed},
	{"RuntimeClass", "node.k8s.io", "runtimeclasses", global, v1, listed},

	{"ValidatingWebhookConfiguration", "admissionregistration.k8s.io", "validatingwebhookconfigurations", global, v1, listed},
	{"MutatingWebhookConfiguration", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", global, v1, listed},
	{"ValidatingAdmissionPolicy", "admissionregistration.k8s.io", "validatingadmissionpolicies", global, beta, listed},
	{"ValidatingAdmissionPolicyBinding", "admissionregistration.k8s.io", "validatingadmissionpolicybindings", global, beta, listed},
	{"MutatingAdmissionPolicy", "admissionregistration.k8s.io", "mutatingadmissionpolicies", global, alpha, listed},
	{"MutatingAdmissionPolicyBinding", "admissionregistration.k8s.io", "mutatingadmissionpolicybindings", global, alpha, listed},
	{"APIService", "apiregistration.k8s.io", "apiservices", global, v1, listed},

	{"KubeletConfiguration", "kubelet.config.k8s.io", "nodes/proxy", global, nil, kubelet},
}
