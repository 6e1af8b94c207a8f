package image

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/software"
	"ward.dev/ward/internal/value"
	"ward.dev/ward/internal/vulndb"
)

// update is what makes unknown vulnerabilities known, and how what vulndb says of it ends.
const (
	update = "ward vulndb update SOURCE..."
	how    = "; run: ward vulndb update SOURCE"
)

// verdicts are what the advisories say of the packages of an image.
type verdicts struct {
	matches []vulndb.Match
	// doubts say of a package why more may be wrong with it than the matches tell.
	doubts map[key]value.Reason
	// why is that of all packages together.
	why  []value.Reason
	asOf value.Value // as of when the oldest of the advisories are that were asked
}

// key is what advisories tell packages apart by.
type key struct{ ecosystem, name, version, source string }

func keyOf(p software.Package) key { return key{p.Ecosystem, p.Name, p.Version, p.Source} }

// judge compares packages with the advisories.
func (a *advisories) judge(packages []software.Package) verdicts {
	if a.fault != nil {
		return nothing(packages, a.fault)
	}
	found, unmatched, err := a.db.Match(packages)
	if err != nil {
		return nothing(packages, err)
	}
	v := verdicts{matches: found, doubts: map[key]value.Reason{}}
	unmatched = append(unmatched, a.db.Outdated(packages, a.options.Now, a.options.MaxAge)...)
	v.why = v.reasons(unmatched)
	v.asOf = a.asOf(packages)
	return v
}

// nothing is known of any package where there are no advisories, or damaged ones.
func nothing(packages []software.Package, fault error) verdicts {
	why := value.Reason{Why: "there are no advisories to compare with: " + strings.TrimSuffix(fault.Error(), how), Grant: update}
	v := verdicts{why: []value.Reason{why}, asOf: value.Unresolved(why), doubts: map[key]value.Reason{}}
	for _, p := range packages {
		v.doubts[keyOf(p)] = why
	}
	return v
}

// reasons puts packages together that are unknown for the same reason.
func (v *verdicts) reasons(unmatched []vulndb.Unmatched) []value.Reason {
	var order []value.Reason
	names := map[value.Reason][]string{}
	for _, u := range unmatched {
		text, mends := strings.CutSuffix(u.Reason, how)
		why := value.Reason{Why: text}
		if mends {
			why.Grant = update
		}
		if v.doubts[keyOf(u.Package)].Why == "" {
			v.doubts[keyOf(u.Package)] = why
		}
		if names[why] == nil {
			order = append(order, why)
		}
		if !slices.Contains(names[why], u.Package.Name) {
			names[why] = append(names[why], u.Package.Name)
		}
	}
	all := make([]value.Reason, 0, len(order))
	for _, why := range order {
		all = append(all, value.Reason{Why: some(names[why]) + ": " + why.Why, Grant: why.Grant})
	}
	return all
}

// some lists a few of many names.
func some(names []string) string {
	const few = 4
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

// asOf is as of when the oldest advisories are among those for the packages.
func (a *advisories) asOf(packages []software.Package) value.Value {
	oldest := time.Time{}
	for _, p := range packages {
		at, ok := a.db.Covers(p.Ecosystem)
		if ok && at.IsZero() {
			return value.Unresolved(value.Reason{Why: "advisories for " + p.Ecosystem + " do not say as of when they are", Grant: update})
		}
		if ok && (oldest.IsZero() || at.Before(oldest)) {
			oldest = at
		}
	}
	if oldest.IsZero() {
		oldest = a.db.Facts().Fetched
	}
	return value.String(oldest.UTC().Format(time.RFC3339))
}

// blocks makes the block of the image, and one for each of its vulnerabilities.
func (s subject) blocks(v verdicts) []resource.Block {
	flaws := gather(s, v)
	refs := make([]value.Value, 0, len(flaws))
	blocks := make([]resource.Block, 1, len(flaws)+1)
	for _, f := range flaws {
		blocks = append(blocks, f)
		refs = append(refs, value.Unresolved(value.Reason{Why: "it is a reference"}).Referring(true, value.Ref{Address: f.Address}))
	}
	doubts := slices.Concat(s.more, s.doubts, v.why)
	s.body = maps.Clone(s.body)
	s.body["names"] = value.Strings(s.names...)
	packages, advised := packagesOf(s, v)
	s.body["packages"] = opened(value.List(packages...), s.more)
	s.body["advised"] = opened(value.List(packages[:advised]...), s.more)
	s.body["vulnerabilities"] = opened(value.List(refs...), doubts)
	s.body["advisories_as_of"] = v.asOf
	for name, member := range s.body {
		s.body[name] = s.origin.On(member)
	}
	blocks[0] = block(s, typeImage, s.target, value.Object(s.body))
	return blocks
}

func block(s subject, typ, address string, body value.Value) resource.Block {
	return resource.Block{Dialect: resource.Image, Type: typ, Address: address, Target: s.target, Body: s.origin.On(body),
		Origin: s.origin.Origin(), Global: true}
}

// packagesOf lists the packages: first those that advisories tell of, then those that they may tell of, which together are so many as
// advised says, then the others.
func packagesOf(s subject, v verdicts) (rows []value.Value, advised int) {
	named := map[key][]string{}
	for _, m := range v.matches {
		named[keyOf(m.Package)] = append(append(named[keyOf(m.Package)], m.ID), m.Aliases...)
	}
	rank := func(p software.Package) int {
		_, doubted := v.doubts[keyOf(p)]
		switch {
		case len(named[keyOf(p)]) > 0:
			return 0
		case doubted:
			return 1
		}
		return 2
	}
	sorted := slices.Clone(s.packages)
	slices.SortStableFunc(sorted, func(a, b software.Package) int { return cmp.Compare(rank(a), rank(b)) })
	rows = make([]value.Value, 0, len(sorted))
	for _, p := range sorted {
		found := value.Strings(named[keyOf(p)]...)
		if why, ok := v.doubts[keyOf(p)]; ok {
			found = found.Open(why)
		}
		if rank(p) < 2 {
			advised++
		}
		rows = append(rows, value.Compact(map[string]value.Value{
			"name": value.String(p.Name), "version": orNone(p.Version), "ecosystem": orNone(p.Ecosystem),
			"source": value.String(cmp.Or(p.Source, p.Name)), "path": orNone(p.Path), "layer": orNone(p.Layer), "advisories": found,
		}))
	}
	return rows, advised
}

// occurrence is one flaw of one package, at however many places of an image.
type occurrence struct {
	vulndb.Match
	paths, layers []string
}

// gather makes a block of each flaw.
func gather(s subject, v verdicts) []resource.Block {
	byAddress := map[string]*occurrence{}
	var order []string
	for _, m := range v.matches {
		address := fmt.Sprintf("%s %s %s %s", s.target, m.ID, m.Package.Name, m.Package.Version)
		if m.Package.Ecosystem != "" && !software.IsDistribution(m.Package.Ecosystem) {
			address += " (" + m.Package.Ecosystem + ")"
		}
		one := byAddress[address]
		if one == nil {
			one = &occurrence{Match: m}
			byAddress[address], order = one, append(order, address)
		}
		if m.Package.Path != "" && !slices.Contains(one.paths, "/"+m.Package.Path) {
			one.paths = append(one.paths, "/"+m.Package.Path)
		}
		if m.Package.Layer != "" && !slices.Contains(one.layers, m.Package.Layer) {
			one.layers = append(one.layers, m.Package.Layer)
		}
	}
	slices.Sort(order)
	blocks := make([]resource.Block, 0, len(order))
	for _, address := range order {
		blocks = append(blocks, block(s, typeVulnerability, address, byAddress[address].body(s, v)))
	}
	return blocks
}

func (o *occurrence) body(s subject, v verdicts) value.Value {
	var commands []string
	for _, layer := range o.layers {
		if by := s.commands[layer]; by != "" {
			commands = append(commands, by)
		}
	}
	severity := value.String(o.Severity.Level.String())
	if o.Severity.Level == vulndb.Unrated {
		severity = value.Unresolved(value.Reason{Why: "nobody has said how severe " + o.ID + " is"})
	}
	score := value.None()
	if o.Severity.Vector != "" {
		score = value.Float(o.Severity.Score)
	}
	since, by := o.mended()
	p := o.Package
	members := map[string]value.Value{
		"image": value.Unresolved(value.Reason{Why: "it is a reference"}).Referring(true, value.Ref{Address: s.target}),
		"id":    value.String(o.ID), "aliases": value.Strings(o.Aliases...), "summary": orNone(o.Summary),
		"package": value.String(p.Name), "source": value.String(cmp.Or(p.Source, p.Name)), "version": orNone(p.Version),
		"ecosystem": orNone(p.Ecosystem), "fixed": orNone(o.Fixed), "fixed_since": since, "fixed_by": by,
		"severity": severity, "score": score, "malicious": value.Bool(o.Malicious), "published": dated(o.Published),
		"layers": value.Strings(o.layers...), "created_by": value.Strings(commands...), "paths": value.Strings(o.paths...),
		"advisories_as_of": v.asOf,
	}
	for name, member := range members {
		members[name] = s.origin.On(member)
	}
	return value.Object(members)
}

// mended tells since when there is a fix, and when there was one at the latest: that is known even of flaws whose records do not
// tell when the fix came.
func (o *occurrence) mended() (since, by value.Value) {
	switch {
	case o.Fixed == "":
		return value.None(), value.None()
	case !o.FixedSince.IsZero():
		at := dated(o.FixedSince)
		return at, at
	}
	unsaid := value.Unresolved(value.Reason{Why: "the advisories of " + o.ID + " do not say since when there is a fix"})
	if o.Modified.IsZero() {
		return unsaid, unsaid
	}
	return unsaid, dated(o.Modified)
}

func dated(t time.Time) value.Value {
	if t.IsZero() {
		return value.Unresolved(value.Reason{Why: "the advisories do not say when"})
	}
	return value.String(t.UTC().Format(time.RFC3339))
}
