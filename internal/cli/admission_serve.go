package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/admission"
	"ward.dev/ward/internal/admission/images"
	"ward.dev/ward/internal/admission/webhook"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/certificate"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/wire"
)

// chosenChecks say which checks are asked of objects.
type chosenChecks struct {
	patterns  []string
	severity  string
	catalogs  []string
	framework string
}

func (c *chosenChecks) add(command *cobra.Command) {
	flags := command.Flags()
	flags.StringSliceVar(&c.patterns, "checks", nil, "checks to ask, such as 'kubernetes.workload.*' or '*' (default: those that need images or other objects)")
	flags.StringVar(&c.severity, "severity", "", "ask checks that are at least low, medium, high or critical")
	flags.StringArrayVar(&c.catalogs, "catalog", nil, "a folder with your own kinds/, checks/ and frameworks/")
	flags.StringVar(&c.framework, "framework", "", "the framework whose paragraphs are named (default hipaa-security-rule)")
}

// reviewer makes what decides, except for images and the cluster.
func (c *chosenChecks) reviewer(decisions *config.Config, o admission.Options) (*admission.Reviewer, error) {
	k, err := openKnowledge(assessFlags{catalogs: c.catalogs, framework: c.framework}, decisions)
	if err != nil {
		return nil, err
	}
	for _, pattern := range c.patterns {
		matches := func(id string) bool { ok, _ := path.Match(pattern, id); return ok }
		if _, err := path.Match(pattern, ""); err != nil {
			return nil, usage{fmt.Errorf("--checks %q: %w", pattern, err)}
		} else if !slices.ContainsFunc(k.Catalog.IDs(), matches) {
			return nil, usage{fmt.Errorf("--checks: no check is called %s", pattern)}
		}
	}
	if len(c.patterns) > 0 {
		o.Checks = func(id string) bool {
			return slices.ContainsFunc(c.patterns, func(pattern string) bool { ok, _ := path.Match(pattern, id); return ok })
		}
	}
	o.Severity = assessment.Severity(c.severity)
	if c.severity != "" && !slices.Contains([]assessment.Severity{assessment.Low, assessment.Medium, assessment.High, assessment.Critical}, o.Severity) {
		return nil, usage{fmt.Errorf("--severity %q: low, medium, high or critical is wanted", c.severity)}
	}
	o.Catalog, o.Framework, o.Config, o.Version = k.Catalog, k.Framework, decisions, version()
	r, err := admission.New(o)
	if errors.Is(err, admission.ErrNoCheck) {
		return nil, usage{fmt.Errorf("--checks: %w", err)}
	}
	return r, err
}

// serveFlags are those of ward admission serve.
type serveFlags struct {
	chosenChecks
	config        string
	listen        string
	cert, key, ca string
	mode, unknown string
	settle, wait  time.Duration
	drain         time.Duration
	cluster       wire.KubernetesOptions
	image         imageFlags
	images        images.Options
	log           string
}

func (s *session) admissionServeCommand() *cobra.Command {
	var f serveFlags
	command := &cobra.Command{
		Use:   "serve",
		Short: "Answer the API server of a cluster whether an object may come in",
		Long: `Serves a validating admission webhook: an object that is made or changed gets the answers that ward assess kubernetes would give for it,
from a copy of the cluster that is kept up to date and from what is in the images that it names. Several can run beside each other. What no
decision is possible for is answered with an error, and the failurePolicy of the webhook decides; ward admission webhook prints the object
that registers it. Nothing is changed in the cluster, no Secret is read, and logs tell no content of objects.`,
		Example: `  ward admission serve --cert tls.crt --key tls.key
  ward admission serve --cert tls.crt --key tls.key --mode warn --checks 'kubernetes.workload.*' --severity high
  ward admission serve --cert tls.crt --key tls.key --images --registry registry.example.com --unknown deny`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return s.serveAdmission(ctx, f, nil)
		},
	}
	f.add(command)
	return command
}

func (f *serveFlags) add(command *cobra.Command) {
	f.chosenChecks.add(command)
	flags := command.Flags()
	flags.StringVar(&f.config, "config", "", "ward.yaml, read anew when it changes (default: in the current folder)")
	flags.StringVar(&f.listen, "listen", ":8443", "the address to answer at")
	flags.StringVar(&f.cert, "cert", "", "the certificate of the server in PEM, read anew when it changes")
	flags.StringVar(&f.key, "key", "", "its key")
	flags.StringVar(&f.ca, "client-ca", "", "answer reviews only to those who show a certificate that these authorities have signed")
	flags.StringVar(&f.mode, "mode", string(admission.Deny), "deny, warn or audit: what happens to an object of which a check fails")
	flags.StringVar(&f.unknown, "unknown", string(admission.WarnUnknown), "deny, warn or allow: what happens, with --mode deny, to one of which none fails and some are unknown")
	flags.DurationVar(&f.settle, "settle", 250*time.Millisecond, "how long an object that is to be refused for what other objects say waits for news of them")
	flags.DurationVar(&f.wait, "wait", 0, "how long an object waits for its images to be read; shorter than the timeout of the webhook")
	flags.DurationVar(&f.drain, "drain", 5*time.Second, "how long, once it is to end, it still answers")
	flags.StringVar(&f.log, "log-level", "info", "debug, info, warn or error")
	flags.StringVar(&f.cluster.Kubeconfig, "kubeconfig", "", "file that leads to the cluster (default: as kubectl; in a pod its service account)")
	flags.StringVar(&f.cluster.Context, "context", "", "context of the kubeconfig (default: its current one)")
	flags.StringVar(&f.cluster.Name, "name", "", "what the cluster is called (default: what the kubeconfig calls it)")
	flags.BoolVar(&f.images.Fetch, "images", false, "read the images that objects name from their registries")
	flags.StringArrayVar(&f.images.Given, "image", nil, "an image that is known from the start: NAME, or NAME=PATH of a layout, an archive or a bill of materials")
	flags.StringSliceVar(&f.images.Registries, "registry", nil, "registries, or parts of them, that may be asked with --images, as registry.example.com/team (default: any)")
	flags.DurationVar(&f.images.TagAge, "tag-age", 10*time.Minute, "how long what was read of an image holds that is named by a tag")
	flags.IntVar(&f.images.Most, "max-images", 500, "how many images are kept")
	f.image.add(command)
	f.image.addAdvisories(command)
}

// check finds what of the flags cannot be.
func (f *serveFlags) check() error {
	switch {
	case f.cert == "" || f.key == "":
		return usage{errors.New("--cert and --key are wanted; ward admission certificate makes them for a first install")}
	case !slices.Contains(admission.Modes(), admission.Mode(f.mode)):
		return usage{fmt.Errorf("--mode %q: deny, warn or audit is wanted", f.mode)}
	case !slices.Contains([]admission.OnUnknown{admission.DenyUnknown, admission.WarnUnknown, admission.AllowUnknown}, admission.OnUnknown(f.unknown)):
		return usage{fmt.Errorf("--unknown %q: deny, warn or allow is wanted", f.unknown)}
	case f.wait < 0 || f.wait > 29*time.Second:
		return usage{fmt.Errorf("--wait %s: an API server waits 30 s at most", f.wait)}
	case f.settle < 0 || f.settle > 10*time.Second:
		return usage{fmt.Errorf("--settle %s: at most 10 s are wanted", f.settle)}
	}
	return nil
}

// serveAdmission runs the server until the context ends. listening, if given, is told the address.
func (s *session) serveAdmission(ctx context.Context, f serveFlags, listening func(net.Addr)) error {
	if err := f.check(); err != nil {
		return err
	}
	quiet.Store(quietLive)
	log, err := s.logger(f.log)
	if err != nil {
		return err
	}
	keys := &certificate.Files{Certificate: f.cert, Key: f.key}
	if f.ca != "" {
		if keys.ClientCA, err = certificate.Authorities(f.ca); err != nil {
			return usage{fmt.Errorf("--client-ca: %w", err)}
		}
	}
	if err := keys.Check(); err != nil {
		return err
	}
	decisions, err := config.Load(cmp.Or(f.config, config.Find()))
	if err != nil {
		return fmt.Errorf("the decisions of ward.yaml are wanted whole: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	reviewer, err := f.reviewer(decisions, admission.Options{Unknown: admission.OnUnknown(f.unknown), Settle: f.settle, Wait: f.wait})
	if err != nil {
		return err
	}
	known, err := f.openImages(ctx, reviewer, decisions, log)
	if err != nil {
		return err
	}
	defer func() { stop(); known.Stopped() }()
	ready, err := f.join(ctx, reviewer, known, log)
	if err != nil {
		return err
	}
	go f.follow(ctx, reviewer, decisions, log)
	handler := &webhook.Handler{Reviewer: reviewer, Mode: admission.Mode(f.mode), Ready: ready.err, NeedClient: keys.ClientCA != nil,
		Metrics: webhook.NewMetrics(known.Size), Log: log}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("listen at %s: %w", f.listen, err)
	}
	log.Info("listening", "address", listener.Addr().String(), "mode", f.mode, "unknown", f.unknown, "types", strings.Join(reviewer.Types(), " "))
	if listening != nil {
		listening(listener.Addr())
	}
	return webhook.Server{Listener: listener, Keys: keys, Drain: f.drain}.Serve(ctx, handler.Prepare(), func() {
		log.Info("ending")
		handler.Drain()
	})
}

// logger writes structured logs to standard error.
func (s *session) logger(level string) (*slog.Logger, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, usage{fmt.Errorf("--log-level %q: debug, info, warn or error is wanted", level)}
	}
	return slog.New(slog.NewJSONHandler(s.stderr, &slog.HandlerOptions{Level: least})), nil
}

// openImages begins to keep what is known of images.
func (f *serveFlags) openImages(ctx context.Context, r *admission.Reviewer, decisions *config.Config, log *slog.Logger) (*images.Cache, error) {
	o := f.images
	var err error
	if o.Image, err = f.image.asked(decisions); err != nil {
		return nil, err
	}
	o.Log = log
	o.Kinds = r.ImageKinds()
	return images.Open(ctx, o)
}

// join begins to copy what the reviewer has to know of the cluster.
func (f *serveFlags) join(ctx context.Context, r *admission.Reviewer, known *images.Cache, log *slog.Logger) (*readiness, error) {
	o := f.cluster
	needed := r.Needed()
	o.Types, o.Left = func(typ string) bool { return slices.Contains(needed, typ) }, "no check that is asked needs it"
	copied, err := wire.MirrorKubernetes(ctx, o)
	if err != nil {
		return nil, err
	}
	r.Join(copied, known)
	ready := &readiness{}
	ready.say(errors.New("the cluster has not been read so far"))
	go func() {
		for {
			err := copied.Wait(ctx)
			if err == nil || ctx.Err() != nil {
				break
			}
			log.Warn("the cluster does not answer", "error", err.Error())
			time.Sleep(time.Second)
		}
		if ctx.Err() != nil {
			return
		}
		for typ, why := range copied.Around("", everywhere(needed)).Partial {
			if len(why) > 0 {
				log.Warn("not all of the cluster is known", "type", typ, "reason", why[0].Why, "grant", why[0].Grant)
			}
		}
		log.Info("ready", "cluster", copied.Live().Name)
		ready.say(nil)
	}()
	return ready, nil
}

func everywhere(types []string) map[string]bool {
	all := make(map[string]bool, len(types))
	for _, typ := range types {
		all[typ] = true
	}
	return all
}

// readiness is why no decision is possible for now.
type readiness struct{ why atomic.Pointer[error] }

func (r *readiness) say(err error) { r.why.Store(&err) }
func (r *readiness) err() error    { return *r.why.Load() }

// follow reads ward.yaml anew from time to time.
func (f *serveFlags) follow(ctx context.Context, r *admission.Reviewer, was *config.Config, log *slog.Logger) {
	const pause = 30 * time.Second
	for fault := ""; ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		now, err := config.Load(cmp.Or(f.config, config.Find()))
		if err == nil && !reflect.DeepEqual(was, now) {
			if err = r.Decide(now); err == nil {
				was = now
				log.Info("decisions read anew", "file", now.File)
			}
		}
		if err != nil && err.Error() != fault {
			log.Error("the decisions of ward.yaml cannot be taken; those from before stay", "error", err.Error())
		}
		if fault = ""; err != nil {
			fault = err.Error()
		}
	}
}
