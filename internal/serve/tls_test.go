package serve

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/certificate"
)

// filed writes a certificate and its key into files of a folder, as who renews them does.
func filed(t *testing.T, dir string, from time.Time, holds time.Duration) (made certificate.Made) {
	t.Helper()
	made, err := certificate.Make([]string{"ward.example.org"}, from, holds)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"tls.crt": made.Certificate, "tls.key": made.Key} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return made
}

// withFiles are settings with the files of a folder.
func withFiles(t *testing.T, dir string) Settings {
	t.Helper()
	s := settingsOf(t, t.TempDir())
	s.TLS = TLS{Certificate: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key")}
	return s
}

// shake returns what was agreed on with a server. The zero versions are any.
func shake(address string, of certificate.Made, config *tls.Config) (tls.ConnectionState, error) {
	config.RootCAs = x509.NewCertPool()
	config.RootCAs.AppendCertsFromPEM(of.CA)
	config.ServerName = "ward.example.org"
	c, err := tls.Dial("tcp", address, config)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer c.Close()
	return c.ConnectionState(), nil
}

// TestTLS proves that TLS is 1.2 or newer with suites that have forward secrecy and encrypt and authenticate at once, and 1.3 where both can.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	made := filed(t, dir, time.Now(), time.Hour)
	s, _ := start(t, withFiles(t, dir))
	at := s.settings.Listen
	if state, err := shake(at, made, &tls.Config{}); err != nil || state.Version != tls.VersionTLS13 {
		t.Errorf("agreed on %x, %v", state.Version, err)
	}
	for _, old := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		if state, err := shake(at, made, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: old}); err == nil {
			t.Errorf("%s is spoken", tls.VersionName(state.Version))
		}
	}
	taken := 0
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		state, err := shake(at, made, &tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite.ID}})
		if err != nil {
			continue
		}
		taken++
		name := tls.CipherSuiteName(state.CipherSuite)
		if !strings.HasPrefix(name, "TLS_ECDHE_") || !strings.Contains(name, "GCM") && !strings.Contains(name, "CHACHA20") {
			t.Errorf("%s is taken", name)
		}
	}
	if taken == 0 {
		t.Error("no suite of TLS 1.2 is taken")
	}
}

// TestCertificateFiles proves that own files are read again when they change, without a restart, that files which are half written leave the
// one before in place, and that one which ends soon is told.
func TestCertificateFiles(t *testing.T) {
	dir := t.TempDir()
	first := filed(t, dir, time.Now().Add(-100*time.Minute), 2*time.Hour)
	s, out, _ := startLoud(t, withFiles(t, dir))
	if _, err := shake(s.settings.Listen, first, &tls.Config{}); err != nil {
		t.Fatal(err)
	}
	for attempt := 0; !strings.Contains(out.String(), "renew it"); attempt++ {
		if attempt == 100 {
			t.Fatalf("nobody is told that it ends: %s", out)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := os.WriteFile(filepath.Join(dir, "tls.crt"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond) // the files are looked at once in a second
	if _, err := shake(s.settings.Listen, first, &tls.Config{}); err != nil {
		t.Errorf("while files are written: %v", err)
	}
	second := filed(t, dir, time.Now(), 90*24*time.Hour)
	for attempt := 0; ; attempt++ {
		if _, err := shake(s.settings.Listen, second, &tls.Config{}); err == nil {
			break
		} else if attempt == 50 {
			t.Fatalf("the new certificate is not shown: %v", err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err := s.tendTLS(t.Context()); err != nil || s.tls.end() < float64(time.Now().Add(80*24*time.Hour).Unix()) {
		t.Errorf("the new one: %v, ends %v", err, s.tls.end())
	}
}

// TestCertificateRefused proves that a server does not start with a certificate that has ended, with a key of another one or with a file that
// is not there, and says which setting and which file.
func TestCertificateRefused(t *testing.T) {
	dir := t.TempDir()
	refused := func(what string, parts ...string) {
		t.Helper()
		s, err := Open(t.Context(), withFiles(t, dir), "test", io.Discard)
		if err == nil {
			_ = s.close(t.Context())
			t.Errorf("%s: it starts", what)
			return
		}
		for _, part := range append(parts, "tls.certificate and tls.key", dir) {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not say %q", what, err, part)
			}
		}
	}
	refused("no files", "no such file")
	filed(t, dir, time.Now().Add(-48*time.Hour), 24*time.Hour)
	refused("one that has ended", "has ended on", "renew it")
	other := filed(t, dir, time.Now(), time.Hour)
	filed(t, dir, time.Now(), time.Hour)
	if err := os.WriteFile(filepath.Join(dir, "tls.key"), other.Key, 0o600); err != nil {
		t.Fatal(err)
	}
	refused("the key of another", "private key does not match")
}

// TestOwnCertificate proves that a server without settings makes a certificate for the names that it is called by, keeps it, makes another
// before it ends or when a killed server has left half of one, and shows that without a restart.
func TestOwnCertificate(t *testing.T) {
	settings := settingsOf(t, t.TempDir())
	files, err := settings.own()
	if err != nil {
		t.Fatal(err)
	}
	read := func() string {
		text, err := os.ReadFile(files.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	first := read()
	if _, err := settings.own(); err != nil || read() != first {
		t.Errorf("it is not kept: %v", err)
	}
	if info, err := os.Stat(files.Key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info, err)
	}
	old, err := certificate.Make(settings.names(), time.Now().Add(-ownHolds), ownHolds+ownRenew/2)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string][]byte{"key.pem": old.Key, "certificate.pem": old.Certificate} {
		if err := os.WriteFile(filepath.Join(settings.Data, "tls", what), text, 0o600); err != nil {
			t.Fatal(err)
		}
		before := read()
		if _, err := settings.own(); err != nil || read() == before {
			t.Errorf("after only %s was written: %v", what, err)
		}
	}
	settings.URL = "https://ward.example.org"
	before := read()
	if _, err := settings.own(); err != nil || read() == before {
		t.Errorf("called by another name: %v", err)
	}
}
