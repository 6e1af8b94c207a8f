package serve

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"ward.dev/ward/internal/backup"
	"ward.dev/ward/internal/evidence"
	stored "ward.dev/ward/internal/evidence/objects"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/ledger"
	"ward.dev/ward/ledger/objects"
)

// Shared tells whether several servers share the state. Then nothing that matters is in the data directory of one of them: state and jobs are
// in PostgreSQL, the ledger and the evidence in buckets, and the keys are the same on all.
func (s *Settings) Shared() bool { return s.Ledger.Bucket != nil }

// checkShared finds what is missing before several servers can share the state.
func (s *Settings) checkShared(fault func(format string, args ...any)) {
	for _, network := range s.Proxies {
		if _, err := netip.ParsePrefix(network); err != nil {
			fault("proxies: %q is no network such as 10.0.0.0/8", network)
		}
	}
	if !s.Shared() {
		if s.Ledger.Database != "" {
			fault("ledger.database: it goes with ledger.bucket")
		}
		return
	}
	for setting, said := range map[string]bool{"database": s.Database != "", "ledger.database": s.Ledger.Database != "", "evidence.bucket": s.Evidence.Bucket != nil} {
		if !said {
			fault("%s: servers that share a ledger share all else, too: say where", setting)
		}
	}
	if s.Ledger.Bucket.Key != "" {
		fault("ledger.bucket.key: set the encryption of the bucket itself")
	}
	if s.TLS.ACME != nil {
		fault("tls.acme: it is for one server; of several, none knows which one the authority will ask")
	}
}

// proxies are the networks of known proxies. Without TLS there is one on this machine.
func (s *Settings) proxies() (all []netip.Prefix) {
	for _, text := range s.Proxies {
		if p, err := netip.ParsePrefix(text); err == nil { // check has told of others
			all = append(all, p)
		}
	}
	if s.TLS.Off && len(all) == 0 {
		return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	return all
}

// keyDir is where the keys are.
func (s *Settings) keyDir() string { return cmp.Or(s.Keys, s.Data) }

// secret reads what a setting says, or what is where it leads: env:NAME, file:PATH.
func secret(setting, text string) (string, error) {
	if name, ok := strings.CutPrefix(text, "env:"); ok {
		text := os.Getenv(name)
		if text == "" {
			return "", fmt.Errorf("%s: the environment variable %s is empty", setting, name)
		}
		return text, nil
	}
	if file, ok := strings.CutPrefix(text, "file:"); ok {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("%s: %w", setting, err)
		}
		return strings.TrimSpace(string(text)), nil
	}
	return text, nil
}

// withoutPassword is a data source name of MySQL, USER:PASSWORD@PROTOCOL(ADDRESS)/NAME, as it may be shown.
func withoutPassword(dsn string) string {
	at := strings.LastIndex(dsn, "@")
	if at < 0 {
		return dsn
	}
	user, _, _ := strings.Cut(dsn[:at], ":")
	return user + dsn[at:]
}

// Place is where the state is.
func (s *Settings) Place() (state.Place, error) {
	url, err := secret("database", s.Database)
	return state.Place{Dir: s.Data, URL: url}, err
}

// shared says where the ledger is that several servers share.
func (s *Settings) shared(configure func(*aws.Config)) (objects.Options, error) {
	dsn, err := secret("ledger.database", s.Ledger.Database)
	b := s.Ledger.Bucket
	return objects.Options{Bucket: b.Name, Prefix: b.Prefix, Region: b.Region, Endpoint: b.Endpoint, Database: dsn, Configure: configure,
		KeyDir: filepath.Join(s.keyDir(), ledgerDir), MemoryDir: filepath.Join(s.Data, ledgerDir)}, err
}

// ledgerDir is the folder of the ledger in the data directory.
const ledgerDir = "ledger"

// OpenLedger opens the ledger for appending, and makes it if there is none.
func (s *Settings) OpenLedger(ctx context.Context) (*ledger.Ledger, error) {
	if !s.Shared() {
		dir := filepath.Join(s.Data, ledgerDir)
		return ledger.Open(ctx, dir, ledger.Options{Name: newName(dir)})
	}
	o, err := s.shared(nil)
	if err != nil {
		return nil, err
	}
	o.Name = newName(filepath.Join(o.KeyDir, ledger.PrivateKey))
	return objects.Open(ctx, o)
}

// Restored are the settings of a server whose data was restored from a backup, with the keys that were in it.
func (s Settings) Restored(data string) Settings {
	s.Data = data
	if s.Keys != "" {
		s.Keys = filepath.Join(data, backup.KeysDir)
	}
	return s
}

// newName is what checkpoints begin with of a ledger that is being made; "" if what it would be made of is there.
func newName(path string) string {
	if _, err := os.Stat(path); err == nil {
		return ""
	}
	return "ward/" + state.NewID()
}

// LedgerReader opens the ledger for reading, also while servers append to it.
func (s *Settings) LedgerReader(ctx context.Context) (*ledger.Reader, error) {
	if !s.Shared() {
		return ledger.OpenReader(filepath.Join(s.Data, ledgerDir))
	}
	o, err := s.shared(nil)
	if err != nil {
		return nil, err
	}
	return objects.OpenReader(ctx, o)
}

// store opens the bucket of the evidence, below a prefix; nil if there is none.
func (e *Evidence) store(ctx context.Context, below string) (evidence.Store, error) {
	if e.Bucket == nil {
		return nil, nil
	}
	b := e.Bucket
	return stored.Open(ctx, stored.Options{Bucket: b.Name, Prefix: b.Prefix + below, Region: b.Region, Endpoint: b.Endpoint, Key: b.Key, Now: time.Now})
}

// stores are where evidence is and where a second copy of it goes, which may be nil, and where the files of decisions are.
func (s *Settings) stores(ctx context.Context) (first, second, files evidence.Store, err error) {
	bucket, err := s.Evidence.store(ctx, "")
	if err != nil {
		return nil, nil, nil, err
	}
	if s.Shared() {
		files, err = s.Evidence.store(ctx, "documents/")
		return bucket, nil, files, err
	}
	folder, err := evidence.OpenFolder(filepath.Join(s.Data, "evidence"), time.Now)
	if err != nil {
		return nil, nil, nil, err
	}
	documents, err := evidence.OpenFolder(filepath.Join(s.Data, "documents"), time.Now)
	return folder, bucket, documents, err
}
