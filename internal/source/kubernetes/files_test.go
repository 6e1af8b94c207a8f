package kubernetes_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/kubernetes"
	"ward.dev/ward/internal/value"
)

// write makes a folder of files.
func write(t *testing.T, files map[string]string) string {
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
	return dir
}

func read(t *testing.T, files map[string]string, options source.Options) source.Reading {
	t.Helper()
	reading, err := kubernetes.Files{}.Read(context.Background(), write(t, files), options)
	if err != nil {
		t.Fatal(err)
	}
	return reading
}

func addresses(r source.Reading) []string {
	var all []string
	for _, b := range r.Blocks {
		all = append(all, b.Address)
	}
	return all
}

func reasons(r source.Reading) []string {
	var all []string
	for _, g := range r.Gaps {
		all = append(all, g.Reason)
	}
	return all
}

func block(t *testing.T, r source.Reading, address string) resource.Block {
	t.Helper()
	at := slices.IndexFunc(r.Blocks, func(b resource.Block) bool { return b.Address == address })
	if at < 0 {
		t.Fatalf("there is no %s in %q", address, addresses(r))
	}
	return r.Blocks[at]
}

// at follows a path of member names and, for lists, first elements.
func at(v value.Value, path string) value.Value {
	for name := range strings.SplitSeq(path, ".") {
		if items, ok := v.AsList(); ok && len(items) > 0 {
			v = items[0]
		}
		v = v.Field(name)
	}
	return v
}

func expectOrigin(t *testing.T, v value.Value, want string) {
	t.Helper()
	if o := v.Origin(); o == nil || o.String() != want {
		t.Errorf("origin %v, want %s", o, want)
	}
}

const pod = `# a comment
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: clinic
spec:
  containers:
  - name: web
    image: web:1
    securityContext: {privileged: yes}
`

// TestManifests proves that every document of a file is read with its lines, lists one by one, and that one which is broken
// leaves the others.
func TestManifests(t *testing.T) {
	r := read(t, map[string]string{
		"a.yaml": pod + "---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: s}}\n" +
			"--- # the next is broken\napiVersion: v1\nkind: Secret\nmetadata: {name: a, name: b}\n",
		"b.json":      "{\n\t\"apiVersion\": \"rbac.authorization.k8s.io/v1\", \"kind\": \"ClusterRole\",\n\t\"metadata\": {\"name\": \"system:x\"}\n}",
		"values.yaml": "image: [",
	}, source.Options{Root: "deploy"})
	want := []string{"Pod/clinic/web", "Service/s", "ClusterRole/system:x"}
	if diff := cmp.Diff(want, addresses(r)); diff != "" {
		t.Error(diff)
	}
	web := block(t, r, "Pod/clinic/web")
	privileged := at(web.Body, "spec.containers.securityContext.privileged")
	if on, _ := privileged.AsBool(); !on {
		t.Error("yes is true in YAML 1.1")
	}
	expectOrigin(t, privileged, "deploy/a.yaml:11")
	if got := privileged.Origin().Path; got != "spec.containers[0].securityContext.privileged" {
		t.Error(got)
	}
	if web.Region != "clinic" || web.Global || !block(t, r, "ClusterRole/system:x").Global {
		t.Error("the scope of names is wrong")
	}
	if diff := cmp.Diff([]string{`deploy/a.yaml:20: the key "name" is given twice, first in line 20`}, reasons(r)); diff != "" {
		t.Error(diff)
	}
}

// TestRoots proves that what is declared twice is in two roots, and what is not in one.
func TestRoots(t *testing.T) {
	service := "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n"
	r := read(t, map[string]string{"dev/s.yaml": service, "prod/s.yaml": service, "prod/pod.yaml": pod}, source.Options{})
	if diff := cmp.Diff([]string{"dev:Service/s", "prod:Pod/clinic/web", "prod:Service/s"}, addresses(r)); diff != "" {
		t.Error(diff)
	}
	if got := r.Blocks[1].Root(); got != "prod" {
		t.Errorf("root %q", got)
	}
}

var chart = map[string]string{
	"app/Chart.yaml":                "apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies:\n- {name: lib, version: 1.0.0, repository: file://../lib}\n",
	"app/values.yaml":               "image: {name: web, tag: '1'}\nreplicas: 2\n",
	"app/templates/_helpers.tpl":    `{{ define "app.image" }}{{ .Values.image.name }}:{{ required "image.tag is wanted" .Values.image.tag }}{{ end }}`,
	"app/templates/NOTES.txt":       "apiVersion: v1\nkind: Pod\n",
	"app/templates/deployment.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\n  namespace: {{ .Release.Namespace }}\nspec:\n  replicas: {{ .Values.replicas }}\n  template:\n    spec:\n      containers:\n      - name: web\n        image: {{ include \"app.image\" . }}\n        env:\n        {{- range $i, $e := until 2 }}\n        - name: E{{ $i }}\n          value: http://x.{{ $.Release.Namespace }}.svc\n        {{- end }}\n",
	"app/templates/broken.yaml":     "apiVersion: v1\nkind: Service\nmetadata: {name: {{ .Values.none.of.it }}}\n",
	"lib/Chart.yaml":                "apiVersion: v2\nname: lib\nversion: 1.0.0\n",
	"lib/templates/config.yaml":     "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\ndata: {db.password: hunter22}\n",
}

// TestChart proves that a chart is rendered with its values and with the charts that it is made of, that values know where they
// stand in the templates, and that a template which fails is a gap and no more.
func TestChart(t *testing.T) {
	r := read(t, chart, source.Options{})
	if diff := cmp.Diff([]string{"ConfigMap/shared", "Deployment/release-name"}, addresses(r)); diff != "" {
		t.Error(diff)
	}
	d := block(t, r, "Deployment/release-name")
	if d.Region != "" {
		t.Errorf("the namespace is not known, not %q", d.Region)
	}
	image := at(d.Body, "spec.template.spec.containers.image")
	if text, _ := image.AsString(); text != "web:1" {
		t.Error(image.Data())
	}
	expectOrigin(t, image, "app/templates/deployment.yaml:12")
	url := at(d.Body, "spec.template.spec.containers.env.value")
	if template, _ := url.Template(); !url.IsUnknown() || template != "http://x.${Release.Namespace}.svc" {
		t.Errorf("%v %q", url.State(), template)
	}
	gaps := strings.Join(reasons(r), "\n")
	if len(r.Gaps) != 1 || !strings.Contains(gaps, "app/templates/broken.yaml:3: Helm: ") || r.Gaps[0].Grant == "" {
		t.Error(gaps)
	}
}

// TestChartOptions proves that values and the namespace can be given, and that a value which is wanted is asked for.
func TestChartOptions(t *testing.T) {
	values := filepath.Join(write(t, map[string]string{"v.yaml": "replicas: 5\n"}), "v.yaml")
	r := read(t, chart, source.Options{Namespace: "clinic", HelmValues: []string{values}, HelmSet: []string{"image.tag=null,none.of.it=s"}})
	if diff := cmp.Diff([]string{"ConfigMap/clinic/shared", "Service/clinic/s"}, addresses(r)); diff != "" {
		t.Error(diff)
	}
	gaps := strings.Join(reasons(r), "\n")
	if !strings.Contains(gaps, "image.tag is wanted") || !strings.Contains(r.Gaps[0].Grant, "--helm-set") {
		t.Error(gaps)
	}
	r = read(t, chart, source.Options{HelmValues: []string{values}})
	if n := at(block(t, r, "Deployment/release-name").Body, "spec.replicas"); n.Data() != int64(5) {
		t.Error(n.Data())
	}
}

// TestChartDependencies proves that charts beside a chart are found at every depth, and that one which is not there is a gap unless
// it is switched off.
func TestChartDependencies(t *testing.T) {
	r := read(t, map[string]string{
		"a/Chart.yaml":            "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies:\n- {name: b, version: 1.0.0, repository: file://../b}\n- {name: metrics, version: 1.0.0, repository: https://x, condition: metrics.enabled}\n",
		"a/values.yaml":           "metrics: {enabled: false}\n",
		"b/Chart.yaml":            "apiVersion: v2\nname: b\nversion: 1.0.0\ndependencies:\n- {name: c, version: 1.0.0, repository: file://../c}\n- {name: gone, version: 1.0.0, repository: https://x}\n",
		"c/Chart.yaml":            "apiVersion: v2\nname: c\nversion: 1.0.0\n",
		"c/templates/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: deep}\n",
	}, source.Options{})
	if diff := cmp.Diff([]string{"ConfigMap/deep"}, addresses(r)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a/Chart.yaml: the chart gone that it depends on is not in charts/"}, reasons(r)); diff != "" {
		t.Error(diff)
	}
}

// TestOverlayAtTheTop proves that a target which is itself an overlay is rendered.
func TestOverlayAtTheTop(t *testing.T) {
	r := read(t, map[string]string{
		"kustomization.yaml": "namespace: clinic\nresources: [pod.yaml]\n",
		"pod.yaml":           "apiVersion: v1\nkind: Pod\nmetadata: {name: portal}\nspec: {containers: [{name: portal, image: portal:1}]}\n",
	}, source.Options{})
	if diff := cmp.Diff([]string{"Pod/clinic/portal"}, addresses(r)); diff != "" || len(r.Gaps) > 0 {
		t.Errorf("%s%v", diff, reasons(r))
	}
}

var kustomization = map[string]string{
	"base/kustomization.yaml": "resources: [deployment.yaml, https://example.com/all.yaml]\n",
	"base/deployment.yaml":    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n  template:\n    spec:\n      containers:\n      - name: web\n        image: web:1\n",
	"prod/kustomization.yaml": "namespace: clinic\nnamePrefix: prod-\nresources:\n- ../base\npatches:\n- path: replicas.yaml\nsecretGenerator:\n- name: db\n  literals: [password=hunter22]\n",
	"prod/replicas.yaml":      "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 3\n",
}

// TestOverlay proves that an overlay is built of its base and its patches and nothing from outside, each value known by where it
// was written.
func TestOverlay(t *testing.T) {
	r := read(t, kustomization, source.Options{})
	if len(r.Blocks) != 2 {
		t.Fatal(addresses(r), reasons(r))
	}
	d := block(t, r, "Deployment/clinic/prod-web")
	expectOrigin(t, at(d.Body, "spec.template.spec.containers.image"), "base/deployment.yaml:11")
	replicas := at(d.Body, "spec.replicas")
	if replicas.Data() != int64(3) {
		t.Error(replicas.Data())
	}
	expectOrigin(t, replicas, "prod/kustomization.yaml")
	if metadata := d.Body.Field("metadata").Field("annotations"); !metadata.IsAbsent() {
		t.Error(metadata.Plain())
	}
	if want := "base/kustomization.yaml:1: https://example.com/all.yaml is not in the target and was not fetched"; !slices.Contains(reasons(r), want) {
		t.Error(reasons(r))
	}
	for _, b := range r.Blocks {
		if secret := at(b.Body, "data.password"); b.Type == "Secret" && secret.Data() != "(a secret, left out)" {
			t.Error(secret.Data())
		}
	}
}

// TestMixed proves that charts, overlays and manifests of one folder are roots of their own, and that nothing is read twice.
func TestMixed(t *testing.T) {
	files := map[string]string{"jobs/pod.yaml": pod, "main.tf": "", "ci.yaml": "on: push\njobs: {}\n"}
	for name, text := range chart {
		files["charts/"+name] = text
	}
	for name, text := range kustomization {
		files["k/"+name] = text
	}
	got := addresses(read(t, files, source.Options{}))
	for _, want := range []string{"charts/app:Deployment/release-name", "k/prod:Deployment/clinic/prod-web", "Pod/clinic/web"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is missing in %q", want, got)
		}
	}
	if len(got) != 5 {
		t.Errorf("%q", got)
	}
}

// TestHostile proves that bombs, links out of the target, endless templates and broken files end as gaps.
func TestHostile(t *testing.T) {
	bomb := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\na: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for i, name := range []string{"b", "c", "d", "e", "f", "g"} {
		previous := string(rune('a' + i))
		bomb += name + ": &" + name + " [" + strings.Repeat("*"+previous+",", 9) + "*" + previous + "]\n"
	}
	files := map[string]string{"bomb.yaml": bomb, "pod.yaml": pod, "bad.yaml": "apiVersion: v1\nkind: Pod\nmetadata: [\n",
		"c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "c/templates/x.yaml": "{{ range until 100000000 }}a{{ end }}",
		"d/Chart.yaml": "name: d\n", "k/kustomization.yaml": "resources: [../../../etc]\n", "deep.yaml": "apiVersion: v1\nkind: Pod\nspec: " +
			strings.Repeat("[", 300) + strings.Repeat("]", 300)}
	dir := write(t, files)
	outside := filepath.Join(write(t, map[string]string{"secret.yaml": pod}), "secret.yaml")
	if err := os.Symlink(outside, filepath.Join(dir, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	r, err := kubernetes.Files{}.Read(context.Background(), dir, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Pod/clinic/web"}, addresses(r)); diff != "" {
		t.Error(diff)
	}
	gaps := strings.Join(reasons(r), "\n")
	for _, want := range []string{"bomb.yaml", "bad.yaml:", "link.yaml: the symbolic link leaves", "until 100000000 is more", "d/Chart.yaml",
		"../../../etc is not in the target", "deep.yaml"} {
		if !strings.Contains(gaps, want) {
			t.Errorf("no gap says %q:\n%s", want, gaps)
		}
	}
}

// FuzzManifest proves that no text makes the reader panic or run away.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(pod))
	f.Add([]byte("a: &a [*a]\n---\n<<: *b"))
	f.Add([]byte(`{"apiVersion":"v1","kind":"List","items":[{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}]}`))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) {
		file := filepath.Join(dir, "m.yaml")
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _ = kubernetes.Files{}.Read(context.Background(), file, source.Options{})
	})
}

const dockerfile = `ARG BASE=golang
FROM ${BASE}:1.24 AS build
ENV DB_PASSWORD=hunter22
RUN go build
FROM debian:12@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa AS base
USER 1000
FROM base
ADD https://example.com/x.tgz /x
RUN apt-get update && apt-get install -y curl
EXPOSE 8443
HEALTHCHECK CMD true
`

// TestDockerfile proves what is told of a Dockerfile, and that secrets in it are not.
func TestDockerfile(t *testing.T) {
	dir := write(t, map[string]string{"Dockerfile": dockerfile, "b.Dockerfile": "FROM ${X}\nUSER $U\n", "c.Dockerfile": "FROM a b c d\n"})
	r, err := kubernetes.Dockerfiles{}.Read(context.Background(), dir, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	body := block(t, r, "Dockerfile").Body
	got := map[string]any{}
	for _, name := range []string{"from", "user", "adds", "runs", "env", "expose", "healthcheck"} {
		got[name] = body.Field(name).Plain()
	}
	want := map[string]any{
		"from": []any{
			map[string]any{"image": "golang:1.24", "name": "build", "last": false, "stage": false},
			map[string]any{"image": "debian:12@sha256:" + strings.Repeat("a", 64), "name": "base", "last": false, "stage": false},
			map[string]any{"image": "base", "last": true, "stage": true}},
		"user":        "1000",
		"adds":        []any{map[string]any{"source": "https://example.com/x.tgz", "remote": true}},
		"runs":        []any{map[string]any{"command": "go build"}, map[string]any{"command": "apt-get update && apt-get install -y curl", "installs": []any{"apt-get curl"}}},
		"env":         []any{map[string]any{"name": "DB_PASSWORD", "value": "(a secret, left out)"}},
		"expose":      []any{"8443"},
		"healthcheck": true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	expectOrigin(t, body.Field("user"), "Dockerfile:6")
	other := block(t, r, "b.Dockerfile").Body
	if !at(other, "from.image").IsUnknown() || !other.Field("user").IsUnknown() {
		t.Error("arguments without a value are unknown")
	}
	if got := strings.Join(reasons(r), "\n"); !strings.HasPrefix(got, "c.Dockerfile:1: ") {
		t.Error(got)
	}
}
