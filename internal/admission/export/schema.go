package export

import (
	"maps"
	"reflect"
	"strings"
	"sync"

	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	storage "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// served is where the API server takes objects of a type, and what they look like.
type served struct {
	group, version, resource string
	object                   any
}

// any version: of types that Kubernetes does not define itself, clusters serve different ones.
const anyVersion = "*"

// types are the types of objects that policies are made for, by the names of their blocks. Nodes are not among them: a policy
// must not keep a node from joining its cluster.
var types = map[string]served{
	"Pod":                               {"", "v1", "pods", core.Pod{}},
	"Service":                           {"", "v1", "services", core.Service{}},
	"ServiceAccount":                    {"", "v1", "serviceaccounts", core.ServiceAccount{}},
	"ConfigMap":                         {"", "v1", "configmaps", core.ConfigMap{}},
	"Secret":                            {"", "v1", "secrets", core.Secret{}},
	"Namespace":                         {"", "v1", "namespaces", core.Namespace{}},
	"PersistentVolume":                  {"", "v1", "persistentvolumes", core.PersistentVolume{}},
	"PersistentVolumeClaim":             {"", "v1", "persistentvolumeclaims", core.PersistentVolumeClaim{}},
	"LimitRange":                        {"", "v1", "limitranges", core.LimitRange{}},
	"ResourceQuota":                     {"", "v1", "resourcequotas", core.ResourceQuota{}},
	"ReplicationController":             {"", "v1", "replicationcontrollers", core.ReplicationController{}},
	"Deployment.apps":                   {"apps", "v1", "deployments", apps.Deployment{}},
	"StatefulSet.apps":                  {"apps", "v1", "statefulsets", apps.StatefulSet{}},
	"DaemonSet.apps":                    {"apps", "v1", "daemonsets", apps.DaemonSet{}},
	"ReplicaSet.apps":                   {"apps", "v1", "replicasets", apps.ReplicaSet{}},
	"Job.batch":                         {"batch", "v1", "jobs", batch.Job{}},
	"CronJob.batch":                     {"batch", "v1", "cronjobs", batch.CronJob{}},
	"NetworkPolicy.networking.k8s.io":   {"networking.k8s.io", "v1", "networkpolicies", networking.NetworkPolicy{}},
	"Ingress.networking.k8s.io":         {"networking.k8s.io", "v1", "ingresses", networking.Ingress{}},
	"PodDisruptionBudget.policy":        {"policy", "v1", "poddisruptionbudgets", policy.PodDisruptionBudget{}},
	"Role.rbac.authorization.k8s.io":    {"rbac.authorization.k8s.io", "v1", "roles", rbac.Role{}},
	"StorageClass.storage.k8s.io":       {"storage.k8s.io", "v1", "storageclasses", storage.StorageClass{}},
	"Gateway.gateway.networking.k8s.io": {"gateway.networking.k8s.io", anyVersion, "gateways", gateway{}},
	"Gateway.networking.istio.io":       {"networking.istio.io", anyVersion, "gateways", istioGateway{}},
	"DestinationRule.networking.istio.io": {"networking.istio.io", anyVersion, "destinationrules",
		istioDestinationRule{}},
	"PeerAuthentication.security.istio.io": {"security.istio.io", anyVersion, "peerauthentications", istioPeerAuthentication{}},
	"Sandbox.agents.x-k8s.io":              {"agents.x-k8s.io", anyVersion, "sandboxes", sandbox{}},
	"SandboxTemplate.extensions.agents.x-k8s.io": {"extensions.agents.x-k8s.io", anyVersion, "sandboxtemplates",
		sandbox{}},
	"ClusterRole.rbac.authorization.k8s.io": {"rbac.authorization.k8s.io", "v1", "clusterroles", rbac.ClusterRole{}},
	"ClusterRoleBinding.rbac.authorization.k8s.io": {"rbac.authorization.k8s.io", "v1", "clusterrolebindings",
		rbac.ClusterRoleBinding{}},
	"RoleBinding.rbac.authorization.k8s.io": {"rbac.authorization.k8s.io", "v1", "rolebindings", rbac.RoleBinding{}},
}

// shape is what stands at a path of an object.
type shape struct {
	// form is what JSON has there: "object", "map", "list", "string", "bool", "int", "number", or "text or number".
	form string
	// below are the members of an object.
	below map[string]*shape
	// elem is what a list or a map holds.
	elem *shape
}

var shapes sync.Map // of reflect.Type: *shape

// shapeOf returns the shape of the objects of a type, nil if it is not known.
func shapeOf(typ string) *shape {
	s, ok := types[typ]
	if !ok {
		return nil
	}
	return reflected(reflect.TypeOf(s.object), 0)
}

// maxDepth ends types that hold themselves, such as the schema in a definition.
const maxDepth = 16

func reflected(t reflect.Type, depth int) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if depth > maxDepth {
		return &shape{form: "unknown"}
	}
	if known, ok := shapes.Load(t); ok && depth == 0 {
		return known.(*shape)
	}
	made := newShape(t, depth)
	if depth == 0 {
		shapes.Store(t, made)
	}
	return made
}

func newShape(t reflect.Type, depth int) *shape {
	switch t {
	case reflect.TypeFor[meta.Time](), reflect.TypeFor[meta.MicroTime]():
		return &shape{form: "string"}
	case reflect.TypeFor[resource.Quantity](), reflect.TypeFor[intstr.IntOrString]():
		return &shape{form: "text or number"}
	}
	switch t.Kind() {
	case reflect.Struct:
		s := &shape{form: "object", below: map[string]*shape{}}
		s.addFields(t, depth)
		return s
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return &shape{form: "string"}
		}
		return &shape{form: "list", elem: reflected(t.Elem(), depth+1)}
	case reflect.Map:
		return &shape{form: "map", elem: reflected(t.Elem(), depth+1)}
	case reflect.Bool:
		return &shape{form: "bool"}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return &shape{form: "int"}
	case reflect.Float64:
		return &shape{form: "number"}
	case reflect.String:
		return &shape{form: "string"}
	}
	return &shape{form: "unknown"}
}

// addFields adds the members that JSON has of a struct.
func (s *shape) addFields(t reflect.Type, depth int) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case name == "" && (f.Anonymous || strings.Contains(options, "inline")):
			s.addFields(f.Type, depth)
		case name != "":
			s.below[name] = reflected(f.Type, depth+1)
		}
	}
}

// member returns what stands under a name, nil if nothing can.
func (s *shape) member(name string) *shape {
	switch s.form {
	case "object":
		return s.below[name]
	case "map":
		return s.elem
	}
	return nil
}

// merge joins the shapes of several types of objects. What differs between them is unknown.
func merge(a, b *shape, depth int) *shape {
	switch {
	case a == nil || a == b:
		return b
	case b == nil:
		return a
	case a.form != b.form || depth > maxDepth:
		return &shape{form: "unknown"}
	}
	made := &shape{form: a.form, elem: a.elem}
	if a.elem != nil {
		made.elem = merge(a.elem, b.elem, depth+1)
	}
	if a.form == "object" {
		made.below = maps.Clone(a.below)
		for name, s := range b.below {
			made.below[name] = merge(a.below[name], s, depth+1)
		}
	}
	return made
}

// The types below are of others' groups. Only what kind files ask for is written down here.
type (
	custom struct {
		meta.TypeMeta   `json:",inline"`
		meta.ObjectMeta `json:"metadata"`
	}
	sandbox struct {
		custom `json:",inline"`
		Spec   struct {
			Replicas    *int32               `json:"replicas"`
			PodTemplate core.PodTemplateSpec `json:"podTemplate"`
		} `json:"spec"`
	}
	gateway struct {
		custom `json:",inline"`
		Spec   struct {
			GatewayClassName string `json:"gatewayClassName"`
			Listeners        []struct {
				Name     string  `json:"name"`
				Hostname *string `json:"hostname"`
				Port     int32   `json:"port"`
				Protocol string  `json:"protocol"`
				TLS      *struct {
					Mode            *string `json:"mode"`
					CertificateRefs []struct {
						Name string `json:"name"`
					} `json:"certificateRefs"`
				} `json:"tls"`
			} `json:"listeners"`
		} `json:"spec"`
	}
	istioGateway struct {
		custom `json:",inline"`
		Spec   struct {
			Servers []struct {
				Port struct {
					Number   int32  `json:"number"`
					Protocol string `json:"protocol"`
				} `json:"port"`
				Hosts []string `json:"hosts"`
				TLS   *struct {
					Mode          string `json:"mode"`
					HTTPSRedirect bool   `json:"httpsRedirect"`
				} `json:"tls"`
			} `json:"servers"`
		} `json:"spec"`
	}
	istioTraffic struct {
		TLS *struct {
			Mode string `json:"mode"`
		} `json:"tls"`
		PortLevelSettings []struct {
			TLS *struct {
				Mode string `json:"mode"`
			} `json:"tls"`
		} `json:"portLevelSettings"`
	}
	istioDestinationRule struct {
		custom `json:",inline"`
		Spec   struct {
			Host          string        `json:"host"`
			TrafficPolicy *istioTraffic `json:"trafficPolicy"`
			Subsets       []struct {
				TrafficPolicy *istioTraffic `json:"trafficPolicy"`
			} `json:"subsets"`
		} `json:"spec"`
	}
	istioPeerAuthentication struct {
		custom `json:",inline"`
		Spec   struct {
			MTLS *struct {
				Mode string `json:"mode"`
			} `json:"mtls"`
			PortLevelMTLS map[string]struct {
				Mode string `json:"mode"`
			} `json:"portLevelMtls"`
			Selector *meta.LabelSelector `json:"selector"`
		} `json:"spec"`
	}
)
