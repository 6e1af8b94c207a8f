package terraform

import (
	"strings"

	admission "k8s.io/api/admissionregistration/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	node "k8s.io/api/node/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	storage "k8s.io/api/storage/v1"
)

// declared is what a type of Terraform's blocks declares.
type declared struct {
	names      string // of the types, without "kubernetes_"
	apiVersion string
	shape      any // the Go type of the object; its name is the kind
}

var objects = []declared{
	{"pod pod_v1", "v1", core.Pod{}},
	{"replication_controller replication_controller_v1", "v1", core.ReplicationController{}},
	{"deployment deployment_v1", "apps/v1", apps.Deployment{}},
	{"stateful_set stateful_set_v1", "apps/v1", apps.StatefulSet{}},
	{"daemonset daemon_set_v1", "apps/v1", apps.DaemonSet{}},
	{"job job_v1", "batch/v1", batch.Job{}},
	{"cron_job cron_job_v1", "batch/v1", batch.CronJob{}},
	{"horizontal_pod_autoscaler horizontal_pod_autoscaler_v1 horizontal_pod_autoscaler_v2 horizontal_pod_autoscaler_v2beta2",
		"autoscaling/v2", autoscaling.HorizontalPodAutoscaler{}},
	{"pod_disruption_budget pod_disruption_budget_v1", "policy/v1", policy.PodDisruptionBudget{}},
	{"service service_v1", "v1", core.Service{}},
	{"endpoints endpoints_v1", "v1", core.Endpoints{}},
	{"ingress ingress_v1", "networking.k8s.io/v1", networking.Ingress{}},
	{"ingress_class ingress_class_v1", "networking.k8s.io/v1", networking.IngressClass{}},
	{"network_policy network_policy_v1", "networking.k8s.io/v1", networking.NetworkPolicy{}},
	{"namespace namespace_v1", "v1", core.Namespace{}},
	{"role role_v1", "rbac.authorization.k8s.io/v1", rbac.Role{}},
	{"cluster_role cluster_role_v1", "rbac.authorization.k8s.io/v1", rbac.ClusterRole{}},
	{"role_binding role_binding_v1", "rbac.authorization.k8s.io/v1", rbac.RoleBinding{}},
	{"cluster_role_binding cluster_role_binding_v1", "rbac.authorization.k8s.io/v1", rbac.ClusterRoleBinding{}},
	{"service_account service_account_v1 default_service_account default_service_account_v1", "v1", core.ServiceAccount{}},
	{"secret secret_v1", "v1", core.Secret{}},
	{"config_map config_map_v1", "v1", core.ConfigMap{}},
	{"persistent_volume persistent_volume_v1", "v1", core.PersistentVolume{}},
	{"persistent_volume_claim persistent_volume_claim_v1", "v1", core.PersistentVolumeClaim{}},
	{"storage_class storage_class_v1", "storage.k8s.io/v1", storage.StorageClass{}},
	{"runtime_class_v1", "node.k8s.io/v1", node.RuntimeClass{}},
	{"limit_range limit_range_v1", "v1", core.LimitRange{}},
	{"resource_quota resource_quota_v1", "v1", core.ResourceQuota{}},
	{"validating_webhook_configuration validating_webhook_configuration_v1", "admissionregistration.k8s.io/v1",
		admission.ValidatingWebhookConfiguration{}},
	{"mutating_webhook_configuration mutating_webhook_configuration_v1", "admissionregistration.k8s.io/v1",
		admission.MutatingWebhookConfiguration{}},
	{"validating_admission_policy validating_admission_policy_v1", "admissionregistration.k8s.io/v1", admission.ValidatingAdmissionPolicy{}},
}

var byType = func() map[string]declared {
	all := map[string]declared{}
	for _, o := range objects {
		for name := range strings.FieldsSeq(o.names) {
			all["kubernetes_"+name] = o
		}
	}
	return all
}()

// special are the members that the provider calls otherwise than the API, by the Go type that they belong to. "" is what is for
// Terraform alone: what it waits for, and what the cluster tells. ":inline" lies in the object itself.
var special = map[string]map[string]string{
	"*": { // of any object
		"id": "", "timeouts": "", "status": "", "wait_for_rollout": "", "wait_for_completion": "", "wait_for_load_balancer": "",
		"wait_until_bound": "", "wait_for_default_service_account": "", "wait_for_service_account_token": "", "default_secret_name": "",
		"data_wo_revision": "", "binary_data_wo_revision": "",
		"target_state": "",
	},
	"ObjectMeta":                      {"generation": "", "resource_version": "", "uid": "", "self_link": ""},
	"LabelSelector":                   {"label_selector": ":inline"},
	"DaemonSetSpec":                   {"strategy": "updateStrategy"},
	"StorageClass":                    {"storage_provisioner": "provisioner"},
	"PersistentVolumeSpec":            {"persistent_volume_source": ":inline"},
	"Secret":                          {"data": "stringData", "data_wo": "stringData", "binary_data": "data", "binary_data_wo": "data"},
	"RBDVolumeSource":                 {"ceph_monitors": "monitors", "rados_user": "user", "rbd_image": "image", "rbd_pool": "pool"},
	"RBDPersistentVolumeSource":       {"ceph_monitors": "monitors", "rados_user": "user", "rbd_image": "image", "rbd_pool": "pool"},
	"AzureDiskVolumeSource":           {"data_disk_uri": "diskURI"},
	"GlusterfsVolumeSource":           {"endpoints_name": "endpoints"},
	"GlusterfsPersistentVolumeSource": {"endpoints_name": "endpoints"},
	"IngressSpec":                     {"backend": "defaultBackend"},
	"IngressBackend":                  {"service_name": "service.name", "service_port": "service.port.number"},
	"HorizontalPodAutoscalerSpec":     {"target_cpu_utilization_percentage": "targetCPUUtilizationPercentage"},
}

// defaults are what the provider sets when nobody says, where the API would do otherwise or nothing.
var defaults = map[string]map[string]any{
	"PodSpec":              {"automountServiceAccountToken": true},
	"ServiceAccount":       {"automountServiceAccountToken": true},
	"SeccompProfile":       {"type": "Unconfined"},
	"StorageClass":         {"allowVolumeExpansion": true},
	"Subject":              {"namespace": "default"},
	"PersistentVolumeSpec": {"persistentVolumeReclaimPolicy": "Retain"},
}
