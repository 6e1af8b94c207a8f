package serve

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
)

// acmeHost is the name that the authority of tests finds on this machine.
const acmeHost = "ward.example.org"

// authority is Let's Encrypt's server for tests, Pebble, which looks whether a server answers as the real one does.
type authority struct {
	*httptest.Server
	t     *testing.T
	roots *x509.CertPool
	root  string // a file with the certificate of its own address

	mutex   sync.Mutex
	handler http.Handler
}

// newAuthority starts one, which answers nothing before vouch.
func newAuthority(t *testing.T) *authority {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_AUTHZREUSE", "0") // it looks every time
	a := &authority{t: t, roots: x509.NewCertPool(), root: filepath.Join(t.TempDir(), "root.pem")}
	a.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mutex.Lock()
		h := a.handler
		a.mutex.Unlock()
		if h == nil {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
			return
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(a.Close)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate().Raw})
	if err := os.WriteFile(a.root, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// vouch has the authority give certificates that hold for some seconds to who answers as the host at an address.
func (a *authority) vouch(address string, seconds uint64) {
	a.t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		a.t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		a.t.Fatal(err)
	}
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	issuer := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "test", ValidityPeriod: seconds}})
	front := wfe.New(quiet, store, va.New(quiet, 1, number, false, names(a.t), store), issuer, []string{"pebble.example.org"}, true, false, 1, 1)
	a.roots.AddCert(issuer.GetRootCert(0).Cert)
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.handler = front.Handler()
}

// names is the address of a server of names, which knows every name as this machine.
func names(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{Listener: listener, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		answer := new(dns.Msg).SetReply(q)
		if q.Question[0].Qtype == dns.TypeA {
			answer.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1)}}
		}
		_ = w.WriteMsg(answer)
	})}
	go func() { _ = s.ActivateAndServe() }()
	t.Cleanup(func() { _ = s.Shutdown() })
	return listener.Addr().String()
}

// shake returns the certificate that a server shows to who calls it by a name and trusts the authority.
func (a *authority) shake(address, name string) (*x509.Certificate, error) {
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: 30 * time.Second}, "tcp", address, &tls.Config{ServerName: name, RootCAs: a.roots})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0], nil
}

// shown waits until the server shows a certificate other than one before.
func (a *authority) shown(address string, before *x509.Certificate) *x509.Certificate {
	a.t.Helper()
	var last error
	for range 600 {
		c, err := a.shake(address, acmeHost)
		if err == nil && (before == nil || !c.Equal(before)) {
			return c
		}
		last = err
		time.Sleep(100 * time.Millisecond)
	}
	a.t.Fatalf("no new certificate: %v", last)
	return nil
}

// loud is a log that can be read while it is written.
type loud struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *loud) Write(b []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(b)
}

func (l *loud) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

// startLoud runs a server whose log is kept.
func startLoud(t *testing.T, settings Settings) (*Server, *loud, func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out := &loud{}
	s, err := Open(ctx, settings, "test", out)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return s, out, stop
}

// acmeSettings are those of a server whose certificate comes from the authority.
func (a *authority) settings(dir string) Settings {
	a.t.Helper()
	write(a.t, dir, fmt.Sprintf("url: https://%s\ntls: {acme: {hosts: [%s], email: ops@example.org, directory: %s/dir, authority: %s}}\n",
		acmeHost, acmeHost, a.URL, a.root))
	return settingsOf(a.t, dir)
}

// TestACME proves that the server gets a certificate from an authority which looks at it by TLS-ALPN-01 on its own port, shows it at once to who
// calls it by its name, refuses other names, keeps it across a restart without the authority, and renews it before it ends.
func TestACME(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for an authority; make test runs it")
	}
	a, dir := newAuthority(t), t.TempDir()
	s, _, stop := startLoud(t, a.settings(dir))
	a.vouch(s.settings.Listen, 3600)
	c := a.shown(s.settings.Listen, nil)
	if err := c.VerifyHostname(acmeHost); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"other.example.org", "WARD.example.com", "localhost"} {
		if other, err := a.shake(s.settings.Listen, name); err == nil {
			t.Errorf("%s gets a certificate of %v", name, other.DNSNames)
		}
	}
	for _, kept := range []string{"acme_account+key", acmeHost} {
		if info, err := os.Stat(filepath.Join(dir, "acme", kept)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is not kept for its owner alone: %v, %v", kept, info, err)
		}
	}
	stop()

	a.mutex.Lock()
	a.handler = nil
	a.mutex.Unlock()
	s, _, stop = startLoud(t, a.settings(dir))
	if again := a.shown(s.settings.Listen, nil); !again.Equal(c) {
		t.Error("after a restart another certificate is shown")
	}
	for attempt := 0; s.tls.end() != float64(c.NotAfter.Unix()); attempt++ {
		if attempt == 100 {
			t.Fatalf("the metric says that it ends at %v, want %v", s.tls.end(), c.NotAfter.Unix())
		}
		time.Sleep(50 * time.Millisecond)
	}
	stop()
}

// TestACMERenewed proves that a certificate by ACME is renewed while the server runs, before it ends, and that nobody is shown one that is over.
func TestACMERenewed(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for an authority; make test runs it")
	}
	a := newAuthority(t)
	s, _, _ := startLoud(t, a.settings(t.TempDir()))
	a.vouch(s.settings.Listen, 24)
	first := a.shown(s.settings.Listen, nil)
	second := a.shown(s.settings.Listen, first)
	if now := time.Now(); !now.Before(first.NotAfter) || !second.NotAfter.After(first.NotAfter) {
		t.Errorf("renewed at %v from one until %v to one until %v", now, first.NotAfter, second.NotAfter)
	}
}

// TestACMEUnreachable proves that an authority which cannot be reached is told in the log with the setting that names it and what to do, that
// the server runs on, and that a start with a file of authorities which holds none is refused.
func TestACMEUnreachable(t *testing.T) {
	a, dir := newAuthority(t), t.TempDir()
	settings := a.settings(dir)
	a.Close()
	s, out, stop := startLoud(t, settings)
	for attempt := 0; !strings.Contains(out.String(), "tls.acme"); attempt++ {
		if attempt == 300 {
			t.Fatalf("the log says nothing of it: %s", out)
		}
		time.Sleep(100 * time.Millisecond)
	}
	for _, part := range []string{acmeHost, a.URL + "/dir", "connection refused", "must be reachable", "port 443", "level=ERROR"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("the log does not say %q: %s", part, out)
		}
	}
	if err := s.keeper.Ready(); err != nil {
		t.Error(err)
	}
	if _, err := a.shake(s.settings.Listen, acmeHost); err == nil {
		t.Error("a certificate out of nowhere")
	}
	stop()

	if err := os.WriteFile(a.root, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), settings, "test", io.Discard); err == nil || !strings.Contains(err.Error(), "tls.acme.authority") {
		t.Errorf("a file without authorities: %v", err)
	}
}

// TestACMESettings proves that what no authority would give a certificate for is told when the settings are read.
func TestACMESettings(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"{acme: {hosts: [localhost]}}":                                         `"localhost" is no full name`,
		"{acme: {hosts: [192.0.2.1]}}":                                         `"192.0.2.1" is no full name`,
		"{acme: {hosts: ['*.example.org']}}":                                   `"*.example.org" is no full name`,
		"{acme: {hosts: []}}":                                                  "it wants hosts",
		"{acme: {hosts: [ward.example.org], directory: 'http://ca.internal'}}": "tls.acme.directory",
	} {
		write(t, dir, "tls: "+text+"\n")
		if _, err := Load("", dir, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
