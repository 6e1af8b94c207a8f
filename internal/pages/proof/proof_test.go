package proof_test

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/evidence"
	"ward.dev/ward/internal/pages/proof"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/state/statetest"
	"ward.dev/ward/internal/web"
	"ward.dev/ward/ledger"
	"ward.dev/ward/ledger/verify"
)

func TestMain(m *testing.M) {
	klog.SetLogger(logr.Discard()) // Tessera talks
	os.Exit(m.Run())
}

// server is the pages on a real state and a real ledger.
type server struct {
	t      *testing.T
	mux    *http.ServeMux
	parts  proof.Parts
	ledger *ledger.Ledger
	now    time.Time
	bundle evidence.Bundle // one that is recorded
	lone   evidence.Bundle // one that is not
}

func start(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, mux: http.NewServeMux(), now: time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return s.now }
	db := statetest.SQLite(t)
	folder, err := evidence.OpenFolder(t.TempDir(), clock)
	s.must(err)
	s.ledger, err = ledger.Open(t.Context(), t.TempDir(), ledger.Options{Name: "ward.test/clinic", Interval: 100 * time.Millisecond})
	s.must(err)
	t.Cleanup(func() { s.must(s.ledger.Close(context.Background())) })
	s.parts = proof.Parts{Ledger: s.ledger.Reader, Now: clock, Estate: func(id string) string { return "Clinic <" + id + ">" }}
	s.parts.Keeper, err = record.Open(t.Context(), db, s.ledger, clock)
	s.must(err)
	s.parts.Archive, err = evidence.New(db, folder, nil, 0, clock)
	s.must(err)
	ctx := access.With(t.Context(), access.Program)
	s.bundle, err = s.parts.Archive.Keep(ctx, "e1", "run-1", []evidence.Part{evidence.Bytes("assessment.json", []byte(`{"version":"1"}`))})
	s.must(err)
	_, err = s.parts.Keeper.Act(ctx, record.Entry{Kind: record.Assessment, Verb: "finish", Estate: "e1", Subject: "run/run-1",
		Digests: map[string]string{"evidence": s.bundle.Digest}}, nil)
	s.must(err)
	s.now = s.now.Add(time.Second)
	s.lone, err = s.parts.Archive.Keep(ctx, "e1", "run-2", []evidence.Part{evidence.Bytes("assessment.json", []byte(`{"version":"2"}`))})
	s.must(err)
	site, err := web.New(s.mux, slog.New(slog.DiscardHandler))
	s.must(err)
	s.must(proof.Add(site, api.New(s.mux, "test"), s.parts))
	return s
}

func (s *server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// ask sends a request as somebody; the nil context is nobody's.
func (s *server) ask(as context.Context, method, path string, form url.Values) *httptest.ResponseRecorder {
	s.t.Helper()
	if as == nil {
		as = context.Background()
	}
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequestWithContext(as, method, path, body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, r)
	return w
}

// shows checks the status of an answer and that it holds some texts.
func (s *server) shows(w *httptest.ResponseRecorder, status int, texts ...string) {
	s.t.Helper()
	if w.Code != status {
		s.t.Errorf("status %d, want %d:\n%s", w.Code, status, w.Body)
	}
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) && !strings.Contains(html.UnescapeString(w.Body.String()), text) {
			s.t.Errorf("%q is missing in\n%s", text, w.Body)
		}
	}
}

var (
	auditor = recordtest.As("aud@example.org", access.Auditor)
	viewer  = recordtest.As("vic@example.org", access.Viewer)
)

func hex(b evidence.Bundle) string { return strings.TrimPrefix(b.Digest, "sha256:") }

// TestPages proves that an auditor finds evidence by its day, sees what a bundle holds and how to verify it, and that nobody else does.
func TestPages(t *testing.T) {
	s := start(t)
	s.shows(s.ask(auditor, "GET", "/evidence", nil), 200, "2 kept", `href="/evidence/2026-05-20"`, "ward-verify", "May 2026: 2 bundles",
		s.ledger.Key()[:20])
	s.shows(s.ask(auditor, "GET", "/evidence?month=2026-01&estate=%3Cx%3E", nil), 200, "Nothing was kept in this month", "estate=%3cx%3e")
	s.shows(s.ask(auditor, "GET", "/evidence?month=soon", nil), 400, "is no month")
	s.shows(s.ask(auditor, "GET", "/evidence/2026-05-20", nil), 200, "run-1", "record 0 of the ledger", "no record", "Clinic &lt;e1&gt;")
	s.shows(s.ask(auditor, "GET", "/evidence/2026-05-21", nil), 200, "No evidence was kept on this day")
	s.shows(s.ask(auditor, "GET", "/evidence/yesterday", nil), 404, "is no day")
	s.shows(s.ask(auditor, "GET", "/evidence/bundle/"+hex(s.bundle), nil), 200, s.bundle.Digest, "assessment.json", "2032-05-20", "not copied", "--kept")
	s.shows(s.ask(auditor, "GET", "/evidence/bundle/00", nil), 404, "There is no evidence of this digest")
	s.shows(s.ask(auditor, "POST", "/evidence/bundle/"+hex(s.bundle)+"/check", url.Values{}), 200, "is as it was kept")
	s.shows(s.ask(auditor, "GET", "/evidence/checkpoint", nil), 200, "ward.test/clinic\n")
	s.shows(s.ask(auditor, "GET", "/evidence/key", nil), 200, s.ledger.Key())
	for _, path := range []string{"/evidence", "/evidence/2026-05-20", "/evidence/checkpoint", "/evidence/ledger",
		"/evidence/bundle/" + hex(s.bundle), "/evidence/bundle/" + hex(s.bundle) + "/export", "/records"} {
		s.shows(s.ask(viewer, "GET", path, nil), 403)
		s.shows(s.ask(nil, "GET", path, nil), 303)
	}
}

// TestExport proves that what is downloaded proves itself, that the download is recorded, and that evidence without a record is not given away.
func TestExport(t *testing.T) {
	s := start(t)
	kept, err := s.ledger.Checkpoint(t.Context())
	s.must(err)
	w := s.ask(auditor, "GET", "/evidence/bundle/"+hex(s.bundle)+"/export", nil)
	s.shows(w, 200)
	proof, err := verify.Evidence(w.Body, s.ledger.Key(), kept)
	if err != nil || proof.Digest != s.bundle.Digest || proof.Ledger.Kept != 1 {
		t.Errorf("%+v, %v", proof, err)
	}
	w = s.ask(auditor, "GET", "/evidence/ledger", nil)
	if _, err := verify.Bundle(w.Body, s.ledger.Key(), kept, nil); err != nil {
		t.Error(err)
	}
	s.shows(s.ask(auditor, "GET", "/evidence/bundle/"+hex(s.lone)+"/export", nil), 409, "No record of the ledger")
	rows, err := s.parts.Keeper.Find(t.Context(), record.Wanted{Kinds: []record.Kind{record.Evidence}})
	if err != nil || len(rows) != 2 || rows[1].Subject != "bundle/"+s.bundle.Digest || rows[1].Actor != "aud@example.org" ||
		rows[0].Subject != "ledger" {
		t.Errorf("%+v, %v", rows, err)
	}
}

var tokenForm = regexp.MustCompile(`/evidence/shared/([A-Za-z0-9_-]{43})`)

// TestLink proves that a link gives one bundle to whoever has it, is recorded, ends by itself and at once if somebody ends it, and that its
// token is kept nowhere.
func TestLink(t *testing.T) {
	s := start(t)
	links := "/evidence/bundle/" + hex(s.bundle) + "/links"
	for _, days := range []string{"", "0", "31", "x"} {
		s.shows(s.ask(auditor, "POST", links, url.Values{"days": {days}}), 422, "Give a number of days from 1 to 30.", `value="`+days+`"`)
	}
	s.shows(s.ask(viewer, "POST", links, url.Values{"days": {"3"}}), 403)
	make := func() string {
		w := s.ask(auditor, "POST", links, url.Values{"days": {"3"}})
		s.shows(w, 201, "A link was made")
		found := tokenForm.FindString(w.Body.String())
		if found == "" {
			t.Fatal("no link is shown")
		}
		return found
	}
	link := make()
	s.shows(s.ask(nil, "GET", link, nil), 200, "Evidence for an auditor", s.bundle.Digest)
	w := s.ask(nil, "POST", link, url.Values{})
	s.shows(w, 200)
	if _, err := verify.Evidence(bytes.NewReader(w.Body.Bytes()), s.ledger.Key(), nil); err != nil {
		t.Error(err)
	}
	s.shows(s.ask(auditor, "GET", "/evidence/bundle/"+hex(s.bundle), nil), 200, "1 times")
	s.shows(s.ask(nil, "GET", link[:len(link)-1]+"_", nil), 404, "This link has ended")
	var out bytes.Buffer
	s.must(s.ledger.Export(t.Context(), &out, 0, -1))
	if strings.Contains(out.String(), link[len("/evidence/shared/"):]) {
		t.Error("the token stands in the ledger")
	}
	rows, err := s.parts.Keeper.Find(t.Context(), record.Wanted{Subject: "bundle/" + s.bundle.Digest})
	if err != nil || len(rows) != 2 || rows[0].Verb != "take away" || !strings.HasPrefix(rows[0].Actor, "link/") || rows[1].Verb != "share" {
		t.Errorf("%+v, %v", rows, err)
	}
	s.now = s.now.AddDate(0, 0, 3)
	s.shows(s.ask(nil, "GET", link, nil), 404, "This link has ended")
	s.shows(s.ask(nil, "POST", link, url.Values{}), 404)
	link = make()
	all, err := s.parts.Archive.Links(t.Context(), s.bundle)
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	s.shows(s.ask(auditor, "POST", "/evidence/links/"+all[0].ID+"/end", url.Values{"bundle": {hex(s.bundle)}}), 303)
	s.shows(s.ask(nil, "GET", link, nil), 404)
	s.shows(s.ask(auditor, "POST", "/evidence/links/"+all[0].ID+"/end", url.Values{"bundle": {"//evil.example"}}), 404)
}

// TestRecords proves that records are found by kind, account, subject and day, in pages, and that mistakes are named.
func TestRecords(t *testing.T) {
	s := start(t)
	ann := recordtest.As("ann@example.org", access.Compliance)
	var all sync.WaitGroup
	for range 120 { // at once, since each waits for a checkpoint
		all.Go(func() {
			if _, err := s.parts.Keeper.Act(ann, record.Entry{Kind: record.Decision, Verb: "approve", Subject: "exception/EX-<1>"}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w := s.ask(auditor, "GET", "/records?kind=decision&actor=ann%40example.org", nil)
	s.shows(w, 200, "exception/EX-&lt;1&gt;", "Older records", "from 127.0.0.1")
	next := regexp.MustCompile(`href="(/records\?[^"]*before=[^"]*)"`).FindStringSubmatch(w.Body.String())
	if next == nil {
		t.Fatal("no next page")
	}
	w = s.ask(auditor, "GET", strings.ReplaceAll(next[1], "&amp;", "&"), nil)
	s.shows(w, 200, "exception/EX-&lt;1&gt;")
	if n := strings.Count(w.Body.String(), "<tr>"); n != 21 {
		t.Errorf("the second page has %d rows, want 20 and a head", n)
	}
	s.shows(s.ask(auditor, "GET", "/records?from=2026-05-20&to=2026-05-20&kind=assessment", nil), 200, "run/run-1", s.bundle.Digest)
	s.shows(s.ask(auditor, "GET", "/records?to=2026-05-19", nil), 200, "There are no such records.")
	s.shows(s.ask(auditor, "GET", "/records?from=x&kind=y", nil), 422, "Give a day like this", "There is no such kind")
}

// TestOperations proves that programs can ask for the same as people, with the same permission.
func TestOperations(t *testing.T) {
	s := start(t)
	for _, path := range []string{"/evidence", "/evidence/" + s.bundle.Digest, "/evidence/" + hex(s.bundle) + "/export", "/ledger",
		"/ledger/export", "/records"} {
		s.shows(s.ask(nil, "GET", api.Prefix+path, nil), 401)
		s.shows(s.ask(viewer, "GET", api.Prefix+path, nil), 403)
	}
	var list struct {
		Bundles []struct {
			Digest   string
			Position *int64
		}
		Next string
	}
	w := s.ask(auditor, "GET", api.Prefix+"/evidence?limit=1&estate=e1", nil)
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || len(list.Bundles) != 1 || list.Bundles[0].Digest != s.lone.Digest ||
		list.Bundles[0].Position != nil {
		t.Fatalf("%s, %v", w.Body, err)
	}
	w = s.ask(auditor, "GET", api.Prefix+"/evidence?limit=1&after="+list.Next, nil)
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || list.Bundles[0].Digest != s.bundle.Digest || list.Bundles[0].Position == nil {
		t.Fatalf("%s, %v", w.Body, err)
	}
	s.shows(s.ask(auditor, "GET", api.Prefix+"/evidence/"+hex(s.bundle), nil), 200, "assessment.json", `"kept_until":"2032-05-20T12:00:00Z"`)
	s.shows(s.ask(auditor, "GET", api.Prefix+"/evidence/"+hex(s.lone)+"/export", nil), 409)
	s.shows(s.ask(auditor, "GET", api.Prefix+"/evidence/none", nil), 404)
	w = s.ask(auditor, "GET", api.Prefix+"/evidence/"+hex(s.bundle)+"/export", nil)
	if _, err := verify.Evidence(w.Body, s.ledger.Key(), nil); err != nil {
		t.Error(err)
	}
	w = s.ask(auditor, "GET", api.Prefix+"/ledger/export", nil)
	if _, err := verify.Bundle(w.Body, s.ledger.Key(), nil, nil); err != nil {
		t.Error(err)
	}
	s.shows(s.ask(auditor, "GET", api.Prefix+"/ledger", nil), 200, `"size":3`, "ward.test/clinic")
	s.shows(s.ask(auditor, "GET", api.Prefix+"/records?kind=assessment", nil), 200, "run/run-1", `"position":0`)
	s.shows(s.ask(auditor, "GET", api.Prefix+"/records?after=x", nil), 422)
	r := httptest.NewRequestWithContext(auditor, "POST", api.Prefix+"/evidence/"+hex(s.bundle)+"/links", strings.NewReader(`{"days":2}`))
	r.Header.Set("Content-Type", "application/json")
	made := httptest.NewRecorder()
	s.mux.ServeHTTP(made, r)
	s.shows(made, 201, "/evidence/shared/")
	var link struct{ ID, Path string }
	s.must(json.Unmarshal(made.Body.Bytes(), &link))
	s.shows(s.ask(nil, "GET", link.Path, nil), 200)
	s.shows(s.ask(auditor, "DELETE", api.Prefix+"/evidence/links/"+link.ID, nil), 204)
	s.shows(s.ask(nil, "GET", link.Path, nil), 404)
}
