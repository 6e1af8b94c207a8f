package serve

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"ward.dev/ward/internal/access/federation"
	"ward.dev/ward/internal/evidence"
	"ward.dev/ward/internal/notify"
	"ward.dev/ward/internal/yamlfile"
)

// SettingsFile is what the settings are called in the data directory.
const SettingsFile = "server.yaml"

// Settings are how a server works: what its one file says, strictly read. docs/format/server-yaml.md describes it.
type Settings struct {
	// Data is the data directory.
	Data string `yaml:"data,omitempty"`
	// Listen is the address that is listened on.
	Listen string `yaml:"listen,omitempty"`
	// URL is that of the server as people have it, "" for https and the address that is listened on.
	URL string `yaml:"url,omitempty"`
	// Database is the URL of PostgreSQL, or env:NAME or file:PATH where it stands; "" is SQLite in the data directory.
	Database string `yaml:"database,omitempty"`
	// Keys is the folder of the keys that seal secrets and, if several servers share it, of those of the ledger; "" is the data directory.
	Keys string `yaml:"keys,omitempty"`
	// Ledger says where the ledger is that several servers share.
	Ledger Ledger `yaml:"ledger,omitempty"`
	// Proxies are the networks of proxies that tell truly for whom they ask (X-Forwarded-For).
	Proxies []string `yaml:"proxies,omitempty"`
	// Workers is how many assessments this server does at a time; 0 leaves them to other servers on the same database.
	Workers *int `yaml:"workers,omitempty"`
	// Folders are those below which sources may lie; none is every folder, which is for a laptop.
	Folders []string `yaml:"folders,omitempty"`
	// Catalogs are folders with own kinds, checks and frameworks.
	Catalogs []string `yaml:"catalogs,omitempty"`
	// Advisories is the folder of the database of vulnerabilities.
	Advisories string    `yaml:"advisories,omitempty"`
	TLS        TLS       `yaml:"tls,omitempty"`
	Sessions   Sessions  `yaml:"sessions,omitempty"`
	Passwords  Passwords `yaml:"passwords,omitempty"`
	Lockout    Lockout   `yaml:"lockout,omitempty"`
	Evidence   Evidence  `yaml:"evidence,omitempty"`
	Log        Log       `yaml:"log,omitempty"`
	// SignIn are the providers of identities, Notifications what the channels of notifications may do.
	SignIn        federation.Settings `yaml:"sign_in,omitempty"`
	Notifications notify.Settings     `yaml:"notifications,omitempty"`
	Backup        *Backup             `yaml:"backup,omitempty"`
	Files         Files               `yaml:"files,omitempty"`
}

// TLS says which certificate the server shows: one of its own if nothing is said.
type TLS struct {
	Certificate string `yaml:"certificate,omitempty"`
	Key         string `yaml:"key,omitempty"`
	ACME        *ACME  `yaml:"acme,omitempty"`
	// Off is for a server behind a proxy on the same machine, which has to listen on a loopback address.
	Off bool `yaml:"off,omitempty"`
}

// ACME gets certificates by RFC 8555.
type ACME struct {
	Hosts []string `yaml:"hosts"`
	Email string   `yaml:"email,omitempty"`
	// Directory is the URL of the authority's directory, "" for Let's Encrypt.
	Directory string `yaml:"directory,omitempty"`
	// Authority is a file with the certificates that the directory's own is verified by, "" for those of the system.
	Authority string `yaml:"authority,omitempty"`
}

// Sessions say when people are signed out (45 CFR 164.312(a)(2)(iii)).
type Sessions struct {
	Idle     time.Duration `yaml:"idle,omitempty"`
	Absolute time.Duration `yaml:"absolute,omitempty"`
}

// Ledger is a ledger that several servers append to.
type Ledger struct {
	// Bucket is one of S3; nil is a ledger in the data directory, for one server.
	Bucket *Bucket `yaml:"bucket,omitempty"`
	// Database is where servers agree on the order of records: the data source name of MySQL or MariaDB, or env:NAME or file:PATH where it
	// stands.
	Database string `yaml:"database,omitempty"`
}

// Evidence says how long evidence is kept, and where.
type Evidence struct {
	// Years that bundles are kept, at least six (45 CFR 164.316(b)(2)(i)).
	Years int `yaml:"years,omitempty"`
	// Bucket is one of S3 with object lock that gets a copy of all or, if several servers share the ledger, has all of it; nil for none.
	Bucket *Bucket `yaml:"bucket,omitempty"`
}

// Bucket is a bucket of S3, or of what speaks S3 at an endpoint.
type Bucket struct {
	Name     string `yaml:"name"`
	Prefix   string `yaml:"prefix,omitempty"`
	Region   string `yaml:"region,omitempty"`
	Endpoint string `yaml:"endpoint,omitempty"`
	Key      string `yaml:"key,omitempty"` // of KMS
}

// Log says what the server tells on standard error.
type Log struct {
	Level  string `yaml:"level,omitempty"`  // debug, info, warn, error
	Format string `yaml:"format,omitempty"` // text, json
}

// Defaults are the settings of a server that nothing is said of.
func Defaults() (Settings, error) {
	dir := os.Getenv("XDG_STATE_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return Settings{}, fmt.Errorf("%w: say where the data directory is with --data", err)
		}
		dir = filepath.Join(home, ".local", "state")
	}
	one := 1
	return Settings{Data: filepath.Join(dir, "ward"), Listen: "127.0.0.1:8443", Workers: &one,
		Evidence: Evidence{Years: evidence.Years}, Sessions: Sessions{Idle: 15 * time.Minute, Absolute: 12 * time.Hour},
		Passwords: defaultPasswords(), Lockout: defaultLockout(), Log: Log{Level: "info", Format: "text"}}, nil
}

// Load reads settings over the defaults: those of the file at a path, or without one those of the data directory, if there are any. A data
// directory and an address that are given go before the file.
func Load(path, data, listen string) (Settings, error) {
	s, err := Defaults()
	if err != nil && data == "" {
		return s, err
	}
	if data != "" {
		s.Data = data
	}
	if path == "" {
		path = filepath.Join(s.Data, SettingsFile)
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return s.given(data, listen).checked(path)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return s, fmt.Errorf("read the settings: %w", err)
	}
	if len(strings.TrimSpace(string(text))) > 0 {
		if err := yamlfile.Decode(path, text, &s); err != nil {
			return s, err
		}
	}
	return s.given(data, listen).checked(path)
}

func (s Settings) given(data, listen string) Settings {
	s.Data, s.Listen = cmp.Or(data, s.Data), cmp.Or(listen, s.Listen)
	return s
}

func (s Settings) checked(path string) (Settings, error) { return s, s.check(path) }

// Show is the file that says all of the settings. A password in the URL of the database is left out.
func (s Settings) Show() ([]byte, error) {
	if u, err := url.Parse(s.Database); err == nil && u.User != nil {
		u.User = url.User(u.User.Username())
		s.Database = u.String()
	}
	s.Ledger.Database = withoutPassword(s.Ledger.Database)
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(s); err != nil {
		return nil, err
	}
	return out.Bytes(), encoder.Close()
}

// check returns all mistakes at once.
func (s *Settings) check(path string) error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, yamlfile.Fault{File: path, Text: fmt.Sprintf(format, args...)})
	}
	host, _, err := net.SplitHostPort(s.Listen)
	if err != nil {
		fault("listen: %q is not HOST:PORT", s.Listen)
	}
	if s.TLS.Off && !loopback(host) {
		fault("tls.off: a server without TLS listens on a loopback address only, such as 127.0.0.1:8080; listen is %q", s.Listen)
	}
	if (s.TLS.Certificate == "") != (s.TLS.Key == "") {
		fault("tls: certificate and key go together")
	}
	if s.TLS.ACME != nil && (s.TLS.Certificate != "" || len(s.TLS.ACME.Hosts) == 0) {
		fault("tls.acme: it wants hosts, and no certificate beside it")
	}
	if s.URL != "" {
		if u, err := url.Parse(s.URL); err != nil || u.Host == "" || u.Scheme != "https" && !s.TLS.Off || strings.Trim(u.Path, "/") != "" {
			fault("url: %q is not https://HOST", s.URL)
		}
	}
	if s.Workers != nil && (*s.Workers < 0 || *s.Workers > 64) {
		fault("workers: 0 to 64 are possible")
	}
	if s.Sessions.Idle < time.Minute || s.Sessions.Idle > time.Hour {
		fault("sessions.idle: 1m to 1h are possible")
	}
	if s.Sessions.Absolute < s.Sessions.Idle || s.Sessions.Absolute > 24*time.Hour {
		fault("sessions.absolute: at least sessions.idle and at most 24h are possible")
	}
	s.Passwords.check(fault)
	s.Lockout.check(fault)
	if s.Evidence.Years < evidence.Years || s.Evidence.Years > 100 {
		fault("evidence.years: %d to 100 are possible: documentation is kept for six years (45 CFR 164.316(b)(2)(i))", evidence.Years)
	}
	for name, bucket := range map[string]*Bucket{"evidence": s.Evidence.Bucket, "ledger": s.Ledger.Bucket} {
		if bucket != nil && bucket.Name == "" {
			fault("%s.bucket: it needs a name", name)
		}
	}
	s.checkShared(fault)
	for _, folder := range s.Folders {
		if !filepath.IsAbs(folder) {
			fault("folders: %q is not an absolute path", folder)
		}
	}
	if _, err := s.level(); err != nil {
		fault("log.level: %v", err)
	}
	if s.Log.Format != "text" && s.Log.Format != "json" {
		fault("log.format: %q is not text or json", s.Log.Format)
	}
	s.checkUpkeep(fault)
	return errors.Join(faults...)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// origin is the URL of the server as people have it.
func (s *Settings) origin() string {
	if s.URL != "" {
		return strings.TrimRight(s.URL, "/")
	}
	scheme := "https://"
	if s.TLS.Off {
		scheme = "http://"
	}
	host, port, err := net.SplitHostPort(s.Listen)
	if err == nil && loopback(host) { // passkeys are bound to a name, which an address is not
		return scheme + net.JoinHostPort("localhost", port)
	}
	return scheme + s.Listen
}
