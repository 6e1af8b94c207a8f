package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"ward.dev/ward/internal/certificate"
)

// Server says where and how a Handler is served.
type Server struct {
	Listener net.Listener
	// Keys holds the certificate, read anew when it changes.
	Keys *certificate.Files
	// Drain is how long, once it is to end, the server says that it is not ready and still answers: until nobody sends to it any more.
	Drain time.Duration
}

// grace is how long reviews that have begun may take when the server ends.
const grace = 30 * time.Second

// Serve answers until the context ends, and then ends what has begun. draining is called first.
func (s Server) Serve(ctx context.Context, h http.Handler, draining func()) error {
	server := &http.Server{Handler: h, TLSConfig: s.Keys.Config(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 40 * time.Second, IdleTimeout: 3 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: log.New(io.Discard, "", 0)} // of connections that are cut, mostly health checks
	ended := make(chan error, 1)
	go func() { ended <- server.ServeTLS(s.Listener, "", "") }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve at %s: %w", s.Listener.Addr(), err)
	case <-ctx.Done():
	}
	draining()
	time.Sleep(s.Drain)
	last, stop := context.WithTimeout(context.Background(), grace)
	defer stop()
	if err := server.Shutdown(last); err != nil {
		return fmt.Errorf("end the reviews that have begun: %w", err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
