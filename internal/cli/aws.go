package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/snapshot"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/wire"
)

// awsFlags say which accounts are read, how, and where what is read is kept.
type awsFlags struct {
	options  wire.AWSOptions
	services []string
	save     string
	resume   bool
	stats    bool
}

func (a *awsFlags) add(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&a.options.Profile, "profile", "", "the profile of the AWS configuration (default: as the AWS command line)")
	flags.StringVar(&a.options.Role, "role", "", "ARN of a role to assume first")
	flags.StringVar(&a.options.External, "external-id", "", "external id of the roles that are assumed")
	flags.StringVar(&a.options.Organization, "organization", "", "name of a role to assume in every other account of the organization")
	flags.StringSliceVar(&a.options.Regions, "regions", nil, "regions to read (default: all that are turned on)")
	flags.BoolVar(&a.options.NoOtherRegions, "no-other-regions", false, "nothing is in other regions than those of --regions, such as by a policy of the organization")
	flags.StringSliceVar(&a.services, "services", nil, "services to read, such as s3,rds (default: all); what others hold is unknown")
	flags.IntVar(&a.options.Concurrency, "concurrency", 32, "calls at once")
	flags.BoolVar(&a.resume, "resume", false, "go on with a snapshot that was cut off, and ask again what was not answered")
	flags.BoolVar(&a.stats, "stats", false, "print the number of API calls by service to standard error")
}

const awsHelp = `Credentials are found as the AWS command line finds them: environment, profile, single sign-on, container or instance role.
AWS_ENDPOINT_URL leads to an emulator. Ward only reads; ward policy aws prints the permissions that it needs. What is denied,
throttled or cut off is unknown, never a pass.`

func (s *session) assessAWSCommand() *cobra.Command {
	var f assessFlags
	var a awsFlags
	command := &cobra.Command{
		Use:   "aws",
		Short: "Assess live AWS accounts",
		Long:  "Reads one account, or all of an organization, in all regions that are turned on, and judges what is there.\n\n" + awsHelp,
		Example: `  ward assess aws --profile clinic
  ward assess aws --organization WardReader --save clinic.snapshot -o html=clinic.html
  ward assess aws --regions eu-west-1 --services s3,kms`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return s.assess(nil, f, func(ctx context.Context, g *given, p *progress) ([]source.Reading, error) {
				return s.readAWS(ctx, a, g, p)
			})
		},
	}
	s.assessFlags(command, &f)
	a.add(command)
	command.Flags().StringVar(&a.save, "save", "", "keep what is read in this file, for ward assess --snapshot")
	return command
}

func (s *session) snapshotCommand() *cobra.Command {
	command := &cobra.Command{Use: "snapshot", Short: "Keep what runs in a file, to be judged later"}
	var a awsFlags
	var quiet bool
	live := &cobra.Command{
		Use:   "aws",
		Short: "Keep what live AWS accounts hold",
		Long:  "Reads AWS accounts into a file, secrets left out, sealed with a digest. ward assess --snapshot FILE judges it.\n\n" + awsHelp,
		Example: `  ward snapshot aws --save clinic.snapshot
  ward snapshot aws --save clinic.snapshot --resume`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if a.save == "" {
				return usage{errors.New("--save FILE says where the snapshot is kept")}
			}
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			progress := s.progress(quiet)
			defer progress.done()
			readings, err := s.readAWS(ctx, a, &given{now: time.Now()}, progress)
			if err != nil {
				return err
			}
			progress.done()
			return s.tellSnapshot(a.save, readings)
		},
	}
	a.add(live)
	live.Flags().StringVar(&a.save, "save", "", "the file to keep it in")
	live.Flags().BoolVar(&quiet, "quiet", false, "no progress on standard error")
	command.AddCommand(live)
	return command
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

// readAWS collects. What was collected before a fault is kept in the file.
func (s *session) readAWS(ctx context.Context, a awsFlags, g *given, p *progress) ([]source.Reading, error) {
	if err := a.chooseKinds(); err != nil {
		return nil, err
	}
	if a.resume && a.save == "" {
		return nil, usage{errors.New("--resume goes on with the file of --save")}
	}
	a.options.Progress = func(done, total int, what string) { p.bar("reading", done, total, what) }
	gathered := &source.Gathered{}
	var sink source.Sink = gathered
	var file *snapshot.Writer
	if a.save != "" {
		var err error
		if file, err = a.open(g); err != nil {
			return nil, err
		}
		sink = file
	}
	stats, err := wire.CollectAWS(ctx, a.options, sink)
	p.done()
	for _, fault := range stats.Faults {
		fmt.Fprintf(s.stderr, "ward: a fault of ward itself; please report it: %v\n", fault)
	}
	if a.stats {
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
		return nil, fmt.Errorf("%w\nwhat was read by then is kept in %s; go on with --resume", errors.Join(err, closing), a.save)
	}
	if err := file.Seal(); err != nil {
		return nil, err
	}
	readings, begun, err := readSnapshots([]string{a.save})
	g.now = begun
	return readings, err
}

// open begins or goes on with the file.
func (a *awsFlags) open(g *given) (*snapshot.Writer, error) {
	if !a.resume {
		file, err := snapshot.Create(a.save, snapshot.Head{Ward: version(), Begun: g.now.UTC().Truncate(time.Second)})
		if errors.Is(err, os.ErrExist) {
			return nil, usage{fmt.Errorf("%s exists; go on with it (--resume) or name another file", a.save)}
		}
		return file, err
	}
	file, have, err := snapshot.Resume(a.save)
	a.options.Have = have
	return file, err
}

// chooseKinds keeps the kinds of the services that are wanted.
func (a *awsFlags) chooseKinds() error {
	if len(a.services) == 0 {
		return nil
	}
	known := map[string]bool{}
	for _, name := range wire.AWSKinds() {
		known[serviceOf(name)] = true
	}
	for _, name := range a.services {
		if !known[name] {
			return usage{fmt.Errorf("--services: there is no %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))}
		}
	}
	a.options.Kinds = func(kind string) bool { return slices.Contains(a.services, serviceOf(kind)) }
	a.options.Left = "--services leaves it out"
	return nil
}

// serviceOf returns "s3" of "aws.s3.bucket"; "account" of "aws.account".
func serviceOf(kind string) string { return strings.Split(kind, ".")[1] }

func (s *session) tellStats(stats wire.AWSStats) {
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
