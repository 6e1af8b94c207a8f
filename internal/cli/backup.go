package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/backup"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/serve"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/ledger"
)

// passphrase reads the first line of a file; "" of "".
func passphrase(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", usage{fmt.Errorf("--passphrase-file: %w", err)}
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return "", usage{fmt.Errorf("--passphrase-file: the first line of %s is empty", file)}
	}
	return line, nil
}

// place is where the state of a server is, in the database that a flag or the environment says, where other users of the machine do not see
// it, else in that of the settings.
func place(settings *serve.Settings, flag string) (state.Place, error) {
	settings.Database = cmp.Or(flag, os.Getenv("WARD_DATABASE"), settings.Database)
	return settings.Place()
}

const databaseHelp = "the URL of the PostgreSQL database (default WARD_DATABASE, else what the settings say)"

func (s *session) backupCommand() *cobra.Command {
	var database, secret string
	var recipients []string
	command := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write the whole state of a server into one file",
		Long: `Writes the database, the ledger with its keys, the evidence and what else the data directory holds into one file, also while the server
runs. FILE must not be there; - is standard output. A backup holds private keys: encrypt it (age-encryption.org), for a passphrase or for
recipients, whose private keys are best kept on another machine.`,
		Example: `  ward backup --data /var/lib/ward --recipient age1... /backup/ward-$(date +%F).age
  ward backup verify /backup/ward-2026-05-01.age --identity key.txt`,
		Args: cobra.ExactArgs(1),
	}
	where := addServer(command)
	command.Flags().StringVar(&database, "database", "", databaseHelp)
	command.Flags().StringVar(&secret, "passphrase-file", "", "encrypt with the passphrase in the first line of this file")
	command.Flags().StringArrayVar(&recipients, "recipient", nil, "encrypt for this public key (age1...); may be given again")
	command.RunE = func(_ *cobra.Command, args []string) error {
		settings, err := where()
		if err != nil {
			return err
		}
		seal := backup.Seal{Recipients: recipients}
		if seal.Passphrase, err = passphrase(secret); err != nil {
			return err
		}
		return s.backup(settings, database, seal, args[0])
	}
	command.AddCommand(s.backupVerify())
	return command
}

// backup writes a backup. The record that there was one is made by this program if no server has the ledger open.
func (s *session) backup(settings serve.Settings, database string, seal backup.Seal, file string) (err error) {
	hush()
	ctx, stop := signal.NotifyContext(asCommand(context.Background()), os.Interrupt)
	defer stop()
	where, err := place(&settings, database)
	if err != nil {
		return err
	}
	db, err := state.Attach(ctx, where)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	source := backup.Source{DB: db, Dir: settings.Data, Keys: settings.Keys, Ward: version(), Now: time.Now}
	l, err := settings.OpenLedger(ctx)
	switch {
	case errors.Is(err, ledger.ErrBusy):
		fmt.Fprintln(s.stderr, "ward: the server is running: its records will not tell of this backup")
	case err != nil:
		return err
	default:
		defer func() { err = errors.Join(err, l.Close(context.WithoutCancel(ctx))) }()
		open := record.Open
		if settings.Shared() {
			open = record.OpenShared
		}
		if source.Keeper, err = open(ctx, db, l, time.Now); err != nil {
			return err
		}
	}
	if seal.String() == "no" {
		fmt.Fprintln(s.stderr, "ward: the backup is not encrypted and holds private keys: keep it as safe as the server")
	}
	var m backup.Manifest
	err = s.createNew(file, func(w io.Writer) error {
		m, err = backup.Write(ctx, w, source, seal)
		return err
	})
	if err != nil {
		return err
	}
	s.tellBackup("backed up", m)
	return nil
}

func (s *session) tellBackup(what string, m backup.Manifest) {
	var rows int64
	for _, t := range m.Tables {
		rows += t.Rows
	}
	fmt.Fprintf(s.stderr, "ward: %s: %d rows in %d tables, %d files, as of %s\n", what, rows, len(m.Tables), len(m.Files), m.At.Format(time.RFC3339))
}

// createNew writes a file that must not be there yet, whole or not at all, for its owner alone; - is standard output.
func (s *session) createNew(name string, write func(io.Writer) error) error {
	if name == "-" {
		return write(s.stdout)
	}
	if _, err := os.Lstat(name); err == nil {
		return usage{fmt.Errorf("%s is there already", name)}
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".new-*")
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Link(f.Name(), name) // which errs if the file was made meanwhile
	}
	return errors.Join(err, os.Remove(f.Name()))
}

// addKey adds what opens an encrypted backup.
func addKey(command *cobra.Command) func() (backup.Key, error) {
	secret := command.Flags().String("passphrase-file", "", "the passphrase of the backup is in the first line of this file")
	identity := command.Flags().String("identity", "", "a file with the private key of a recipient, as age-keygen writes it")
	return func() (key backup.Key, err error) {
		if key.Passphrase, err = passphrase(*secret); err != nil || *identity == "" {
			return key, err
		}
		text, err := os.ReadFile(*identity)
		if err != nil {
			return key, usage{fmt.Errorf("--identity: %w", err)}
		}
		key.Identities = string(text)
		return key, nil
	}
}

func (s *session) backupVerify() *cobra.Command {
	command := &cobra.Command{Use: "verify FILE", Short: "Check that a backup is whole and unchanged", Args: cobra.ExactArgs(1)}
	key := addKey(command)
	command.RunE = func(_ *cobra.Command, args []string) error {
		opens, err := key()
		if err != nil {
			return err
		}
		f, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		m, err := backup.Verify(f, opens)
		if err != nil {
			return err
		}
		s.tellBackup("whole and unchanged", m)
		return nil
	}
	return command
}

func (s *session) restoreCommand() *cobra.Command {
	var database string
	command := &cobra.Command{
		Use:   "restore FILE",
		Short: "Bring the state of a server back from a backup, into an empty place",
		Long: `Brings back what ward backup wrote, into a data directory that is not there or empty and, with --database, a PostgreSQL database without
tables; a state may move from one kind of database to the other. Before anything is put in place it is proved that the backup is whole,
that the ledger verifies and that the state is what the ledger tells.`,
		Example: "  ward restore /backup/ward-2026-05-01.age --identity key.txt --data /var/lib/ward",
		Args:    cobra.ExactArgs(1),
	}
	where := addServer(command)
	key := addKey(command)
	command.Flags().StringVar(&database, "database", "", "the URL of an empty PostgreSQL database (default WARD_DATABASE, else what the settings say)")
	command.RunE = func(_ *cobra.Command, args []string) error {
		settings, err := where()
		if err != nil {
			return err
		}
		to, err := place(&settings, database)
		if err != nil {
			return err
		}
		hush()
		opens, err := key()
		if err != nil {
			return err
		}
		f, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		ctx, stop := signal.NotifyContext(asCommand(context.Background()), os.Interrupt)
		defer stop()
		m, err := backup.Restore(ctx, f, backup.Target{Dir: to.Dir, URL: to.URL, Ledger: ledgerOf(settings), Now: time.Now}, opens)
		if err != nil {
			return err
		}
		s.tellBackup("restored into "+to.Dir, m)
		return nil
	}
	return command
}

// ledgerOf opens the ledger that servers share, with the keys that were restored; nil if it is in the data directory.
func ledgerOf(settings serve.Settings) func(context.Context, string) (*ledger.Ledger, error) {
	if !settings.Shared() {
		return nil
	}
	return func(ctx context.Context, data string) (*ledger.Ledger, error) {
		restored := settings.Restored(data)
		return restored.OpenLedger(ctx)
	}
}
