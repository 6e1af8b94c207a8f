package cli

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/activity"
	"ward.dev/ward/internal/activity/journal"
	"ward.dev/ward/internal/activity/receiver"
	"ward.dev/ward/internal/certificate"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/wire"
)

func (s *session) activityCommand() *cobra.Command {
	command := &cobra.Command{Use: "activity", Short: "Take what Falco sees containers do, and keep whose doing it was"}
	command.AddCommand(s.activityServe(), s.activityImport())
	return command
}

// activityFlags are those of both commands.
type activityFlags struct {
	dir     string
	keep    int
	cluster wire.KubernetesOptions
}

func (f *activityFlags) add(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.dir, "journal", "", "the folder that events are kept in")
	flags.IntVar(&f.keep, "keep-days", 2192, "days that events are kept; 0 for ever (default six years: 45 CFR 164.316(b)(2)(i))")
	flags.StringVar(&f.cluster.Kubeconfig, "kubeconfig", "", "file that leads to the cluster (default: as kubectl; in a pod its service account)")
	flags.StringVar(&f.cluster.Context, "context", "", "context of the kubeconfig (default: its current one)")
}

// open opens the journal, and begins to follow the pods of the cluster.
func (f *activityFlags) open(ctx context.Context) (*journal.Journal, *wire.Pods, error) {
	if f.dir == "" {
		return nil, nil, usage{errors.New("--journal FOLDER says where events are kept")}
	}
	if f.keep < 0 {
		return nil, nil, usage{fmt.Errorf("--keep-days %d: a number of days is wanted", f.keep)}
	}
	pods, err := wire.FollowPods(ctx, f.cluster)
	if err != nil {
		return nil, nil, err
	}
	kept, err := journal.Open(journal.Options{Dir: f.dir, Keep: time.Duration(f.keep) * 24 * time.Hour})
	return kept, pods, err
}

const activityHelp = `Of an event the rule, its priority and tags, the time, the node, pod and container, the names of program and account, and the
path of a system's file are kept; never its text, command lines, addresses or other paths, which may hold PHI or passwords.`

// activityServeFlags are those of the server.
type activityServeFlags struct {
	activityFlags
	listen, tokenFile, cert, key string
	http                         bool
}

func (s *session) activityServe() *cobra.Command {
	var f activityServeFlags
	command := &cobra.Command{
		Use:   "serve",
		Short: "Take Falco's events over HTTP, and keep them with the workload that each is of",
		Long: `Listens for Falco's http_output and writes each event into a journal, with the pod, container and workload that it is of, as the
cluster shows them. ward assess kubernetes --activity judges the journal. An event is answered when it is on the disk; events of one rule
and container within a minute are counted.

` + activityHelp + `

Falco can send no header of its own: put the token into the address, http_output.url: https://falco:TOKEN@ward:2802/falco
Rights: ward policy kubernetes --checks 'kubernetes.workload.*' prints more than enough.`,
		Example: `  ward activity serve --journal /var/lib/ward/activity
  ward activity serve --journal /var/lib/ward/activity --listen :2802 --token-file /etc/ward/token --cert tls.crt --key tls.key`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return s.serveActivity(ctx, f, nil)
		},
	}
	f.add(command)
	flags := command.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:2802", "the address to listen at")
	flags.StringVar(&f.tokenFile, "token-file", "", "a file with the token that senders have to show; wanted unless only this machine can send")
	flags.StringVar(&f.cert, "cert", "", "the certificate of the server in PEM, read anew when it changes")
	flags.StringVar(&f.key, "key", "", "its key")
	flags.BoolVar(&f.http, "allow-http", false, "listen for other machines without TLS too; whoever is on the way can then read and make events")
	return command
}

// server finds what of the flags cannot be, and listens.
func (f *activityServeFlags) server() (token string, listener net.Listener, err error) {
	if (f.cert == "") != (f.key == "") {
		return "", nil, usage{errors.New("--cert and --key go together")}
	}
	if f.tokenFile != "" {
		text, err := os.ReadFile(f.tokenFile)
		if err != nil {
			return "", nil, fmt.Errorf("read the token: %w", err)
		}
		if token = strings.TrimSpace(string(text)); len(token) < 16 {
			return "", nil, usage{fmt.Errorf("%s: a token has 16 letters or more", f.tokenFile)}
		}
	}
	listener, err = net.Listen("tcp", f.listen)
	if err != nil {
		return "", nil, fmt.Errorf("listen: %w", err)
	}
	at, _ := listener.Addr().(*net.TCPAddr)
	switch here := at != nil && at.IP.IsLoopback(); {
	case !here && token == "":
		err = usage{errors.New("other machines can send events to " + f.listen + ": say what they have to show with --token-file")}
	case !here && f.cert == "" && !f.http:
		err = usage{errors.New("other machines can send events to " + f.listen +
			": give --cert and --key, or --allow-http if something before it speaks TLS")}
	}
	if err != nil {
		listener.Close()
		return "", nil, err
	}
	if f.cert != "" {
		keys := &certificate.Files{Certificate: f.cert, Key: f.key}
		if err := keys.Check(); err != nil {
			listener.Close()
			return "", nil, err
		}
		listener = tls.NewListener(listener, keys.Config())
	}
	return token, listener, nil
}

// serveActivity serves until ctx ends. listening, if given, is told the address.
func (s *session) serveActivity(ctx context.Context, f activityServeFlags, listening func(net.Addr)) error {
	token, listener, err := f.server()
	if err != nil {
		return err
	}
	defer listener.Close()
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	kept, pods, err := f.open(background)
	if err != nil {
		return err
	}
	defer kept.Close()
	events := receiver.New(receiver.Options{Append: kept.Append, Attribute: pods.Owner, Token: token})
	server := &http.Server{Handler: events, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: log.New(io.Discard, "", 0)}
	var running sync.WaitGroup
	running.Go(func() { pods.Follow(background) })
	running.Go(func() { events.Run(background) })
	running.Go(func() {
		if err := pods.Wait(background); err != nil && background.Err() == nil {
			fmt.Fprintf(s.stderr, "whose events are cannot be told for now: %v\n", err)
		}
	})
	fmt.Fprintf(s.stderr, "listening at %s, journal in %s\n", listener.Addr(), f.dir)
	if listening != nil {
		listening(listener.Addr())
	}
	running.Go(func() {
		select {
		case <-ctx.Done():
		case <-background.Done():
			return
		}
		last, done := context.WithTimeout(background, 10*time.Second)
		defer done()
		_ = server.Shutdown(last) // what is not answered by then is not taken
		stop()
	})
	err = server.Serve(listener)
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
		<-background.Done()
	}
	stop()
	running.Wait()
	return err
}

func (s *session) activityImport() *cobra.Command {
	var f activityFlags
	command := &cobra.Command{
		Use:   "import FILE...",
		Short: "Take Falco's events from files of JSON lines",
		Long: `Reads what Falco's file_output wrote with json_output, one event a line ("-" for standard input), and adds it to a journal.
Lines that are no events are told by their numbers and left out; the exit code is then 4. A file that is read twice is counted twice.

` + activityHelp,
		Example: "  ward activity import /var/log/falco/events.jsonl --journal /var/lib/ward/activity",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage{errors.New("say which files, or - for standard input")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, files []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			return s.importActivity(ctx, f, files)
		},
	}
	f.add(command)
	return command
}

func (s *session) importActivity(ctx context.Context, f activityFlags, files []string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	kept, pods, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer kept.Close()
	if err := pods.Wait(ctx); err != nil {
		return err
	}
	pods.Look()
	sum := imported{}
	for _, path := range files {
		if err := sum.file(ctx, s, path, kept, pods); err != nil {
			return err
		}
	}
	fmt.Fprintf(s.stdout, "took %s, %d of them with a workload\n", counted(sum.events, "event", "events"), sum.owned)
	if sum.broken > 0 {
		return exit(exitUnknown)
	}
	return nil
}

// imported counts.
type imported struct{ events, owned, broken int }

func (i *imported) file(ctx context.Context, s *session, path string, kept *journal.Journal, pods *wire.Pods) error {
	from := s.stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("read events: %w", err)
		}
		defer file.Close()
		from = file
	}
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 0, activity.MaxEvent), activity.MaxEvent)
	for n := 1; lines.Scan(); n++ {
		if len(strings.TrimSpace(lines.Text())) == 0 {
			continue
		}
		e, err := activity.Parse(lines.Bytes())
		if err != nil {
			i.broken++
			fmt.Fprintf(s.stderr, "%s:%d: %v\n", path, n, err)
			continue
		}
		owner := pods.Attribute(&e)
		if err := kept.Append(ctx, activity.Entry{Received: time.Now().UTC(), Event: e, Owner: owner, Count: 1}); err != nil {
			return err
		}
		i.events++
		if owner.Workload != "" {
			i.owned++
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read events of %s: %w", path, err)
	}
	return nil
}

// activityOptions are those of ward assess kubernetes.
type activityOptions struct {
	dir  string
	days int
}

func (a *activityOptions) add(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&a.dir, "activity", "", "the folder in which ward activity serve keeps what Falco saw containers do")
	flags.IntVar(&a.days, "activity-days", 30, "days of it that are judged")
}

// join adds what a journal tells to what was read of a cluster.
func (a *activityOptions) join(readings []source.Reading, namespaces []string, now time.Time) error {
	if a.dir == "" {
		return nil
	}
	if a.days < 1 {
		return usage{fmt.Errorf("--activity-days %d: a number of days is wanted", a.days)}
	}
	o := wire.ActivityOptions{Dir: a.dir, Since: now.AddDate(0, 0, -a.days), Now: now, Namespaces: namespaces}
	for i := range readings {
		if readings[i].Dialect != resource.Cluster {
			continue
		}
		if err := wire.JoinActivity(&readings[i], o); err != nil {
			return err
		}
	}
	return nil
}
