package scope

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/catalog"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

var thing = must(kind.New("acme.thing.yaml", `kind: acme.thing
title: Thing
doc: A thing.
attributes:
  name: {type: string, doc: Its name.}
  tags: {type: map string, doc: Its tags.}
  to: {type: ref any, doc: PHI flows there., phi: to}
  from: {type: ref any, doc: PHI comes from there., phi: from}
  both: {type: list ref any, doc: Both ways., phi: both}
  plain: {type: ref any, doc: No PHI flows.}
  mounts: {type: list, doc: Mounts., item: {volume: {type: ref any, doc: The volume., phi: both}}}
`))

// bare is a kind that has neither name nor tags.
var bare = must(kind.New("acme.bare.yaml", "kind: acme.bare\ntitle: Bare\ndoc: A thing without tags.\nattributes:\n  size: {type: int, doc: Its size.}\n"))

func must(k *kind.Kind, err error) *kind.Kind {
	if err != nil {
		panic(err)
	}
	return k
}

func item(address string, attributes map[string]value.Value) *resource.Resource {
	r := &resource.Resource{Kind: thing, ID: "t#" + address, Address: address, Target: "t", Origin: &value.Origin{File: "clinic/main.tf"}}
	for _, a := range thing.All() {
		v, ok := attributes[a.Name]
		if !ok {
			v = value.None()
		}
		r.Values = append(r.Values, v)
	}
	return r
}

func ref(address string) value.Value { return value.String("t#" + address) }

func tagged(key, text string) value.Value {
	return value.Object(map[string]value.Value{key: value.String(text)})
}

type attributes = map[string]value.Value

var dark = value.Unresolved(value.Reason{Why: "var.x has no value"})

func of(phi config.PHI, resources ...*resource.Resource) ([]Mark, []Contradiction) {
	return Of(inventory.New(nil, resources, nil, nil), phi)
}

func TestMarks(t *testing.T) {
	phiTag := config.PHI{Marks: config.Marks{Tags: map[string]kind.Names{"data": {"phi"}, "patient": {"*"}}}}
	withNone := phiTag
	withNone.None = config.Marks{Names: []config.Pattern{"*website*"}}
	defaultNo, defaultYes := phiTag, config.PHI{Default: Yes, None: config.Marks{Names: []config.Pattern{"web"}}}
	defaultNo.Default = No
	names := config.PHI{Marks: config.Marks{Names: []config.Pattern{"*patient*"}}, Default: No}
	tests := []struct {
		name     string
		phi      config.PHI
		resource *resource.Resource
		want     Mark
	}{
		{"nothing is said", config.PHI{}, item("a", nil), Mark{Unknown, "nothing in ward.yaml says whether it holds PHI"}},
		{"a tag, whatever its case", phiTag, item("a", attributes{"tags": tagged("data", "PHI")}), Mark{Yes, "tag data is PHI"}},
		{"any value of a tag", phiTag, item("a", attributes{"tags": tagged("patient", "x")}), Mark{Yes, "tag patient is x"}},
		{"any value of a tag, even unknown", phiTag, item("a", attributes{"tags": value.Object(attributes{"patient": dark})}), Mark{Yes, "tag patient"}},
		{"another value", phiTag, item("a", attributes{"tags": tagged("data", "logs")}), Mark{Unknown, "nothing in ward.yaml says whether it holds PHI"}},
		{"its name", names, item("a", attributes{"name": value.String("Patients")}), Mark{Yes, "name *patient*"}},
		{"its address", names, item("aws_x.patient_db", nil), Mark{Yes, "name *patient*"}},
		{"its file", config.PHI{Marks: config.Marks{Paths: []config.PathPattern{"clinic/**"}}}, item("a", nil), Mark{Yes, "path clinic/**"}},
		{"its file within the target", config.PHI{Marks: config.Marks{Paths: []config.PathPattern{"lab/**"}}},
			&resource.Resource{Kind: bare, ID: "b", Target: "./infra", Values: []value.Value{value.None()}, Origin: &value.Origin{File: "infra/lab/main.tf"}},
			Mark{Yes, "path lab/**"}},
		{"its kind", config.PHI{Marks: config.Marks{Kinds: []config.Pattern{"acme.*"}}}, item("a", nil), Mark{Yes, "kind acme.*"}},
		{"surely none", withNone, item("website", nil), Mark{No, "name *website*"}},
		{"surely none, but its tags are unknown", withNone, item("website", attributes{"tags": dark}), Mark{Unknown, "its tags may mark PHI: var.x has no value"}},
		{"surely none, but there may be more tags", withNone, item("website", attributes{"tags": tagged("a", "b").Open(value.Reason{Why: "merge"})}), Mark{Unknown, "its tags may mark PHI: merge"}},
		{"surely none, but the tag that marks is unknown", withNone, item("website", attributes{"tags": value.Object(attributes{"data": dark})}), Mark{Unknown, "its tags may mark PHI: var.x has no value"}},
		{"surely none, and only another tag is unknown", withNone, item("website", attributes{"tags": value.Object(attributes{"team": dark})}), Mark{No, "name *website*"}},
		{"marked both ways", withNone, item("website", attributes{"tags": tagged("data", "phi")}), Mark{Yes, "tag data is phi"}},
		{"the default is no", defaultNo, item("a", nil), Mark{No, "the default of ward.yaml"}},
		{"the default is no, but its tags are unknown", defaultNo, item("a", attributes{"tags": dark}), Mark{Unknown, "its tags may mark PHI: var.x has no value"}},
		{"the default is no, but its name is unknown", names, item("a", attributes{"name": dark}), Mark{Unknown, "its name may mark PHI: var.x has no value"}},
		{"the default is no, and its kind has neither tags nor name", defaultNo, &resource.Resource{Kind: bare, ID: "b", Values: []value.Value{value.None()}}, Mark{No, "the default of ward.yaml"}},
		{"the default is yes", defaultYes, item("a", nil), Mark{Yes, "the default of ward.yaml"}},
		{"the default is yes, but it surely holds none", defaultYes, item("web", nil), Mark{No, "name web"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			marks, _ := of(test.phi, test.resource)
			if diff := cmp.Diff(test.want, marks[0]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSpread(t *testing.T) {
	seed := config.PHI{Marks: config.Marks{Names: []config.Pattern{"phi"}}, None: config.Marks{Names: []config.Pattern{"none*"}}}
	tests := []struct {
		name      string
		resources []*resource.Resource
		want      map[string]string // addresses that PHI reaches, with the reason
	}{
		{"to its target", []*resource.Resource{item("phi", attributes{"to": ref("b")}), item("b", nil)}, map[string]string{"b": "reached from phi by attribute to"}},
		{"not back from it", []*resource.Resource{item("b", attributes{"to": ref("phi")}), item("phi", nil)}, nil},
		{"from its target", []*resource.Resource{item("b", attributes{"from": ref("phi")}), item("phi", nil)}, map[string]string{"b": "reaches phi by its attribute from"}},
		{"both ways, through a list", []*resource.Resource{item("b", attributes{"both": value.List(ref("x"), ref("phi"))}), item("phi", nil), item("x", nil)},
			map[string]string{"b": "reaches phi by its attribute both", "x": "reached from b by attribute both"}},
		{"through the rows of a list", []*resource.Resource{item("phi", attributes{"mounts": value.List(value.Object(attributes{"volume": ref("v")}))}), item("v", nil)},
			map[string]string{"v": "reached from phi by attribute mounts.volume"}},
		{"not along another reference", []*resource.Resource{item("phi", attributes{"plain": ref("b")}), item("b", nil)}, nil},
		{"not along an unknown reference", []*resource.Resource{item("phi", attributes{"to": dark}), item("b", nil)}, nil},
		{"not to what is not there", []*resource.Resource{item("phi", attributes{"to": ref("gone")}), item("b", nil)}, nil},
		{"in a circle", []*resource.Resource{item("phi", attributes{"to": ref("b")}), item("b", attributes{"to": ref("c")}), item("c", attributes{"to": ref("phi")})},
			map[string]string{"b": "reached from phi by attribute to", "c": "reached from b by attribute to"}},
		{"by the shortest way", []*resource.Resource{item("phi", attributes{"to": ref("b"), "both": value.List(ref("c"))}), item("b", attributes{"to": ref("c")}), item("c", nil)},
			map[string]string{"b": "reached from phi by attribute to", "c": "reached from phi by attribute both"}},
		{"to what is said to hold none", []*resource.Resource{item("phi", attributes{"to": ref("none")}), item("none", nil)}, map[string]string{"none": "reached from phi by attribute to"}},
		{"to itself", []*resource.Resource{item("phi", attributes{"to": ref("phi")})}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			marks, contradictions := of(seed, test.resources...)
			got := map[string]string{}
			for i, r := range test.resources {
				if marks[i].PHI == Yes && r.Address != "phi" {
					got[r.Address] = marks[i].Reason
				}
			}
			if test.want == nil {
				test.want = map[string]string{}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if _, told := got["none"]; told != (len(contradictions) == 1) {
				t.Errorf("contradictions: %v", contradictions)
			}
		})
	}
}

// A default is an assumption; it marks, and spreads to nothing that is said to hold none.
func TestDefaultDoesNotSpread(t *testing.T) {
	phi := config.PHI{Default: Yes, None: config.Marks{Names: []config.Pattern{"web"}}}
	marks, contradictions := of(phi, item("a", attributes{"to": ref("web")}), item("web", nil))
	if marks[1].PHI != No || len(contradictions) != 0 {
		t.Errorf("got %+v, %v", marks, contradictions)
	}
}

func TestServices(t *testing.T) {
	s, err := LoadServices(catalog.Files)
	if err != nil {
		t.Fatal(err)
	}
	for service, want := range map[string]string{"s3": "true true", "lightsail": "false true", "no-such-service": "false false"} {
		eligible, known, source := s.Eligible("aws", service)
		if got := fmt.Sprint(eligible, known); got != want || !strings.HasPrefix(source, "AWS HIPAA Eligible Services Reference of 20") {
			t.Errorf("%s: %s (%s), want %s", service, got, source, want)
		}
	}
	if _, known, source := s.Eligible("acme", "s3"); known || source != "" {
		t.Error("nothing is known of another provider")
	}
	if _, known, _ := (*Services)(nil).Eligible("aws", "s3"); known {
		t.Error("no list knows nothing")
	}
	if n := len(s.Names("aws")); n < 150 {
		t.Errorf("%d services of AWS are eligible; there should be more", n)
	}
}

// Whoever adds a kind says whether its service may hold PHI: else every finding about it stays unknown.
func TestKindsNameListedServices(t *testing.T) {
	s, err := LoadServices(catalog.Files)
	if err != nil {
		t.Fatal(err)
	}
	kinds, _ := kind.Load(catalog.Files, "kinds")
	for _, k := range kinds {
		if k.Provider() != "aws" {
			continue
		}
		if _, known, _ := s.Eligible("aws", k.Service); !known {
			t.Errorf("%s: service %q is in neither list of catalog/eligible/aws.yaml", k.File, k.Service)
		}
	}
}

func TestServiceFaults(t *testing.T) {
	for name, text := range map[string]string{
		"another name":  "provider: b\nsource: S\nas_of: 2026-01-01\n",
		"no day":        "provider: a\nsource: S\nas_of: lately\n",
		"in both lists": "provider: a\nsource: S\nas_of: 2026-01-01\neligible: {x: X}\nnot_eligible: {x: X}\n",
		"unknown key":   "provider: a\nsource: S\nas_of: 2026-01-01\nelligible: {x: X}\n",
	} {
		if _, err := LoadServices(fstest.MapFS{"eligible/a.yaml": {Data: []byte(text)}}); err == nil {
			t.Errorf("%s: no fault", name)
		}
	}
}

// PHI takes the same time to reach each resource however many there are: a chain and a star of 200,000.
func TestSpreadIsLinear(t *testing.T) {
	const n = 200_000
	list := make([]*resource.Resource, n)
	for i := range list {
		list[i] = item(fmt.Sprint("r", i), attributes{"to": ref(fmt.Sprint("r", i+1)), "both": value.List(ref("r0"))})
	}
	start := time.Now()
	marks, _ := of(config.PHI{Marks: config.Marks{Names: []config.Pattern{"r7"}}}, list...)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	if marks[n-1].PHI != Yes {
		t.Error("PHI did not reach the end")
	}
}
