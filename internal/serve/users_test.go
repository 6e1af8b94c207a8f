package serve

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	samples "runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/sync/errgroup"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/history/historytest"
)

// usersChild is the environment variable that makes the test program a server on a data directory until its input ends.
const usersChild = "WARD_SERVE_USERS"

func quiet(dir string) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	settings, err := Load("", dir, "127.0.0.1:0")
	if err != nil {
		return err
	}
	s, err := Open(ctx, settings, "test", io.Discard)
	if err != nil {
		return err
	}
	go pace(ctx)
	fmt.Println(s.Origin())
	go func() {
		defer stop()
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			s.live.Tell("e") // what an assessment does
		}
	}()
	return s.Run(ctx)
}

// pace has the collector work as it does for "ward serve".
func pace(ctx context.Context) {
	const quiet = 385 << 20
	debug.SetGCPercent(1000)
	live := []samples.Sample{{Name: "/gc/heap/live:bytes"}}
	for ctx.Err() == nil {
		samples.Read(live)
		bytes := int64(live[0].Value.Uint64())
		debug.SetMemoryLimit(max(quiet, bytes+bytes/2))
		time.Sleep(50 * time.Millisecond)
	}
}

func numberOf(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return usual
}

const issuer = "https://people.example.org"

// peopled makes a data directory with an estate and people who are signed in, by a provider of identities who vouches for them: 1,000
// passwords would be hashed for minutes. The state may be one that BenchmarkHistory kept.
func peopled(b *testing.B, dir string, people int) (tickets []string) {
	b.Helper()
	settings, err := Load("", dir, "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	if kept := os.Getenv("WARD_HISTORY_KEEP"); kept != "" {
		if err := os.CopyFS(dir, os.DirFS(kept)); err != nil {
			b.Fatal(err)
		}
	}
	s, err := Open(b.Context(), settings, "test", io.Discard)
	if err != nil {
		b.Fatal(err)
	}
	ctx := program(b.Context())
	folder := filepath.Join(dir, "code")
	if err := os.Mkdir(folder, 0o700); err != nil {
		b.Fatal(err)
	}
	if _, err := s.estates.Create(ctx, estate.Estate{Name: "E", Sources: []estate.Source{{Type: estate.Folder, Path: folder}}}); err != nil {
		b.Fatal(err)
	}
	if _, err := s.history.Run(ctx, "e", 0); err != nil {
		grow(b, s)
	}
	everybody, err := account.Open(ctx, s.db, s.keeper, account.Options{Key: s.key, Origin: s.Origin(),
		Groups: map[string]map[string][]access.Role{issuer: {"clinic": {access.Viewer}}}})
	if err != nil {
		b.Fatal(err)
	}
	tickets = make([]string, people)
	var all errgroup.Group
	all.SetLimit(50) // the ledger takes many at once
	for i := range people {
		all.Go(func() error {
			ticket, err := everybody.SignInFederated(ctx, account.Claim{Issuer: issuer, Subject: strconv.Itoa(i), Name: fmt.Sprintf("Person %d", i),
				Email: fmt.Sprintf("person%d@clinic.example", i), Groups: []string{"clinic"}}, account.Origin{Address: "127.0.0.1"})
			tickets[i] = ticket.Value
			return err
		})
	}
	if err := all.Wait(); err != nil {
		b.Fatal(err)
	}
	if err := s.close(ctx); err != nil {
		b.Fatal(err)
	}
	_ = s.listener.Close()
	return tickets
}

// grow stores days of an estate of WARD_RESOURCES resources.
func grow(b *testing.B, s *Server) {
	g := historytest.New(numberOf("WARD_RESOURCES", 2000))
	for range numberOf("WARD_DAYS", 3) {
		r, err := s.history.Prepare(b.Context(), "e", history.RunMeta{}, g.Assess())
		if err == nil {
			err = s.db.Do(b.Context(), func(ctx context.Context, tx bun.Tx) error { return s.history.Publish(ctx, tx, r) })
		}
		if err == nil {
			err = s.history.Warm(b.Context(), "e")
		}
		if err != nil {
			b.Fatal(err)
		}
		g.Pass(5)
	}
}

// user is somebody whose browser shows a page.
type user struct {
	client *http.Client
	base   string
	ticket string
}

func newUser(i int, base, ticket string) *user {
	// Each has an address: the server bounds what one may ask.
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(i/250), byte(1+i%250))}, Timeout: time.Minute}
	return &user{base: base, ticket: ticket, client: &http.Client{Transport: &http.Transport{DialContext: from.DialContext, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: time.Minute, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}} //nolint:gosec // a certificate of its own, on this machine
}

func (u *user) get(ctx context.Context, path string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.base+path, nil)
	if err != nil {
		return nil, err
	}
	r.AddCookie(&http.Cookie{Name: "__Host-ward", Value: u.ticket})
	return u.client.Do(r)
}

// crowd is what became of the requests of all.
type crowd struct {
	mutex  sync.Mutex
	took   []time.Duration
	faults map[string]int
	events atomic.Int64
}

func (c *crowd) count(took time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.took = append(c.took, took)
}

// fail counts a request that came to nothing, without its address.
func (c *crowd) fail(err error) {
	if of := new(url.Error); errors.As(err, &of) {
		err = of.Err
	}
	if of := new(net.OpError); errors.As(err, &of) {
		err = of.Err
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.faults[err.Error()]++
}

// look has somebody keep a page open, load it again when it hears of a change, and go to another one now and then.
func (c *crowd) look(ctx context.Context, u *user, days int) {
	heard := make(chan struct{}, 1)
	select { // not all come in the same second
	case <-ctx.Done():
		return
	case <-time.After(time.Duration(rand.Int64N(int64(arriving)))):
	}
	go func() {
		for ctx.Err() == nil { // as browsers do
			c.listen(ctx, u, heard)
			time.Sleep(3 * time.Second)
		}
	}()
	next := time.NewTimer(time.Duration(rand.Int64N(int64(pause))))
	for {
		select {
		case <-ctx.Done():
			return
		case <-heard:
		case <-next.C:
			next.Reset(pause/2 + time.Duration(rand.Int64N(int64(pause))))
		}
		began := time.Now()
		w, err := u.get(ctx, somePage(days))
		if err == nil {
			_, err = io.Copy(io.Discard, w.Body)
			_ = w.Body.Close()
			if err == nil && w.StatusCode != http.StatusOK {
				err = errors.New(w.Status)
			}
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			c.fail(err)
		default:
			c.count(time.Since(began))
		}
	}
}

func (c *crowd) listen(ctx context.Context, u *user, heard chan<- struct{}) {
	w, err := u.get(ctx, "/live?estate=e")
	if err != nil {
		if ctx.Err() == nil {
			c.fail(err)
		}
		return
	}
	defer w.Body.Close()
	lines := bufio.NewScanner(w.Body)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "event: changed") {
			c.events.Add(1)
			select {
			case heard <- struct{}{}:
			default:
			}
		}
	}
}

const (
	pause    = time.Minute      // for which somebody looks at a page in the mean
	arriving = 40 * time.Second // in which all have come
)

// somePage is one of the pages, one of twenty about another day.
func somePage(days int) string {
	pages := []string{"/", "/", "/", "/findings", "/findings?group=check", "/findings?phi=yes", "/safeguards", "/changes", "/unknown", "/accounts", "/encryption",
		"/runs", "/due", "/findings?q=" + fmt.Sprintf("%02x", rand.IntN(256))}
	page := pages[rand.IntN(len(pages))]
	if rand.IntN(20) == 0 && !strings.Contains(page, "?") {
		page += "?" + url.Values{"date": {historytest.FirstDay.AddDate(0, 0, rand.IntN(days)).Format(time.DateOnly)}}.Encode()
	}
	return page
}

var (
	highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)
	heapInUse = regexp.MustCompile(`(?m)^go_memstats_heap_inuse_bytes (\S+)`)
)

// BenchmarkUsers has people look at open pages of a server that runs by itself, for WARD_SECONDS, and tells how much memory it took: at most 1 GiB
// is promised for WARD_USERS=1000 on an estate of WARD_RESOURCES=100000. In the middle an assessment has all pages load anew.
func BenchmarkUsers(b *testing.B) {
	people, seconds := numberOf("WARD_USERS", 100), numberOf("WARD_SECONDS", 10)
	dir := b.TempDir()
	tickets := peopled(b, dir, people)
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), usersChild+"="+dir)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	base := strings.TrimSpace(line)
	ctx, stop := context.WithCancel(b.Context())
	all := &crowd{faults: map[string]int{}}
	var looking sync.WaitGroup
	for i, ticket := range tickets {
		looking.Go(func() { all.look(ctx, newUser(i, base, ticket), numberOf("WARD_DAYS", 3)) })
	}
	time.Sleep(arriving + time.Duration(seconds)*time.Second/2)
	if _, err := io.WriteString(in, "changed\n"); err != nil {
		b.Fatal(err)
	}
	time.Sleep(time.Duration(seconds) * time.Second / 2)
	figures(b, c.Process.Pid, newUser(people, base, ""), all)
	stop()
	looking.Wait()
	_ = in.Close()
	if err := c.Wait(); err != nil {
		b.Error(err)
	}
}

func figures(b *testing.B, pid int, u *user, all *crowd) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	w, err := u.get(b.Context(), "/metrics")
	if err != nil {
		b.Fatal(err)
	}
	defer w.Body.Close()
	told, err := io.ReadAll(w.Body)
	if err != nil {
		b.Fatal(err)
	}
	all.mutex.Lock()
	defer all.mutex.Unlock()
	failed := 0
	for fault, n := range all.faults {
		failed += n
		b.Logf("%d times: %s", n, fault)
	}
	b.ReportMetric(float64(failed), "failed")
	if m := highWater.FindSubmatch(status); m != nil {
		kib, _ := strconv.ParseFloat(string(m[1]), 64)
		b.ReportMetric(kib/1024, "MiB-at-most")
	}
	if m := heapInUse.FindSubmatch(told); m != nil {
		bytes, _ := strconv.ParseFloat(string(m[1]), 64)
		b.ReportMetric(bytes/(1<<20), "MiB-heap")
	}
	slices.Sort(all.took)
	if n := len(all.took); n > 0 {
		b.ReportMetric(float64(n), "pages")
		b.ReportMetric(float64(all.took[n/2].Milliseconds()), "p50-ms")
		b.ReportMetric(float64(all.took[n*95/100].Milliseconds()), "p95-ms")
	}
	b.ReportMetric(float64(all.events.Load()), "told")
}
