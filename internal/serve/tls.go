package serve

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
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

// config returns how connections are encrypted, nil for not at all: TLS 1.2 or newer with the suites of the standard library (RFC 9325).
func (s *Settings) config() (*tls.Config, error) {
	switch {
	case s.TLS.Off:
		return nil, nil
	case s.TLS.ACME != nil:
		a := s.TLS.ACME
		manager := &autocert.Manager{Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(filepath.Join(s.Data, "acme")),
			HostPolicy: autocert.HostWhitelist(a.Hosts...), Email: a.Email}
		if a.Directory != "" {
			manager.Client = &acme.Client{DirectoryURL: a.Directory}
		}
		config := manager.TLSConfig()
		config.MinVersion = tls.VersionTLS12
		return config, nil
	case s.TLS.Certificate != "":
		files := &certificate.Files{Certificate: s.TLS.Certificate, Key: s.TLS.Key}
		return files.Config(), files.Check()
	}
	return s.own()
}

// own makes a certificate for a first start, and a new one before it ends or when the server is called by another name.
func (s *Settings) own() (*tls.Config, error) {
	dir := filepath.Join(s.Data, "tls")
	files := &certificate.Files{Certificate: filepath.Join(dir, "certificate.pem"), Key: filepath.Join(dir, "key.pem")}
	names := s.names()
	if fits(files.Certificate, names) {
		return files.Config(), files.Check()
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
	return files.Config(), files.Check()
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
