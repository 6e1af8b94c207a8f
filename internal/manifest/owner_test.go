package manifest_test

import (
	"strings"
	"testing"

	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/resource"
)

// TestStands proves that an owner stands for what runs as it says and for what does not run, and for nothing else: not for a pod
// that only says it belongs to it, nor for one that was changed on the way or got a container later.
func TestStands(t *testing.T) {
	const template = `"spec":{"serviceAccountName":"portal","containers":[{"name":"a","image":"a:1","env":[{"name":"B","value":"c"}],"ports":[]}]}`
	owner := one(t, `{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"r","namespace":"n","uid":"1"},"spec":{"template":{`+template+`}}}`)
	const token = `{"name":"kube-api-access-x","projected":{"sources":[{"serviceAccountToken":{"path":"token"}},{"configMap":{"name":"kube-root-ca.crt"}}]}}`
	pod := func(uid, spec, status string) resource.Block {
		return one(t, `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"r-x","namespace":"n","ownerReferences":[
			{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"r","controller":true,"uid":"`+uid+`"}]},`+spec+status+`}`)
	}
	given := strings.NewReplacer(`"containers":[{`, `"nodeName":"x","priority":0,"volumes":[`+token+`],"containers":[{"volumeMounts":[{"name":"kube-api-access-x",
		"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],"terminationMessagePath":"/dev/termination-log",`).Replace(template)
	changed := func(old, new string) string {
		if !strings.Contains(given, old) {
			t.Fatalf("there is no %s", old)
		}
		return strings.Replace(given, old, new, 1)
	}
	for _, c := range []struct {
		name   string
		made   resource.Block
		stands bool
	}{
		{"as the template says", pod("1", template, ""), true},
		{"with what Kubernetes gives every pod", pod("1", given, ""), true},
		{"with what a cloud gives every pod", pod("1", changed(`"env":[`, `"env":[{"name":"AWS_ROLE_ARN","value":"arn:x"},`), ""), true},
		{"of an object that is gone and had the same name", pod("2", given, ""), false},
		{"another image", pod("1", changed("a:1", "a:2"), ""), false},
		{"privileged", pod("1", changed(`"name":"a"`, `"name":"a","securityContext":{"privileged":true}`), ""), false},
		{"another account", pod("1", changed(`"portal"`, `"admin"`), ""), false},
		{"another variable", pod("1", changed(`"env":[`, `"env":[{"name":"C","value":"d"},`), ""), false},
		{"of the node's network", pod("1", changed(`"nodeName"`, `"hostNetwork":true,"nodeName"`), ""), false},
		{"a volume of its node", pod("1", changed(`"volumes":[`, `"volumes":[{"name":"v","hostPath":{"path":"/"}},`), ""), false},
		{"a projected secret", pod("1", changed(`"sources":[`, `"sources":[{"secret":{"name":"s"}},`), ""), false},
		{"a container more", pod("1", changed(`"containers":[`, `"containers":[{"name":"sidecar","image":"b:1"},`), ""), false},
		{"a container attached", pod("1", changed(`"containers":[`, `"ephemeralContainers":[{"name":"debug","image":"b:1"}],"containers":[`), ""), false},
		{"changed, but it has ended", pod("1", changed("a:1", "a:2"), `,"status":{"phase":"Succeeded"}`), true},
	} {
		if got := manifest.Stands(owner, c.made); got != c.stands {
			t.Errorf("%s: the owner stands for it: %t", c.name, got)
		}
	}
	first := pod("1", changed(`"containers":[`, `"containers":[{"name":"sidecar","image":"b:1"},`), "")
	if !manifest.Stands(first, first) {
		t.Error("a pod does not stand for one that runs the same")
	}
}

func one(t *testing.T, text string) resource.Block {
	t.Helper()
	b, err := manifest.Block(object(t, text), manifest.Scope{Dialect: resource.Cluster, Target: "t", Cluster: "c"})
	if err != nil {
		t.Fatal(err)
	}
	return b
}
