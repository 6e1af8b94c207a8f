package serve

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ward.dev/ward/internal/estate"
)

// operating adds what whoever operates the server asks: whether it lives, whether it is ready, and its metrics. Nobody need be signed in for
// it: what is told are numbers of the server itself, never whom or what they are about.
func (s *Server) operating(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("alive\n")) // a caller who has gone is no fault
	})
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", s.metrics.page())
	s.metrics.gauge("ward_ledger_ready", "1 if the ledger takes records.", func() float64 {
		if s.keeper.Ready() != nil {
			return 0
		}
		return 1
	})
	if _, err := free(s.settings.Data); err == nil {
		s.metrics.gauge("ward_disk_free_bytes", "Room on the disk of the data directory.", func() float64 {
			left, err := free(s.settings.Data)
			if err != nil {
				return math.NaN()
			}
			return float64(left)
		})
	}
	s.metrics.registry.MustRegister(backlog{s})
}

// backlog are the numbers of what waits, looked up when they are asked for.
type backlog struct{ s *Server }

var (
	jobsDesc          = prometheus.NewDesc("ward_jobs", "Assessments by state: waiting, running, failed.", []string{"state"}, nil)
	notificationsDesc = prometheus.NewDesc("ward_notifications", "Messages by state: waiting, failed.", []string{"state"}, nil)
)

// Describe implements prometheus.Collector.
func (b backlog) Describe(to chan<- *prometheus.Desc) { prometheus.DescribeByCollect(b, to) }

// Collect implements prometheus.Collector. What cannot be looked up is left out, which is not zero.
func (b backlog) Collect(to chan<- prometheus.Metric) {
	ctx, stop := context.WithTimeout(context.Background(), readyTimeout)
	defer stop()
	tell := func(desc *prometheus.Desc, state string, n int) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(n), state)
	}
	if counts, err := b.s.estates.Counts(ctx); err == nil {
		for _, state := range []estate.JobState{estate.Waiting, estate.Running, estate.Failed} {
			tell(jobsDesc, string(state), counts[state])
		}
	}
	if health, err := b.s.outbox.Health(ctx); err == nil {
		tell(notificationsDesc, "waiting", health.Waiting)
		tell(notificationsDesc, "failed", health.Failed)
	}
}

// readyTimeout is how long the database may take to answer, leastFree how many bytes an act may want of the disk.
const (
	readyTimeout = 2 * time.Second
	leastFree    = 1 << 20
)

// ready answers 200 if acts can be done, else 503 with what is in the way: by name, never with the text of an error.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, stop := context.WithTimeout(r.Context(), readyTimeout)
	defer stop()
	state := map[string]string{"database": "ready", "ledger": "ready"}
	status := http.StatusOK
	if err := s.db.PingContext(ctx); err != nil {
		state["database"], status = "cannot be reached", http.StatusServiceUnavailable
	}
	if err := s.keeper.Ready(); err != nil {
		state["ledger"], status = "cannot be written; restart the server when that is mended", http.StatusServiceUnavailable
		if s.settings.Shared() {
			state["ledger"] = "cannot be written; it is tried again and again"
		}
	}
	if left, err := free(s.settings.Data); err == nil && left < leastFree {
		state["disk"], status = "full", http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(state) // a caller who has gone is no fault
}
