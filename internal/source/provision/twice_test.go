package provision_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	quantity "k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/manifest/terraform"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/kubernetes"
	"ward.dev/ward/internal/source/provision"
	reader "ward.dev/ward/internal/source/terraform"
	"ward.dev/ward/internal/value"
)

// TestTwice proves that objects get the same answers whether they are written as manifests or in Terraform: the examples of all
// checks that are manifests are written again in HCL, and every check answers for every resource of both.
func TestTwice(t *testing.T) {
	c, err := catalog.Load(builtin.Files)
	if err != nil {
		t.Fatal(err)
	}
	examples, answers, typed := 0, 0, 0
	for _, of := range c.Checks {
		if !strings.HasPrefix(of.Kind.Name, "kubernetes.") {
			continue
		}
		list, err := of.Examples()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if e.Kubernetes == "" {
				continue
			}
			objects, ok := objectsOf(t, e.Kubernetes)
			if !ok {
				continue
			}
			examples++
			name := of.ID + ": " + e.Name
			manifests := judge(t, c, e, of, readings(t, name, "objects.json", listed(t, objects)))
			code, blocks := hcl(objects)
			typed += blocks
			blocksToo := judge(t, c, e, of, readings(t, name, "main.tf", code))
			answers += len(manifests)
			for _, key := range slices.Sorted(maps.Keys(manifests)) {
				if diff := cmp.Compare(manifests[key], blocksToo[key]); diff != 0 {
					t.Errorf("%s: %s is %q as a manifest, %q in Terraform:\n%s", name, key, manifests[key], blocksToo[key], code)
					return
				}
			}
			if len(manifests) != len(blocksToo) {
				t.Errorf("%s: %d answers of manifests, %d of Terraform", name, len(manifests), len(blocksToo))
			}
		}
	}
	t.Logf("%d examples, %d objects as blocks of their own, %d answers", examples, typed, answers)
	if examples < 300 || typed < 450 || answers < 10_000 {
		t.Error("that is less than there was")
	}
}

// objectsOf are the objects of an example, with what Terraform's provider sets by itself; ok is false for what configures programs,
// which nobody writes in Terraform.
func objectsOf(t *testing.T, text string) (objects []map[string]any, ok bool) {
	found, faults := kubernetes.Documents(text, value.Origin{File: "example.yaml", Line: 1})
	if len(faults) > 0 {
		return nil, false
	}
	for _, v := range found {
		data, err := json.Marshal(v.Plain())
		if err != nil {
			t.Fatal(err)
		}
		var object map[string]any
		if err := json.Unmarshal(data, &object); err != nil {
			t.Fatal(err)
		}
		metadata, _ := object["metadata"].(map[string]any)
		apiVersion, _ := object["apiVersion"].(string)
		if metadata["name"] == nil || strings.Contains(apiVersion, "config.k8s.io") || strings.Contains(apiVersion, "audit.k8s.io") ||
			strings.Contains(apiVersion, "kubeadm") || object["kind"] == "CustomResourceDefinition" {
			return nil, false
		}
		said(object, shapeOf(object))
		objects = append(objects, object)
	}
	return objects, true
}

// said sets what the provider sets where nobody says it.
func said(data any, t reflect.Type) {
	for t != nil && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice) {
		t = t.Elem()
	}
	if list, ok := data.([]any); ok {
		for _, item := range list {
			said(item, t)
		}
	}
	object, ok := data.(map[string]any)
	if !ok || t == nil || t.Kind() != reflect.Struct {
		return
	}
	set := func(name string, v any) {
		if object[name] == nil {
			object[name] = v
		}
	}
	switch t.Name() {
	case "PodSpec", "ServiceAccount":
		set("automountServiceAccountToken", true)
	case "SeccompProfile":
		set("type", "Unconfined")
	case "StorageClass":
		set("allowVolumeExpansion", true)
	case "PersistentVolumeSpec":
		set("persistentVolumeReclaimPolicy", "Retain")
	case "Subject":
		set("namespace", "default")
	}
	for name, member := range object {
		if f, ok := fieldOf(t, name); ok {
			said(member, f.Type)
		}
	}
}

// shapeOf is the Go type of an object, nil if there is none.
func shapeOf(object map[string]any) reflect.Type {
	apiVersion, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	made, err := scheme.Scheme.New(schema.FromAPIVersionAndKind(apiVersion, kind))
	if err != nil {
		return nil
	}
	return reflect.TypeOf(made).Elem()
}

// fieldOf finds a member of a type by the name that JSON has for it.
func fieldOf(t reflect.Type, name string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		called, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if called == name {
			return f, true
		}
		if called == "" && f.Anonymous {
			if inner, ok := fieldOf(f.Type, name); ok {
				return inner, true
			}
		}
	}
	return reflect.StructField{}, false
}

func listed(t *testing.T, objects []map[string]any) string {
	data, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": objects})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var (
	wordEnd    = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	acronymEnd = regexp.MustCompile(`([A-Z])([A-Z][a-z])`)
)

func snake(name string) string {
	return strings.ToLower(wordEnd.ReplaceAllString(acronymEnd.ReplaceAllString(name, "${1}_$2"), "${1}_$2"))
}

// renamed are the members that the provider calls otherwise.
var renamed = map[string]map[string]string{
	"Secret":        {"data": "binary_data", "stringData": "data"},
	"DaemonSetSpec": {"updateStrategy": "strategy"},
	"StorageClass":  {"provisioner": "storage_provisioner"},
}

// hcl writes objects as Terraform. typed is how many of them have a type of blocks of their own.
func hcl(objects []map[string]any) (code string, typed int) {
	file := hclwrite.NewEmptyFile()
	for i, object := range objects {
		typ, shape := "kubernetes_"+snake(object["kind"].(string))+"_v1", shapeOf(object)
		if shape == nil || !slices.Contains(terraform.Types(), typ) || !fits(object, shape) || terraformVersion(typ) != object["apiVersion"] {
			body := file.Body().AppendNewBlock("resource", []string{"kubernetes_manifest", fmt.Sprintf("r%d", i)}).Body()
			body.SetAttributeValue("manifest", ctyOf(object))
			continue
		}
		typed++
		body := file.Body().AppendNewBlock("resource", []string{typ, fmt.Sprintf("r%d", i)}).Body()
		delete(object, "apiVersion")
		delete(object, "kind")
		delete(object, "status")
		block(body, shape, object)
	}
	return string(file.Bytes()), typed
}

// terraformVersion is the version of the API that the blocks of a type are of.
func terraformVersion(typ string) string {
	object, _ := terraform.Object(typ, value.Object(nil))
	version, _ := object.Field("apiVersion").AsString()
	return version
}

// fits tells whether all of an object is of its type.
func fits(data any, t reflect.Type) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if list, ok := data.([]any); ok {
		return !slices.ContainsFunc(list, func(item any) bool { return !fits(item, t) })
	}
	object, ok := data.(map[string]any)
	if !ok || t.Kind() != reflect.Struct {
		return true
	}
	for name, member := range object {
		f, ok := fieldOf(t, name)
		if !ok || member == nil || !fits(member, f.Type) {
			return false
		}
	}
	return true
}

func block(body *hclwrite.Body, t reflect.Type, object map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		f, _ := fieldOf(t, name)
		called := cmp.Or(renamed[t.Name()][name], snake(name))
		ft := f.Type
		for ft.Kind() == reflect.Pointer {
			ft = ft.Elem()
		}
		list, isList := object[name].([]any)
		switch {
		case isBlock(ft):
			block(body.AppendNewBlock(called, nil).Body(), ft, object[name].(map[string]any))
		case isList && ft.Kind() == reflect.Slice && isBlock(ft.Elem()):
			for _, item := range list {
				block(body.AppendNewBlock(one(called), nil).Body(), ft.Elem(), item.(map[string]any))
			}
		default:
			body.SetAttributeValue(called, ctyOf(object[name]))
		}
	}
}

// one is what the provider calls one of several blocks.
func one(name string) string {
	switch name {
	case "ingress", "egress", "from", "to", "tls", "match_expressions":
		return name
	}
	return strings.TrimSuffix(name, "s")
}

func isBlock(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[quantity.Quantity]() && t != reflect.TypeFor[intstr.IntOrString]() &&
		t.Name() != "Time"
}

func ctyOf(data any) cty.Value {
	text, _ := json.Marshal(data)
	t, err := ctyjson.ImpliedType(text)
	if err != nil {
		panic(err)
	}
	v, err := ctyjson.Unmarshal(text, t)
	if err != nil {
		panic(err)
	}
	return v
}

// readings are those of one file.
func readings(t *testing.T, example, name, text string) []source.Reading {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	options := source.Options{Namespace: "default"}
	var from source.Reader = kubernetes.Files{}
	if name == "main.tf" {
		from = reader.Directory{}
	}
	reading, err := from.Read(context.Background(), dir, options)
	if err != nil {
		t.Fatalf("%s: %v\n%s", example, err, text)
	}
	all := provision.Split(context.Background(), []source.Reading{reading}, options)
	for _, r := range all {
		for _, gap := range r.Gaps {
			t.Errorf("%s: %s: %s", example, gap.What, gap.Reason)
		}
		if r.Kind == "terraform" && len(r.Blocks) > 0 {
			t.Errorf("%s: %s was left in Terraform", example, r.Blocks[0].Address)
		}
	}
	return all
}

// judge has every check answer for every resource of readings.
func judge(t *testing.T, c *catalog.Catalog, e check.Example, of *check.Check, readings []source.Reading) map[string]assessment.Status {
	t.Helper()
	inv := mapping.Map(c.Kinds, readings)
	given := map[string]value.Value{}
	for name, v := range e.Params {
		given[name] = v.Value
	}
	answers := map[string]assessment.Status{}
	for _, one := range c.Checks {
		if one.Kind == nil || !strings.HasPrefix(one.Kind.Name, "kubernetes.") {
			continue
		}
		params := map[string]value.Value{}
		if one == of {
			params = given
		}
		with, err := one.With(params)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range inv.Resources {
			if r.Kind != one.Kind {
				continue
			}
			answers[called(r)+" "+one.ID] = one.Evaluate(inv, r, with, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).Status
		}
	}
	return answers
}

// called names a resource by what it is in both vocabularies.
func called(r *resource.Resource) string {
	typ, _ := r.Get("type").AsString()
	if !strings.HasPrefix(r.Kind.Name, "kubernetes.workload") {
		typ = ""
	}
	if len(r.Names) > 0 && r.Names[0] == r.Address { // there is one
		return r.Kind.Name
	}
	return r.Kind.Name + " " + typ + strings.Join(r.Names, ",")
}
