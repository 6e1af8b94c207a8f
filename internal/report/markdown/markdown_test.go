package markdown

import (
	"flag"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/report/reporttest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestWriter(t *testing.T) {
	reporttest.Conform(t, reporttest.Format{Writer: Writer{}, Valid: safe, Read: plain, UnknownSummed: true})
	reporttest.Golden(t, "baseline.md", reporttest.Write(t, Writer{}, reporttest.Clinic(), report.Options{}), *update)
	reporttest.Golden(t, "clinic.md", reporttest.Write(t, Writer{}, withoutBaseline(), report.Options{}), *update)
}

func withoutBaseline() *assessment.Assessment {
	a := reporttest.Clinic()
	for i := range a.Findings {
		a.Findings[i].New = false
	}
	reporttest.Sum(a)
	return a
}

var span = regexp.MustCompile("`[^`\n]*`|\\\\.")

var entity = regexp.MustCompile(`&#[0-9]+;`)

func plain(b []byte) string {
	s := strings.NewReplacer("\u2060", "", `\\`, `\`, `\_`, "_", `\*`, "*", `\[`, "[", `\]`, "]").Replace(string(b))
	return html.UnescapeString(s)
}

// safe proves that outside of code there is no element, mention, issue or link but those that the format itself writes.
func safe(t *testing.T, b []byte) {
	t.Helper()
	if len(b) > MaxSize {
		t.Errorf("%d bytes", len(b))
	}
	s := span.ReplaceAllString(string(b), "")
	s = entity.ReplaceAllString(s, "")
	s = strings.NewReplacer("<details>", "", "</details>", "", "<summary>", "", "</summary>", "", "<br>", "", "<code>", "",
		"</code>", "", "<sub>", "", "</sub>", "").Replace(s)
	for _, bad := range []string{"<", "@octocat", "#1", "](", "http://", "https://", "```"} {
		if at := strings.Index(s, bad); at >= 0 {
			t.Errorf("%q stands outside of code: %.60q", bad, s[max(0, at-30):])
		}
	}
	if strings.Count(string(b), "<details>") != strings.Count(string(b), "</details>") {
		t.Error("a folded part is not closed")
	}
	for _, l := range strings.Split(s, "\n") {
		if strings.HasPrefix(l, "| ") && strings.Count(strings.ReplaceAll(l, `\|`, ""), "|") < 4 {
			t.Errorf("a row is broken: %q", l)
		}
	}
}

// TestSize proves that the limit holds for any estate and for texts of any length.
func TestSize(t *testing.T) {
	for name, grow := range map[string]func(*assessment.Assessment){
		"many": func(a *assessment.Assessment) {
			for i := range 4000 {
				f := a.Findings[i%22]
				f.Check = fmt.Sprintf("aws.kind%d.check", i%300)
				a.Findings = append(a.Findings, f)
				a.Safeguards = append(a.Safeguards, a.Safeguards[i%14])
				a.Gaps = append(a.Gaps, a.Gaps[0])
				a.Notices = append(a.Notices, a.Notices[0])
			}
		},
		"long": func(a *assessment.Assessment) {
			long := strings.Repeat("_*|`é", 20000)
			for i := range a.Findings {
				a.Findings[i].Resource.Address, a.Findings[i].Title, a.Findings[i].Location.File = long, long, long
				for j := range a.Findings[i].Unknown {
					a.Findings[i].Unknown[j].Grant = long + fmt.Sprint(i)
				}
			}
			for i := range a.Safeguards {
				a.Safeguards[i].Name = long
			}
			for i := range a.Checks {
				a.Checks[i].Why, a.Checks[i].Title, a.Checks[i].Fix = long, long, map[string]string{"cli": long}
			}
			a.Estate, a.Framework.Title, a.Gaps[0].What, a.Notices[0].Text = long, long, long, long
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, a := range []*assessment.Assessment{reporttest.Clinic(), withoutBaseline()} {
				grow(a)
				out := reporttest.Write(t, Writer{}, a, report.Options{Verbose: true})
				t.Logf("%d bytes", len(out))
				if len(out) > MaxSize {
					t.Errorf("%d bytes", len(out))
				}
			}
		})
	}
}
