package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/framework"
	"ward.dev/ward/internal/guard"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/wire"
)

// guardFlags are what the user gave to the commands below guard.
type guardFlags struct {
	cluster  kubernetesFlags
	policy   string
	catalogs []string
	home     string
	images   guardImages
	output   string
	quiet    bool
}

const guardHelp = `A policy says which checks of workloads must not fail, and what follows if one does: the workload is scaled to zero (a Job or CronJob is
suspended), a bare pod is evicted, or all traffic of the pods is cut off. Ward acts on the answer fail alone; what is unknown is told
and left alone. Nothing is done in kube-system, kube-public, kube-node-lease and in Ward's own namespace.`

func (s *session) guardCommand() *cobra.Command {
	command := &cobra.Command{Use: "guard", Short: "Stop workloads of a cluster that break an approved policy", Long: guardHelp}
	command.AddCommand(s.guardPlan(), s.guardApprove(), s.guardRun(), s.guardJournal(), s.guardUndo())
	return command
}

func (f *guardFlags) addPolicy(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.policy, "policy", "", "the file with the policy")
	flags.StringArrayVar(&f.catalogs, "catalog", nil, "a folder with your own kinds/, checks/ and frameworks/")
}

func (f *guardFlags) addCluster(command *cobra.Command) {
	f.cluster.addConnection(command)
	f.images.add(command)
	flags := command.Flags()
	flags.StringSliceVarP(&f.cluster.options.Namespaces, "namespace", "n", nil, "namespaces to read (default: all); what others hold is unknown")
	flags.StringVar(&f.home, "home", "ward", "Ward's own namespace, which is left alone")
	flags.StringVarP(&f.output, "output", "o", "text", "text or json")
	flags.BoolVar(&f.quiet, "quiet", false, "no progress on standard error")
}

// guarding is a policy with what it is judged by.
type guarding struct {
	policy    *guard.Policy
	catalog   *catalog.Catalog
	framework *framework.Framework
}

func (f *guardFlags) open() (*guarding, error) {
	if f.policy == "" {
		return nil, usage{errors.New("--policy FILE says what must not be")}
	}
	p, err := guard.ReadPolicy(f.policy)
	if err != nil {
		return nil, usage{err}
	}
	known, err := openKnowledge(assessFlags{catalogs: f.catalogs}, &config.Config{})
	if err != nil {
		return nil, err
	}
	if err := known.Catalog.LoadChecks(func(kind string) bool { return kind == guard.Workload }); err != nil {
		return nil, err
	}
	if err := p.Resolve(known.Catalog); err != nil {
		return nil, usage{err}
	}
	return &guarding{p, known.Catalog, known.Framework}, nil
}

// guard connects to the cluster.
func (f *guardFlags) guard(k *guarding, a *guard.Approval, j *guard.Journal) (*guard.Guard, error) {
	if f.output != "text" && f.output != "json" {
		return nil, usage{fmt.Errorf("-o %q is not text or json", f.output)}
	}
	types := map[string]bool{}
	addTypes(k.catalog, types, map[string]bool{}, guard.Workload)
	f.cluster.options.Types = func(typ string) bool { return types[typ] || guard.Reads(typ) }
	f.cluster.options.Left = "it is not among what this policy needs of the cluster; images are given with --images or --image"
	at, err := wire.KubernetesConfig(f.cluster.options)
	if err != nil {
		return nil, err
	}
	return guard.New(at, guard.Guard{Policy: k.policy, Catalog: k.catalog, Framework: k.framework, Home: f.home, Version: version(), Approval: a, Journal: j})
}

// once reads the cluster one time.
func (f *guardFlags) once(ctx context.Context, p *progress) ([]source.Reading, error) {
	gathered := &source.Gathered{}
	o := f.cluster.options
	o.Progress = func(done, total int, what string) { p.bar("reading", done, total, what) }
	if _, err := wire.CollectKubernetes(ctx, o, gathered); err != nil {
		return nil, err
	}
	return gathered.Readings(), nil
}

func (s *session) guardPlan() *cobra.Command {
	var f guardFlags
	command := &cobra.Command{
		Use:   "plan",
		Short: "Tell what a policy would stop, and change nothing",
		Long: guardHelp + `

Reads the cluster and asks it, by dry runs, what each act would come to. Exit codes: 0 nothing breaks the policy; 3 something does;
4 nothing does, but of something that is not known.`,
		Example: `  ward guard plan --policy guard.yaml --images`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			k, err := f.open()
			if err != nil {
				return err
			}
			g, err := f.guard(k, nil, nil)
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			p := s.progress(f.quiet)
			defer p.done()
			readings, err := f.once(ctx, p)
			if err == nil {
				readings, err = f.images.with(ctx, readings, k.policy, p)
			}
			if err != nil {
				return err
			}
			round, err := g.Plan(ctx, readings, time.Now())
			p.done()
			if err != nil {
				return err
			}
			if err := s.writeRound(f.output, round, k.policy); err != nil {
				return err
			}
			return outcome(round)
		},
	}
	f.addPolicy(command)
	f.addCluster(command)
	return command
}

func (s *session) guardApprove() *cobra.Command {
	var f guardFlags
	var by, reason, lasting, file string
	command := &cobra.Command{
		Use:   "approve",
		Short: "Approve a policy, so that ward guard run acts by it",
		Long: `Writes an approval: who lets this very policy act, judged by this very catalog, why, and until when. It is for somebody else than the
author of the policy; a policy that is changed afterwards is not approved. Look at ward guard plan first.`,
		Example: `  ward guard approve --policy guard.yaml --by "Ada Lovelace" --reason "ticket 4711" --file guard.approval.json`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			k, err := f.open()
			if err != nil {
				return err
			}
			until, err := guard.ParseDuration(lasting)
			if err != nil {
				return usage{fmt.Errorf("--for: %w", err)}
			}
			a, err := guard.Approve(k.policy, k.catalog.Digest, by, reason, time.Now(), until)
			if err != nil {
				return err
			}
			if err := s.writeTo(file, a.Write); err != nil {
				return err
			}
			if file != "" {
				fmt.Fprintf(s.stderr, "wrote %s: %s approves %s until %s\n", file, a.By, a.Policy, a.Until.Format(time.DateOnly))
			}
			return nil
		},
	}
	f.addPolicy(command)
	flags := command.Flags()
	flags.StringVar(&by, "by", "", "who approves it")
	flags.StringVar(&reason, "reason", "", "why")
	flags.StringVar(&lasting, "for", "90d", "how long it holds, a year at most")
	flags.StringVar(&file, "file", "", "where the approval is written (default standard output)")
	return command
}

func (s *session) guardRun() *cobra.Command {
	var f guardFlags
	var approval, dir string
	var once bool
	command := &cobra.Command{
		Use:   "run",
		Short: "Watch a cluster and stop what breaks an approved policy",
		Long: guardHelp + `

Without an approval that holds for this very policy it does nothing. Every act is written to the journal before and after it is done; if
that cannot be written, there is no act. If more is to be done than the policy allows, nothing is.

With --once the exit codes are: 0 nothing breaks the policy, or all that does was stopped; 3 something does and was not stopped; 4 something
is unknown.`,
		Example: `  ward guard run --policy guard.yaml --approval guard.approval.json --journal /var/lib/ward/guard --images
  ward guard run --policy guard.yaml --approval guard.approval.json --journal guard.journal --once`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if approval == "" || dir == "" {
				return usage{errors.New("--approval FILE and --journal DIR are wanted; ward guard plan changes nothing and wants neither")}
			}
			k, err := f.open()
			if err != nil {
				return err
			}
			a, err := guard.ReadApproval(approval)
			if err != nil {
				return err
			}
			if err := a.Holds(k.policy, k.catalog.Digest, time.Now()); err != nil {
				return err
			}
			j, err := guard.OpenJournal(dir, true)
			if err != nil {
				return err
			}
			defer j.Close()
			g, err := f.guard(k, a, j)
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return s.runGuard(ctx, &f, k, g, once)
		},
	}
	f.addPolicy(command)
	f.addCluster(command)
	flags := command.Flags()
	flags.StringVar(&approval, "approval", "", "the file that ward guard approve wrote")
	flags.StringVar(&dir, "journal", "", "the folder of the record of all acts")
	flags.BoolVar(&once, "once", false, "look and act one time")
	return command
}

func (s *session) runGuard(ctx context.Context, f *guardFlags, k *guarding, g *guard.Guard, once bool) error {
	recovered, err := g.Recover(ctx)
	if err != nil {
		return err
	}
	for _, r := range recovered {
		fmt.Fprintf(s.stderr, "ward: act %s (%s of %s) was interrupted: %s, %s\n", r.ID, r.Act, r.Object, r.Result, r.Detail)
	}
	p := s.progress(f.quiet)
	defer p.done()
	if once {
		readings, err := f.once(ctx, p)
		if err == nil {
			readings, err = f.images.with(ctx, readings, k.policy, p)
		}
		if err != nil {
			return err
		}
		round, err := g.Act(ctx, readings, time.Now())
		p.done()
		if round != nil {
			err = errors.Join(err, s.writeRound(f.output, round, k.policy))
		}
		if err != nil {
			return err
		}
		return outcome(round)
	}
	p.done()
	return s.watchGuard(ctx, f, k, g)
}

// watchGuard runs until it is told to end. It prints what has changed since the last look.
func (s *session) watchGuard(ctx context.Context, f *guardFlags, k *guarding, g *guard.Guard) error {
	ctx, stop := context.WithCancel(ctx)
	m, err := wire.StartMirror(ctx, wire.MirrorOptions{Cluster: f.cluster.options})
	if err != nil {
		stop()
		return err
	}
	defer m.Stopped()
	defer stop()
	if err := m.Wait(ctx); err != nil {
		return err
	}
	told := map[string]string{}
	return g.Watch(ctx, guard.Watching{Changes: m.Changes(),
		Read: func(ctx context.Context) ([]source.Reading, error) {
			return f.images.with(ctx, []source.Reading{m.Reading()}, k.policy, s.progress(true))
		},
		Tell: func(r *guard.Round, err error) {
			if err != nil {
				fmt.Fprintf(s.stderr, "ward: %v\n", err)
				return
			}
			if err := s.writeNews(f.output, r, told); err != nil {
				fmt.Fprintf(s.stderr, "ward: %v\n", err)
			}
		}})
}

func (s *session) guardJournal() *cobra.Command {
	var verify bool
	var output string
	command := &cobra.Command{
		Use:   "journal DIR",
		Short: "List what ward guard has done",
		Long: `Lists the acts of a journal with what came of them, once its chain of digests is verified. The digest of the last line, which is printed,
proves all lines before it to whoever keeps it elsewhere.`,
		Example: `  ward guard journal /var/lib/ward/guard
  ward guard journal /var/lib/ward/guard --verify`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			records, head, err := guard.Verify(args[0])
			if err != nil {
				return err
			}
			switch {
			case verify:
				fmt.Fprintf(s.stdout, "%d records, each as it was written; the last has the digest %s\n", len(records), head)
				return nil
			case output == "json":
				e := json.NewEncoder(s.stdout)
				for _, r := range records {
					if err := e.Encode(r); err != nil {
						return err
					}
				}
				return nil
			case output != "text":
				return usage{fmt.Errorf("-o %q is not text or json", output)}
			}
			return s.writeJournal(records, head)
		},
	}
	command.Flags().BoolVar(&verify, "verify", false, "only tell whether all records are as they were written")
	command.Flags().StringVarP(&output, "output", "o", "text", "text or json: a line for each record")
	return command
}

func (s *session) guardUndo() *cobra.Command {
	var k kubernetesFlags
	var dir, by, hold string
	command := &cobra.Command{
		Use:   "undo ID",
		Short: "Restore what ward guard has changed",
		Long: `Undoes an act by its id in the journal: replicas are set to what they were, a NetworkPolicy that the guard made is deleted, a pod is made
anew if the record of it is whole. What others have changed since is left as it is, and told. The guard does not repeat the act for a
while (--hold); whatever breaks the policy is best mended by then.`,
		Example: `  ward guard undo 17 --journal /var/lib/ward/guard`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if dir == "" {
				return usage{errors.New("--journal DIR says where the act is recorded")}
			}
			holding, err := guard.ParseDuration(hold)
			if err != nil {
				return usage{fmt.Errorf("--hold: %w", err)}
			}
			if _, err := os.Stat(filepath.Clean(dir)); err != nil {
				return usage{fmt.Errorf("--journal: %w", err)}
			}
			j, err := guard.OpenJournal(dir, false)
			if err != nil {
				return err
			}
			defer j.Close()
			at, err := wire.KubernetesConfig(k.options)
			if err != nil {
				return err
			}
			g, err := guard.New(at, guard.Guard{Journal: j})
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			r, err := g.Undo(ctx, dir, args[0], by, holding, time.Now())
			if err != nil {
				return err
			}
			fmt.Fprintf(s.stdout, "undid %s: %s %s: %s; not repeated before %s\n", args[0], r.Act, r.Object, r.Detail, r.Until.UTC().Format(time.RFC3339))
			return nil
		},
	}
	k.addConnection(command)
	flags := command.Flags()
	flags.StringVar(&dir, "journal", "", "the folder of the record of all acts")
	flags.StringVar(&by, "by", userName(), "who undoes it")
	flags.StringVar(&hold, "hold", "24h", "how long the guard does not repeat the act")
	return command
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}
