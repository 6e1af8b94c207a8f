package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/snapshot"
	"ward.dev/ward/internal/source"
)

// liveFlags are those of every command that reads what runs: where it is kept, and what is told of the reading.
type liveFlags struct {
	save   string
	resume bool
	stats  bool
}

func (l *liveFlags) add(command *cobra.Command, save string) {
	flags := command.Flags()
	flags.BoolVar(&l.resume, "resume", false, "go on with a snapshot that was cut off, and ask again what was not answered")
	flags.BoolVar(&l.stats, "stats", false, "print the number of API calls by service to standard error")
	flags.StringVar(&l.save, "save", "", save)
}

// live reads something that runs into a sink. Parts that have tells of are there already; nil for none.
type live func(ctx context.Context, sink source.Sink, have func(source.Part) bool, tell func(done, total int, what string)) (source.Stats, error)

// readLive collects. What was collected before a fault is kept in the file.
func (s *session) readLive(ctx context.Context, l liveFlags, g *given, p *progress, read live) ([]source.Reading, error) {
	quiet.Store(quietLive)
	if l.resume && l.save == "" {
		return nil, usage{errors.New("--resume goes on with the file of --save")}
	}
	gathered := &source.Gathered{}
	var sink source.Sink = gathered
	var have func(source.Part) bool
	var file *snapshot.Writer
	if l.save != "" {
		var err error
		if file, have, err = l.open(g); err != nil {
			return nil, err
		}
		sink = file
	}
	stats, err := read(ctx, sink, have, func(done, total int, what string) { p.bar("reading", done, total, what) })
	p.done()
	for _, fault := range stats.Faults {
		fmt.Fprintf(s.stderr, "ward: a fault of ward itself; please report it: %v\n", fault)
	}
	if l.stats {
		s.tellStats(stats)
	}
	if file == nil {
		if err != nil {
			return nil, err
		}
		return gathered.Readings(), nil
	}
	if err != nil {
		closing := file.Close()
		return nil, fmt.Errorf("%w\nwhat was read by then is kept in %s; go on with --resume", errors.Join(err, closing), l.save)
	}
	if err := file.Seal(); err != nil {
		return nil, err
	}
	readings, begun, err := readSnapshots([]string{l.save})
	g.now = begun
	return readings, err
}

// open begins or goes on with the file.
func (l *liveFlags) open(g *given) (*snapshot.Writer, func(source.Part) bool, error) {
	if l.resume {
		return snapshot.Resume(l.save)
	}
	file, err := snapshot.Create(l.save, snapshot.Head{Ward: version(), Begun: g.now.UTC().Truncate(time.Second)})
	if errors.Is(err, os.ErrExist) {
		return nil, nil, usage{fmt.Errorf("%s exists; go on with it (--resume) or name another file", l.save)}
	}
	return file, nil, err
}

func (s *session) tellStats(stats source.Stats) {
	services := stats.Services()
	sum := 0
	for _, n := range services {
		sum += n
	}
	fmt.Fprintf(s.stderr, "%d API calls, %d of them not answered, %d resources\n", sum, stats.Failed, stats.Blocks)
	for _, name := range slices.Sorted(maps.Keys(services)) {
		fmt.Fprintf(s.stderr, "  %-28s %6d\n", name, services[name])
	}
}

func (s *session) snapshotCommand() *cobra.Command {
	command := &cobra.Command{Use: "snapshot", Short: "Keep what runs in a file, to be judged later"}
	command.AddCommand(s.snapshotAWSCommand(), s.snapshotKubernetesCommand())
	return command
}

// keep is what the commands below snapshot do.
func (s *session) keep(path string, quiet bool, read reading) error {
	if path == "" {
		return usage{errors.New("--save FILE says where the snapshot is kept")}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	progress := s.progress(quiet)
	defer progress.done()
	readings, err := read(ctx, &given{now: time.Now()}, progress)
	if err != nil {
		return err
	}
	progress.done()
	return s.tellSnapshot(path, readings)
}

// tellSnapshot says what a snapshot holds, and exits with 4 if something could not be read.
func (s *session) tellSnapshot(path string, readings []source.Reading) error {
	gaps := 0
	for _, r := range readings {
		fmt.Fprintf(s.stdout, "%s: %d resources\n", r.Name, len(r.Blocks))
		gaps += len(r.Gaps)
	}
	fmt.Fprintf(s.stdout, "kept in %s\n", path)
	if gaps > 0 {
		fmt.Fprintf(s.stdout, "%d parts could not be read whole; ward assess --snapshot %s says which and what to grant\n", gaps, path)
		return exit(exitUnknown)
	}
	return nil
}

// readSnapshots reads files of ward snapshot. They are judged as of the time of the first.
func readSnapshots(paths []string) ([]source.Reading, time.Time, error) {
	var all []source.Reading
	var begun time.Time
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return nil, begun, fmt.Errorf("read snapshot: %w", err)
		}
		kept, err := snapshot.Read(file)
		file.Close()
		if err != nil {
			return nil, begun, fmt.Errorf("%s: %w", path, err)
		}
		if begun.IsZero() {
			begun = kept.Head.Begun
		}
		all = append(all, kept.Readings...)
	}
	return all, begun, nil
}
