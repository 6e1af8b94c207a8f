package dashboard_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/report/reporttest"
)

// large is an assessment of so many resources with ten findings each, of 40 kinds in 20 accounts, of which a little differs by the day.
func large(resources, day int) *assessment.Assessment {
	a := reporttest.Clinic()
	a.AssessedAt = now.Add(-24*time.Hour).AddDate(0, 0, -day)
	a.Findings, a.Checks = make([]assessment.Finding, 0, resources*10), nil
	severities := []assessment.Severity{assessment.Critical, assessment.High, assessment.Medium, assessment.Low}
	questions := make([]*assessment.Question, 400)
	for n := range questions {
		s := &a.Safeguards[n%len(a.Safeguards)]
		id := fmt.Sprintf("aws.kind%02d.does-what-is-asked-%d", n/10, n%10)
		questions[n] = &assessment.Question{Check: id, Title: fmt.Sprintf("Things of kind %d do what is asked, %d", n/10, n%10), Severity: severities[n%4], Citations: []string{s.Citation}}
		a.Checks = append(a.Checks, assessment.Check{ID: id, Title: questions[n].Title, Severity: severities[n%4], Why: "It matters.", Fix: map[string]string{"cli": "aws do it"}})
		s.Checks = append(s.Checks, assessment.SafeguardCheck{Check: id, Strength: "supports", Reason: "it bears on it", Status: assessment.Fail})
	}
	for i := range resources {
		kind := i % 40
		account := fmt.Sprintf("%012d", 100000000000+i%20)
		about := &assessment.Subject{Kind: fmt.Sprintf("aws.kind%02d", kind), PHI: []string{"no", "no", "yes", "unknown", "no"}[i%5],
			Resource: assessment.Resource{ID: fmt.Sprintf("r%d", i), Address: fmt.Sprintf("arn:aws:kind%02d:eu-west-1:%s:thing/%08x", kind, account, i*2654435761%(1<<32)), Provider: "aws", Account: account, Region: "eu-west-1"}}
		about.Location.Call = &assessment.Call{API: "kind:Describe", Account: account, Region: "eu-west-1", Caller: "ward"}
		rows := []*assessment.Evidence{{Attribute: "setting", State: "known", Value: "value-" + strconv.Itoa(i), Location: about.Location}}
		for n := range 10 {
			f := assessment.Finding{ID: fmt.Sprintf("%016x", uint64(i*10+n)*0x9E3779B97F4A7C15), Question: questions[kind*10+n], Subject: about, Evidence: rows, Unknown: []assessment.UnknownValue{}, Status: assessment.Pass}
			switch x := (i*31 + n*17) % 100; {
			case x < 12 || x == 50 && day > 0:
				f.Status = assessment.Fail
			case x < 18:
				f.Status, f.Unknown = assessment.Unknown, []assessment.UnknownValue{{Attribute: "setting", Reason: "access was denied", Grant: "kind:Describe"}}
			}
			a.Findings = append(a.Findings, f)
		}
	}
	reporttest.Sum(a)
	return a
}

// processor is the processor time that the process took so far, which other work on the machine does not change much.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPages measures how long the server takes for each page: the 95th percentile and the processor time, in milliseconds. WARD_RESOURCES is how many resources
// the estate has, each with ten findings; 100000 is the size of which the promise of 200 ms on two cores is.
func BenchmarkPages(b *testing.B) {
	resources, err := strconv.Atoi(os.Getenv("WARD_RESOURCES"))
	if err != nil {
		resources = 10_000
	}
	h := open(b, large(resources, 1), large(resources, 0))
	page, err := h.History.Findings(b.Context(), "e1", 0, history.Filter{Statuses: []assessment.Status{assessment.Fail}}, "", 1)
	if err != nil {
		b.Fatal(err)
	}
	f := page.Items[0]
	for _, path := range []string{"/", "/safeguards", "/safeguards/" + url.PathEscape("164.312(a)(1)"), "/findings", "/findings?group=check&status=all", "/findings?group=resource",
		"/findings?phi=yes&severity=critical&account=100000000007", "/findings?q=deadbeef", "/findings/" + f.ID, "/resources?address=" + url.QueryEscape(f.Address),
		"/encryption", "/backups", "/accounts", "/changes", "/unknown", "/due", "/runs", "/?date=" + now.AddDate(0, 0, -2).Format(time.DateOnly)} {
		b.Run(path[:min(len(path), 40)], func(b *testing.B) {
			var took []time.Duration
			ask := func() {
				began := time.Now()
				w := httptest.NewRecorder()
				h.Config.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
				took = append(took, time.Since(began))
				if w.Code != http.StatusOK {
					b.Fatalf("%s answers %d", path, w.Code)
				}
			}
			ask() // the first who asks may wait for what is read from the state
			took = took[:0]
			worked := processor(b)
			for b.Loop() {
				ask()
			}
			b.ReportMetric(float64((processor(b)-worked).Microseconds())/1000/float64(len(took)), "cpu-ms")
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		})
	}
}
