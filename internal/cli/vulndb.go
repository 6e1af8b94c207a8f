package cli

import (
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

	"ward.dev/ward/internal/vulndb"
)

func (s *session) vulndbCommand() *cobra.Command {
	command := &cobra.Command{Use: "vulndb", Short: "Fetch advisories about vulnerable packages, and tell how old they are"}
	command.AddCommand(s.vulndbUpdate(), s.vulndbStatus())
	return command
}

// vulndbDir is where advisories are, unless a flag says so: WARD_VULNDB, else a folder of the user's cache (XDG_CACHE_HOME).
func vulndbDir() (string, error) {
	if dir := os.Getenv("WARD_VULNDB"); dir != "" {
		return dir, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", usage{fmt.Errorf("%w: say where advisories are with --dir or WARD_VULNDB", err)}
	}
	return filepath.Join(cache, "ward", "vulndb"), nil
}

// addVulndbDir adds --dir; the function returned gives the folder.
func addVulndbDir(command *cobra.Command) func() (string, error) {
	dir := command.Flags().String("dir", "", "the folder of the database (default WARD_VULNDB, else ward/vulndb in the user's cache)")
	return func() (string, error) {
		if *dir != "" {
			return *dir, nil
		}
		return vulndbDir()
	}
}

func (s *session) vulndbUpdate() *cobra.Command {
	var insecure, quiet bool
	command := &cobra.Command{
		Use:   "update SOURCE...",
		Short: "Make the database of advisories anew",
		Long: `Reads advisories in the OSV format (one JSON file each) from folders, archives (.zip, .tar, .tar.gz, .tar.zst) and HTTPS
addresses of archives, such as osv.dev has for each ecosystem. The new database takes the place of the old one when it is whole:
it holds what the sources named now hold, and nothing else. Files that are no advisories are told and left out.`,
		Example: `  osv=https://osv-vulnerabilities.storage.googleapis.com
  ward vulndb update $osv/Debian/all.zip $osv/npm/all.zip
  ward vulndb update advisories/ --dir /var/lib/ward/vulndb`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage{errors.New("say where advisories come from: a folder, an archive or an address")}
			}
			return nil
		},
	}
	where := addVulndbDir(command)
	command.Flags().BoolVar(&insecure, "allow-http", false, "take addresses without TLS too; whoever is on the way can then take advisories out")
	command.Flags().BoolVar(&quiet, "quiet", false, "no progress on standard error")
	command.RunE = func(_ *cobra.Command, args []string) error {
		dir, err := where()
		if err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		progress := s.progress(quiet)
		defer progress.done()
		report, err := vulndb.Update(ctx, vulndb.Request{Dir: dir, Sources: args, Now: time.Now(), AllowHTTP: insecure,
			Progress: func(records int) { progress.say(fmt.Sprintf("reading advisories: %d", records)) }})
		progress.done()
		if err != nil {
			return err
		}
		s.tellUpdate(report)
		return nil
	}
	return command
}

func (s *session) tellUpdate(report *vulndb.Report) {
	facts := report.Facts
	for _, bad := range report.Unreadable {
		fmt.Fprintf(s.stderr, "not an advisory: %s: %s: %s\n", bad.Source, bad.File, bad.Reason)
	}
	if more := facts.Unreadable - len(report.Unreadable); more > 0 {
		fmt.Fprintf(s.stderr, "not advisories: %d more files\n", more)
	}
	fmt.Fprintf(s.stdout, "wrote %s: %d advisories for %s\n", report.Path, facts.Records, counted(len(facts.Ecosystems), "ecosystem", "ecosystems"))
}

// counted writes a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// vulndbJSON is the status as `vulndb status -o json` prints it: a contract, whose version changes when what is there changes.
type vulndbJSON struct {
	Version int    `json:"version"`
	Dir     string `json:"dir"`
	vulndb.Facts
}

func (s *session) vulndbStatus() *cobra.Command {
	var f catalogFlags
	command := &cobra.Command{
		Use:   "status",
		Short: "Tell which ecosystems the database has advisories for, and how old they are",
		Long: `Checks the whole database, and tells for each ecosystem how many advisories there are and as of when: the last change of any
of them, and not the time of the update, which says nothing of how old the source was.`,
		Example: "  ward vulndb status\n  ward vulndb status -o json",
		Args:    cobra.NoArgs,
	}
	where := addVulndbDir(command)
	command.Flags().StringVarP(&f.format, "output", "o", "text", "text or json")
	command.RunE = func(*cobra.Command, []string) error {
		dir, err := where()
		if err != nil {
			return err
		}
		db, err := vulndb.Open(dir)
		if err != nil {
			return err
		}
		defer db.Close()
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		if err := db.Verify(ctx); err != nil {
			return fmt.Errorf("check advisories in %s: %w", dir, err)
		}
		status := vulndbJSON{Version: 1, Dir: dir, Facts: db.Facts()}
		return f.print(s.stdout, status, func(w io.Writer) { status.text(w, time.Now()) })
	}
	return command
}

func (v *vulndbJSON) text(w io.Writer, now time.Time) {
	fmt.Fprintf(w, "%s\n%d advisories, fetched %s, %s\n", v.Dir, v.Records, v.Fetched.Format("2006-01-02 15:04 UTC"), v.Digest)
	if v.Withdrawn > 0 {
		fmt.Fprintf(w, "%d more were withdrawn by their authors\n", v.Withdrawn)
	}
	if v.Unreadable > 0 {
		fmt.Fprintf(w, "%s of the sources could not be read as advisories\n", counted(v.Unreadable, "file", "files"))
	}
	for _, from := range v.Sources {
		fmt.Fprintf(w, "from %s: %d\n", from.Name, from.Records)
	}
	fmt.Fprintln(w)
	releases := map[string]int{}
	for _, e := range v.Ecosystems {
		name, _, _ := strings.Cut(e.Name, ":")
		releases[name]++
	}
	for _, a := range v.Ages {
		name := a.Ecosystem
		if n := releases[name]; n > 1 {
			name += fmt.Sprintf(" (%d releases)", n)
		}
		asOf := "not known as of when"
		if !a.AsOf.IsZero() {
			asOf = fmt.Sprintf("as of %s, %s", a.AsOf.Format(time.DateOnly), ago(now.Sub(a.AsOf)))
		}
		fmt.Fprintf(w, "%-30s %8d  %s\n", name, a.Records, asOf)
	}
}

// ago writes an age.
func ago(age time.Duration) string {
	if hours := int(age.Hours()); hours < 48 {
		return counted(max(hours, 0), "hour ago", "hours ago")
	}
	return fmt.Sprintf("%d days ago", int(age.Hours())/24)
}
