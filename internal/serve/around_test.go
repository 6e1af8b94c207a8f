package serve

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAround proves what holds for every request: headers of security, nothing from other sites, bounded bodies and rates, and that a fault in
// one request neither ends the others nor tells its reader more than an id.
func TestAround(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "page") })
	mux.HandleFunc("/fault", func(http.ResponseWriter, *http.Request) { panic("the secret of the fault") })
	mux.HandleFunc("/read", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		}
	})
	m := newMetrics()
	h := around(mux, func(next http.Handler) http.Handler { return next }, m, slog.New(slog.DiscardHandler), true, nil)
	ask := func(method, path, origin string, body io.Reader, address string) *httptest.ResponseRecorder {
		w, r := httptest.NewRecorder(), httptest.NewRequest(method, "https://ward.example.org"+path, body)
		r.RemoteAddr = address
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		h.ServeHTTP(w, r)
		return w
	}
	const here = "192.0.2.1:1234"
	w := ask("GET", "/page", "", nil, here)
	for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Referrer-Policy": "same-origin", "Strict-Transport-Security": "max-age="} {
		if got := w.Header().Get(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s is %q, want %s", name, got, want)
		}
	}
	if csp := w.Header().Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") {
		t.Errorf("the policy of pages lets scripts or styles stand in them: %s", csp)
	}
	for origin, want := range map[string]int{"https://ward.example.org": 200, "https://evil.example.org": 403, "null": 403} {
		if got := ask("POST", "/page", origin, nil, here).Code; got != want {
			t.Errorf("a POST from %s: %d, want %d", origin, got, want)
		}
	}
	if w := ask("GET", "/fault", "", nil, here); w.Code != 500 || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("a fault: %d %s", w.Code, w.Body)
	}
	if w := ask("POST", "/read", "https://ward.example.org", io.LimitReader(zeros{}, maxBody+1), here); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a body over the bound: %d", w.Code)
	}
	refused := 0
	for range 2 * burst {
		if ask("GET", "/page", "", nil, "[2001:db8::1]:1").Code == http.StatusTooManyRequests {
			refused++
		}
	}
	if w := ask("GET", "/page", "", nil, "[2001:db8::ffff]:1"); refused == 0 || w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d of many requests were refused, and of another address of the same network: %d", refused, w.Code)
	}
	if w := ask("GET", "/page", "", nil, here); w.Code != 200 {
		t.Errorf("somebody else: %d", w.Code)
	}
	out := httptest.NewRecorder()
	m.page().ServeHTTP(out, httptest.NewRequest("GET", "/metrics", nil))
	if !strings.Contains(out.Body.String(), `ward_http_requests_total{route="/page",status="429"}`) && !strings.Contains(out.Body.String(), `ward_http_requests_total{route="none",status="429"}`) {
		t.Errorf("the metrics tell nothing of what was refused")
	}
}

// TestStreams proves that a page which stays open to hear of changes does not count as a request that took so long.
func TestStreams(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/live", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "retry: 3000\n\n")
		time.Sleep(60 * time.Millisecond)
		io.WriteString(w, ": \n\n")
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "begun")
		time.Sleep(60 * time.Millisecond)
	})
	m := newMetrics()
	h := around(mux, func(next http.Handler) http.Handler { return next }, m, slog.New(slog.DiscardHandler), true, nil)
	for _, path := range []string{"/live", "/slow"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "https://ward.example.org"+path, nil))
	}
	out := httptest.NewRecorder()
	m.page().ServeHTTP(out, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{`ward_http_seconds_bucket{route="/live",le="0.05"} 1`, `ward_http_seconds_bucket{route="/slow",le="0.05"} 0`,
		`ward_http_requests_total{route="/live",status="200"} 1`} {
		if !strings.Contains(out.Body.String(), want) {
			t.Errorf("the metrics do not tell %s", want)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// TestSettings proves that mistakes in the settings are told at once and with their place, that what is shown can be read back, and that a
// password in the URL of the database is not shown.
func TestSettings(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "listen: nowhere\nsessions: {idle: 2h}\nevidence: {years: 1}\nlog: {level: loud}\n")
	_, err := Load("", dir, "")
	for _, part := range []string{"listen", "sessions.idle", "evidence.years", "log.level"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s is not told: %v", part, err)
		}
	}
	write(t, dir, "passwords: {longer_than: 8, max_days: 0, remember: 2}\nlockout: {account_attempts: 50, address_attempts: 5, first_wait: 1s, longest_wait: 24h}\n")
	_, err = Load("", dir, "")
	for _, part := range []string{"passwords.longer_than", "passwords.max_days", "passwords.remember", "lockout.account_attempts", "lockout.address_attempts",
		"lockout.first_wait", "lockout.longest_wait"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s is not told: %v", part, err)
		}
	}
	write(t, dir, "colour: blue\n")
	if _, err := Load("", dir, ""); err == nil || !strings.Contains(err.Error(), "server.yaml:1") {
		t.Errorf("a key that is not known: %v", err)
	}
	write(t, dir, "tls: {off: true}\nlisten: 0.0.0.0:80\n")
	if _, err := Load("", dir, ""); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("no TLS for the whole network: %v", err)
	}
	write(t, dir, "proxies: [somewhere]\nledger: {bucket: {name: a, key: b}}\ntls: {acme: {hosts: [a.example.org]}}\n")
	_, err = Load("", dir, "")
	for _, part := range []string{"proxies", "database", "ledger.database", "evidence.bucket", "ledger.bucket.key", "tls.acme"} {
		if err == nil || !strings.Contains(err.Error(), " "+part+":") {
			t.Errorf("%s is not told: %v", part, err)
		}
	}
	write(t, dir, "ledger: {bucket: {name: a}, database: 'ward:hunter2@tcp(db:3306)/ledger'}\nevidence: {bucket: {name: b}}\ndatabase: env:A\n")
	if s, err := Load("", dir, ""); err != nil {
		t.Error(err)
	} else if text, err := s.Show(); err != nil || strings.Contains(string(text), "hunter2") || !strings.Contains(string(text), "ward@tcp(db:3306)/ledger") {
		t.Errorf("shown: %s, %v", text, err)
	}
	write(t, dir, "database: postgres://ward:hunter2@db.example.org/ward\nworkers: 3\n")
	s, err := Load("", dir, "127.0.0.1:9999")
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.Show()
	if err != nil || strings.Contains(string(text), "hunter2") || !strings.Contains(string(text), "workers: 3") {
		t.Errorf("shown: %s, %v", text, err)
	}
	write(t, dir, string(text))
	again, err := Load("", dir, "")
	if err != nil || again.Listen != "127.0.0.1:9999" || *again.Workers != 3 || again.Sessions != s.Sessions {
		t.Errorf("read back: %+v, %v", again, err)
	}
}

func write(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, SettingsFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestForwarded proves that a known proxy is believed for whom it asks, through other known proxies too, and that nobody else is.
func TestForwarded(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct{ peer, header, want string }{
		{"10.0.0.1:99", "198.51.100.7", "198.51.100.7:0"},
		{"10.0.0.1:99", "203.0.113.9, 198.51.100.7", "198.51.100.7:0"}, // what the caller said of itself
		{"10.0.0.1:99", "198.51.100.7, 10.2.0.1", "198.51.100.7:0"},
		{"[fd00::1]:99", "2001:db8::7", "[2001:db8::7]:0"},
		{"[::ffff:10.0.0.1]:99", "198.51.100.7", "198.51.100.7:0"},
		{"10.0.0.1:99", "", "10.0.0.1:99"},
		{"10.0.0.1:99", "198.51.100.7, unknown", "10.0.0.1:99"},
		{"192.0.2.1:99", "198.51.100.7", "192.0.2.1:99"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		if c.header != "" {
			r.Header.Set("X-Forwarded-For", c.header)
		}
		forwarded(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.RemoteAddr != c.want {
				t.Errorf("%s asks for %q: taken for %s, want %s", c.peer, c.header, r.RemoteAddr, c.want)
			}
		}), proxies).ServeHTTP(httptest.NewRecorder(), r)
	}
}
