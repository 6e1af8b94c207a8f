package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/assess"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/baseline"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/knowledge"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/wire"
	"ward.dev/ward/internal/yamlfile"
)

// assessFlags are what the user gave to assess.
type assessFlags struct {
	outputs       []string
	look          look
	config        string
	catalogs      []string
	framework     string
	vars          []string
	varFiles      []string
	parameters    []string
	workspace     string
	namespace     string
	helmValues    []string
	helmSet       []string
	baseline      string
	writeBaseline string
	asOf          string
	snapshots     []string
	images        []string
	named         bool
	image         imageFlags
	quiet         bool
}

func (s *session) assessCommand() *cobra.Command {
	var f assessFlags
	command := &cobra.Command{
		Use:   "assess TARGET...",
		Short: "Assess code, accounts, clusters and images against the HIPAA Security Rule",
		Long: `Reads Terraform folders, Terraform plans (terraform show -json), CloudFormation templates, Kubernetes manifests, Helm
charts, Kustomize overlays and Dockerfiles, or folders of them, judges what they declare, and folds the findings by safeguard. Nothing is changed and nothing is sent anywhere.

Exit codes: 0 all that was asked holds; 1 nothing could be assessed; 2 usage; 3 something fails; 4 nothing fails but
something is unknown. With a baseline only what it does not hold counts.`,
		Example: `  ward assess infra/
  ward assess infra/ templates/ -o text -o sarif=ward.sarif -o html=ward.html
  ward assess plan.json --baseline ward.baseline.json -o markdown
  ward assess manifests/ --images`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args)+len(f.snapshots) == 0 {
				return usage{errors.New("assess what? give a folder of Terraform, a plan or a template, or say: ward assess aws, ward assess kubernetes, ward assess image")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, targets []string) error { return s.assessFiles(targets, f) },
	}
	s.assessFlags(command, &f)
	flags := command.Flags()
	flags.StringArrayVar(&f.snapshots, "snapshot", nil, "judge what ward snapshot has kept in this file, as of its own time")
	f.addReading(command)
	f.addImages(command)
	command.AddCommand(s.assessAWSCommand(), s.assessKubernetesCommand(), s.assessImageCommand())
	return command
}

// addReading adds the flags that say how code is read.
func (f *assessFlags) addReading(command *cobra.Command) {
	flags := command.Flags()
	flags.StringArrayVar(&f.vars, "var", nil, "NAME=VALUE of a Terraform variable")
	flags.StringArrayVar(&f.varFiles, "var-file", nil, "a file with Terraform variables")
	flags.StringArrayVar(&f.parameters, "parameter", nil, "NAME=VALUE of a CloudFormation parameter")
	flags.StringVar(&f.workspace, "workspace", "", "terraform.workspace")
	flags.StringVar(&f.namespace, "namespace", "", "the namespace of Kubernetes objects in files that say none")
	flags.StringArrayVar(&f.helmValues, "helm-values", nil, "a file with values for Helm charts")
	flags.StringArrayVar(&f.helmSet, "helm-set", nil, "NAME=VALUE of a Helm chart")
}

// assessFlags are those of every assessment, of code or of what runs.
func (s *session) assessFlags(command *cobra.Command, f *assessFlags) {
	flags := command.Flags()
	flags.StringArrayVarP(&f.outputs, "output", "o", nil, "FORMAT[=FILE], as often as wanted; formats: "+strings.Join(wire.Formats(), ", ")+" (default text)")
	s.lookFlags(command, &f.look)
	flags.StringVar(&f.config, "config", "", "ward.yaml (default: in the current folder, else in the first target)")
	flags.StringArrayVar(&f.catalogs, "catalog", nil, "a folder with your own kinds/, checks/ and frameworks/")
	flags.StringVar(&f.framework, "framework", "", "the framework to fold by (default hipaa-security-rule)")
	flags.StringVar(&f.baseline, "baseline", "", "count only what this file does not hold")
	flags.StringVar(&f.writeBaseline, "write-baseline", "", "write what fails or is unknown now to this file")
	flags.StringVar(&f.asOf, "as-of", "", "judge what expires as of this day, YYYY-MM-DD (default today)")
	flags.BoolVar(&f.quiet, "quiet", false, "no progress on standard error")
}

func (s *session) lookFlags(command *cobra.Command, l *look) {
	command.Flags().StringVar(&l.color, "color", "auto", "auto, always or never")
	command.Flags().BoolVarP(&l.verbose, "verbose", "v", false, "show passes too, and cut no list")
}

// reading reads the estate that is to be judged.
type reading func(context.Context, *given, *progress) ([]source.Reading, error)

// assessFiles assesses code and snapshots.
func (s *session) assessFiles(targets []string, f assessFlags) error {
	return s.assess(targets, f, func(ctx context.Context, g *given, p *progress) ([]source.Reading, error) {
		kept, begun, err := readSnapshots(f.snapshots)
		if err != nil || len(targets) == 0 {
			if f.asOf == "" && err == nil {
				g.now = begun
			}
			return kept, err
		}
		code, err := wire.ReadTargets(ctx, targets, g.options, p.say)
		if err != nil {
			return nil, err
		}
		return f.withImages(ctx, append(code, kept...), g, p)
	})
}

// assess is the main path: read the estate, judge it, write the reports.
func (s *session) assess(targets []string, f assessFlags, read reading) error {
	outputs, err := parseOutputs(f.outputs)
	if err != nil {
		return err
	}
	if err := f.look.check(); err != nil {
		return err
	}
	g, err := s.settle(targets, f)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	progress := s.progress(f.quiet)
	defer progress.done()

	k, readings, err := openAndRead(ctx, f, g, progress, read)
	if err != nil {
		return err
	}
	a, _, err := k.Assess(ctx, knowledge.Question{Readings: readings, Config: g.config, Gaps: g.gaps, Now: g.now, Version: version(),
		Progress: progress.count})
	if err != nil {
		return err
	}
	compared, err := s.applyBaseline(a, f, g.config)
	if err != nil {
		return err
	}
	progress.done()
	if err := s.write(outputs, a, f.look); err != nil {
		return err
	}
	if code := assess.ExitCode(a, compared); code != exitOK {
		return exit(code)
	}
	return nil
}

// given is what the user decided, on the command line and in ward.yaml.
type given struct {
	config  *config.Config
	options source.Options
	now     time.Time
	gaps    []resource.Gap // the faults of a ward.yaml that is left out
}

func (s *session) settle(targets []string, f assessFlags) (*given, error) {
	g := &given{now: time.Now()}
	var err error
	if f.asOf != "" {
		if g.now, err = time.Parse(time.DateOnly, f.asOf); err != nil {
			return nil, usage{fmt.Errorf("--as-of %q: a day such as 2026-01-31 is wanted", f.asOf)}
		}
	}
	path := f.config
	if path == "" {
		path = config.Find(targets...)
	}
	if err := s.loadConfig(g, path); err != nil {
		return nil, err
	}
	g.options, err = readerOptions(f, g.config)
	return g, err
}

// loadConfig reads ward.yaml. One with faults is left out as a whole, since half of what people decided may say the
// contrary of it; its faults are told at once and stay in the report as gaps, and the estate is assessed without it.
func (s *session) loadConfig(g *given, path string) error {
	if path != "" {
		if _, err := os.Stat(path); err != nil {
			return usage{fmt.Errorf("--config: %w", err)}
		}
	}
	var err error
	if g.config, err = config.Load(path); err == nil {
		return nil
	}
	g.config = &config.Config{}
	for _, fault := range yamlfile.Faults(err) {
		fmt.Fprintf(s.stderr, "ward: %v\n", fault)
		g.gaps = append(g.gaps, resource.Gap{Target: path, What: path, Reason: fault.Error(), Grant: "mend " + path + ", which is left out until then"})
	}
	return nil
}

func openKnowledge(f assessFlags, c *config.Config) (*knowledge.Knowledge, error) {
	layers, err := catalogLayers(f.catalogs)
	if err != nil {
		return nil, err
	}
	k, err := knowledge.Open(layers, cmp.Or(f.framework, c.Framework))
	return k, orUsage(err)
}

// orUsage tells that a framework which is not there is a mistake on the command line.
func orUsage(err error) error {
	if none := new(knowledge.NoFramework); errors.As(err, &none) {
		return usage{err}
	}
	return err
}

// openAndRead opens the catalog while the estate is read, since neither needs the other.
func openAndRead(ctx context.Context, f assessFlags, g *given, p *progress, read reading) (*knowledge.Knowledge, []source.Reading, error) {
	var k *knowledge.Knowledge
	var fault error
	var opening sync.WaitGroup
	opening.Go(func() { k, fault = openKnowledge(f, g.config) })
	readings, err := read(ctx, g, p)
	opening.Wait()
	if fault != nil {
		return nil, nil, fault
	}
	return k, readings, err
}

// readerOptions puts the command line over ward.yaml.
func readerOptions(f assessFlags, c *config.Config) (source.Options, error) {
	o := source.Options{Vars: map[string]string{}, Parameters: map[string]string{}, Workspace: cmp.Or(f.workspace, c.Workspace),
		Namespace: f.namespace, HelmValues: f.helmValues, HelmSet: f.helmSet}
	for k, v := range c.Vars {
		o.Vars[k] = v
	}
	for k, v := range c.Parameters {
		o.Parameters[k] = v
	}
	for _, file := range c.VarFiles {
		o.VarFiles = append(o.VarFiles, c.Path(file))
	}
	o.VarFiles = append(o.VarFiles, f.varFiles...)
	if err := pairs("--var", f.vars, o.Vars); err != nil {
		return o, err
	}
	return o, pairs("--parameter", f.parameters, o.Parameters)
}

func pairs(flag string, given []string, into map[string]string) error {
	for _, text := range given {
		name, v, found := strings.Cut(text, "=")
		if !found || name == "" {
			return usage{fmt.Errorf("%s %q: NAME=VALUE is wanted", flag, text)}
		}
		into[name] = v
	}
	return nil
}

// applyBaseline writes and reads baselines. It tells whether the assessment was compared with one.
func (s *session) applyBaseline(a *assessment.Assessment, f assessFlags, c *config.Config) (bool, error) {
	if f.writeBaseline != "" {
		if err := writeFile(f.writeBaseline, baseline.Of(a).Write); err != nil {
			return false, fmt.Errorf("write baseline: %w", err)
		}
		fmt.Fprintf(s.stderr, "wrote %s\n", f.writeBaseline)
	}
	path := f.baseline
	if path == "" && c.Baseline != "" {
		path = c.Path(c.Baseline)
	}
	if path == "" {
		return false, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("read baseline: %w", err)
	}
	defer file.Close()
	known, err := baseline.Read(file)
	if err != nil {
		return false, fmt.Errorf("read baseline %s: %w", path, err)
	}
	known.Apply(a, path)
	return true, nil
}
