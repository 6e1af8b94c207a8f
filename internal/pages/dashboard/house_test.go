package dashboard_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/pages/dashboard"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/report/html"
	"ward.dev/ward/internal/report/jsonreport"
	"ward.dev/ward/internal/report/reporttest"
	"ward.dev/ward/internal/state/statetest"
	"ward.dev/ward/internal/web"
)

// now is the time of the tests: a day after the last run.
var now = time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)

// house is a server with the dashboard on a state of its own.
type house struct {
	*httptest.Server
	History *history.History
	Log     *recordtest.Log
	Live    *web.Live

	mutex   sync.Mutex // of what the pages are told
	estates []dashboard.Estate
	jobs    []dashboard.Job
	asked   []string // estates that were to be assessed
	actor   access.Actor
	api     *api.API
}

// policy is what the server's own is no stricter than.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// open makes a house. Each assessment becomes a run of the estate "e1", the first first.
func open(t testing.TB, runs ...*assessment.Assessment) *house {
	t.Helper()
	db := statetest.SQLite(t)
	keeper, log := recordtest.Open(t, db, nil)
	h := &house{History: history.New(db, history.Options{}), Log: log,
		actor: access.Actor{ID: "ada", Name: "ada@clinic.example", Roles: []access.Role{access.Compliance, access.Administrator}}}
	ctx := access.With(context.Background(), access.Program)
	for _, a := range runs {
		meta := history.RunMeta{Started: a.AssessedAt.Add(-40 * time.Second), Ended: a.AssessedAt, Cause: "schedule", Digests: map[string]string{"bundle": record.Digest([]byte("bundle"))}}
		run, err := h.History.Prepare(ctx, "e1", meta, a)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Do(ctx, func(ctx context.Context, tx bun.Tx) error { return h.History.Publish(ctx, tx, run) }); err != nil {
			t.Fatal(err)
		}
	}
	if len(runs) > 0 {
		h.estates = []dashboard.Estate{{ID: "e1", Name: "Lakeside Family Clinic"}}
	}
	mux := http.NewServeMux()
	site, err := web.New(mux, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	h.Live, h.api = site.Live(1000), api.New(mux, "test")
	if err := dashboard.Add(site, h.api, h.deps(keeper)); err != nil {
		t.Fatal(err)
	}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		mux.ServeHTTP(w, r.WithContext(access.With(r.Context(), h.actor)))
	}))
	t.Cleanup(func() { h.Live.Stop(); h.Close() })
	return h
}

// change changes what the pages are told while they are open.
func (h *house) change(f func()) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	f()
}

func (h *house) deps(keeper *record.Keeper) dashboard.Deps {
	return dashboard.Deps{
		History: h.History, Keeper: keeper, Now: func() time.Time { return now },
		Estates: func(context.Context) ([]dashboard.Estate, error) { return h.estates, nil },
		Jobs: func(context.Context, string) ([]dashboard.Job, error) {
			h.mutex.Lock()
			defer h.mutex.Unlock()
			return h.jobs, nil
		},
		Assess: func(_ context.Context, estate string) error { h.asked = append(h.asked, estate); return nil },
		SignIns: func(_ context.Context, since time.Time) (dashboard.SignIns, error) {
			return dashboard.SignIns{Since: since, Succeeded: 41, Refused: 3, Path: "/sign-ins"}, nil
		},
		Map: func(context.Context, string, int64) (*dashboard.Map, error) { return mapOfClinic(), nil },
		Policies: func(context.Context, string) ([]dashboard.Policy, error) {
			return []dashboard.Policy{{Title: "IAM policy for account 123456789012", Text: "{\n  \"Version\": \"2012-10-17\"\n}"}}, nil
		},
		People: func(context.Context) ([]dashboard.Person, error) {
			return []dashboard.Person{{ID: "ada", Name: "Ada Lovelace"}, {ID: "grace", Name: "Grace Hopper"}}, nil
		},
		Proof: func(_ context.Context, estate string, run int64) (string, error) {
			return fmt.Sprintf("/evidence/%s/%d", estate, run), nil
		},
		Except: "/exceptions/new", Attest: "/attestations", Example: true, Formats: []string{"html", "json"},
		Report: func(format string) (report.Writer, error) {
			if format == "json" {
				return jsonreport.Writer{}, nil
			}
			return html.Writer{}, nil
		},
	}
}

// clinic is the assessment that runs are made from: the sample, or the JSON of one that WARD_ASSESSMENT names, to look at.
func clinic(t testing.TB) *assessment.Assessment {
	t.Helper()
	path := os.Getenv("WARD_ASSESSMENT")
	if path == "" {
		return reporttest.Clinic()
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a := &assessment.Assessment{}
	if err := json.Unmarshal(b, a); err != nil {
		t.Fatal(err)
	}
	return a
}

// season is runs over 90 days, in which things got better and worse.
func season(t testing.TB) []*assessment.Assessment {
	t.Helper()
	days := []int{88, 80, 70, 60, 52, 45, 38, 30, 21, 14, 7, 3, 1, 0}
	var runs []*assessment.Assessment
	for n, day := range days {
		a := clinic(t)
		a.AssessedAt = now.Add(-24*time.Hour).AddDate(0, 0, -day)
		left := len(days) - 1 - n
		for i := range a.Findings {
			f := &a.Findings[i]
			switch {
			case f.Status == assessment.Pass && i%11 == 3 && left%5 > 1:
				f.Status = assessment.Fail
			case f.Status == assessment.Fail && i%7 == 2 && left > 0:
				f.Status = assessment.Pass
			case f.Status == assessment.Unknown && i%5 == 1 && left > 0:
				f.Status, f.Unknown = assessment.Pass, nil
			}
		}
		for i := range a.Safeguards {
			s := &a.Safeguards[i]
			switch {
			case s.Status == assessment.Met && i%6 < left/2:
				s.Status = assessment.NotMet
			case s.Status == assessment.NotMet && i%9 == 4 && left%4 == 3:
				s.Status = assessment.OutcomeUnknown
			}
		}
		if n < 5 {
			a.Tool.CatalogDigest = record.Digest([]byte("an older catalog"))
		}
		reporttest.Sum(a)
		runs = append(runs, a)
	}
	return runs
}

func mapOfClinic() *dashboard.Map {
	node := func(id, kind, account, zone, phi, encrypted, eligible string) dashboard.Node {
		return dashboard.Node{ID: id, Address: id, Kind: kind, Account: account, Zone: zone, PHI: phi, Reason: "it is tagged data=phi", Encrypted: encrypted, Eligible: eligible}
	}
	return &dashboard.Map{
		Nodes: []dashboard.Node{
			node("aws_lb.portal", "aws.elbv2.load_balancer", "production", "internet", "yes", "yes", "yes"),
			node("aws_instance.web", "aws.ec2.instance", "production", "public", "yes", "unknown", "yes"),
			node("aws_db_instance.charts", "aws.rds.instance", "production", "private", "yes", "no", "yes"),
			node("aws_s3_bucket.charts_of_the_whole_clinic_archive", "aws.s3.bucket", "production", "", "yes", "yes", "yes"),
			node("aws_sqs_queue.results", "aws.sqs.queue", "production", "", "unknown", "yes", "yes"),
			node("aws_s3_bucket.backup", "aws.s3.bucket", "backup", "", "yes", "yes", "no"),
		},
		Edges: []dashboard.Edge{
			{From: "aws_lb.portal", To: "aws_instance.web", Attribute: "targets", Encrypted: "no"},
			{From: "aws_instance.web", To: "aws_db_instance.charts", Attribute: "security_groups", Encrypted: "yes"},
			{From: "aws_db_instance.charts", To: "aws_s3_bucket.charts_of_the_whole_clinic_archive", Attribute: "export_to"},
			{From: "aws_s3_bucket.charts_of_the_whole_clinic_archive", To: "aws_s3_bucket.backup", Attribute: "replication"},
			{From: "aws_s3_bucket.charts_of_the_whole_clinic_archive", To: "aws_sqs_queue.results", Attribute: "notifications"},
		},
	}
}
