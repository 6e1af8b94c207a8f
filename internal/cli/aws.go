package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/wire"
)

// awsFlags say which accounts are read, how, and where what is read is kept.
type awsFlags struct {
	liveFlags
	options  wire.AWSOptions
	services []string
}

func (a *awsFlags) add(command *cobra.Command, save string) {
	a.liveFlags.add(command, save)
	flags := command.Flags()
	flags.StringVar(&a.options.Profile, "profile", "", "the profile of the AWS configuration (default: as the AWS command line)")
	flags.StringVar(&a.options.Role, "role", "", "ARN of a role to assume first")
	flags.StringVar(&a.options.External, "external-id", "", "external id of the roles that are assumed")
	flags.StringVar(&a.options.Organization, "organization", "", "name of a role to assume in every other account of the organization")
	flags.StringSliceVar(&a.options.Regions, "regions", nil, "regions to read (default: all that are turned on)")
	flags.BoolVar(&a.options.NoOtherRegions, "no-other-regions", false, "nothing is in other regions than those of --regions, such as by a policy of the organization")
	flags.StringSliceVar(&a.services, "services", nil, "services to read, such as s3,rds (default: all); what others hold is unknown")
	flags.IntVar(&a.options.Concurrency, "concurrency", 32, "calls at once")
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
	a.add(command, "keep what is read in this file, for ward assess --snapshot")
	return command
}

func (s *session) snapshotAWSCommand() *cobra.Command {
	var a awsFlags
	var quiet bool
	command := &cobra.Command{
		Use:   "aws",
		Short: "Keep what live AWS accounts hold",
		Long:  "Reads AWS accounts into a file, secrets left out, sealed with a digest. ward assess --snapshot FILE judges it.\n\n" + awsHelp,
		Example: `  ward snapshot aws --save clinic.snapshot
  ward snapshot aws --save clinic.snapshot --resume`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return s.keep(a.save, quiet, func(ctx context.Context, g *given, p *progress) ([]source.Reading, error) {
				return s.readAWS(ctx, a, g, p)
			})
		},
	}
	a.add(command, "the file to keep it in")
	command.Flags().BoolVar(&quiet, "quiet", false, "no progress on standard error")
	return command
}

func (s *session) readAWS(ctx context.Context, a awsFlags, g *given, p *progress) ([]source.Reading, error) {
	if err := a.chooseKinds(); err != nil {
		return nil, err
	}
	return s.readLive(ctx, a.liveFlags, g, p,
		func(ctx context.Context, sink source.Sink, have func(source.Part) bool, tell func(int, int, string)) (source.Stats, error) {
			a.options.Have, a.options.Progress = have, tell
			return wire.CollectAWS(ctx, a.options, sink)
		})
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
