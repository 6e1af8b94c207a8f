package vulndb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"ward.dev/ward/internal/software"
)

// The shape of Debian's and npm's data on osv.dev: most Debian records are about one source package in four releases, few packages
// have thousands (linux), and one in six is not fixed; nine in ten npm records are of malware, one for each package.
const (
	debianRecords = 60_000
	npmRecords    = 200_000
	debianSources = 4_000
)

var now = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// many makes a database of 260,000 advisories.
func many(dir string) error {
	b, err := newBuilder(dir)
	if err != nil {
		return err
	}
	defer b.close()
	from := Source{Name: "synthetic"}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range debianRecords {
		if err := b.take(digest(i, document{data: debianRecord(random, i)}), &from); err != nil {
			return err
		}
	}
	for i := range npmRecords {
		if err := b.take(digest(i, document{data: npmRecord(random, i)}), &from); err != nil {
			return err
		}
	}
	b.sources = append(b.sources, from)
	_, err = b.write(context.Background(), filepath.Join(dir, filename), now)
	return err
}

func debianRecord(random *rand.Rand, i int) []byte {
	source := fmt.Sprintf("source%d", random.IntN(debianSources))
	if i%5 == 0 {
		source = "linux"
	}
	text := ""
	for _, release := range []int{11, 12, 13, 14} {
		fix := ""
		if random.IntN(6) != 0 {
			fix = fmt.Sprintf(`,{"fixed":"%d.%d.%d-%d+deb%du%d"}`, random.IntN(3), random.IntN(20), random.IntN(200), random.IntN(5), release, random.IntN(9))
		}
		if text != "" {
			text += ","
		}
		text += fmt.Sprintf(`{"package":{"ecosystem":"Debian:%d","name":%q},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}%s]}],
			"ecosystem_specific":{"urgency":"not yet assigned"}}`, release, source, fix)
	}
	return fmt.Appendf(nil, `{"schema_version":"1.7.3","id":"DEBIAN-CVE-2024-%d","modified":"2026-11-20T01:02:03Z","published":"2024-05-06T07:08:09Z",
		"upstream":["CVE-2024-%d"],"details":"A text about flaw %x in %s that goes on as long as such a text usually does, with the function sub_%x, and what may happen then.",
		"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],"affected":[%s],
		"references":[{"type":"ADVISORY","url":"https://tracker.example/CVE-2024-%d"}]}`, 10000+i, 10000+i, random.Uint64(), source, random.Uint32(), text, 10000+i)
}

func npmRecord(random *rand.Rand, i int) []byte {
	if i%10 != 0 {
		return fmt.Appendf(nil, `{"id":"MAL-2024-%d","modified":"2026-11-21T00:00:00Z","published":"2024-01-01T00:00:00Z","summary":"Malicious code in package%d (npm)",
			"affected":[{"package":{"ecosystem":"npm","name":"package%d"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],"versions":["1.0.%d"]}]}`,
			i, i, i, random.IntN(9))
	}
	return fmt.Appendf(nil, `{"id":"GHSA-%04x-%04x-aaaa","aliases":["CVE-2023-%d"],"modified":"2026-11-21T00:00:00Z","published":"2023-01-01T00:00:00Z",
		"summary":"A flaw of library%d","database_specific":{"severity":"HIGH"},"affected":[{"package":{"ecosystem":"npm","name":"library%d"},
		"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"fixed":"1.%d.3"},{"introduced":"2.0.0"},{"fixed":"2.%d.0"}]}]}]}`,
		i>>16, i&0xffff, 10000+i, i/10%5000, i/10%5000, random.IntN(20), random.IntN(20))
}

// installed are 1,500 packages: 500 of Debian, of 300 sources, among them linux, and 1,000 of npm, of which every third has advisories.
func installed() []software.Package {
	var all []software.Package
	for i := range 500 {
		source := fmt.Sprintf("source%d", i%299)
		if i == 0 {
			source = "linux"
		}
		all = append(all, software.Package{Ecosystem: "Debian:12", Name: fmt.Sprintf("binary%d", i), Source: source, Version: fmt.Sprintf("3.%d.%d-1+deb12u2", i%20, i%200)})
	}
	for i := range 1000 {
		name := fmt.Sprintf("library%d", i%5000)
		if i%3 != 0 {
			name = fmt.Sprintf("@scope/clean%d", i)
		}
		all = append(all, software.Package{Ecosystem: "npm", Name: name, Version: fmt.Sprintf("2.%d.1", i%20)})
	}
	return all
}

// processor is the time that this process has run, which unlike the clock's does not depend on what else does.
func processor(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkMatch opens a database of 260,000 advisories and matches 1,500 packages. It is promised to take less than 200 ms.
func BenchmarkMatch(b *testing.B) {
	dir := b.TempDir()
	if err := many(dir); err != nil {
		b.Fatal(err)
	}
	packages := installed()
	before := processor(b)
	for b.Loop() {
		db, err := Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		matches, _, err := db.Match(packages)
		if err != nil {
			b.Fatal(err)
		}
		db.Close()
		b.ReportMetric(float64(len(matches)), "matches")

		b.ReportMetric(float64(db.facts.Bytes)/(1<<20), "MiB")
	}
	b.ReportMetric(float64(processor(b)-before)/float64(b.N)/1e6, "cpu-ms/op")
}
