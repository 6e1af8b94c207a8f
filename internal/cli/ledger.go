package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"os/user"
	"strings"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/serve"
	"ward.dev/ward/ledger"
	"ward.dev/ward/ledger/verify"
)

func (s *session) ledgerCommand() *cobra.Command {
	command := &cobra.Command{Use: "ledger", Short: "Verify, show and export what a server recorded"}
	command.PersistentPreRun = func(*cobra.Command, []string) { hush() }
	command.AddCommand(s.ledgerVerify(), s.ledgerExport(), s.ledgerShow(), s.ledgerCheckpoint(), s.ledgerKey())
	return command
}

// hush has Tessera say nothing: what matters comes as an error.
func hush() { klog.SetLogger(logr.Discard()) }

// addServer adds the flags that say which server; the function returned reads its settings.
func addServer(command *cobra.Command) func() (serve.Settings, error) {
	config := command.Flags().String("config", "", "the settings of the server (default: server.yaml in its data directory)")
	data := command.Flags().String("data", "", "the data directory of the server (default: ward in the user's state directory)")
	return func() (serve.Settings, error) { return serve.Load(*config, *data, "") }
}

// openLedger opens the ledger of a server for reading, also while the server runs.
func openLedger(where func() (serve.Settings, error)) (*ledger.Reader, error) {
	settings, err := where()
	if err != nil {
		return nil, err
	}
	return settings.LedgerReader(context.Background())
}

func (s *session) ledgerVerify() *cobra.Command {
	var key, kept string
	command := &cobra.Command{
		Use:   "verify [EXPORT]",
		Short: "Check that nothing was changed, taken out or put in",
		Long: `Checks every record of a server's ledger, also while the server runs; or, with a file, what was exported from one: records, or the
evidence of an assessment. With a checkpoint that was kept earlier it checks also that the ledger goes on from there.

An auditor who does not want to trust ward uses ward-verify, which does the same with files and is small enough to be read.`,
		Example: `  ward ledger verify --data /var/lib/ward --kept checkpoint-2026-05-01.txt
  ward ledger verify evidence.tar --key ledger-key.txt`,
		Args: cobra.MaximumNArgs(1),
	}
	where := addServer(command)
	command.Flags().StringVar(&key, "key", "", "a file with the ledger's public key, to check an export with")
	command.Flags().StringVar(&kept, "kept", "", "a file with a checkpoint that was kept earlier")
	command.RunE = func(_ *cobra.Command, args []string) error {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		var old []byte
		if kept != "" {
			text, err := os.ReadFile(kept)
			if err != nil {
				return usage{fmt.Errorf("--kept: %w", err)}
			}
			old = text
		}
		if len(args) == 1 {
			return s.verifyExport(args[0], key, old)
		}
		l, err := openLedger(where)
		if err != nil {
			return err
		}
		result, err := l.Verify(ctx, old)
		if err != nil {
			return fmt.Errorf("the ledger is not proved: %w", err)
		}
		s.proved(result)
		return nil
	}
	return command
}

// verifyExport checks a file of "ward ledger export", or an archive of evidence.
func (s *session) verifyExport(file, keyFile string, kept []byte) error {
	if keyFile == "" {
		return usage{errors.New("an export is checked with the ledger's public key: give its file with --key")}
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return usage{fmt.Errorf("--key: %w", err)}
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	in, public := bufio.NewReaderSize(f, 1<<20), strings.TrimSpace(string(key))
	if start, _ := in.Peek(1); string(start) == "{" {
		result, err := verify.Bundle(in, public, kept, nil)
		if err != nil {
			return fmt.Errorf("%s is not proved: %w", file, err)
		}
		s.proved(result)
		return nil
	}
	proof, err := verify.Evidence(in, public, kept)
	if err != nil {
		return fmt.Errorf("%s is not proved: %w", file, err)
	}
	fmt.Fprintf(s.stdout, "proved: %d parts are the evidence of run %q of %s; record %d of the ledger tells of it\n", len(proof.Manifest.Parts),
		proof.Manifest.Run, proof.Manifest.At.UTC().Format("2006-01-02 15:04:05 UTC"), proof.Position)
	s.proved(proof.Ledger)
	return nil
}

func (s *session) proved(r verify.Result) {
	fmt.Fprintf(s.stdout, "proved: the ledger holds %d records, as they were written, with the root %s\n", r.Size, r.Root)
	if r.Kept > 0 {
		fmt.Fprintf(s.stdout, "proved: it goes on from the checkpoint that was kept, with %d records\n", r.Kept)
	}
}

func (s *session) ledgerExport() *cobra.Command {
	var from, to int64
	var file string
	command := &cobra.Command{
		Use:     "export",
		Short:   "Write records with the proof that they are in the ledger",
		Example: "  ward ledger export --data /var/lib/ward -o ledger.jsonl",
		Args:    cobra.NoArgs,
	}
	where := addServer(command)
	command.Flags().Int64Var(&from, "from", 0, "the first record to show")
	command.Flags().Int64Var(&to, "to", -1, "the record to end before (-1 for all)")
	command.Flags().StringVarP(&file, "output", "o", "", "the file to write (default standard output)")
	command.RunE = func(*cobra.Command, []string) error {
		l, err := openLedger(where)
		if err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		return s.writeTo(file, func(w io.Writer) error { return l.Export(ctx, w, from, to) })
	}
	return command
}

func (s *session) ledgerShow() *cobra.Command {
	var from, to int64
	command := &cobra.Command{Use: "show", Short: "Print records, one JSON object in a line", Args: cobra.NoArgs}
	where := addServer(command)
	command.Flags().Int64Var(&from, "from", 0, "the first record to show")
	command.Flags().Int64Var(&to, "to", -1, "the record to end before (-1 for all)")
	command.RunE = func(*cobra.Command, []string) error {
		l, err := openLedger(where)
		if err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		if to < 0 {
			if to, err = l.Size(ctx); err != nil {
				return err
			}
		}
		out := bufio.NewWriter(s.stdout)
		err = l.Read(ctx, from, to, func(_ int64, record []byte) error {
			_, err := out.Write(append(record, '\n'))
			return err
		})
		return errors.Join(err, out.Flush())
	}
	return command
}

func (s *session) ledgerCheckpoint() *cobra.Command {
	command := &cobra.Command{
		Use:     "checkpoint",
		Short:   "Print the newest signed checkpoint: what an auditor keeps",
		Example: "  ward ledger checkpoint --data /var/lib/ward > checkpoint-$(date +%F).txt",
		Args:    cobra.NoArgs,
	}
	where := addServer(command)
	command.RunE = func(*cobra.Command, []string) error {
		l, err := openLedger(where)
		if err != nil {
			return err
		}
		text, err := l.Checkpoint(context.Background())
		if errors.Is(err, os.ErrNotExist) {
			return errors.New("there are no records yet, and so no checkpoint")
		}
		if err != nil {
			return err
		}
		_, err = s.stdout.Write(text)
		return err
	}
	return command
}

func (s *session) ledgerKey() *cobra.Command {
	command := &cobra.Command{Use: "key", Short: "Print the public key that checkpoints are checked with", Args: cobra.NoArgs}
	where := addServer(command)
	command.RunE = func(*cobra.Command, []string) error {
		l, err := openLedger(where)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(s.stdout, l.Key())
		return err
	}
	return command
}

// asCommand is a context in which whoever runs the command acts.
func asCommand(ctx context.Context) context.Context {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return access.With(ctx, access.Actor{ID: "command/" + name, Name: name, Via: "command", Roles: []access.Role{access.Administrator}})
}
