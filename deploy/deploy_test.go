// Package deploy has what installs Ward in a cluster: a chart, the manifests that it makes, and the file of the container image. Its tests
// prove that they fit the program and pass its own checks.
package deploy

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/yaml"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/assess"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/scope"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/cluster"
	"ward.dev/ward/internal/source/kubernetes"
	"ward.dev/ward/internal/testcluster"
)

var update = flag.Bool("update", false, "write the manifests anew")

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

const chartDir = "helm/ward"

// render makes the manifests of the chart with values on top of its own, by template.
func render(t *testing.T, values map[string]any) map[string]string {
	t.Helper()
	made, err := tryRender(values)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func tryRender(values map[string]any) (map[string]string, error) {
	chart, err := loader.LoadDir(chartDir)
	if err != nil {
		return nil, err
	}
	capabilities := *chartutil.DefaultCapabilities
	capabilities.KubeVersion = chartutil.KubeVersion{Version: "v1.34.4", Major: "1", Minor: "34"}
	all, err := chartutil.ToRenderValues(chart, values, chartutil.ReleaseOptions{Name: "ward", Namespace: "ward", IsInstall: true}, &capabilities)
	if err != nil {
		return nil, err
	}
	texts, err := engine.Render(chart, all)
	if err != nil {
		return nil, err
	}
	made := map[string]string{}
	for name, text := range texts {
		if text = strings.TrimSpace(text); strings.HasSuffix(name, ".yaml") && text != "" {
			made[filepath.Base(name)] = text + "\n"
		}
	}
	return made, nil
}

// part is a value in values.
type part = map[string]any

// plain are the values of the plain manifests: those that have no default, and the namespace.
func plain() part {
	return part{
		"image":     part{"repository": "registry.example.com/ward", "digest": "sha256:" + strings.Repeat("0", 64)},
		"namespace": part{"create": true},
		"admission": part{"tls": part{"certManager": "ward/ward-admission"}},
	}
}

// everything switches all parts on.
func everything() part {
	values := plain()
	maps.Copy(values, part{
		"registries": part{"enabled": true, "loginSecret": "registries"},
		"advisories": part{"enabled": true},
		"assess":     part{"images": true},
		"guard":      part{"enabled": true, "configMap": "ward-guard-policy", "images": true},
		"activity":   part{"enabled": true, "tokenSecret": "ward-activity-token", "tlsSecret": "ward-activity-tls"},
	})
	values["admission"].(part)["images"] = true
	return values
}

const header = "# Made from deploy/helm/ward by go test ./deploy -update; change that. Put your image in place of the zeros.\n"

// TestRules proves that the rights in the chart are those that the program asks for, and no others.
func TestRules(t *testing.T) {
	rules, _, _ := cluster.Rules(cluster.Options{})
	text, err := yaml.Marshal(rules)
	if err != nil {
		t.Fatal(err)
	}
	want := "# What ward policy kubernetes prints.\n" + string(text)
	const file = chartDir + "/files/reader-rules.yaml"
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("run go test ./deploy -run TestRules -update: -want +got\n%s", diff)
	}
}

// TestManifests proves that the plain manifests are what the chart makes; -update writes them.
func TestManifests(t *testing.T) {
	want := map[string]string{}
	optional := render(t, everything())
	for name, text := range render(t, plain()) {
		want[name] = header + text
		delete(optional, name)
	}
	for name, text := range optional {
		want["optional/"+name] = header + text
	}
	if *update {
		for name, text := range want {
			path := filepath.Join("manifests", name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := map[string]string{}
	for _, pattern := range []string{"manifests/*.yaml", "manifests/*/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got[filepath.ToSlash(strings.TrimPrefix(file, "manifests/"))] = string(text)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("run go test ./deploy -run TestManifests -update: -want +got\n%s", diff)
	}
}

// TestValues proves that values that would weaken what is installed, or cannot be, are refused with the reason.
func TestValues(t *testing.T) {
	for name, c := range map[string]struct {
		change func(v part)
		want   string
	}{
		"no image":          {func(v part) { delete(v, "image") }, "image.digest is wanted"},
		"a tag":             {func(v part) { v["image"].(part)["digest"] = "latest" }, "image"},
		"one replica":       {func(v part) { v["admission"].(part)["replicas"] = 1 }, "replicas"},
		"nobody signed":     {func(v part) { v["admission"].(part)["tls"] = part{} }, "admission.tls.caBundle or admission.tls.certManager is wanted"},
		"an unknown mode":   {func(v part) { v["admission"].(part)["mode"] = "off" }, "mode"},
		"a misspelt value":  {func(v part) { v["asess"] = part{} }, "asess"},
		"no policy":         {func(v part) { v["guard"] = part{"enabled": true} }, "guard.configMap is wanted"},
		"a power of no one": {func(v part) { v["guard"] = part{"enabled": true, "powers": []any{"delete"}} }, "powers"},
		"no token":          {func(v part) { v["activity"] = part{"enabled": true, "tlsSecret": "x"} }, "activity.tokenSecret is wanted"},
	} {
		values := plain()
		c.change(values)
		if _, err := tryRender(values); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// finding is what a check said of an object.
type finding struct{ Check, Resource string }

// judge assesses a folder or file with the whole catalog.
func judge(t *testing.T, decisions *config.Config, target string, reader source.Reader) map[assessment.Status][]finding {
	t.Helper()
	c, err := catalog.Load(builtin.Files)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.LoadChecks(func(string) bool { return true }); err != nil {
		t.Fatal(err)
	}
	services, err := scope.LoadServices(builtin.Files)
	if err != nil {
		t.Fatal(err)
	}
	if !reader.Detect(target) {
		t.Fatalf("%s is not known", target)
	}
	reading, err := reader.Read(context.Background(), target, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, gap := range reading.Gaps {
		t.Errorf("%s: %s: %s", target, gap.What, gap.Reason)
	}
	estate := mapping.Take(c.Kinds, []source.Reading{reading})
	if err := c.Link(c.Frameworks[0]); err != nil {
		t.Fatal(err)
	}
	a, err := assess.Assess(context.Background(), assess.Request{Catalog: c, Framework: c.Frameworks[0], Services: services, Config: decisions,
		Inventory: estate, Now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	found := map[assessment.Status][]finding{}
	for _, f := range a.Findings {
		found[f.Status] = append(found[f.Status], finding{f.Check, f.Resource.Address})
	}
	return found
}

// TestPasses proves that what installs Ward passes all of its checks; what files alone cannot tell has a reason here.
func TestPasses(t *testing.T) {
	decisions, err := config.Load("ward.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for target, reader := range map[string]source.Reader{"manifests": kubernetes.Files{}, "Dockerfile": kubernetes.Dockerfiles{}} {
		left := maps.Clone(accepted)
		found := judge(t, decisions, target, reader)
		for _, f := range found[assessment.Fail] {
			if accepted[f] == "" {
				t.Errorf("%s fails %s", f.Resource, f.Check)
			}
			delete(left, f)
		}
		var unknown []string
		for _, f := range found[assessment.Unknown] {
			if unseen[f.Check] == "" {
				unknown = append(unknown, f.Check+" of "+f.Resource)
			}
		}
		slices.Sort(unknown)
		if len(unknown) > 0 {
			t.Errorf("%s: unknown:\n%s", target, strings.Join(unknown, "\n"))
		}
		if target == "manifests" && (len(left) > 0 || len(found[assessment.Pass]) < 300) {
			t.Errorf("%d pass; accepted, and not failing any more: %v", len(found[assessment.Pass]), left)
		}
	}
}

// TestInstalled proves that a cluster takes all objects, those of the parts that are off by default, too, and the pods that follow from them:
// the namespace holds these to the strictest standard.
func TestInstalled(t *testing.T) {
	c := testcluster.Shared(t)
	made := render(t, everything())
	c.Apply(t, made["namespace.yaml"])
	delete(made, "namespace.yaml")
	pods := 0
	for _, name := range slices.Sorted(maps.Keys(made)) {
		if name == "house.yaml" {
			continue // its quota counts pods, which nobody does here
		}
		c.Apply(t, made[name])
		for _, pod := range podsOf(t, made[name]) {
			c.Apply(t, pod)
			pods++
		}
	}
	c.Apply(t, made["house.yaml"])
	if pods != 5 {
		t.Errorf("%d pods", pods)
	}
}

// podsOf are the pods that controllers would make of workloads.
func podsOf(t *testing.T, manifest string) []string {
	t.Helper()
	var pods []string
	for i, document := range strings.Split(manifest, "\n---\n") {
		var object struct {
			Spec struct {
				Template    map[string]any `json:"template"`
				JobTemplate struct {
					Spec struct {
						Template map[string]any `json:"template"`
					} `json:"spec"`
				} `json:"jobTemplate"`
			} `json:"spec"`
		}
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatal(err)
		}
		pod := object.Spec.Template
		if pod == nil {
			pod = object.Spec.JobTemplate.Spec.Template
		}
		if pod == nil {
			continue
		}
		pod["apiVersion"], pod["kind"] = "v1", "Pod"
		metadata := pod["metadata"].(map[string]any)
		metadata["name"], metadata["namespace"] = fmt.Sprintf("%s-%d", metadata["labels"].(map[string]any)["app.kubernetes.io/component"], i), "ward"
		text, err := yaml.Marshal(pod)
		if err != nil {
			t.Fatal(err)
		}
		pods = append(pods, string(text))
	}
	return pods
}
