package dashboard_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/history/historytest"
	"ward.dev/ward/internal/pages/dashboard"
	"ward.dev/ward/internal/phimap"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// processor is the processor time that the process took so far, which other work on the machine does not change much.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func number(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 2 {
		return n
	}
	return usual
}

// estate is a state with the estate "e" over some days: the one that BenchmarkHistory kept where WARD_HISTORY_KEEP says, or a new one of
// WARD_RESOURCES resources, with ten findings each, and WARD_DAYS days.
func estate(b *testing.B) *state.DB {
	if dir := os.Getenv("WARD_HISTORY_KEEP"); dir != "" {
		db, err := state.Open(b.Context(), state.Place{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = db.Close() })
		return db
	}
	db := statetest.SQLite(b)
	g, h := historytest.New(number("WARD_RESOURCES", 10_000)), history.New(db, history.Options{})
	for range number("WARD_DAYS", 10) {
		r, err := h.Prepare(b.Context(), "e", history.RunMeta{}, g.Assess())
		if err == nil {
			err = db.Do(b.Context(), func(ctx context.Context, tx bun.Tx) error { return h.Publish(ctx, tx, r) })
		}
		if err == nil {
			err = h.Warm(b.Context(), "e")
		}
		if err != nil {
			b.Fatal(err)
		}
		g.Pass(5)
	}
	return db
}

// drawn is a map of PHI as large as one can be.
func drawn() *phimap.Map {
	m := &phimap.Map{Left: 1000}
	for i := range phimap.MaxNodes {
		n := phimap.Node{ID: fmt.Sprintf("account-%02d#thing/%05d", i%20, i), Address: fmt.Sprintf("thing/%05d", i), Kind: "aws.rds.instance",
			Account: fmt.Sprintf("%012d", 100000000000+i%20), Zone: "private", PHI: "yes", Reason: "it is reached from what holds PHI", Encrypted: "yes", Eligible: "yes"}
		if i%7 == 0 {
			n.Encrypted = "no"
		}
		m.Nodes = append(m.Nodes, n)
		m.Edges = append(m.Edges, phimap.Edge{From: n.ID, To: m.Nodes[i/2].ID, Attribute: "reads"})
	}
	return m
}

func keepMap(b *testing.B, db *state.DB) func(ctx context.Context, estate string, run int64) (*phimap.Map, error) {
	if err := db.Do(b.Context(), func(ctx context.Context, tx bun.Tx) error { return phimap.Keep(ctx, tx, "e", 1, drawn()) }); err != nil {
		b.Fatal(err)
	}
	return phimap.NewMaps(db).Of
}

// BenchmarkPages measures how long the server takes for each page: the median, the 95th percentile and the processor time, in milliseconds, of
// the newest assessment and of others, which each are asked for first. WARD_RESOURCES=100000 and WARD_DAYS=90 are what the promise of 200 ms
// on two cores is of.
func BenchmarkPages(b *testing.B) {
	db := estate(b)
	h := on(b, db)
	h.estates, h.mapped = []dashboard.Estate{{ID: "e", Name: "Made"}}, keepMap(b, db)
	newest, err := h.History.Run(b.Context(), "e", 0)
	if err != nil {
		b.Fatal(err)
	}
	h.now = newest.AssessedAt.Add(time.Hour)
	page, err := h.History.Findings(b.Context(), "e", 0, history.Filter{Statuses: []assessment.Status{assessment.Fail}}, "", 500)
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range pagesOf(page.Items) {
		b.Run("now"+short(path(0)), func(b *testing.B) { ask(b, h, path, 1) })
	}
	for _, path := range pagesOf(page.Items) {
		if strings.HasPrefix(path(0), "/runs") {
			continue // which are of all days
		}
		b.Run("then"+short(path(0)), func(b *testing.B) {
			ask(b, h, func(i int) string {
				days := int(newest.Number) - 2
				at := path(i)
				return at + map[bool]string{true: "&", false: "?"}[strings.Contains(at, "?")] + "date=" +
					historytest.FirstDay.AddDate(0, 0, 1+i*37%days).Format(time.DateOnly)
			}, 0)
		})
	}
}

func short(path string) string { return path[:min(len(path), 50)] }

// ask asks for a page 20 times and more, after it was asked for some times already.
func ask(b *testing.B, h *house, path func(i int) string, before int) {
	var took []time.Duration
	one := func(i int) {
		began := time.Now()
		w := httptest.NewRecorder()
		h.Config.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path(i), nil))
		took = append(took, time.Since(began))
		if w.Code != http.StatusOK && w.Code != http.StatusNotFound { // a finding may not have been there
			b.Fatalf("%s answers %d", path(i), w.Code)
		}
	}
	for i := range before {
		one(i)
	}
	took = took[:0]
	worked := processor(b)
	for i := range max(b.N, 20) {
		one(i)
	}
	b.ReportMetric(float64((processor(b)-worked).Microseconds())/1000/float64(len(took)), "cpu-ms")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
}

// pagesOf are the addresses of all pages; those that depend on a number are of another thing, or another filter, for each.
func pagesOf(items []history.Item) []func(i int) string {
	item := func(i int) history.Item { return items[i%len(items)] }
	fixed := func(path string) func(int) string { return func(int) string { return path } }
	list := []func(i int) string{
		func(i int) string { return "/safeguards/" + url.PathEscape(historytest.Citation(i)) },
		func(i int) string {
			return "/findings?phi=yes&severity=critical&account=" + fmt.Sprint(100000000000+i%20)
		},
		func(i int) string { return "/findings?q=" + fmt.Sprintf("%02x", i) },
		func(i int) string { return "/findings?status=all&age=week&kind=" + fmt.Sprintf("aws.kind%02d", i%40) },
		func(i int) string { return "/findings?group=check&status=all&region=" + fmt.Sprintf("eu-west-%d", i%4) },
		func(i int) string { return "/findings?group=resource&check=" + item(i).Check },
		func(i int) string { return "/findings/" + item(i).ID },
		func(i int) string { return "/resources?address=" + url.QueryEscape(item(i).Address) },
		func(i int) string { return "/changes?from=" + strconv.Itoa(1+i%2) },
	}
	for _, path := range []string{"/", "/safeguards", "/findings", "/findings?status=all", "/findings?owner=nobody", "/findings?group=check", "/findings?group=resource",
		"/phi", "/encryption", "/backups", "/accounts", "/changes", "/unknown", "/due", "/runs"} {
		list = append(list, fixed(path))
	}
	return append(list, func(i int) string { return "/runs/" + strconv.Itoa(1+i%3) })
}
