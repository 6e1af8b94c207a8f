package terraform

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"ward.dev/ward/internal/value"
)

var (
	wordEnd    = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	acronymEnd = regexp.MustCompile(`([A-Z])([A-Z][a-z])`)
)

// snake is a member's name as the provider's schema has it.
func snake(name string) string {
	return strings.ToLower(wordEnd.ReplaceAllString(acronymEnd.ReplaceAllString(name, "${1}_$2"), "${1}_$2"))
}

// singular is the name of one of several blocks.
func singular(name string) string {
	switch {
	case strings.HasSuffix(name, "icies"):
		return strings.TrimSuffix(name, "ies") + "y"
	case strings.HasSuffix(name, "sses"):
		return strings.TrimSuffix(name, "es")
	case name == "ingress" || name == "from" || name == "to":
		return name
	}
	return strings.TrimSuffix(name, "s")
}

// filled returns a block in which every member of a type is set, and the object that is to be made of it.
func filled(t reflect.Type, depth int) (block, object any) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case depth > 14:
		return nil, nil
	case t == reflect.TypeFor[intstr.IntOrString]():
		return "8080", 8080.0
	case t == reflect.TypeFor[resource.Quantity](), t == reflect.TypeFor[meta.Time]():
		return "1Gi", "1Gi"
	}
	switch t.Kind() {
	case reflect.Struct:
		block, object := map[string]any{}, map[string]any{}
		for _, m := range membersOf(t) {
			b, o := filled(m.typ, depth+1)
			name := snake(m.name)
			if depth == 0 && name == "status" {
				continue
			}
			if other, renamed := special[t.Name()][name]; renamed && other == "" { // what the cluster tells
				continue
			}
			if m.name == "mode" || m.name == "defaultMode" {
				b, o = "0644", 420.0
			}
			if m.blocks() {
				name = singular(name)
			}
			if b != nil {
				block[name], object[m.name] = b, o
			}
		}
		return []any{block}, object
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes", "bytes"
		}
		b, o := filled(t.Elem(), depth+1)
		if list, isBlock := b.([]any); isBlock && t.Elem().Kind() == reflect.Struct && len(list) == 1 {
			return []any{list[0], list[0]}, []any{o, o}
		}
		return []any{b}, []any{o}
	case reflect.Map:
		return map[string]any{"key": "text"}, map[string]any{"key": "text"}
	case reflect.Bool:
		return "true", true
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "7", 7.0
	case reflect.String:
		return "text", "text"
	}
	return nil, nil
}

func valueOf(data any) value.Value {
	switch d := data.(type) {
	case string:
		return value.String(d)
	case bool:
		return value.Bool(d)
	case float64:
		return value.Int(int64(d))
	case []any:
		list := make([]value.Value, len(d))
		for i, item := range d {
			list[i] = valueOf(item)
		}
		return value.List(list...)
	case map[string]any:
		members := map[string]value.Value{}
		for key, member := range d {
			members[key] = valueOf(member)
		}
		return value.Object(members)
	}
	return value.None()
}

// plain is a value as JSON has it.
func plain(t *testing.T, v value.Value) any {
	t.Helper()
	text, err := json.Marshal(v.Plain())
	if err != nil {
		t.Fatal(err)
	}
	var data any
	if err := json.Unmarshal(text, &data); err != nil {
		t.Fatal(err)
	}
	return data
}

// TestEveryMember proves that every member of every type has its way from the provider's name to the API's.
func TestEveryMember(t *testing.T) {
	for typ, declared := range byType {
		shape := reflect.TypeOf(declared.shape)
		block, want := filled(shape, 0)
		object := want.(map[string]any)
		object["apiVersion"], object["kind"] = declared.apiVersion, shape.Name()
		body := block.([]any)[0].(map[string]any)
		delete(body, "api_version")
		if typ == "kubernetes_secret" || typ == "kubernetes_secret_v1" {
			body["binary_data"] = body["data"] // which the provider calls so; its data are texts
			delete(body, "data")
		}
		if strings.HasPrefix(typ, "kubernetes_daemon") {
			spec := body["spec"].([]any)[0].(map[string]any)
			spec["strategy"] = spec["update_strategy"]
			delete(spec, "update_strategy")
		}
		got, ok := Object(typ, valueOf(body))
		if !ok || got.IsOpen() {
			t.Errorf("%s: %v %v", typ, ok, got.Reasons())
		}
		if diff := cmp.Diff(want, plain(t, got)); diff != "" {
			t.Errorf("%s (-want +got):\n%.2000s", typ, diff)
		}
	}
}

// TestObject proves what the provider does otherwise than the API.
func TestObject(t *testing.T) {
	for _, test := range []struct{ name, typ, block, want string }{
		{"a token is mounted unless someone says no", "kubernetes_pod", `{"metadata":[{"name":"p"}],"spec":[{"container":[{"name":"c"}]}]}`,
			`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"automountServiceAccountToken":true,"containers":[{"name":"c"}]}}`},
		{"a daemon set's strategy", "kubernetes_daemonset", `{"spec":[{"strategy":[{"type":"OnDelete"}]}],"wait_for_rollout":true}`,
			`{"apiVersion":"apps/v1","kind":"DaemonSet","spec":{"updateStrategy":{"type":"OnDelete"}}}`},
		{"a secret's texts", "kubernetes_secret_v1", `{"data":{"a":"x"},"data_wo":{"b":"y"},"binary_data":{"c":"z"},"type":"Opaque"}`,
			`{"apiVersion":"v1","kind":"Secret","stringData":{"a":"x","b":"y"},"data":{"c":"z"},"type":"Opaque"}`},
		{"a volume's source", "kubernetes_persistent_volume", `{"spec":[{"persistent_volume_source":[{"host_path":[{"path":"/x"}]}]}]}`,
			`{"apiVersion":"v1","kind":"PersistentVolume","spec":{"hostPath":{"path":"/x"},"persistentVolumeReclaimPolicy":"Retain"}}`},
		{"a storage class", "kubernetes_storage_class", `{"storage_provisioner":"ebs.csi.aws.com","parameters":{"encrypted":true}}`,
			`{"apiVersion":"storage.k8s.io/v1","kind":"StorageClass","provisioner":"ebs.csi.aws.com","parameters":{"encrypted":"true"},"allowVolumeExpansion":true}`},
		{"the account called default", "kubernetes_default_service_account", `{"metadata":[{"namespace":"clinic"}],"automount_service_account_token":false}`,
			`{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default","namespace":"clinic"},"automountServiceAccountToken":false}`},
		{"an older ingress", "kubernetes_ingress", `{"spec":[{"backend":[{"service_name":"s","service_port":"80"}],"rule":[{"http":[{"path":[{"backend":[{"service_name":"s","service_port":"http"}]}]}]}]}]}`,
			`{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","spec":{"defaultBackend":{"service":{"name":"s","port":{"number":80}}},"rules":[{"http":{"paths":[{"backend":{"service":{"name":"s","port":{"number":"http"}}}}]}}]}}`},
		{"limits as blocks", "kubernetes_pod", `{"spec":[{"automount_service_account_token":false,"container":[{"resources":[{"limits":[{"cpu":"1"}]}]}]}]}`,
			`{"apiVersion":"v1","kind":"Pod","spec":{"automountServiceAccountToken":false,"containers":[{"resources":{"limits":{"cpu":"1"}}}]}}`},
		{"an empty selector", "kubernetes_network_policy", `{"spec":[{"pod_selector":[{}],"ingress":[],"policy_types":["Ingress"]}]}`,
			`{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","spec":{"podSelector":{},"ingress":null,"policyTypes":["Ingress"]}}`},
		{"what a plan writes for nothing", "kubernetes_pod", `{"spec":[{"node_name":"","security_context":[],"host_pid":false,"volume":[],"automount_service_account_token":false}]}`,
			`{"apiVersion":"v1","kind":"Pod","spec":{"nodeName":null,"securityContext":null,"hostPID":null,"volumes":null,"automountServiceAccountToken":false}}`},
		{"JSON's objects", "kubernetes_pod", `{"metadata":{"name":"p"},"spec":{"automount_service_account_token":true,"container":{"name":"c"}}}`,
			`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"automountServiceAccountToken":true,"containers":[{"name":"c"}]}}`},
		{"a filter that is off by default", "kubernetes_pod", `{"spec":[{"automount_service_account_token":true,"security_context":[{"seccomp_profile":[{}]}]}]}`,
			`{"apiVersion":"v1","kind":"Pod","spec":{"automountServiceAccountToken":true,"securityContext":{"seccompProfile":{"type":"Unconfined"}}}}`},
	} {
		var block, want any
		if err := json.Unmarshal([]byte(test.block), &block); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(test.want), &want); err != nil {
			t.Fatal(err)
		}
		got, ok := Object(test.typ, valueOf(block))
		if diff := cmp.Diff(want, plain(t, got)); !ok || diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	if _, ok := Object("kubernetes_labels", value.Object(nil)); ok {
		t.Error("it knows what it should not")
	}
}

// TestUnknown proves that what is not known stays so, and that what has no counterpart leaves its object open.
func TestUnknown(t *testing.T) {
	unknown := value.Unresolved(value.Reason{Why: "var.x has no value"})
	block := func(members map[string]value.Value) value.Value { return value.List(value.Object(members)) }
	pod := func(spec map[string]value.Value) value.Value {
		v, _ := Object("kubernetes_pod", value.Object(map[string]value.Value{"spec": block(spec)}))
		return v.Field("spec")
	}
	spec := pod(map[string]value.Value{"host_pid": unknown, "container": value.List(block(map[string]value.Value{"image": unknown})).Open(value.Reason{Why: "dynamic"}),
		"security_context": value.List().Open(value.Reason{Why: "dynamic"}), "automount_service_account_token": unknown})
	containers := spec.Field("containers")
	if !spec.Field("hostPID").IsUnknown() || !containers.IsOpen() || !spec.Field("securityContext").Field("runAsUser").IsUnknown() ||
		!spec.Field("automountServiceAccountToken").IsUnknown() || !spec.Field("hostIPC").IsAbsent() {
		t.Errorf("got %v", spec.Plain())
	}
	spec = pod(map[string]value.Value{"host_pids": value.Bool(true), "gone": value.None()})
	if !spec.IsOpen() || !spec.Field("hostPID").IsUnknown() || !strings.Contains(spec.Reasons()[0].Why, "host_pids is no member of a PodSpec") {
		t.Errorf("a member without counterpart: %v", spec.Reasons())
	}
	if len(spec.Reasons()) != 1 || !pod(nil).Field("hostPID").IsAbsent() {
		t.Error("what is not set leaves nothing open")
	}
	several := value.List(value.Object(nil), value.Object(nil))
	if v := pod(map[string]value.Value{"security_context": several}); !v.Field("securityContext").IsUnknown() {
		t.Error("two blocks where one is wanted are not known")
	}
	for _, v := range []value.Value{unknown, value.String("x"), value.List(value.Int(1)), value.None()} { // of whatever Terraform lets pass
		if got, ok := Object("kubernetes_deployment", v); !ok || !got.Field("spec").IsUnknown() {
			t.Errorf("%v: %v", v, got.Plain())
		}
		Object("kubernetes_deployment", value.Object(map[string]value.Value{"metadata": v, "spec": v}))
	}
}

// FuzzObject proves that nothing that Terraform may hand over makes the translation panic.
func FuzzObject(f *testing.F) {
	f.Add("kubernetes_deployment", `{"metadata":[{"name":1}],"spec":{"template":[{"spec":[[],{"container":"x"}]}]}}`)
	f.Add("kubernetes_ingress", `{"spec":[{"backend":[{"service_name":[],"service_port":{}}]}]}`)
	f.Add("kubernetes_persistent_volume", `{"spec":[{"persistent_volume_source":[{"host_path":7}]}],"metadata":null}`)
	f.Add("kubernetes_default_service_account", `[]`)
	f.Fuzz(func(t *testing.T, typ, text string) {
		var data any
		if json.Unmarshal([]byte(text), &data) == nil {
			Object(typ, valueOf(data))
		}
	})
}
