package vulndb

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// FuzzRecord proves that any text is a record or an error, and that what is kept of a record is what is read again.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(about("GHSA-1", "npm", "left", until("1.0.0")+`,"versions":["3.0.0"]`, `"aliases":["CVE-2026-0001"],"details":"x"`)))
	f.Add([]byte(about("DSA-1-1", "Debian:12", "openssl", until("3.0.11-1~deb12u2"), `"upstream":["CVE-2026-0001","CVE-2026-0002"]`)))
	f.Add([]byte(about("SUSE-SU-1", "SUSE:Linux Enterprise Server 15 SP5", "a", always, `"severity":[{"type":"CVSS_V4","score":"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}]`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseRecord(data)
		if err != nil {
			return
		}
		for key, e := range entries(r) {
			back, err := readEntry(string(e.append(nil)))
			if err == nil {
				err = back.complete()
			}
			if err != nil {
				t.Fatalf("%q: %v", key, err)
			}
			if diff := cmp.Diff(e.spans, back.spans, cmp.AllowUnexported(span{}, event{}), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			if e.id != back.id || e.severity.Level != back.severity.Level || len(e.versions) != len(back.versions) || e.summary != back.summary {
				t.Errorf("%+v became %+v", e, back)
			}
			judge([]*entry{back}, newTarget("1.0.0", families[familyOf(ecosystemOf(key))].scheme))
		}
	})
}

// FuzzEntry proves that a damaged entry is an error, and not a fault of the program.
func FuzzEntry(f *testing.F) {
	e := entry{id: "GHSA-1", spans: []span{{events: []event{{introduced, "0"}, {fixed, "1.0.0"}}}}, versions: []string{"2.0.0"}, summary: "x"}
	f.Add(string(e.append(nil)))
	f.Fuzz(func(t *testing.T, text string) {
		e, err := readEntry(text)
		if err != nil || e.complete() != nil {
			return
		}
		judge([]*entry{e}, newTarget("1.0.0", dpkg))
	})
}

// FuzzRange proves that a range is the same whatever the order of its events, and that its answer is what the definition says.
func FuzzRange(f *testing.F) {
	f.Add("1.2.3", "1.0.0", "1.2.0", "2.0.0", "2.5.0", uint8(0))
	f.Add("3.0.11-1~deb12u2", "0", "3.0.11-1~deb12u2", "4", "5:1-1", uint8(1))
	f.Add("1.0_p1-r0", "0", "1.0-r1", "1.1_rc1-r0", "1.1-r0", uint8(2))
	schemes := []*scheme{semantic2, dpkg, apk, rpm, golang, pep440, maven, rubygems, nuget, packagist, pub, cran, hackage}
	f.Fuzz(func(t *testing.T, at, from, to, again, last string, kind uint8) {
		s := schemes[int(kind)%len(schemes)]
		v, err := s.read(at)
		if err != nil {
			return
		}
		events := []event{{introduced, from}, {fixed, to}, {introduced, again}, {lastAffected, last}}
		for i, e := range events {
			for _, o := range events[:i] { // events at one version are taken in the order in which they are written
				a, err := s.read(e.at)
				if e.at == o.at || err != nil {
					return
				}
				if c, err := a.compare(o.at); err != nil || c == 0 {
					return
				}
			}
		}
		want, err := (&span{events: events}).holds(&target{text: at, scheme: s, read: map[bool]reading{false: {v: v}}})
		if err != nil {
			return
		}
		turned := []event{events[3], events[2], events[1], events[0]}
		if got, err := (&span{events: turned}).holds(newTarget(at, s)); err != nil || got != want {
			t.Errorf("%v: %v, but %v in another order (%v)", events, want, got, err)
		}
	})
}
