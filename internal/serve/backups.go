package serve

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"ward.dev/ward/internal/backup"
	"ward.dev/ward/internal/clamd"
	"ward.dev/ward/internal/notify"
	"ward.dev/ward/internal/state"
)

// Backup says where the server backs itself up. Nothing said is no backups.
type Backup struct {
	// Folder is where they go, outside of the data directory, best on another machine's disk. It has to be there.
	Folder string `yaml:"folder"`
	// Every is how old the newest one may be, 0 for a day; Keep how many are kept, 0 for 14.
	Every time.Duration `yaml:"every,omitempty"`
	Keep  int64         `yaml:"keep,omitempty"`
	// Recipients are public keys of age, whose private keys are not on this machine. Unencrypted does without, and has to be said.
	Recipients  []string `yaml:"recipients,omitempty"`
	Unencrypted bool     `yaml:"unencrypted,omitempty"`
}

// Bounds and defaults of backups.
const (
	backupEvery    = 24 * time.Hour
	backupMinEvery = time.Hour
	backupMaxEvery = 31 * 24 * time.Hour
	backupKeep     = 14
	backupMinKeep  = 2 // so that there is one beside the newest
	backupMaxKeep  = 1000
	backupLook     = time.Minute
)

// checkUpkeep tells mistakes in what upkeep works by.
func (s *Settings) checkUpkeep(fault func(format string, args ...any)) {
	if s.TLS.ACME != nil {
		s.TLS.ACME.check(fault)
	}
	if s.Files.Clamd != "" {
		if _, err := clamd.Parse(s.Files.Clamd); err != nil {
			fault("files.clamd: %v", err)
		}
	}
	b := s.Backup
	if b == nil {
		return
	}
	if !filepath.IsAbs(b.Folder) {
		fault("backup.folder: %q is not an absolute path", b.Folder)
	} else if data, err := filepath.Abs(s.Data); err == nil && within(b.Folder, data) {
		fault("backup.folder: %s lies in the data directory; what takes the one away would take the other", b.Folder)
	}
	if b.Every != 0 && (b.Every < backupMinEvery || b.Every > backupMaxEvery) {
		fault("backup.every: 1h to 744h are possible")
	}
	if b.Keep != 0 && (b.Keep < backupMinKeep || b.Keep > backupMaxKeep) {
		fault("backup.keep: %d to %d are possible", backupMinKeep, backupMaxKeep)
	}
	switch {
	case b.Unencrypted && len(b.Recipients) > 0:
		fault("backup: recipients and unencrypted exclude each other")
	case !b.Unencrypted && len(b.Recipients) == 0:
		fault("backup.recipients: none; a backup holds private keys: name a public key (age-keygen -o key.txt), or say unencrypted: true")
	default:
		if err := b.seal().Check(); err != nil {
			fault("backup.recipients: %v", err)
		}
	}
}

// within tells whether a path is a folder or lies in it.
func within(path, folder string) bool {
	for _, one := range []*string{&path, &folder} {
		if real, err := filepath.EvalSymlinks(*one); err == nil {
			*one = real
		}
	}
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

func (b *Backup) seal() backup.Seal { return backup.Seal{Recipients: b.Recipients} }

// upkeep begins what keeps the server itself in order: its certificate and its backups. All of it ends with the context.
func (s *Server) upkeep(ctx context.Context, all *sync.WaitGroup) {
	ctx = program(ctx)
	s.every(ctx, all, tendEvery, "keep the certificate of the server", s.tendTLS)
	if s.backups != nil {
		s.every(ctx, all, backupLook, "back up", s.backups.run)
	}
}

// backups makes the backups of a server and tells of them.
type backups struct {
	*backup.Schedule
	s *Server

	mutex  sync.Mutex
	last   time.Time // of the newest that is good, the zero time for none
	failed bool
}

// openBackups prepares the backups that the settings ask for, nil for none.
func (s *Server) openBackups() *backups {
	b := s.settings.Backup
	if b == nil {
		return nil
	}
	schedule := &backup.Schedule{Source: backup.Source{DB: s.db, Keeper: s.keeper, Dir: s.settings.Data, Keys: s.settings.Keys, Ward: s.version, Now: time.Now},
		Seal: b.seal(), Folder: b.Folder, Every: backupEvery, Keep: backupKeep}
	if b.Every != 0 {
		schedule.Every = b.Every
	}
	if b.Keep != 0 {
		schedule.Keep = b.Keep
	}
	return &backups{Schedule: schedule, s: s}
}

// run makes a backup if one is due, and tells people if it fails and when it is well again.
func (b *backups) run(ctx context.Context) error {
	made, err := b.Run(ctx)
	if ctx.Err() != nil {
		return err
	}
	if made != nil {
		b.s.log.InfoContext(ctx, "backed up", "file", made.Name, "size", made.Size)
	}
	last, fault := b.Last(ctx)
	b.mutex.Lock()
	if fault == nil {
		b.last = time.Time{}
		if last != nil {
			b.last = state.Time(last.At)
		}
	}
	if made != nil || err != nil {
		b.failed = err != nil
	}
	b.mutex.Unlock()
	if made != nil || err != nil {
		event := notify.Event{Kind: notify.BackupFailed, Title: "backup of this server", Key: "backup/server", Mended: err == nil, Link: "/evidence"}
		if told := b.s.outbox.Tell(ctx, event); told != nil {
			b.s.log.ErrorContext(ctx, "cannot tell of a backup", "error", told)
		}
	}
	return err
}

// metrics tells when the last good backup was made, and whether the last attempt failed.
func (b *backups) metrics(m *metrics) {
	m.gauge("ward_backup_last_good_seconds", "When the newest backup that was read back, and is there, was made; 0 for none.", func() float64 {
		b.mutex.Lock()
		defer b.mutex.Unlock()
		if b.last.IsZero() {
			return 0
		}
		return float64(b.last.Unix())
	})
	m.gauge("ward_backup_failed", "1 if the last backup failed.", func() float64 {
		b.mutex.Lock()
		defer b.mutex.Unlock()
		if b.failed {
			return 1
		}
		return 0
	})
}
