package assess

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

var today = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

const (
	boxKind = `kind: acme.box
title: Box
doc: A box of records.
service: box
attributes:
  name: {type: string, doc: Its name.}
  locked: {type: bool, doc: Whether it is locked.}
  size: {type: int, doc: Its size., default: 1}
  secret: {type: string, doc: The combination., secret: true}
  notes: {type: list string, doc: What is written on it.}
  rows: {type: list, doc: What is in it., item: {key: {type: string, doc: Its key., secret: true}, color: {type: string, doc: Its color.}}}
  shelf: {type: ref acme.shelf, doc: Where it stands., phi: to}
  tags: {type: map string, doc: Its tags.}
`
	shelfKind = `kind: acme.shelf
title: Shelf
doc: What boxes stand on.
service: shelf
attributes:
  name: {type: string, doc: Its name.}
  strong: {type: bool, doc: Whether it holds.}
`
	claim = `title: %s
severity: %s
why: Because.
require: >-
  %s
fix: {console: Do it.}
`
)

// catalogOf makes a catalog of boxes and shelves with the checks locked, small and strong, a framework of the safeguards, and
// more files by name and text.
func catalogOf(t testing.TB, safeguards string, more ...string) *catalog.Catalog {
	t.Helper()
	files := fstest.MapFS{}
	put := func(name, text string) { files[name] = &fstest.MapFile{Data: []byte(text)} }
	put("kinds/acme.box.yaml", boxKind)
	put("kinds/acme.shelf.yaml", shelfKind)
	put("checks/acme.box/locked.yaml", fmt.Sprintf(claim, "Boxes are locked", "high", "self.locked"))
	put("checks/acme.box/small.yaml", "when: self.locked\nparams: {most: {type: int, default: 10, doc: The largest size.}}\n"+
		fmt.Sprintf(claim, "Boxes are small", "low", "self.size <= params.most"))
	put("checks/acme.shelf/strong.yaml", fmt.Sprintf(claim, "Shelves are strong", "critical", "self.strong"))
	put("frameworks/book.yaml", "framework: book\ntitle: The book\nsource: Book 1\nsafeguards:\n"+safeguards)
	for i := 0; i+1 < len(more); i += 2 {
		put(more[i], more[i+1])
	}
	c, err := catalog.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// safeguard writes one safeguard; more are lines such as "attestations: [...]".
func safeguard(citation, specification string, more ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  - citation: %s\n    name: Name\n    specification: %s\n    obligation: Do.\n    responsible: customer\n", citation, specification)
	for _, line := range more {
		b.WriteString("    " + line + "\n")
	}
	return b.String()
}

const (
	lockedLink  = "checks: [{check: acme.box.locked, strength: implements, reason: It keeps.}]"
	supportLink = "checks: [{check: acme.box.locked, strength: supports, reason: It helps.}]"
	attested    = "attestations: [{id: walk, statement: Somebody walks the halls., role: warden, review_months: 6}]"
	inherited   = "inherited: {from: landlord, under: lease, reason: The landlord answers.}"
)

// leaseHolder is where the agreement of inherited safeguards is attested.
var leaseHolder = safeguard("9", "standard", "attestations: [{id: lease, statement: The lease is signed., role: owner}]")

// box makes a resource; attributes that are not given are absent.
func box(c *catalog.Catalog, address string, attributes map[string]value.Value) *resource.Resource {
	return made(c, "acme.box", address, attributes)
}

func made(c *catalog.Catalog, kind, address string, attributes map[string]value.Value) *resource.Resource {
	k := c.Kind(kind)
	r := &resource.Resource{Kind: k, ID: "t#" + address, Address: address, Target: "t",
		Origin: &value.Origin{File: "main.tf", Line: 7}, Values: make([]value.Value, len(k.All()))}
	for i, a := range k.All() {
		switch v, ok := attributes[a.Name]; {
		case ok:
			r.Values[i] = v
		case a.Default != nil:
			r.Values[i] = a.Default.Value.AsDefault()
		default:
			r.Values[i] = value.None()
		}
	}
	return r
}

func estate(gaps []resource.Gap, resources ...*resource.Resource) *inventory.Inventory {
	return inventory.New([]inventory.Target{{Kind: "terraform", Name: "t", Resources: len(resources)}}, resources, nil, gaps)
}

func assess(t testing.TB, c *catalog.Catalog, inv *inventory.Inventory, cfg *config.Config) *assessment.Assessment {
	t.Helper()
	a, err := Assess(context.Background(), Request{Catalog: c, Framework: c.Frameworks[0], Inventory: inv, Config: cfg, Now: today, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func day(text string) config.Date {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return config.NewDate(at)
}

var (
	locked = map[string]value.Value{"locked": value.Bool(true)}
	ajar   = map[string]value.Value{"locked": value.Bool(false)}
	dark   = map[string]value.Value{"locked": value.Unresolved(value.Reason{Why: "var.locked has no value", Grant: "--var locked=..."})}
)
