package decode_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"ward.dev/ward/internal/decode"
	"ward.dev/ward/internal/value"
)

// jsonValue makes a value of a JSON text, in which "?" is unknown.
func jsonValue(t *testing.T, text string) value.Value {
	t.Helper()
	var data any
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		t.Fatal(text, err)
	}
	return ofJSON(data)
}

func ofJSON(data any) value.Value {
	switch d := data.(type) {
	case bool:
		return value.Bool(d)
	case float64:
		return value.Int(int64(d))
	case string:
		if d == "?" {
			return value.Unresolved(value.Reason{Why: "hidden"})
		}
		return value.String(d)
	case []any:
		list := make([]value.Value, len(d))
		for i, item := range d {
			list[i] = ofJSON(item)
		}
		return value.List(list...)
	case map[string]any:
		members := map[string]value.Value{}
		for key, member := range d {
			members[key] = ofJSON(member)
		}
		return value.Object(members)
	}
	return value.None()
}

// shown writes a value shortly: ? for unknown, - for absent, a ? behind what may hold more.
func shown(v value.Value) string {
	switch {
	case v.IsUnknown():
		return "?"
	case v.IsAbsent():
		return "-"
	case v.IsOpen():
		return fmt.Sprint(v.Plain()) + "?"
	}
	return fmt.Sprint(v.Plain())
}

// TestKubernetesDecoders proves what the decoders of Kubernetes' formats make, also of what is not known.
func TestKubernetesDecoders(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0", 64)
	for _, one := range [][3]string{
		{"image.registry", `"nginx"`, "docker.io"},
		{"image.repository", `"nginx"`, "library/nginx"},
		{"image.tag", `"nginx"`, "latest"},
		{"image.digest", `"nginx"`, "-"},
		{"image.registry", `"localhost:5000/a/b:1@` + digest + `"`, "localhost:5000"},
		{"image.repository", `"localhost:5000/a/b:1@` + digest + `"`, "a/b"},
		{"image.tag", `"localhost:5000/a/b:1@` + digest + `"`, "1"},
		{"image.digest", `"localhost:5000/a/b:1@` + digest + `"`, digest},
		{"image.tag", `"a/b@` + digest + `"`, "-"},
		{"image.repository", `"org/app:1"`, "org/app"},
		{"image.repository", `"docker.io/nginx:1"`, "library/nginx"},
		{"image.name", `"nginx"`, "docker.io/library/nginx:latest"},
		{"image.name", `"index.docker.io/nginx"`, "docker.io/library/nginx:latest"},
		{"image.name", `"localhost:5000/a/b:1"`, "localhost:5000/a/b:1"},
		{"image.name", `"localhost:5000/a/b:1@` + digest + `"`, digest},
		{"image.name", `"a@sha256:0"`, "?"},
		{"image.digest", `"a@sha256:0"`, "?"},
		{"image.digest", `"${IMAGE}"`, "?"},
		{"image.tag", `"?"`, "?"},
		{"quantity.bytes", `"128Mi"`, "134217728"},
		{"quantity.bytes", `"1.5G"`, "1500000000"},
		{"quantity.bytes", `"12e3"`, "12000"},
		{"quantity.bytes", `"lots"`, "?"},
		{"quantity.milli", `"250m"`, "250"},
		{"quantity.milli", `2`, "2000"},
		{"command.options", `["serve","--a=1","--b","2","--c","--d"]`, "map[a:1 b:2 c:true d:true]"},
		{"command.options", `["--a=1","?"]`, "map[a:1]?"},
		{"rbac.accounts", `[{"kind":"ServiceAccount","name":"a","namespace":"n"},{"kind":"ServiceAccount","name":"b"},
			{"kind":"User","name":"system:serviceaccount:n:c"},{"kind":"User","name":"me"},{"kind":"Group","name":"all"}]`, "[n/a b n/c]"},
		{"rbac.accounts", `[{"kind":"ServiceAccount","name":"a","namespace":"?"}]`, "[]?"},
		{"object.name", `{"name":"a","namespace":"n"}`, "n/a"},
		{"object.name", `[{"name":"a","namespace":"n"},{"name":"b"},"?"]`, "[n/a b <nil>]"},
		{"object.tags", `[{"labels":{"a":"1"},"annotations":{"a":"2","b":"3"}}]`, "map[a:1 b:3]"},
		{"object.tags", `{"labels":"?","annotations":{"b":"3"}}`, "map[b:3]?"},
		{"pod.secrets", `{"volumes":[{"secret":{"secretName":"a"}},{"projected":{"sources":[{"secret":{"name":"b"}}]}},{"emptyDir":{}}],
			"containers":[{"env":[{"valueFrom":{"secretKeyRef":{"name":"c"}}},{"value":"x"}]}],"initContainers":[{"envFrom":[{"secretRef":{"name":"a"}},
			{"secretRef":{"name":"d"}}]}]}`, "[a b c d]"},
		{"pod.secrets", `{"containers":"?","volumes":[{"secret":{"secretName":"a"}}]}`, "[a]?"},
		{"pod.secrets", `{"containers":[{"envFrom":"?"}]}`, "[]?"},
		{"volume.type", `{"name":"v","hostPath":{"path":"/"}}`, "hostPath"},
		{"volume.type", `{"name":"v"}`, "emptyDir"},
		{"selector.all", `{"spec":{"podSelector":{}}}`, "true"},
		{"selector.all", `{"spec":{}}`, "true"},
		{"selector.all", `{"spec":{"podSelector":{"matchLabels":{"a":"b"}}}}`, "false"},
		{"selector.all", `{"spec":{"podSelector":{"matchLabels":"?"}}}`, "?"},
		{"peers.all", `{"ports":[{"port":1}]}`, "true"},
		{"peers.all", `{"from":[{"podSelector":{}}]}`, "false"},
		{"peers.all", `{"to":"?"}`, "?"},
		{"peers.world", `{"from":[{"ipBlock":{"cidr":"0.0.0.0/0"}}]}`, "true"},
		{"peers.world", `{"to":[{"ipBlock":{"cidr":"10.0.0.0/8"}}]}`, "false"},
		{"peers.world", `{"to":[{"ipBlock":{"cidr":"?"}}]}`, "?"},
		{"ingress.any", `{"spec":{"rules":[{"host":"a.example.com"}]}}`, "false"},
		{"ingress.any", `{"spec":{"rules":[{"host":"a.example.com"},{}]}}`, "true"},
		{"ingress.any", `{"spec":{"defaultBackend":{"service":{"name":"s"}}}}`, "true"},
		{"ingress.any", `{"spec":{"rules":[{"host":"?"}]}}`, "?"},
		{"storage.encrypted", `{"provisioner":"ebs.csi.aws.com","parameters":{"encrypted":"true"}}`, "true"},
		{"storage.encrypted", `{"provisioner":"ebs.csi.aws.com","parameters":{"encrypted":"false"}}`, "false"},
		{"storage.encrypted", `{"provisioner":"ebs.csi.aws.com"}`, "-"},
		{"storage.encrypted", `{"provisioner":"pd.csi.storage.gke.io"}`, "true"},
		{"storage.encrypted", `{"provisioner":"?"}`, "?"},
		{"storage.encrypted", `{"provisioner":"pxd.portworx.com","parameters":{"secure":"true"}}`, "true"},
		{"storage.encrypted", `{"provisioner":"linodebs.csi.linode.com","parameters":{"linodebs.csi.linode.com/encrypted":"true"}}`, "true"},
		{"secret.written", `{"data":{"a":""},"stringData":{"b":"x"}}`, "true"},
		{"secret.written", `{"data":{"a":""}}`, "false"},
		{"secret.written", `{"data":{"a":"?"}}`, "?"},
		{"encryption.clear", `{"providers":[{"identity":{}},{"aescbc":{}}]}`, "true"},
		{"encryption.clear", `{"providers":[{"kms":{}},{"identity":{}}]}`, "false"},
		{"encryption.clear", `{"providers":[]}`, "?"},
		{"audit.any", `{"level":"Metadata"}`, "true"},
		{"audit.any", `{"level":"None","resources":[{"resources":["events"]}]}`, "false"},
		{"audit.resources", `[{"resources":["secrets","pods/exec"]},{"group":"apps"},{"group":"","resources":["pods"],"resourceNames":["a"]}]`,
			"[secrets pods/exec apps:* some pods]"},
		{"audit.resources", `[{"group":""}]`, "[*]"},
		{"audit.resources", `[{"group":"?"},{"resources":["secrets","?"]}]`, "[secrets]?"},
		{"audit.resources", `[{"resources":["pods"],"resourceNames":"?"}]`, "[]?"},
		{"audit.resources", `"secrets"`, "?"},
		{"option.list", `"A, B"`, "[A B]"},
		{"option.list", `["A,B","C"]`, "[A B C]"},
		{"option.list", `["A","?"]`, "[A]?"},
	} {
		decoder, ok := decode.ByName(one[0])
		if !ok {
			t.Fatalf("there is no decoder %s", one[0])
		}
		if got := shown(decoder(jsonValue(t, one[1]))); got != one[2] {
			t.Errorf("%s of %s is %s, want %s", one[0], one[1], got, one[2])
		}
	}
	containers, _ := decode.ByName("pod.containers")
	made := containers(jsonValue(t, `{"containers":[{"name":"a"}],"initContainers":[{"name":"b"},{"name":"c","restartPolicy":"Always"}],"ephemeralContainers":"?"}`))
	if got := shown(made); got != "[map[name:a role:main] map[name:b role:init] map[name:c restartPolicy:Always role:sidecar]]?" {
		t.Error(got)
	}
}

// FuzzKubernetes proves that no text makes these decoders panic.
func FuzzKubernetes(f *testing.F) {
	f.Add("registry:5000/a:1@sha256:0", "128Mi")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, name := range []string{"image.tag", "image.name", "image.digest", "quantity.bytes", "quantity.milli", "command.options", "volume.type", "rbac.accounts",
			"audit.resources", "option.list"} {
			decoder, _ := decode.ByName(name)
			decoder(value.String(a))
			decoder(value.List(value.String(a), value.String(b)))
		}
	})
}

// TestMutation proves which mutations are seen to take a protection away, and that what is computed is not known.
func TestMutation(t *testing.T) {
	decoder, _ := decode.ByName("mutation.weakens")
	for _, one := range [][3]string{ // the way, the expression, the answer
		{"applyConfiguration", `Object{spec: Object.spec{hostNetwork: true}}`, "true"},
		{"applyConfiguration", `Object{spec: Object.spec{hostNetwork: false}}`, "false"},
		{"applyConfiguration", `Object{metadata: Object.metadata{labels: {"team": "a"}}}`, "false"},
		{"applyConfiguration", `Object{metadata: Object.metadata{labels: {"pod-security.kubernetes.io/enforce": "privileged"}}}`, "true"},
		{"applyConfiguration", `Object{metadata: Object.metadata{labels: {"pod-security.kubernetes.io/enforce": "restricted"}}}`, "false"},
		{"applyConfiguration", `Object{spec: Object.spec{containers: object.spec.containers.map(c, Object.spec.containers.item{name: c.name,
			securityContext: Object.spec.containers.securityContext{privileged: true}})}}`, "true"},
		{"applyConfiguration", `Object{spec: Object.spec{containers: object.spec.containers.map(c, Object.spec.containers.item{name: c.name,
			securityContext: Object.spec.containers.securityContext{runAsNonRoot: true, readOnlyRootFilesystem: true}})}}`, "false"},
		{"applyConfiguration", `Object{spec: Object.spec{securityContext: Object.spec.securityContext{seccompProfile: Object.spec.securityContext.seccompProfile{type: "Unconfined"}}}}`, "true"},
		{"applyConfiguration", `Object{spec: Object.spec{securityContext: Object.spec.securityContext{seccompProfile: Object.spec.securityContext.seccompProfile{type: "RuntimeDefault"}}}}`, "false"},
		{"applyConfiguration", `Object{spec: Object.spec{volumes: [Object.spec.volumes{name: "x", hostPath: Object.spec.volumes.hostPath{path: "/"}}]}}`, "true"},
		{"applyConfiguration", `Object{spec: Object.spec{hostPID: variables.pid}}`, "?"},
		{"applyConfiguration", `Object{spec: Object.spec{hostPID: has(object.spec.x) ? true : false}}`, "true"},
		{"applyConfiguration", `Object{spec: Object.spec{hostPID: has(object.spec.x) ? false : false}}`, "false"},
		{"applyConfiguration", `Object{spec: variables.spec}`, "?"},
		{"applyConfiguration", `Object{spec: Object.spec{serviceAccountName: variables.account}}`, "false"},
		{"applyConfiguration", `Object{spec: `, "?"},
		{"jsonPatch", `[JSONPatch{op: "add", path: "/spec/hostIPC", value: true}]`, "true"},
		{"jsonPatch", `[JSONPatch{op: "add", path: "/spec/containers/0/securityContext/capabilities/add", value: ["NET_ADMIN"]}]`, "true"},
		{"jsonPatch", `[JSONPatch{op: "replace", path: "/spec/containers/" + string(i) + "/securityContext/runAsUser", value: 0}]`, "true"},
		{"jsonPatch", `[JSONPatch{op: "remove", path: "/spec/securityContext"}]`, "true"},
		{"jsonPatch", `[JSONPatch{op: "remove", path: "/metadata/labels/x"}]`, "false"},
		{"jsonPatch", `[JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("example.com/a"), value: "b"}]`, "false"},
		{"jsonPatch", `[JSONPatch{op: "add", path: "/spec/" + variables.where, value: true}]`, "?"},
		{"jsonPatch", `[JSONPatch{op: "add", path: "/spec/containers/-", value: {"name": "mesh", "securityContext": {"runAsUser": 0}}}]`, "true"},
		{"jsonPatch", `[JSONPatch{op: "add", path: "/spec/containers/-", value: variables.mesh}]`, "?"},
		{"jsonPatch", `[JSONPatch{op: "test", path: "/spec/hostIPC", value: true}]`, "false"},
		{"jsonPatch", `[JSONPatch{op: "copy", from: "/spec/a", path: "/spec/b"}]`, "?"},
	} {
		mutation := value.Object(map[string]value.Value{one[0]: value.Object(map[string]value.Value{"expression": value.String(one[1])})})
		if got := shown(decoder(mutation)); got != one[2] {
			t.Errorf("%s: %s, want %s", one[1], got, one[2])
		}
	}
	if got := shown(decoder(value.Object(nil))); got != "?" {
		t.Errorf("nothing is said: %s", got)
	}
}

// FuzzMutation proves that no expression makes the decoder panic.
func FuzzMutation(f *testing.F) {
	f.Add(`[JSONPatch{op: "add", path: "/spec/containers/" + string(i), value: {"a": [true, 1u, null]}}]`)
	f.Add(`Object{spec: Object.spec{?containers: object.spec.containers.map(c, c.x == 1, Object.x{y: [c]})}}`)
	f.Fuzz(func(t *testing.T, text string) {
		decoder, _ := decode.ByName("mutation.weakens")
		decoder(value.Object(map[string]value.Value{"jsonPatch": value.Object(map[string]value.Value{"expression": value.String(text)})}))
	})
}
