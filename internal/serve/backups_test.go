package serve

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/backup"
	"ward.dev/ward/internal/notify"
	"ward.dev/ward/internal/notify/delivery"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/record/recordtest"
)

// TestBackups proves that a server whose settings ask for it backs itself up while it runs, tells so in its metrics and its ledger, and that
// what it wrote becomes a server again which knows the same; and that a failure shows in the metrics and is told on the channel that asks for
// it, once for as long as it lasts.
func TestBackups(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir, folder := t.TempDir(), t.TempDir()
	write(t, dir, fmt.Sprintf("backup: {folder: %s, every: 1h, keep: 3, recipients: [%s]}\n", folder, key.Recipient()))
	s, out, stop := startLoud(t, settingsOf(t, dir))
	administrator(t, s)
	shows := func(text string) {
		t.Helper()
		for range 300 {
			if _, metrics := ask(t, s, "/metrics"); strings.Contains(metrics, text) {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatalf("the metrics do not say %s; the log: %s", text, out)
	}
	shows("ward_backup_last_good_seconds 1.")
	shows("ward_backup_failed 0")
	rows, err := s.keeper.Find(t.Context(), record.Wanted{Kinds: []record.Kind{record.Server}})
	if err != nil {
		t.Fatal(err)
	}
	var made record.Entry
	for _, r := range rows {
		if r.Verb == "back up" {
			if made, err = r.Entry(); err != nil {
				t.Fatal(err)
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(folder, strings.TrimPrefix(made.Subject, "backup/")))
	if err != nil || made.Digests["backup"] != record.Digest(text) {
		t.Fatalf("the record is %+v, %v", made, err)
	}
	if err := os.Rename(folder, folder+".gone"); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder + ".gone")
	subscribe(t, s)
	for range 2 {
		s.backups.Schedule = s.openBackups().Schedule // which does not know that it is to wait for half an hour
		if err := s.backups.run(program(t.Context())); err == nil {
			t.Error("a backup without its folder")
		}
	}
	shows("ward_backup_failed 1")
	shows("ward_backup_last_good_seconds 0")
	if told := messages(t, s); len(told) != 1 || !strings.Contains(told[0].Title, "backup failed") {
		t.Errorf("told: %+v", told)
	}
	stop()

	restored := filepath.Join(t.TempDir(), "data")
	if _, err := backup.Restore(t.Context(), bytes.NewReader(text), backup.Target{Dir: restored, Now: time.Now}, backup.Key{Identities: key.String()}); err != nil {
		t.Fatal(err)
	}
	s, _ = start(t, settingsOf(t, restored))
	if _, err := s.ledger.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if s.settings.Backup == nil {
		t.Error("the settings are not in the backup")
	}
}

// TestBackupSettings proves that mistakes in the settings of backups are told at once: above all one that would write keys in the clear.
func TestBackupSettings(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"{folder: /backup}": "backup.recipients: none",
		"{folder: /backup, unencrypted: true, recipients: [age1x]}":  "exclude each other",
		"{folder: /backup, recipients: [age1x]}":                     "backup.recipients",
		"{folder: backup, unencrypted: true}":                        "no absolute path",
		"{folder: " + dir + "/backup, unencrypted: true}":            "lies in the data directory",
		"{folder: /backup, unencrypted: true, every: 1m}":            "backup.every",
		"{folder: /backup, unencrypted: true, keep: 1}":              "backup.keep",
		"{folder: /backup, unencrypted: true, recipient: nobody}":    "server.yaml:1",
		"{folder: /backup, unencrypted: true, every: 24h, keep: 14}": "",
	} {
		write(t, dir, "backup: "+text+"\n")
		_, err := Load("", dir, "")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), strings.Replace(want, "no absolute", "not an absolute", 1))) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestDocumentedSettings proves that the settings which the documentation shows are such that a server takes.
func TestDocumentedSettings(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "format", "server-yaml.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "```yaml\n")
	block, _, found := strings.Cut(block, "```")
	if !found {
		t.Fatal("there is no example")
	}
	dir := t.TempDir()
	write(t, dir, block)
	s, err := Load("", dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if s.Backup == nil || s.Files.Clamd == "" || s.TLS.Certificate == "" {
		t.Errorf("read: %+v", s)
	}
}

// subscribe has a channel asked to tell of backups that fail.
func subscribe(t *testing.T, s *Server) {
	t.Helper()
	ctx := recordtest.As("ann@example.org", access.Administrator)
	c, err := s.outbox.SaveChannel(ctx, delivery.Channel{Kind: delivery.Webhook, Name: "desk", URL: "https://hooks.example.invalid/ward"},
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.outbox.SaveRoute(ctx, notify.Route{Name: "backups", Channels: []string{c.ID}, Kinds: []notify.Kind{notify.BackupFailed}}); err != nil {
		t.Fatal(err)
	}
}

// messages waits for what is sent, or tried to be.
func messages(t *testing.T, s *Server) []notify.Message {
	t.Helper()
	for range 200 {
		if err := s.outbox.Pass(program(t.Context())); err != nil {
			t.Fatal(err)
		}
		all, err := s.outbox.Messages(t.Context(), notify.Wanted{})
		if err != nil {
			t.Fatal(err)
		}
		if len(all) > 0 {
			return all
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil
}
