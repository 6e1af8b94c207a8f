package provision_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/kubernetes"
	"ward.dev/ward/internal/source/provision"
	reader "ward.dev/ward/internal/source/terraform"
	"ward.dev/ward/internal/value"
)

// split reads a folder as the command line does.
func split(t *testing.T, files map[string]string) []source.Reading {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	target := dir
	if _, plan := files["plan.json"]; plan {
		target = filepath.Join(dir, "plan.json")
	}
	var all []source.Reading
	for _, from := range []source.Reader{reader.Plan{}, reader.Directory{}, kubernetes.Files{}} {
		if !from.Detect(target) {
			continue
		}
		reading, err := from.Read(context.Background(), target, source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, reading)
	}
	return provision.Split(context.Background(), all, source.Options{})
}

// objects are the blocks of Kubernetes by their addresses, and why some were not read.
func objects(t *testing.T, files map[string]string) (map[string]resource.Block, []string) {
	t.Helper()
	blocks := map[string]resource.Block{}
	var gaps []string
	for _, reading := range split(t, files) {
		if reading.Dialect != resource.Kubernetes {
			continue
		}
		for _, b := range reading.Blocks {
			if _, twice := blocks[b.Address]; twice {
				t.Errorf("%s is there twice", b.Address)
			}
			blocks[b.Address] = b
		}
		for _, gap := range reading.Gaps {
			gaps = append(gaps, gap.What+": "+gap.Reason)
		}
	}
	return blocks, gaps
}

func metadata(name, namespace string) string {
	return fmt.Sprintf("metadata {\n name = %s\n namespace = %s\n}\n", name, namespace)
}

// TestSplit proves where objects come to be: their addresses, namespaces, roots and places in the files.
func TestSplit(t *testing.T) {
	blocks, gaps := objects(t, map[string]string{"envs/prod/main.tf": `
variable "ns" {}
variable "tag" {}
resource "aws_s3_bucket" "b" {}
resource "kubernetes_namespace" "clinic" {
  metadata { name = "clinic" }
}
resource "kubernetes_config_map" "plain" {
  metadata { name = "plain" }
}
resource "kubernetes_config_map_v1" "a" {
  count = 2
  ` + metadata(`"a${count.index}"`, "kubernetes_namespace.clinic.metadata[0].name") + `
}
resource "kubernetes_config_map" "by_id" {
  ` + metadata(`"x-${var.tag}"`, "kubernetes_namespace.clinic.id") + `
}
resource "kubernetes_config_map" "u1" {
  ` + metadata(`"u1"`, `"team-${var.ns}"`) + `
}
resource "kubernetes_config_map" "u2" {
  ` + metadata(`"u2"`, `"team-${var.ns}"`) + `
}
resource "kubernetes_config_map" "u3" {
  ` + metadata(`"u3"`, "var.ns") + `
}
resource "kubernetes_config_map" "maybe" {
  count = var.ns == "x" ? 1 : 0
  metadata { name = "maybe" }
}
resource "kubernetes_config_map" "there" {
  provider = kubernetes.west
  metadata { name = "plain" }
}
provider "kubernetes" { alias = "west" }
resource "kubernetes_manifest" "role" {
  manifest = { apiVersion = "rbac.authorization.k8s.io/v1", kind = "ClusterRole", metadata = { name = "r" }, rules = [] }
}
resource "kubectl_manifest" "one" {
  yaml_body = <<-E
    apiVersion: v1
    kind: Secret
    metadata: {name: s, namespace: clinic}
    stringData: {password: ` + "swordfish-swordfish" + `}
  E
}
`, "k8s/config.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: plain, namespace: default}}"})
	if len(gaps) > 0 {
		t.Error(gaps)
	}
	var got []string
	for _, address := range slices.Sorted(mapKeys(blocks)) {
		b := blocks[address]
		got = append(got, fmt.Sprintf("%s %s in %q of %q line %d maybe %v", address, b.Type, b.Region, b.Root(), b.Origin.Line, b.Maybe != nil))
	}
	const root = "envs/prod/terraform"
	want := []string{
		`ConfigMap/default/plain ConfigMap in "default" of "" line 1 maybe false`,
		`envs/prod:kubectl_manifest.one Secret in "clinic" of "` + root + `" line 60 maybe false`,
		`envs/prod:kubernetes_config_map.by_id ConfigMap in "clinic" of "` + root + `" line 19 maybe false`,
		`envs/prod:kubernetes_config_map.maybe[*] ConfigMap in "default" of "` + root + `" line 47 maybe true`,
		`envs/prod:kubernetes_config_map.plain ConfigMap in "default" of "` + root + `" line 8 maybe false`,
		`envs/prod:kubernetes_config_map.there ConfigMap in "default" of "` + root + `/west" line 51 maybe false`,
		`envs/prod:kubernetes_config_map.u1 ConfigMap in "team-${var.ns}" of "` + root + `" line 26 maybe false`,
		`envs/prod:kubernetes_config_map.u2 ConfigMap in "team-${var.ns}" of "` + root + `" line 33 maybe false`,
		`envs/prod:kubernetes_config_map.u3 ConfigMap in "${envs/prod:var.ns}" of "` + root + `" line 40 maybe false`,
		`envs/prod:kubernetes_config_map_v1.a[0] ConfigMap in "clinic" of "` + root + `" line 11 maybe false`,
		`envs/prod:kubernetes_config_map_v1.a[1] ConfigMap in "clinic" of "` + root + `" line 11 maybe false`,
		`envs/prod:kubernetes_manifest.role ClusterRole.rbac.authorization.k8s.io in "" of "` + root + `" line 57 maybe false`,
		`envs/prod:kubernetes_namespace.clinic Namespace in "" of "` + root + `" line 5 maybe false`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, b := range blocks {
		if strings.Contains(fmt.Sprint(b.Body.Plain()), "swordfish") {
			t.Errorf("%s shows a secret", b.Address)
		}
	}
	if name, _ := blocks["envs/prod:kubernetes_config_map.by_id"].Body.Field("metadata").Field("name").Template(); name != "x-${var.tag}" {
		t.Errorf("a name that is not known is %q", name)
	}
}

func mapKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

// chart is a chart with one workload.
func chart(at string) map[string]string {
	return map[string]string{at + "/Chart.yaml": "apiVersion: v2\nname: portal\nversion: 1.0.0\n", at + "/values.yaml": "image: old\nreplicas: 1\n",
		at + "/templates/deployment.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      containers:
        - name: portal
          image: {{ .Values.image }}
`}
}

// TestRelease proves that a chart in the target is rendered as the release says, and that one of which something is not known, or
// that is not there, is told.
func TestRelease(t *testing.T) {
	files := chart("charts/portal")
	files["main.tf"] = `
variable "who" {}
resource "kubernetes_namespace" "clinic" {
  metadata { name = "clinic" }
}
resource "helm_release" "portal" {
  name      = "portal"
  chart     = "${path.module}/charts/portal"
  namespace = kubernetes_namespace.clinic.metadata[0].name
  values    = [yamlencode({ image = "first", replicas = 2 })]
  set {
    name  = "image"
    value = "registry.example.com/portal:2"
  }
}
resource "helm_release" "lists" {
  name  = "lists"
  chart = "./charts/portal"
  set   = [{ name = "replicas", value = "5" }]
}
resource "helm_release" "secret" {
  name  = "secret"
  chart = "./charts/portal"
  set_sensitive {
    name  = "image"
    value = "swordfish"
  }
}
resource "helm_release" "beside" {
  name       = "beside"
  repository = "./charts"
  chart      = "portal"
}
resource "helm_release" "elsewhere" {
  name       = "redis"
  repository = "https://charts.example.com"
  chart      = "redis"
}
resource "helm_release" "outside" {
  name  = "outside"
  chart = "../other"
}
resource "helm_release" "unknown" {
  name   = "unknown"
  chart  = "./charts/portal"
  values = ["image: ${var.who}"]
}
resource "helm_release" "somewhere" {
  name      = "somewhere"
  chart     = "./charts/portal"
  namespace = var.who
}
`
	blocks, gaps := objects(t, files)
	if len(blocks) != 6 { // but not the chart by itself
		t.Errorf("%d blocks: %v", len(blocks), slices.Sorted(mapKeys(blocks)))
	}
	portal := blocks["helm_release.portal/Deployment/clinic/portal"]
	spec := portal.Body.Field("spec")
	containers, _ := spec.Field("template").Field("spec").Field("containers").AsList()
	if n := spec.Field("replicas").Data(); n != int64(2) || len(containers) != 1 || containers[0].Field("image").Data() != "registry.example.com/portal:2" ||
		portal.Region != "clinic" || portal.Root() != "terraform" || !strings.HasSuffix(containers[0].Field("image").Origin().String(), "templates/deployment.yaml:12") {
		t.Errorf("%v %v %v", portal.Address, portal.Body.Plain(), portal.Root())
	}
	if n := blocks["helm_release.lists/Deployment/default/lists"].Body.Field("spec").Field("replicas").Data(); n != int64(5) {
		t.Errorf("settings as a list: %v", n)
	}
	if b := blocks["helm_release.somewhere/Deployment/${var.who}/somewhere"]; b.Region != "${var.who}" || !b.Body.Field("metadata").Field("namespace").IsAbsent() {
		t.Errorf("a namespace that is not known: %q", b.Region)
	}
	for _, b := range blocks {
		if strings.Contains(fmt.Sprint(b.Body.Plain()), "swordfish") {
			t.Errorf("%s shows what is sensitive", b.Address)
		}
	}
	want := []string{
		"helm_release.elsewhere: main.tf:34: the release was not rendered: the chart redis is not among the files",
		"helm_release.outside: main.tf:39: the chart ../other is not among the files",
		"helm_release.unknown: main.tf:43: the release was not rendered: values is not known: var.who has no value",
	}
	if diff := cmp.Diff(want, gaps); diff != "" {
		t.Error(diff)
	}
}

// TestHoles proves that a value which is not known leaves open what it is written into, and that nothing is rendered where a template
// decides by it or makes something else of it.
func TestHoles(t *testing.T) {
	for _, test := range []struct{ name, template, setting, refused string }{
		{"written down", `{{ .Values.image }}:{{ .Values.tag }}`, "tag", ""},
		{"with a default, quoted", `{{ .Values.tag | default "x" | quote }}`, "tag", ""},
		{"beside a decision", `{{ if .Values.enabled }}{{ .Values.tag }}{{ end }}`, "tag", ""},
		{"held by what is decided", `{{ with .Values.image }}{{ .tag }}{{ end }}`, "image.tag", ""},
		{"written by a helper", `{{ define "h" }}{{ .Values.image.tag }}{{ end }}{{ include "h" . }}`, "image.tag", ""},
		{"written by a helper of a helper", `{{ define "h" }}{{ .Values.tag }}{{ end }}{{ define "g" }}{{ template "h" . }}{{ end }}{{ include "g" . | quote }}`, "tag", ""},
		{"cut after a helper", `{{ define "h" }}{{ .Values.tag }}{{ end }}{{ include "h" . | trunc 3 }}`, "tag", "makes something else of it"},
		{"decided after a helper", `{{ define "h" }}{{ .Values.tag }}{{ end }}{{ if eq (include "h" .) "x" }}y{{ end }}`, "tag", "decides by it"},
		{"decided by a helper of another root", `{{ define "h" }}{{ if .root.Values.tag }}y{{ end }}{{ end }}{{ include "h" (dict "root" $) }}`, "tag", "decides by it"},
		{"decided by way of a variable", `{{ $r := . }}{{ if $r.Values.tag }}y{{ end }}`, "tag", "decides by it"},
		{"of the root", `{{ range .Values.list }}{{ $.Values.tag }}{{ end }}{{ $.Values.tag }}`, "tag", ""},
		{"decided", `{{ if eq .Values.tag "x" }}a{{ else }}b{{ end }}`, "tag", "decides by it"},
		{"decided within", `{{ with .Values.image }}{{ if .tag }}a{{ end }}{{ end }}`, "image.tag", "decides by it"},
		{"decided by a helper", `{{ define "h" }}{{ if .Values.tag }}a{{ end }}{{ end }}{{ include "h" . }}`, "tag", "decides by it"},
		{"handed to a helper", `{{ define "h" }}{{ .tag }}{{ end }}{{ include "h" .Values.image }}`, "image.tag", "makes something else of it"},
		{"kept", `{{ $t := .Values.tag }}{{ $t }}`, "tag", "makes something else of it"},
		{"changed", `{{ .Values.tag | upper }}`, "tag", "makes something else of it"},
		{"all of them kept", `{{ $v := .Values }}{{ $v.tag }}`, "tag", "makes something else of it"},
		{"asked by name", `{{ index .Values "tag" }}`, "tag", "makes something else of it"},
		{"gone through", `{{ range .Values.image }}{{ . }}{{ end }}`, "image.tag", "decides by it"},
		{"for all charts", `{{ .Values.global.tag }}`, "global.tag", "may decide by it"},
	} {
		blocks, gaps := objects(t, map[string]string{"charts/c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
			"charts/c/values.yaml": "image: {tag: y}\ntag: z\nenabled: true\nlist: [1]\nglobal: {tag: w}\n", "charts/c/templates/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {hostname: h}\n" +
				"data: >-\n  x" + test.template + "\n",
			"main.tf": "variable \"v\" {}\nresource \"helm_release\" \"r\" {\n  name = \"r\"\n  chart = \"./charts/c\"\n  set {\n    name = \"" + test.setting +
				"\"\n    value = var.v\n  }\n}\n"})
		pod, rendered := blocks["helm_release.r/Pod/default/p"]
		if test.refused != "" {
			if rendered || len(gaps) != 1 || !strings.Contains(gaps[0], test.refused) || !strings.Contains(gaps[0], "var.v has no value") {
				t.Errorf("%s: %v %q", test.name, rendered, gaps)
			}
			continue
		}
		if !rendered || !pod.Body.Field("data").IsUnknown() || !pod.Body.Field("spec").Field("hostname").IsKnown() {
			t.Errorf("%s: %v %q %v", test.name, rendered, gaps, pod.Body.Plain())
		}
	}
}

// TestBroken proves that what is broken or unknown is told, and that the rest is read.
func TestBroken(t *testing.T) {
	files := chart("charts/bad")
	files["charts/bad/templates/deployment.yaml"] = "{{ fail \"no\" }}"
	files["main.tf"] = `
variable "what" {}
resource "kubernetes_manifest" "unknown" {
  manifest = var.what
}
resource "kubernetes_manifest" "kindless" {
  manifest = { apiVersion = "v1", kind = var.what }
}
resource "kubernetes_manifest" "nothing" {
  manifest = { metadata = { name = "x" } }
}
resource "kubectl_manifest" "broken" {
  yaml_body = "{a: b"
}
resource "kubectl_manifest" "empty" {
  yaml_body = "hello: world"
}
resource "kubectl_manifest" "unknown" {
  yaml_body = var.what
}
resource "helm_release" "bad" {
  name  = "bad"
  chart = "./charts/bad"
}
resource "kubernetes_secret" "good" {
  metadata { name = "good" }
}
resource "kubernetes_deployment" "odd" {
  metadata = "x"
  spec     = 7
}
resource "kubernetes_labels" "others" {}
data "kubernetes_secret" "looked_up" {
  metadata { name = "x" }
}
`
	blocks, gaps := objects(t, files)
	if got := slices.Sorted(mapKeys(blocks)); !slices.Equal(got, []string{"kubernetes_deployment.odd", "kubernetes_secret.good"}) {
		t.Errorf("got %v", got)
	}
	for _, want := range []string{"kubernetes_manifest.unknown: main.tf:3: what it declares is not known: var.what has no value",
		"kubernetes_manifest.kindless: main.tf:6: what it declares is not known: var.what has no value",
		"kubernetes_manifest.nothing: main.tf:9: what it declares is not known: nothing is said",
		"kubectl_manifest.broken: main.tf:12: line ", "kubectl_manifest.empty: main.tf:15: its text holds no object of Kubernetes",
		"kubectl_manifest.unknown: main.tf:18: what it declares is not known", "helm_release.bad: "} {
		if !slices.ContainsFunc(gaps, func(got string) bool { return strings.HasPrefix(got, want) || strings.Contains(got, want) }) {
			t.Errorf("%q is not told: %q", want, gaps)
		}
	}
	for _, reading := range split(t, files) {
		if reading.Kind == "terraform" && len(reading.Blocks) != 2 {
			t.Errorf("%d blocks were left in Terraform", len(reading.Blocks))
		}
	}
}

// TestPlan proves that a plan says the same of objects as the code that it is of: what nobody wrote is as if nobody had.
func TestPlan(t *testing.T) {
	blocks, gaps := objects(t, map[string]string{"plan.json": `{"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": [
  {"address": "kubernetes_deployment.d", "mode": "managed", "type": "kubernetes_deployment", "name": "d", "change": {"actions": ["create"],
    "after": {"metadata": [{"name": "d", "namespace": "clinic", "labels": null}], "wait_for_rollout": true, "timeouts": null,
      "spec": [{"replicas": "2", "strategy": [], "template": [{"metadata": [{"labels": {"app": "d"}}], "spec": [{"automount_service_account_token": false,
        "container": [{"name": "c", "image": "i", "security_context": [], "env": [{"name": "A", "value": "b", "value_from": []}]}]}]}]}]},
    "after_unknown": {"id": true, "metadata": [{"uid": true}], "spec": [{"template": [{"spec": [{"service_account_name": true, "hostname": true, "node_name": true,
        "container": [{"image_pull_policy": true, "termination_message_policy": true}]}]}]}]}, "after_sensitive": {}}},
  {"address": "helm_release.r", "mode": "managed", "type": "helm_release", "name": "r", "change": {"actions": ["create"],
    "after": {"name": "r", "chart": "./charts/r", "repository": null, "set": [], "values": null}, "after_unknown": {}, "after_sensitive": {}}}],
 "configuration": {"root_module": {"resources": [
  {"address": "kubernetes_deployment.d", "mode": "managed", "type": "kubernetes_deployment", "name": "d", "provider_config_key": "kubernetes", "expressions": {
    "metadata": [{"name": {"constant_value": "d"}, "namespace": {"constant_value": "clinic"}}],
    "spec": [{"replicas": {"constant_value": 2}, "template": [{"metadata": [{"labels": {"constant_value": {"app": "d"}}}],
      "spec": [{"automount_service_account_token": {"constant_value": false}, "hostname": {"references": ["random_pet.x.id", "random_pet.x"]},
        "container": [{"name": {"constant_value": "c"}, "image": {"constant_value": "i"}, "env": [{"name": {}, "value": {}}]}]}]}]}]}}]}}}`})
	d := blocks["kubernetes_deployment.d"]
	pod := d.Body.Field("spec").Field("template").Field("spec")
	containers, _ := pod.Field("containers").AsList()
	if len(containers) != 1 || d.Region != "clinic" || d.Body.Field("spec").Field("replicas").Data() != int64(2) {
		t.Fatalf("got %v", d.Body.Plain())
	}
	for name, want := range map[string]value.State{"serviceAccountName": value.Absent, "nodeName": value.Absent, "hostname": value.Unknown,
		"automountServiceAccountToken": value.Known, "hostPID": value.Absent} {
		if got := pod.Field(name).State(); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if !containers[0].Field("imagePullPolicy").IsAbsent() || !containers[0].Field("securityContext").IsAbsent() {
		t.Error("what a plan computes of a container is not absent")
	}
	if want := []string{"helm_release.r: plan.json: the chart charts/r is not among the files"}; !slices.Equal(gaps, want) {
		t.Errorf("got %q", gaps)
	}
}

// TestUnknownNamespaces proves that objects are together in a namespace whose name nobody knows only if it surely is the same, and
// that what is in one leaves open what it may be about.
func TestUnknownNamespaces(t *testing.T) {
	c, err := catalog.Load(builtin.Files)
	if err != nil {
		t.Fatal(err)
	}
	workload := func(name, namespace string) string {
		return `resource "kubernetes_pod" "` + name + `" {
  ` + metadata(`"`+name+`"`, namespace) + `
  spec {
    container { name = "c" }
  }
}
`
	}
	code := `
variable "a" {}
variable "b" {}
resource "kubernetes_network_policy" "deny" {
  ` + metadata(`"deny"`, "var.a") + `
  spec {
    pod_selector {}
    policy_types = ["Ingress", "Egress"]
  }
}
resource "kubernetes_service_account" "portal" {
  ` + metadata(`"portal"`, `"clinic"`) + `
}
resource "kubernetes_service_account" "nameless" {
  ` + metadata("var.b", "var.a") + `
}
resource "kubernetes_role" "all" {
  ` + metadata(`"all"`, "var.a") + `
  rule {
    api_groups = ["*"]
    resources  = ["*"]
    verbs      = ["*"]
  }
}
resource "kubernetes_role_binding" "all" {
  ` + metadata(`"all"`, "var.a") + `
  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "Role"
    name      = kubernetes_role.all.metadata[0].name
  }
  subject {
    kind      = "ServiceAccount"
    name      = "portal"
    namespace = var.a
  }
}
` + workload("same", "var.a") + workload("other", "var.b") + workload("known", `"clinic"`)
	inv := mapping.Map(c.Kinds, split(t, map[string]string{"main.tf": code}))
	got := map[string]string{}
	for _, r := range inv.Resources {
		switch r.Kind.Name {
		case "kubernetes.workload":
			policies := r.Get("network_policies")
			items, _ := policies.AsList()
			got[r.Address] = fmt.Sprint(len(items), " open ", policies.IsOpen() || policies.IsUnknown())
		case "kubernetes.subject":
			rights := r.Get("rights")
			got[r.Address] = fmt.Sprint("open ", rights.IsOpen() || rights.IsUnknown(), " name ", r.Get("called").State(), " in ", r.Get("namespace_name").State())
		}
	}
	want := map[string]string{"kubernetes_pod.same": "1 open false", "kubernetes_pod.other": "0 open true", "kubernetes_pod.known": "0 open true",
		"terraform:Subject/ServiceAccount/clinic/portal":                                "open true name known in known",
		"terraform:Subject/ServiceAccount/${var.a}/kubernetes_service_account.nameless": "open true name unknown in unknown"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
