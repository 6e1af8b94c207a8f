package assessor

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/examples"
	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/grants"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/phimap"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/state/statetest"
)

// house is an assessor with the state that it works on.
type house struct {
	*Assessor
	t   *testing.T
	ctx context.Context
	log *recordtest.Log
}

func open(t *testing.T) *house {
	t.Helper()
	db := statetest.SQLite(t)
	keeper, log := recordtest.Open(t, db, nil)
	store := estate.Open(db, keeper, time.Now, nil)
	return &house{&Assessor{DB: db, Keeper: keeper, Estates: store, History: history.New(db, history.Options{}), Log: slog.New(slog.DiscardHandler),
		Now: time.Now, Layers: []fs.FS{builtin.Files}, Version: "test", Work: filepath.Join(t.TempDir(), "work")}, t,
		recordtest.As("ada", access.Administrator), log}
}

// clinic is the example in a folder of its own.
func clinic(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, examples.Clinic); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "clinic")
}

// assess declares an estate and does its job.
func (h *house) assess(name string, sources ...estate.Source) error {
	h.t.Helper()
	e, err := h.Estates.Create(h.ctx, estate.Estate{Name: name, Sources: sources})
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.Estates.Want(h.ctx, e.ID, "demand"); err != nil {
		h.t.Fatal(err)
	}
	j, found, err := h.Estates.Claim(h.ctx, "worker")
	if err != nil || !found {
		h.t.Fatal(found, err)
	}
	return h.Assess(h.ctx, e, j, func(estate.Progress) {})
}

// TestAssess proves that an assessment is published with the record of it, its map of PHI and the decisions of ward.yaml and of the server, and
// that the job ends with it.
func TestAssess(t *testing.T) {
	h := open(t)
	var kept Evidence
	h.Keep = func(_ context.Context, e Evidence) (map[string]string, error) {
		kept = e
		return map[string]string{"evidence": "sha256:x"}, nil
	}
	h.Decide = func(_ context.Context, _ string, base *config.Config, _ time.Time) (*config.Config, []assessment.Notice, error) {
		return base, []assessment.Notice{{Kind: "exception ineffective", ID: "EX-9", Text: "It has no effect."}}, nil
	}
	folder := clinic(t)
	if err := h.assess("Clinic", estate.Source{Type: estate.Folder, Path: folder}); err != nil {
		t.Fatal(err)
	}
	a, err := h.History.Reassemble(h.ctx, "clinic", 0)
	if err != nil || a.Estate != "Clinic" || a.Summary.Findings[assessment.Excepted] == 0 || a.Summary.FailingPHI == 0 {
		t.Fatalf("published: %+v, %v", a, err)
	}
	if last := a.Notices[len(a.Notices)-1]; last.ID != "EX-9" {
		t.Errorf("what the decisions of the server have to say is not told: %+v", a.Notices)
	}
	if kept.Assessment == nil || len(kept.Readings) == 0 || len(kept.Read) != 1 {
		t.Errorf("evidence of %d readings and %+v", len(kept.Readings), kept.Read)
	}
	m, err := phimap.Of(h.ctx, h.DB, "clinic", 1)
	if err != nil {
		t.Fatal(err)
	}
	nodes, faulty := map[string]phimap.Node{}, 0
	for _, n := range m.Nodes {
		nodes[n.ID] = n
		if n.PHI == "yes" && n.Encrypted == "no" {
			faulty++
		}
	}
	if len(m.Edges) == 0 || faulty == 0 {
		t.Errorf("the map of PHI has %d edges and %d nodes that are not encrypted", len(m.Edges), faulty)
	}
	for _, e := range m.Edges {
		if nodes[e.From].ID == "" || nodes[e.To].ID == "" {
			t.Errorf("the way %+v leads nowhere", e)
		}
	}
	wanted, err := grants.Of(h.ctx, h.DB, "clinic", 1)
	unknown := 0
	for _, one := range wanted {
		unknown += one.Alone
	}
	if err != nil || unknown == 0 || unknown > a.Summary.Findings[assessment.Unknown] {
		t.Errorf("of %d unknown findings %d are told what would close them: %v", a.Summary.Findings[assessment.Unknown], unknown, err)
	}
	last := h.log.Entries(t)
	if e := last[len(last)-1]; e.Kind != record.Assessment || e.Subject != Subject("clinic", 1) || e.Digests["evidence"] != "sha256:x" ||
		e.Actor.Name != "ada" {
		t.Errorf("recorded %+v", e)
	}
	if jobs, err := h.Estates.Jobs(h.ctx, "clinic", 1); err != nil || jobs[0].State != estate.Done || jobs[0].Run != 1 {
		t.Errorf("job %+v, %v", jobs, err)
	}
}

// TestNothingPublished proves that without evidence, and without a ledger that can be written, nobody sees anything of an assessment.
func TestNothingPublished(t *testing.T) {
	h := open(t)
	full := errors.New("disk full")
	h.Keep = func(context.Context, Evidence) (map[string]string, error) { return nil, full }
	source := estate.Source{Type: estate.Folder, Path: clinic(t)}
	if err := h.assess("One", source); !errors.Is(err, full) {
		t.Errorf("without evidence: %v", err)
	}
	h.Keep = func(context.Context, Evidence) (map[string]string, error) {
		h.log.Fail(full)
		return nil, nil
	}
	if err := h.assess("Two", source); !errors.Is(err, record.ErrUnrecorded) {
		t.Errorf("without a ledger: %v", err)
	}
	for _, id := range []string{"one", "two"} {
		if runs, err := h.History.Runs(h.ctx, id, 0, 10); err != nil || len(runs) != 0 {
			t.Errorf("%s has runs %+v, %v", id, runs, err)
		}
	}
}

// TestSources proves that one source that cannot be read is a gap beside another that can, and an error alone.
func TestSources(t *testing.T) {
	h := open(t)
	missing := estate.Source{Type: estate.Folder, Path: filepath.Join(t.TempDir(), "nowhere")}
	if err := h.assess("Both", missing, estate.Source{Type: estate.Folder, Path: clinic(t)}); err != nil {
		t.Fatal(err)
	}
	gaps, err := h.History.Gaps(h.ctx, "both", 0)
	if err != nil || len(gaps) != 1 || !strings.Contains(gaps[0].What, "nowhere") {
		t.Errorf("gaps %+v, %v", gaps, err)
	}
	if err := h.assess("Alone", missing); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("nothing can be read: %v", err)
	}
}

// TestRepository proves that a repository is copied by branch and by tag with a token, that reports call it by host and path wherever the copy
// lies, and that neither the token nor a copy is left behind.
func TestRepository(t *testing.T) {
	program, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is not installed, which serves the repository here")
	}
	repositories := t.TempDir()
	work := clinic(t)
	for _, command := range [][]string{{"init", "-q", "-b", "main"}, {"add", "."},
		{"-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "all"},
		{"tag", "v1"}, {"clone", "-q", "--bare", ".", filepath.Join(repositories, "infra.git")}} {
		c := exec.Command(program, command...)
		c.Dir = work
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", command, err, out)
		}
	}
	backend := &cgi.Handler{Path: program, Args: []string{"http-backend"}, Env: []string{"GIT_PROJECT_ROOT=" + repositories, "GIT_HTTP_EXPORT_ALL=1"}}
	const token = "tok-hunter2"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, given, _ := r.BasicAuth(); given != token {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := open(t)
	source := estate.Source{Type: estate.Repository, URL: server.URL + "/infra.git", Path: "terraform", TokenFile: file}
	for _, branch := range []string{"", "main", "v1"} {
		source.Branch = branch
		c, err := h.clone(h.ctx, source)
		if err != nil {
			t.Fatalf("branch %q: %v", branch, err)
		}
		if _, err := os.Stat(filepath.Join(c.at, "terraform", "storage.tf")); err != nil || len(c.commit) != 40 ||
			!strings.HasSuffix(c.name, "/infra/terraform") || !strings.HasPrefix(c.name, "127.0.0.1") {
			t.Errorf("branch %q: %+v, %v", branch, c, err)
		}
	}
	r := &reader{Assessor: h.Assessor, estate: estate.Estate{Sources: []estate.Source{source}}, now: time.Now(), tell: func(estate.Progress) {}}
	if _, _, err := r.read(h.ctx); err != nil {
		t.Fatal(err)
	}
	if name := r.readings[0].Name; !strings.HasSuffix(name, "/infra/terraform") {
		t.Errorf("the reading is called %s", name)
	}
	for _, b := range r.readings[0].Blocks {
		if b.Origin != nil && strings.Contains(b.Origin.File, h.Work) {
			t.Errorf("%s is said to stand in the copy: %s", b.Address, b.Origin.File)
		}
	}
	copies := r.remove
	r.close(h.ctx)
	if _, err := os.Stat(copies[0]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the copy is left over: %v", err)
	}
	for name, change := range map[string]func(*estate.Source){"no branch of the name": func(s *estate.Source) { s.Branch = "nope" },
		"no token": func(s *estate.Source) { s.TokenFile = "" }, "no repository": func(s *estate.Source) { s.URL = server.URL + "/nope.git" }} {
		bad := source
		change(&bad)
		if _, err := h.clone(h.ctx, bad); err == nil || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
