package manifest

import "strings"

// moved leads from kinds in groups that Kubernetes left behind to their groups of today.
var moved = map[string]string{
	"extensions/DaemonSet":         "apps",
	"extensions/Deployment":        "apps",
	"extensions/ReplicaSet":        "apps",
	"extensions/Ingress":           "networking.k8s.io",
	"extensions/NetworkPolicy":     "networking.k8s.io",
	"extensions/PodSecurityPolicy": "policy",
}

// Type returns the block type of a kind in a version of a group: "Pod" of v1, "Deployment.apps" of apps/v1.
func Type(apiVersion, kind string) string {
	group, _, grouped := strings.Cut(apiVersion, "/")
	if !grouped {
		return kind
	}
	if today := moved[group+"/"+kind]; today != "" {
		group = today
	}
	if group == "" {
		return kind
	}
	return kind + "." + group
}

// clusterScoped are the types of Kubernetes' own whose objects have no namespace.
var clusterScoped = set(`Namespace Node PersistentVolume ComponentStatus
	ClusterRole.rbac.authorization.k8s.io ClusterRoleBinding.rbac.authorization.k8s.io
	CustomResourceDefinition.apiextensions.k8s.io APIService.apiregistration.k8s.io
	MutatingWebhookConfiguration.admissionregistration.k8s.io ValidatingWebhookConfiguration.admissionregistration.k8s.io
	ValidatingAdmissionPolicy.admissionregistration.k8s.io ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io
	MutatingAdmissionPolicy.admissionregistration.k8s.io MutatingAdmissionPolicyBinding.admissionregistration.k8s.io
	StorageClass.storage.k8s.io CSIDriver.storage.k8s.io CSINode.storage.k8s.io VolumeAttachment.storage.k8s.io
	VolumeAttributesClass.storage.k8s.io
	IngressClass.networking.k8s.io IPAddress.networking.k8s.io ServiceCIDR.networking.k8s.io
	PriorityClass.scheduling.k8s.io RuntimeClass.node.k8s.io PodSecurityPolicy.policy
	CertificateSigningRequest.certificates.k8s.io ClusterTrustBundle.certificates.k8s.io
	FlowSchema.flowcontrol.apiserver.k8s.io PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io
	DeviceClass.resource.k8s.io ResourceSlice.resource.k8s.io
	StorageVersionMigration.storagemigration.k8s.io StorageVersion.internal.apiserver.k8s.io
	GatewayClass.gateway.networking.k8s.io ClusterIssuer.cert-manager.io ClusterPolicy.kyverno.io
	CiliumClusterwideNetworkPolicy.cilium.io GlobalNetworkPolicy.projectcalico.org GlobalNetworkPolicy.crd.projectcalico.org
	AdminNetworkPolicy.policy.networking.k8s.io BaselineAdminNetworkPolicy.policy.networking.k8s.io
	ClusterSecretStore.external-secrets.io ClusterExternalSecret.external-secrets.io
	VolumeSnapshotClass.snapshot.storage.k8s.io VolumeSnapshotContent.snapshot.storage.k8s.io
	SelfSubjectReview.authentication.k8s.io TokenReview.authentication.k8s.io SubjectAccessReview.authorization.k8s.io`)

// namespaced are those whose objects have one, as far as checks ask about them or files hold them often.
var namespaced = set(`Pod Service ServiceAccount ConfigMap Secret PersistentVolumeClaim LimitRange ResourceQuota Endpoints Event
	PodTemplate ReplicationController
	Deployment.apps StatefulSet.apps DaemonSet.apps ReplicaSet.apps ControllerRevision.apps
	Job.batch CronJob.batch HorizontalPodAutoscaler.autoscaling
	NetworkPolicy.networking.k8s.io Ingress.networking.k8s.io
	Role.rbac.authorization.k8s.io RoleBinding.rbac.authorization.k8s.io
	PodDisruptionBudget.policy EndpointSlice.discovery.k8s.io Lease.coordination.k8s.io Event.events.k8s.io
	CSIStorageCapacity.storage.k8s.io
	Gateway.gateway.networking.k8s.io HTTPRoute.gateway.networking.k8s.io GRPCRoute.gateway.networking.k8s.io
	TLSRoute.gateway.networking.k8s.io TCPRoute.gateway.networking.k8s.io ReferenceGrant.gateway.networking.k8s.io
	Certificate.cert-manager.io Issuer.cert-manager.io ServiceMonitor.monitoring.coreos.com
	PeerAuthentication.security.istio.io AuthorizationPolicy.security.istio.io VirtualService.networking.istio.io
	Gateway.networking.istio.io DestinationRule.networking.istio.io
	CiliumNetworkPolicy.cilium.io NetworkPolicy.projectcalico.org NetworkPolicy.crd.projectcalico.org
	ExternalSecret.external-secrets.io SecretStore.external-secrets.io SealedSecret.bitnami.com
	Sandbox.agents.x-k8s.io SandboxTemplate.extensions.agents.x-k8s.io`)

// configuration tells of a type that it configures a program, such as the API server, and is no object of a cluster.
func configuration(typ string) bool {
	return typ == "Config" || strings.HasSuffix(typ, ".config.k8s.io") || strings.HasSuffix(typ, ".audit.k8s.io") ||
		strings.HasSuffix(typ, ".kubeadm.k8s.io")
}

func set(words string) map[string]bool {
	all := map[string]bool{}
	for _, word := range strings.Fields(words) {
		all[word] = true
	}
	return all
}

// Namespaced tells whether the objects of a type have a namespace; known is false for types that this package does not know.
func Namespaced(typ string) (isNamespaced, known bool) {
	return namespaced[typ], namespaced[typ] || clusterScoped[typ]
}
