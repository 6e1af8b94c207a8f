package dashboard_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/grants"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/pages/dashboard"
	"ward.dev/ward/internal/phimap"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/report/html"
	"ward.dev/ward/internal/report/jsonreport"
	"ward.dev/ward/internal/report/reporttest"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
	"ward.dev/ward/internal/web"
	"ward.dev/ward/test/browser"
)

// now is the time of the tests: a day after the last run.
var now = time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)

// house is a server with the dashboard on a state of its own.
type house struct {
	*httptest.Server
	History *history.History
	Log     *recordtest.Log
	Live    *web.Live

	now     time.Time
	mapped  func(ctx context.Context, estate string, run int64) (*phimap.Map, error) // nil for that of the clinic
	mutex   sync.Mutex                                                               // of what the pages are told
	estates []dashboard.Estate
	jobs    []dashboard.Job
	asked   []string // estates that were to be assessed
	due     []dashboard.Due
	// unsummed is the error of asking for grants.
	unsummed error
	actor    access.Actor
	api      *api.API
}

// open makes a house. Each assessment becomes a run of the estate "e1", the first first.
func open(t testing.TB, runs ...*assessment.Assessment) *house {
	t.Helper()
	db := statetest.SQLite(t)
	h := on(t, db)
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
	return h
}

// on makes a house on a state.
func on(t testing.TB, db *state.DB) *house {
	t.Helper()
	keeper, log := recordtest.Open(t, db, nil)
	h := &house{History: history.New(db, history.Options{}), Log: log, now: now,
		actor: access.Actor{ID: "ada", Name: "ada@clinic.example", Roles: []access.Role{access.Compliance, access.Administrator}}}
	mux := http.NewServeMux()
	site, err := web.New(mux, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	h.Live, h.api = site.Live(1000), api.New(mux, "test")
	if err := dashboard.Add(site, h.api, h.deps(keeper)); err != nil {
		t.Fatal(err)
	}
	h.Server = httptest.NewServer(browser.Guarded(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(access.With(r.Context(), h.actor)))
	})))
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
		History: h.History, Keeper: keeper, Now: func() time.Time { return h.now },
		Estates: func(context.Context) ([]dashboard.Estate, error) { return h.estates, nil },
		Jobs: func(context.Context, string) ([]dashboard.Job, error) {
			h.mutex.Lock()
			defer h.mutex.Unlock()
			return h.jobs, nil
		},
		Assess: func(_ context.Context, estate string) error { h.asked = append(h.asked, estate); return nil },
		Due:    func(context.Context, string) ([]dashboard.Due, error) { return h.due, nil },
		SignIns: func(_ context.Context, since time.Time) (dashboard.SignIns, error) {
			return dashboard.SignIns{Since: since, Succeeded: 41, Refused: 3, Path: "/sign-ins"}, nil
		},
		Map: func(ctx context.Context, estate string, run int64) (*phimap.Map, error) {
			if h.mapped != nil {
				return h.mapped(ctx, estate, run)
			}
			return mapOfClinic(), nil
		},
		Missing: func(context.Context, string, int64) ([]grants.Missing, error) {
			return []grants.Missing{{Grant: "s3:GetEncryptionConfiguration", Findings: 7, Alone: 5, PHI: 3, Resources: 4, Kinds: []string{"aws.s3.bucket"},
				Reasons: []string{"s3:GetBucketEncryption in eu-west-1 was denied"}}, {Findings: 2, Alone: 2, Resources: 1}}, h.unsummed
		},
		Policies: func(_ context.Context, _ string, missing []string) ([]dashboard.Policy, error) {
			if !slices.Contains(missing, "s3:GetEncryptionConfiguration") {
				return nil, nil
			}
			return []dashboard.Policy{{Name: "aws-missing", Title: "IAM policy that closes what is missing", Form: "json", Text: "{\n  \"Version\": \"2012-10-17\"\n}"}}, nil
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

func mapOfClinic() *phimap.Map {
	node := func(id, kind, account, zone, phi, encrypted, eligible string) phimap.Node {
		return phimap.Node{ID: id, Address: id, Kind: kind, Account: account, Zone: zone, PHI: phi, Reason: "it is tagged data=phi", Encrypted: encrypted, Eligible: eligible}
	}
	return &phimap.Map{
		Nodes: []phimap.Node{
			node("aws_lb.portal", "aws.elbv2.load_balancer", "production", "internet", "yes", "yes", "yes"),
			node("aws_instance.web", "aws.ec2.instance", "production", "public", "yes", "unknown", "yes"),
			node("aws_db_instance.charts", "aws.rds.instance", "production", "private", "yes", "no", "yes"),
			node("aws_s3_bucket.charts_of_the_whole_clinic_archive", "aws.s3.bucket", "production", "", "yes", "yes", "yes"),
			node("aws_sqs_queue.results", "aws.sqs.queue", "production", "", "unknown", "yes", "yes"),
			node("aws_s3_bucket.backup", "aws.s3.bucket", "backup", "", "yes", "yes", "no"),
		},
		Edges: []phimap.Edge{
			{From: "aws_lb.portal", To: "aws_instance.web", Attribute: "targets", Encrypted: "no"},
			{From: "aws_instance.web", To: "aws_db_instance.charts", Attribute: "security_groups", Encrypted: "yes"},
			{From: "aws_db_instance.charts", To: "aws_s3_bucket.charts_of_the_whole_clinic_archive", Attribute: "export_to"},
			{From: "aws_s3_bucket.charts_of_the_whole_clinic_archive", To: "aws_s3_bucket.backup", Attribute: "replication"},
			{From: "aws_s3_bucket.charts_of_the_whole_clinic_archive", To: "aws_sqs_queue.results", Attribute: "notifications"},
		},
	}
}
