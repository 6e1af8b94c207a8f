package assess

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// wide is a catalog of 40 kinds with 6 checks each, and a check for any resource.
func wide(b testing.TB) *catalog.Catalog {
	b.Helper()
	const kinds, checks = 40, 6
	files := fstest.MapFS{}
	put := func(name, text string) { files[name] = &fstest.MapFile{Data: []byte(text)} }
	var links strings.Builder
	for k := range kinds {
		name := fmt.Sprintf("acme.kind%02d", k)
		put("kinds/"+name+".yaml", fmt.Sprintf(`kind: %s
title: Kind
doc: A kind.
service: s%d
attributes:
  name: {type: string, doc: Its name.}
  encrypted: {type: bool, doc: Encrypted.}
  algorithm: {type: string, doc: Algorithm., default: AES256}
  days: {type: int, doc: Days kept.}
  next: {type: ref %s, doc: The next., phi: to}
  tags: {type: map string, doc: Tags.}
  rules: {type: list, doc: Rules., item: {port: {type: int, doc: Port.}, cidr: {type: string, doc: CIDR.}, name: {type: string, doc: Its name.}, note: {type: string, doc: A note.}}}
  closed: {type: bool, doc: Closed., is: 'self.rules.all(r, r.port != 22 || r.cidr != "0.0.0.0/0")'}
`, name, k, name))
		for c, rule := range []string{"self.encrypted", `self.algorithm in ["aws:kms", "AES256"]`, "self.days >= 30",
			"self.closed", "self.next.encrypted && self.encrypted", `"owner" in self.tags && self.name != ""`}[:checks] {
			id := fmt.Sprintf("c%d", c)
			put("checks/"+name+"/"+id+".yaml", fmt.Sprintf(claim, "A claim", "high", rule))
			fmt.Fprintf(&links, "      - {check: %s.%s, strength: implements, reason: So.}\n", name, id)
		}
	}
	put("frameworks/book.yaml", "framework: book\ntitle: T\nsource: S\nsafeguards:\n"+safeguard("1", "required")+"    checks:\n"+links.String())
	c, err := catalog.Load(files)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func crowd(c *catalog.Catalog, n int) *inventory.Inventory {
	kinds := c.Kinds
	resources := make([]*resource.Resource, n)
	for i := range resources {
		k := kinds[i%len(kinds)]
		address := fmt.Sprintf("module.m%d.acme_kind.this[%d]", i%97, i)
		at := &value.Origin{File: fmt.Sprintf("modules/m%d/main.tf", i%97), Line: i % 500}
		next := value.String(fmt.Sprintf("t#module.m%d.acme_kind.this[%d]", (i+len(kinds))%97, i+len(kinds)))
		v := map[string]value.Value{
			"name": value.String(fmt.Sprint("name", i)), "encrypted": value.Bool(i%3 != 0), "days": value.Int(int64(i % 60)), "next": next,
			"tags": value.Object(map[string]value.Value{"owner": value.String("ops")}),
			"rules": value.List(value.Object(map[string]value.Value{"port": value.Int(443), "cidr": value.String("10.0.0.0/8")}),
				value.Object(map[string]value.Value{"port": value.Int(22), "cidr": value.String("10.0.0.0/8")})),
		}
		if i%11 == 0 {
			v["encrypted"] = value.Unresolved(value.Reason{Why: "var.encrypted has no value"})
		}
		r := &resource.Resource{Kind: k, ID: "t#" + address, Address: address, Target: "t", Origin: at}
		r.Values = make([]value.Value, 0, len(k.All()))
		for _, a := range k.All() {
			r.Values = append(r.Values, given(a, v).At(at))
		}
		resources[i] = r
	}
	return inventory.New([]inventory.Target{{Kind: "terraform", Name: "t", Resources: n}}, resources, nil, nil)
}

func given(a *kind.Attribute, v map[string]value.Value) value.Value {
	if have, ok := v[a.Name]; ok {
		return have
	}
	if a.Default != nil {
		return a.Default.Value
	}
	return value.None()
}

// BenchmarkAssess judges estates of growing size; ns/resource stays the same where the time is linear.
func BenchmarkAssess(b *testing.B) {
	c := wide(b)
	cfg := &config.Config{PHI: config.PHI{Marks: config.Marks{Names: []config.Pattern{"*this[7]"}}}}
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			inv := crowd(c, n)
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				a, err := Assess(context.Background(), Request{Catalog: c, Framework: c.Frameworks[0], Inventory: inv, Config: cfg, Now: today})
				if err != nil {
					b.Fatal(err)
				}
				runtime.KeepAlive(a)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/resource")
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.HeapSys)/(1<<20), "MiB-heap")
		})
	}
}
