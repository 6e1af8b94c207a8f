package vulndb

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ward.dev/ward/internal/software"
)

// Match is one flaw of one installed package, however many advisories tell of it.
type Match struct {
	// ID is the flaw's CVE identifier if it has one, else that of an advisory. Aliases are all others, advisories' included.
	ID      string           `json:"id"`
	Aliases []string         `json:"aliases"`
	Package software.Package `json:"package"`
	// Malicious is that the package itself is the flaw (identifiers that begin with MAL-): it is to be removed, not updated.
	Malicious bool     `json:"malicious"`
	Severity  Severity `json:"severity"`
	// Fixed is the lowest version above the installed one that none of the advisories is about, in the spelling of the advisory;
	// "" if there is none.
	Fixed string `json:"fixed"`
	// FixedSince is when the fix was announced: the publication of the first notice that names it. It is zero if only records of
	// the flaw itself name it (those of CVEs), whose publication says nothing of the fix. Modified bounds it then: the fix was
	// known at the latest when the advisories were last changed.
	FixedSince time.Time `json:"fixed_since,omitzero"`
	Published  time.Time `json:"published,omitzero"` // the first of the advisories
	Modified   time.Time `json:"modified,omitzero"`  // the last change of any of them
	Summary    string    `json:"summary"`
	References []string  `json:"references"`
}

// Unmatched is a package of which it is not known whether an advisory is about it.
type Unmatched struct {
	Package software.Package `json:"package"`
	Reason  string           `json:"reason"`
	// Advisories are those that could not be judged; none if there are no advisories for the ecosystem.
	Advisories []string `json:"advisories"`
}

// Match finds the advisories about packages. A package that is in neither result is one that the database knows nothing of, as
// of the time that Covers gives. An error, such as a damaged database, says nothing about any package.
func (db *DB) Match(packages []software.Package) ([]Match, []Unmatched, error) {
	keys := map[string]bool{}
	for _, p := range packages {
		if _, ok := db.Covers(p.Ecosystem); ok {
			for _, s := range seek(p) {
				keys[s.key] = true
			}
		}
	}
	known := map[string][]*entry{}
	err := db.table.lookup(slices.Sorted(maps.Keys(keys)), func(key string, texts []string) error {
		for _, text := range texts {
			e, err := readEntry(text)
			if err != nil {
				return err
			}
			known[key] = append(known[key], e)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("match packages: %w", err)
	}
	var matches []Match
	var unknown []Unmatched
	verdicts := map[sought]*verdict{}
	for _, p := range packages {
		if _, ok := db.Covers(p.Ecosystem); !ok {
			unknown = append(unknown, Unmatched{Package: p, Reason: db.uncovered(p.Ecosystem), Advisories: []string{}})
			continue
		}
		found, open, err := judgePackage(p, known, verdicts)
		if err != nil {
			return nil, nil, fmt.Errorf("match packages: %w", err)
		}
		matches = append(matches, found...)
		unknown = append(unknown, open...)
	}
	return matches, unknown, nil
}

// verdict is what is known of one name at one version.
type verdict struct {
	flaws    []Match // without a package
	doubtful []string
	why      error
}

// judgePackage answers for one package. What is found of a name at a version is kept, since one source has many packages.
func judgePackage(p software.Package, known map[string][]*entry, kept map[sought]*verdict) ([]Match, []Unmatched, error) {
	var matches []Match
	var doubtful []string
	var why error
	met := map[string]bool{} // flaws
	for _, s := range seek(p) {
		v := kept[s]
		if v == nil {
			var err error
			if v, err = judge(known[s.key], newTarget(s.version, families[familyOf(ecosystemOf(s.key))].scheme)); err != nil {
				return nil, nil, err
			}
			kept[s] = v
		}
		for _, m := range v.flaws {
			if !met[m.ID] {
				met[m.ID] = true
				m.Package = p
				matches = append(matches, m)
			}
		}
		doubtful = append(doubtful, v.doubtful...)
		if why == nil {
			why = v.why
		}
	}
	if len(doubtful) == 0 {
		return matches, nil, nil
	}
	slices.Sort(doubtful)
	reason := "cannot be compared with the advisories about it: " + why.Error()
	return matches, []Unmatched{{Package: p, Reason: reason, Advisories: slices.Compact(doubtful)}}, nil
}

// judge tells which of a name's advisories are about a version.
func judge(all []*entry, t *target) (*verdict, error) {
	v := &verdict{}
	var hits, open []*entry
	reasons := map[*entry]error{}
	for _, e := range all {
		is, err := e.affects(t)
		if is == no {
			continue
		}
		if e.rest != "" {
			if err := e.complete(); err != nil {
				return nil, err
			}
		}
		switch is {
		case yes:
			hits = append(hits, e)
		case unclear:
			open = append(open, e)
			reasons[e] = err
		}
	}
	told := map[string]bool{}
	for _, f := range flawsOf(hits) {
		v.flaws = append(v.flaws, f.match(t))
		for _, name := range f.names {
			told[name] = true
		}
	}
	for _, e := range open { // what is known from another advisory is not in doubt
		names, several := e.tells()
		left := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return told[name] })
		if len(left) == 0 || len(left) < len(names) && !several {
			continue
		}
		v.doubtful = append(v.doubtful, e.id)
		if v.why == nil {
			v.why = reasons[e]
		}
	}
	return v, nil
}

// flaw is what several advisories tell of.
type flaw struct {
	id    string
	names []string // all identifiers, sorted
	told  []*entry
}

// cveOf finds the CVE identifier in one, such as that which a distribution made of it ("DEBIAN-CVE-2024-0001"); "" if there is none.
func cveOf(id string) string {
	at := strings.Index(id, "CVE-")
	if at < 0 || at > 0 && id[at-1] != '-' {
		return ""
	}
	year, number, _ := strings.Cut(id[at+len("CVE-"):], "-")
	if len(year) != 4 || len(number) < 4 || strings.Trim(year+number, "0123456789") != "" {
		return ""
	}
	return id[at:]
}

// cves finds the CVE identifiers, each once.
func cves(ids []string) []string {
	var found []string
	for _, id := range ids {
		if one := cveOf(id); one != "" && !slices.Contains(found, one) {
			found = append(found, one)
		}
	}
	return found
}

// tells returns what an advisory tells of: the identifiers of one flaw, or several flaws. One that names several CVEs, such as a
// distribution's notice of an update, is not one flaw with many names.
func (e *entry) tells() (names []string, several bool) {
	own := append([]string{e.id}, e.aliases...)
	found := cves(slices.Concat(own, e.upstream))
	if len(found) > 1 {
		return found, true
	}
	if len(found) == 1 || len(e.upstream) == 1 {
		own = append(append(own, e.upstream...), found...)
	}
	return own, false
}

// flawsOf puts advisories about the same flaw together: those that share an identifier among their own, their aliases and what they
// are derived from. In each flaw, advisories that tell of nothing else come first.
func flawsOf(hits []*entry) []*flaw {
	sets := disjoint{}
	byRoot := map[string]*flaw{}
	add := func(id string, e *entry, names ...string) {
		root := sets.find(id)
		if byRoot[root] == nil {
			byRoot[root] = &flaw{}
		}
		f := byRoot[root]
		f.told, f.names = append(f.told, e), append(append(f.names, e.id), names...)
	}
	names, notice := make([][]string, len(hits)), make([]bool, len(hits))
	for i, e := range hits {
		names[i], notice[i] = e.tells()
		for _, name := range names[i] {
			if !notice[i] {
				sets.join(e.id, name)
			}
		}
	}
	for i, e := range hits {
		if !notice[i] {
			add(e.id, e, names[i]...)
		}
	}
	for i, e := range hits {
		for _, name := range names[i] {
			if notice[i] {
				add(name, e, name)
			}
		}
	}
	flaws := make([]*flaw, 0, len(byRoot))
	for _, f := range byRoot {
		slices.Sort(f.names)
		f.names = slices.Compact(f.names)
		f.id = f.names[0]
		if found := cves(f.names); len(found) > 0 {
			f.id = found[0]
		}
		flaws = append(flaws, f)
	}
	slices.SortFunc(flaws, func(a, b *flaw) int { return cmp.Compare(a.id, b.id) })
	return flaws
}

// disjoint are sets of identifiers, each named by one of them.
type disjoint map[string]string

func (d disjoint) find(id string) string {
	for d[id] != "" && d[id] != id {
		id = d[id]
	}
	return id
}

func (d disjoint) join(a, b string) {
	if a, b = d.find(a), d.find(b); a != b {
		d[b] = a
	}
}

// match tells of the flaw.
func (f *flaw) match(t *target) Match {
	m := Match{ID: f.id, Aliases: []string{}, References: []string{}}
	for _, id := range f.names {
		if id != f.id {
			m.Aliases = append(m.Aliases, id)
		}
		m.Malicious = m.Malicious || strings.HasPrefix(id, "MAL-")
	}
	for _, e := range f.told {
		m.Severity = m.Severity.worse(e.severity)
		m.Summary = cmp.Or(m.Summary, e.summary)
		if m.Published.IsZero() || !e.published.IsZero() && e.published.Before(m.Published) {
			m.Published = e.published
		}
		if e.modified.After(m.Modified) {
			m.Modified = e.modified
		}
		for _, url := range e.references {
			if !slices.Contains(m.References, url) && len(m.References) < maxReferences {
				m.References = append(m.References, url)
			}
		}
	}
	m.Fixed = f.fixed(t)
	if m.Fixed != "" {
		m.FixedSince = f.since(m.Fixed)
	}
	return m
}

// fixed returns the lowest version, above the one installed, at which none of the advisories holds.
func (f *flaw) fixed(t *target) string {
	best, bestVersion := "", version{}
	for _, e := range f.told {
		for _, s := range e.spans {
			installed, err := t.version(s.semver)
			if err != nil {
				continue
			}
			for _, one := range s.events {
				if one.kind != fixed {
					continue
				}
				v, err := installed.of.read(one.at)
				if err != nil || above(v, installed) != yes || best != "" && above(bestVersion, v) != yes {
					continue
				}
				if !f.clean(newTarget(one.at, t.scheme)) {
					continue
				}
				best, bestVersion = one.at, v
			}
		}
	}
	return best
}

// above tells whether a is a later version than b.
func above(a, b version) answer {
	c, err := a.compare(b.text)
	switch {
	case err != nil:
		return unclear
	case c > 0:
		return yes
	}
	return no
}

// clean tells whether none of the advisories is about a version.
func (f *flaw) clean(t *target) bool {
	for _, e := range f.told {
		if is, _ := e.affects(t); is != no {
			return false
		}
	}
	return true
}

// since returns when a notice first named the fix.
func (f *flaw) since(version string) time.Time {
	var first time.Time
	for _, e := range f.told {
		names := slices.ContainsFunc(e.spans, func(s span) bool { return slices.Contains(s.events, event{fixed, version}) })
		if names && !strings.Contains(e.id, "CVE-") && !e.published.IsZero() && (first.IsZero() || e.published.Before(first)) {
			first = e.published
		}
	}
	return first
}
