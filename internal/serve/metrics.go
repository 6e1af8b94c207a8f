package serve

import (
	"cmp"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what Prometheus is told: how the server does, and never whom or what it is about.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ward_http_requests_total", Help: "Requests by route and status."},
			[]string{"route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "ward_http_seconds", Help: "How long requests took, by route; those that stay open, until the reply began.",
			Buckets: []float64{.005, .01, .025, .05, .1, .2, .5, 1, 2.5, 10}}, []string{"route"}),
	}
	m.registry.MustRegister(m.requests, m.took, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// page is what Prometheus reads.
func (m *metrics) page() http.Handler { return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}) }

// gauge adds a number that is looked up when it is asked for.
func (m *metrics) gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

// handler counts and logs requests, by the pattern of their route and never by what stands in it.
func (m *metrics) handler(h http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		seen := &seen{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(seen, r)
		route := cmp.Or(seen.route, "none")
		took := time.Since(begun)
		if seen.stream {
			took = seen.began.Sub(begun) // what comes later is no work of the server, but what an open page waits for
		}
		m.requests.WithLabelValues(route, strconv.Itoa(seen.status)).Inc()
		m.took.WithLabelValues(route).Observe(took.Seconds())
		log.DebugContext(r.Context(), "request", "route", route, "status", seen.status, "milliseconds", took.Milliseconds(), "account", seen.account)
	})
}

// seen is a reply whose status is remembered, and who asked.
type seen struct {
	http.ResponseWriter
	status  int
	wrote   bool
	began   time.Time // when the reply began
	stream  bool      // it tells of what happens for as long as the page is open
	account string
	route   string // the pattern of it
}

// WriteHeader implements http.ResponseWriter.
func (s *seen) WriteHeader(status int) {
	if !s.wrote {
		s.status = status
	}
	s.begin()
	s.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (s *seen) Write(b []byte) (int, error) {
	s.begin()
	return s.ResponseWriter.Write(b)
}

func (s *seen) begin() {
	if !s.wrote {
		s.wrote, s.began = true, time.Now()
		s.stream = s.Header().Get("Content-Type") == "text/event-stream"
	}
}

// Unwrap lets http.ResponseController reach the reply.
func (s *seen) Unwrap() http.ResponseWriter { return s.ResponseWriter }
