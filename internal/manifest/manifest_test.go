package manifest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

func object(t *testing.T, text string) value.Value {
	t.Helper()
	var data any
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		t.Fatal(err)
	}
	return manifest.Value(data, &value.Origin{File: "f"})
}

// TestBlock proves what objects are called, and in which scope their names are.
func TestBlock(t *testing.T) {
	for _, one := range []struct {
		text            string
		in              manifest.Scope
		typ, address    string
		region, problem string
		global          bool
	}{
		{text: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"n"}}`, typ: "Pod", address: "Pod/n/a", region: "n"},
		{text: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}`, in: manifest.Scope{Root: "r"}, typ: "Pod", address: "r:Pod/a"},
		{text: `{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"a-"}}`, in: manifest.Scope{Namespace: "n"}, typ: "Pod",
			address: "Pod/n/a-*", region: "n"},
		{text: `{"apiVersion":"extensions/v1beta1","kind":"Deployment","metadata":{"name":"a"}}`, typ: "Deployment.apps", address: "Deployment/a"},
		{text: `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"system:a","namespace":"n"}}`,
			typ: "ClusterRole.rbac.authorization.k8s.io", address: "ClusterRole/system:a", global: true},
		{text: `{"apiVersion":"e.com/v1","kind":"Thing","metadata":{"name":"a"}}`, in: manifest.Scope{Dialect: resource.Cluster},
			typ: "Thing.e.com", address: "Thing.e.com/a", global: true},
		{text: `{"apiVersion":"audit.k8s.io/v1","kind":"Policy"}`, in: manifest.Scope{File: "etc/audit.yaml"}, typ: "Policy.audit.k8s.io",
			address: "Policy/etc/audit.yaml", global: true},
		{text: `{"apiVersion":"v1","kind":"Pod","metadata":{}}`, problem: "the Pod has no metadata.name"},
		{text: `{"kind":"Pod"}`, problem: manifest.ErrNoObject.Error()},
	} {
		b, err := manifest.Block(object(t, one.text), one.in)
		if got := ""; err != nil {
			if got = err.Error(); got != one.problem {
				t.Errorf("%s: %v", one.text, err)
			}
			continue
		}
		if b.Type != one.typ || b.Address != one.address || b.Region != one.region || b.Global != one.global {
			t.Errorf("%s: %s %s %q %v", one.text, b.Type, b.Address, b.Region, b.Global)
		}
	}
}

// TestOwner proves who is told to have made an object.
func TestOwner(t *testing.T) {
	b, err := manifest.Block(object(t, `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a-1","namespace":"n","ownerReferences":[
		{"apiVersion":"v1","kind":"ConfigMap","name":"x"},{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"a","controller":true}]}}`), manifest.Scope{})
	if err != nil || b.Owner != "ReplicaSet/n/a" {
		t.Error(b.Owner, err)
	}
}

// TestObjects proves that the items of lists are objects one by one, with the kind that a typed list leaves out.
func TestObjects(t *testing.T) {
	all := manifest.Objects(object(t, `{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]}`))
	if len(all) != 2 || all[1].Field("kind").Data() != "Pod" || all[1].Field("apiVersion").Data() != "v1" {
		t.Error(all)
	}
}

// TestScrub proves that no secret stays in a body, and that a mark tells where one was.
func TestScrub(t *testing.T) {
	const secret = "hunter22hunter22"
	for text, marks := range map[string]int{
		`{"kind":"Secret","apiVersion":"v1","metadata":{"name":"a"},"stringData":{"a":"` + secret + `","empty":""},"data":{"b":"` + secret + `"}}`: 2,
		`{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"data":{"db.password":"` + secret + `","level":"info",
			"app.properties":"user=a\npassword=` + secret + `\n"},"binaryData":{"x":"` + secret + `"}}`: 2,
		`{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","managedFields":[{"x":"` + secret + `"}],
			"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"` + secret + `","url":"postgres://u:` + secret + `@h/d"}},
			"spec":{"containers":[{"env":[{"name":"DB_PASSWORD","value":"` + secret + `"},{"name":"LEVEL","value":"info"}],
			"args":["--password","` + secret + `","--token=` + secret + `","--port","80"],
			"livenessProbe":{"httpGet":{"httpHeaders":[{"name":"X-Auth-Token","value":"` + secret + `"}]}}}]}}`: 5,
		`{"kind":"HelmRelease","apiVersion":"helm.toolkit.fluxcd.io/v2","metadata":{"name":"a"},"spec":{"values":{"password":"` + secret + `"}}}`: 1,
		`{"kind":"Config","apiVersion":"v1","users":[{"name":"me","user":{"client-key-data":"` + secret + `"}}]}`:                                 1,
		`{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{"providers":[{"aescbc":{"keys":[
			{"name":"k","secret":"` + secret + `"}]}}]}]}`: 1,
	} {
		b, err := manifest.Block(object(t, text), manifest.Scope{File: "f"})
		if err != nil {
			t.Fatal(text, err)
		}
		kept, err := json.Marshal(b.Body.Plain())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(kept), secret) || strings.Count(string(kept), "(a secret, left out)") != marks {
			t.Errorf("want %d marks: %s", marks, kept)
		}
	}
	b, _ := manifest.Block(object(t, `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"},"spec":{"volumes":[{"secret":{"secretName":"db-password"}}]}}`),
		manifest.Scope{})
	if diff := cmp.Diff(map[string]any{"secretName": "db-password"}, b.Body.Field("spec").Field("volumes").Plain().([]any)[0].(map[string]any)["secret"]); diff != "" {
		t.Error(diff)
	}
}
