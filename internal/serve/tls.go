package serve

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"ward.dev/ward/internal/certificate"
)

// How long a certificate of the server's own holds, and how long before its end another one is made.
const (
	ownHolds = 397 * 24 * time.Hour
	ownRenew = 30 * 24 * time.Hour
)

// How often the certificate is looked at, and how long before its end people are told if nobody has renewed it: a part of its time, and a week at
// most for files. By ACME it is renewed when a third of its time is left, so that something is wrong if a quarter is.
const (
	tendEvery  = time.Hour
	tellPart   = 4 // a quarter
	tellMost   = 7 * 24 * time.Hour
	acmeAnswer = 30 * time.Second
)

// shown is the certificate that a server shows.
type shown struct {
	config *tls.Config // TLS 1.2 or newer with suites that encrypt and authenticate at once (RFC 9325); nil for no TLS
	// tend looks after the certificate, and tells when it ends. Its error says what a person has to do; it is called again later.
	tend func() (time.Time, error)

	mutex sync.Mutex
	ends  time.Time // as tend has told, the zero time if it is not known
}

// certificate returns what the server shows, which is ready but for a certificate by ACME: that is got while the server runs, since the
// authority looks whether it answers.
func (s *Settings) certificate() (*shown, error) {
	switch {
	case s.TLS.Off:
		return &shown{}, nil
	case s.TLS.ACME != nil:
		return s.TLS.ACME.shown(filepath.Join(s.Data, "acme"))
	case s.TLS.Certificate != "":
		files := &certificate.Files{Certificate: s.TLS.Certificate, Key: s.TLS.Key}
		if err := files.Check(); err != nil {
			return nil, fmt.Errorf("tls.certificate and tls.key in the settings, %s and %s: %w", s.TLS.Certificate, s.TLS.Key, err)
		}
		return &shown{config: files.Config(), tend: func() (time.Time, error) { return endOf(files) }}, nil
	}
	files, err := s.own()
	if err != nil {
		return nil, err
	}
	return &shown{config: files.Config(), tend: func() (time.Time, error) {
		if _, err := s.own(); err != nil {
			return time.Time{}, err
		}
		return endOf(files)
	}}, nil
}

// endOf tells when the certificate in files ends. It is an error if that is soon.
func endOf(files *certificate.Files) (time.Time, error) {
	if err := files.Check(); err != nil {
		return time.Time{}, err
	}
	c, err := files.Config().GetCertificate(nil)
	if err != nil {
		return time.Time{}, err
	}
	end := c.Leaf.NotAfter
	if soon := min(end.Sub(c.Leaf.NotBefore)/tellPart, tellMost); time.Until(end) < soon {
		return end, fmt.Errorf("%s ends on %s; renew it: it is read again when it has changed", files.Certificate, end.Format(time.RFC3339))
	}
	return end, nil
}

// tendTLS looks after the certificate. An authority may take minutes, for which a server that is being stopped does not wait.
func (s *Server) tendTLS(ctx context.Context) error {
	if s.tls.tend == nil {
		return nil
	}
	done := make(chan error, 1)
	go func() {
		end, err := s.tls.tend()
		s.tls.mutex.Lock()
		defer s.tls.mutex.Unlock()
		s.tls.ends = end
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// end is when the certificate ends, in seconds since 1970; 0 if it is not known.
func (c *shown) end() float64 {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.ends.IsZero() {
		return 0
	}
	return float64(c.ends.Unix())
}

// shown gets certificates from an authority and keeps them in a folder. The authority asks by TLS-ALPN-01, on the port that is listened on.
func (a *ACME) shown(dir string) (*shown, error) {
	client, err := a.client()
	if err != nil {
		return nil, err
	}
	manager := &autocert.Manager{Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(dir), HostPolicy: autocert.HostWhitelist(a.Hosts...),
		Email: a.Email, Client: client}
	config := manager.TLSConfig()
	config.MinVersion, config.CipherSuites = tls.VersionTLS12, certificate.Suites()
	return &shown{config: config, tend: func() (time.Time, error) { return a.tend(manager) }}, nil
}

// client speaks to the authority.
func (a *ACME) client() (*acme.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if a.Authority != "" {
		pool, err := certificate.Authorities(a.Authority)
		if err != nil {
			return nil, fmt.Errorf("tls.acme.authority in the settings: %w", err)
		}
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
	}
	return &acme.Client{DirectoryURL: a.directory(), UserAgent: "ward", HTTPClient: &http.Client{Transport: transport, Timeout: acmeAnswer}}, nil
}

func (a *ACME) directory() string {
	if a.Directory != "" {
		return a.Directory
	}
	return autocert.DefaultACMEDirectory
}

// tend gets the certificates that are missing, and returns when the first of them ends. Renewing is the manager's work, which does not tell
// when it fails; that it has failed shows in a certificate which is not renewed in time.
func (a *ACME) tend(manager *autocert.Manager) (first time.Time, err error) {
	var faults []error
	for _, host := range a.Hosts {
		c, err := manager.GetCertificate(&tls.ClientHelloInfo{ServerName: host, CipherSuites: certificate.Suites(),
			SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256}, SupportedCurves: []tls.CurveID{tls.CurveP256}})
		if err != nil {
			faults = append(faults, fmt.Errorf("get a certificate for %s, which tls.acme in the settings names, from %s: %w; the authority must be "+
				"reachable from here, and reach this server as %s on port 443", host, a.directory(), err, host))
			continue
		}
		end := c.Leaf.NotAfter
		if left := time.Until(end); left < end.Sub(c.Leaf.NotBefore)/tellPart {
			faults = append(faults, fmt.Errorf("the certificate for %s ends on %s and was not renewed by %s, which tls.acme in the settings names: "+
				"the authority must be reachable from here, and reach this server as %s on port 443", host, end.Format(time.RFC3339), a.directory(), host))
		}
		if first.IsZero() || end.Before(first) {
			first = end
		}
	}
	return first, errors.Join(faults...)
}

// check tells what no authority would give a certificate for.
func (a *ACME) check(fault func(format string, args ...any)) {
	for _, host := range a.Hosts {
		if net.ParseIP(host) != nil || !strings.Contains(strings.Trim(host, "."), ".") || strings.ContainsAny(host, "*:/ ") {
			fault("tls.acme.hosts: %q is no full name of a host, such as ward.example.org", host)
		}
	}
	if u, err := url.Parse(a.directory()); err != nil || u.Scheme != "https" || u.Host == "" {
		fault("tls.acme.directory: %q is not https://HOST/PATH", a.Directory)
	}
}

// own returns the certificate of the server's own. It is made at a first start, and again before it ends, when the server is called by another
// name, or when a server that was killed has left half of it.
func (s *Settings) own() (*certificate.Files, error) {
	dir := filepath.Join(s.Data, "tls")
	files := &certificate.Files{Certificate: filepath.Join(dir, "certificate.pem"), Key: filepath.Join(dir, "key.pem")}
	names := s.names()
	if fits(files.Certificate, names) && files.Check() == nil {
		return files, nil
	}
	made, err := certificate.Make(names, time.Now(), ownHolds)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	for name, text := range map[string][]byte{"key.pem": made.Key, "authority.pem": made.CA, "certificate.pem": made.Certificate} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return nil, fmt.Errorf("make a certificate: %w", err)
		}
	}
	return files, files.Check()
}

// names are those that the server is called by.
func (s *Settings) names() []string {
	names := []string{"localhost", "127.0.0.1", "::1"}
	add := func(name string) {
		if ip := net.ParseIP(name); name != "" && (ip == nil || !ip.IsUnspecified()) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if host, _, err := net.SplitHostPort(s.Listen); err == nil {
		add(host)
	}
	if u, err := url.Parse(s.URL); err == nil {
		add(u.Hostname())
	}
	if name, err := os.Hostname(); err == nil {
		add(name)
	}
	return names
}

// fits tells whether the certificate of a file is for these names and holds for a while.
func fits(file string, names []string) bool {
	text, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return false
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil || time.Now().Add(ownRenew).After(c.NotAfter) {
		return false
	}
	var faults []error
	for _, name := range names {
		faults = append(faults, c.VerifyHostname(name))
	}
	return errors.Join(faults...) == nil
}
