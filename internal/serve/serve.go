// Package serve is the server: it opens the state of a data directory, puts pages and operations together, and answers until it is told to
// stop. Each part of the server decides for itself; here they are only wired to each other.
package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/phimap"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/web"
)

// Server is open, and answers once Run is called.
type Server struct {
	*parts
	settings Settings
	version  string
	log      *slog.Logger
	metrics  *metrics
	live     *web.Live
	maps     *phimap.Maps
	handler  http.Handler
	tls      *shown
	backups  *backups // nil for none
	listener net.Listener
}

// Open opens a server and begins to listen. The log goes to out.
func Open(ctx context.Context, s Settings, version string, out io.Writer) (*Server, error) {
	logger := s.logger(out)
	listener, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; choose another address with --listen", s.Listen, errors.Unwrap(err))
	}
	s.Listen = listener.Addr().String() // the port that the system chose, if it was to
	p, err := openParts(ctx, s, version, logger)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	server := &Server{parts: p, settings: s, version: version, log: logger, metrics: newMetrics(), listener: listener}
	if err := server.prepare(ctx); err != nil {
		return nil, errors.Join(err, p.close(ctx), listener.Close())
	}
	return server, nil
}

func (s *Server) prepare(ctx context.Context) (err error) {
	if s.tls, err = s.settings.certificate(); err != nil {
		return err
	}
	mux := http.NewServeMux()
	if err := s.pages(mux); err != nil {
		return err
	}
	s.operating(mux)
	s.metrics.gauge("ward_certificate_end_seconds", "When the certificate of the server ends; 0 if there is none.", s.tls.end)
	if s.backups = s.openBackups(); s.backups != nil {
		s.backups.metrics(s.metrics)
	}
	s.handler = around(mux, s.people.Identify, s.metrics, s.log, s.tls.config != nil, s.settings.proxies())
	if s.settings.Shared() {
		// Others may be at work on the same state: leases say what was cut off, and each run cleans up for its estate. The example is on each
		// machine, whichever of them is asked to assess it.
		_, err := s.example()
		return err
	}
	return errors.Join(s.history.Clean(ctx), s.estates.Recover(ctx))
}

// Origin is the URL of the server as people have it.
func (s *Server) Origin() string { return s.settings.origin() }

// FirstLink is the path of a page that makes the first administrator, once; "" if there is one.
func (s *Server) FirstLink(ctx context.Context) (string, error) {
	return s.people.Bootstrap(program(ctx))
}

// Declare makes an estate of a folder, unless there is one of its name, and has it assessed.
func (s *Server) Declare(ctx context.Context, name, folder string) error {
	ctx = program(ctx)
	e, err := s.estates.Create(ctx, estate.Estate{Name: name, Sources: []estate.Source{{Type: estate.Folder, Path: folder}}})
	if errors.Is(err, estate.ErrExists) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.estates.Want(ctx, e.ID, "demand")
	return err
}

// How long a request, and all of them together at the end, may take.
const (
	readTimeout = 2 * time.Minute
	stopTimeout = 20 * time.Second
)

// Run answers and works until the context ends; then requests that have begun are answered, and assessments are let go of.
func (s *Server) Run(ctx context.Context) error {
	// A server that is stopped while it starts has started all the same.
	if _, err := s.keeper.Act(program(context.WithoutCancel(ctx)), record.Entry{Kind: record.Server, Verb: "start", Facts: map[string]string{"ward": s.version}}, nil); err != nil {
		return errors.Join(err, s.close(ctx))
	}
	h := &http.Server{Handler: s.handler, TLSConfig: s.tls.config, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: readTimeout, WriteTimeout: readTimeout,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: log.New(connectionLog{s.log}, "", 0),
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) }}
	working, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	s.work(working, &all)
	s.upkeep(working, &all)
	ended := make(chan error, 1)
	go func() { ended <- s.answer(h) }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
	}
	s.log.Info("stopping")
	s.live.Stop() // open pages wait for what does not come any more
	stop()
	all.Wait()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	err = errors.Join(err, h.Shutdown(ctx))
	_, fault := s.keeper.Act(program(ctx), record.Entry{Kind: record.Server, Verb: "stop"}, nil)
	return errors.Join(err, fault, s.close(ctx))
}

func (s *Server) answer(h *http.Server) error {
	var err error
	if s.tls.config == nil {
		err = h.Serve(s.listener)
	} else {
		err = h.ServeTLS(s.listener, "", "")
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// connectionLog tells what goes wrong below requests and statements: browsers that do not know a certificate yet, scanners, connections that
// were idle. It is no error of the server.
type connectionLog struct{ log *slog.Logger }

// Write implements io.Writer.
func (l connectionLog) Write(b []byte) (int, error) {
	l.log.Debug("connection", "error", string(b))
	return len(b), nil
}

// Print implements mysql.Logger.
func (l connectionLog) Print(v ...any) {
	l.log.Debug("connection to the database of the ledger", "error", fmt.Sprint(v...))
}
