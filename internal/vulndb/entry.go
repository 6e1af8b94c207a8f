package vulndb

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"time"
)

// entry is what one advisory says of one package: what is needed to judge a version, and to tell of the flaw.
type entry struct {
	id                  string
	published, modified time.Time
	aliases, upstream   []string
	severity            Severity
	summary             string
	references          []string
	spans               []span
	versions            []string // those that no span holds
	listed              bool     // versions were given, if only such as a span holds
	rest                string   // what complete has yet to read
}

const (
	maxSummary    = 200 // bytes
	maxReferences = 6
	maxReference  = 400 // bytes
)

// entries makes the entries of a record, by their key.
func entries(r *record) map[string]*entry {
	all := map[string]*entry{}
	for i := range r.Affected {
		a := &r.Affected[i]
		if a.Package.Ecosystem == "" {
			continue // commits of a repository, not a package
		}
		ecosystem := canonical(a.Package.Ecosystem)
		key := keyOf(ecosystem, a.Package.Name)
		e := all[key]
		if e == nil {
			e = &entry{id: r.ID, published: r.Published, modified: r.Modified, aliases: r.Aliases, upstream: r.Upstream,
				summary: summaryOf(r), references: referencesOf(r)}
			if len(r.Aliases)+len(r.Upstream) == 0 && families[familyOf(ecosystem)].distro {
				e.upstream = cves(r.Related)
			}
			all[key] = e
		}
		e.severity = e.severity.worse(severityOf(r, a))
		e.add(a, families[familyOf(ecosystem)].scheme)
	}
	return all
}

// add takes over which versions are affected. Listed versions that a range holds say nothing more; lists of hundreds are usual.
func (e *entry) add(a *affected, s *scheme) {
	for _, r := range a.Ranges {
		if r.Type == "GIT" {
			continue // commits: nothing installed can be compared with them
		}
		one := span{semver: r.Type == "SEMVER"}
		for _, o := range r.Events {
			for kind, at := range []*string{o.Introduced, o.Fixed, o.LastAffected, o.Limit} {
				if at != nil {
					one.events = append(one.events, event{eventKind(kind), *at})
				}
			}
		}
		if !slices.ContainsFunc(e.spans, one.equal) {
			e.spans = append(e.spans, one)
		}
	}
	ranged := entry{spans: e.spans}
	for _, v := range a.Versions {
		e.listed = true
		if in, _ := ranged.affects(newTarget(v, s)); in != yes {
			e.versions = append(e.versions, v)
		}
	}
}

func (s span) equal(o span) bool { return s.semver == o.semver && slices.Equal(s.events, o.events) }

func summaryOf(r *record) string {
	if r.Summary != "" {
		return clip(r.Summary, maxSummary)
	}
	return clip(r.Details, maxSummary)
}

// referencesOf takes the addresses that tell most, advisories first.
func referencesOf(r *record) []string {
	order := []string{"ADVISORY", "FIX", "REPORT", "ARTICLE", "WEB"}
	rank := func(kind string) int {
		if i := slices.Index(order, kind); i >= 0 {
			return i
		}
		return len(order)
	}
	sorted := slices.Clone(r.References)
	slices.SortStableFunc(sorted, func(a, b reference) int { return rank(a.Type) - rank(b.Type) })
	var urls []string
	for _, one := range sorted {
		plain := !strings.ContainsFunc(one.URL, func(c rune) bool { return c <= ' ' || c >= 0x7f })
		if plain && len(one.URL) <= maxReference && (strings.HasPrefix(one.URL, "https://") || strings.HasPrefix(one.URL, "http://")) &&
			len(urls) < maxReferences && !slices.Contains(urls, one.URL) {
			urls = append(urls, one.URL)
		}
	}
	return urls
}

// append writes an entry: numbers as unsigned varints, texts and lists with their length first.
func (e *entry) append(b []byte) []byte {
	b = appendText(b, e.id)
	b = binary.AppendUvarint(b, uint64(len(e.spans)))
	for _, s := range e.spans {
		b = append(b, flag(s.semver))
		b = binary.AppendUvarint(b, uint64(len(s.events)))
		for _, one := range s.events {
			b = appendText(append(b, byte(one.kind)), one.at)
		}
	}
	b = append(b, flag(e.listed))
	b = appendTexts(b, e.versions)
	b = appendTexts(b, e.aliases)
	b = appendTexts(b, e.upstream)
	b = binary.AppendVarint(b, seconds(e.published))
	b = binary.AppendVarint(b, seconds(e.modified))
	b = append(b, byte(e.severity.Level))
	b = binary.AppendUvarint(b, uint64(math.Round(e.severity.Score*10)))
	b = appendText(b, e.severity.Vector)
	b = appendText(b, e.summary)
	return appendTexts(b, e.references)
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// seconds is Unix time; 0 is no time at all.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func moment(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendTexts(b []byte, all []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(all)))
	for _, s := range all {
		b = appendText(b, s)
	}
	return b
}

var errDamaged = errors.New("it is damaged; " + how)

// scanner reads what append wrote. After the first thing that is not so, it yields zeroes.
type scanner struct {
	text string
	bad  bool
}

func (s *scanner) fail() { s.bad, s.text = true, "" }

func (s *scanner) number() uint64 {
	var n uint64
	for i := 0; i < len(s.text) && i < binary.MaxVarintLen64; i++ {
		c := s.text[i]
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			s.text = s.text[i+1:]
			return n
		}
	}
	s.fail()
	return 0
}

func (s *scanner) signed() int64 {
	n := s.number()
	return int64(n>>1) ^ -int64(n&1)
}

func (s *scanner) byte() byte {
	if s.text == "" {
		s.fail()
		return 0
	}
	c := s.text[0]
	s.text = s.text[1:]
	return c
}

func (s *scanner) bytes() string {
	n := s.number()
	if n > uint64(len(s.text)) {
		s.fail()
		return ""
	}
	out := s.text[:n]
	s.text = s.text[n:]
	return out
}

// count reads how many follow, each of at least one byte.
func (s *scanner) count() int {
	n := s.number()
	if n > uint64(len(s.text)) {
		s.fail()
		return 0
	}
	return int(n)
}

func (s *scanner) texts() []string {
	n := s.count()
	if n == 0 {
		return nil
	}
	all := make([]string, 0, n)
	for range n {
		all = append(all, s.bytes())
	}
	return all
}

// readEntry reads what judges a version; complete reads the rest. Texts are parts of the one given.
func readEntry(text string) (*entry, error) {
	s := &scanner{text: text}
	e := &entry{id: s.bytes()}
	if n := s.count(); n > 0 {
		e.spans = make([]span, n)
	}
	for i := range e.spans {
		e.spans[i].semver = s.byte() == 1
		e.spans[i].events = make([]event, s.count())
		for j := range e.spans[i].events {
			e.spans[i].events[j] = event{eventKind(s.byte()), s.bytes()}
		}
	}
	e.listed = s.byte() == 1
	e.versions = s.texts()
	if s.bad {
		return nil, errDamaged
	}
	e.rest = s.text
	return e, nil
}

// complete reads what an entry tells of its flaw. Most entries are not about the version asked for, and need it not.
func (e *entry) complete() error {
	s := &scanner{text: e.rest}
	e.aliases, e.upstream = s.texts(), s.texts()
	e.published, e.modified = moment(s.signed()), moment(s.signed())
	e.severity.Level = Level(s.byte())
	e.severity.Score = float64(s.number()) / 10
	e.severity.Vector, e.summary, e.references = s.bytes(), s.bytes(), s.texts()
	if s.bad || s.text != "" || e.severity.Level > Critical {
		return errDamaged
	}
	e.rest = ""
	return nil
}
