package serve

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/examples"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state/statetest"
)

// ask asks a server without being signed in.
func ask(t *testing.T, s *Server, path string) (status int, body string) {
	t.Helper()
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	reply, err := client.Get("https://" + s.settings.Listen + path)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, string(text)
}

// TestContract proves what other programs rely on: paths, statuses and the document of the API.
func TestContract(t *testing.T) {
	s, _ := start(t, settingsOf(t, t.TempDir()))
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 200, "/api/v1/openapi.json": 200, "/": 303, "/sign-in": 200,
		"/api/v1/assessments": 401, "/api/v1/findings": 401, "/api/v1/safeguards": 401, "/api/v1/estates": 401, "/api/v1/decisions": 401,
		"/api/v1/evidence": 401, "/api/v1/users": 401, "/nowhere": 404} {
		if got, body := ask(t, s, path); got != want {
			t.Errorf("%s: %d %.200s, want %d", path, got, body, want)
		}
	}
	_, document := ask(t, s, "/api/v1/openapi.json")
	for _, path := range []string{"/assessments", "/findings", "/safeguards", "/estates", "/decisions", "/evidence", "/users"} {
		if !strings.Contains(document, `"`+path) {
			t.Errorf("the document does not tell of %s", path)
		}
	}
	_, metrics := ask(t, s, "/metrics")
	for _, name := range []string{"ward_ledger_ready 1", "ward_jobs", "ward_notifications", "ward_http_requests_total"} {
		if !strings.Contains(metrics, name) {
			t.Errorf("the metrics do not tell of %s", name)
		}
	}
}

// TestDatabaseGone proves that a server whose PostgreSQL goes away says so, loses nothing that was acknowledged, and works on when it is back;
// and that what was recorded meanwhile and could not be done is taken back at the next start.
func TestDatabaseGone(t *testing.T) {
	if testing.Short() {
		t.Skip("starts PostgreSQL; make test runs it")
	}
	dir, err := os.MkdirTemp("", "ward-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	database := statetest.Start(t, dir)
	t.Cleanup(database.Close)
	folder := t.TempDir()
	if err := os.CopyFS(folder, examples.Clinic); err != nil {
		t.Fatal(err)
	}
	settings := settingsOf(t, t.TempDir())
	settings.Database = database.URL("postgres")
	server, stop := start(t, settings)
	ctx := context.Background()
	if err := server.Declare(ctx, "Clinic", filepath.Join(folder, "clinic")); err != nil {
		t.Fatal(err)
	}
	s := &story{t: t}
	s.assessed(server, "clinic", 1)

	database.Stop(t)
	if status, body := ask(t, server, "/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, `"database":"cannot be reached"`) {
		t.Errorf("without a database: %d %s", status, body)
	}
	if status, _ := ask(t, server, "/healthz"); status != http.StatusOK {
		t.Errorf("it is taken for dead: %d", status)
	}
	if _, err := server.keeper.Act(program(ctx), record.Entry{Kind: record.Server, Verb: "test", Subject: "test/1"}, nil); err == nil {
		t.Error("an act is acknowledged that cannot have been done")
	}
	database.Resume(t)
	for range 300 {
		if status, _ := ask(t, server, "/readyz"); status == http.StatusOK {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	for attempt := 0; ; attempt++ { // what was open to the database before fails once
		_, err := server.estates.Want(program(ctx), "clinic", "demand")
		if err == nil {
			break
		}
		if attempt == 20 {
			t.Fatalf("after the database is back: %v", err)
		}
		time.Sleep(200 * time.Millisecond)
	}
	s.assessed(server, "clinic", 2)
	if err := stop(); err != nil {
		t.Fatal(err)
	}

	server, _ = start(t, settings)
	rows, err := server.keeper.Find(ctx, record.Wanted{Subject: "test/1"})
	if err != nil || len(rows) != 1 || rows[0].Void < 0 {
		t.Errorf("the act that was not done: %+v, %v; want it taken back", rows, err)
	}
	if runs, err := server.history.Runs(ctx, "clinic", 0, 10); err != nil || len(runs) != 2 {
		t.Errorf("%d assessments, %v", len(runs), err)
	}
	if _, err := server.ledger.Verify(ctx, nil); err != nil {
		t.Error(err)
	}
}
