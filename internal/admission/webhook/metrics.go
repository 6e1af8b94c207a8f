package webhook

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ward.dev/ward/internal/admission"
)

// Metrics are what Prometheus is told: how many objects were decided on and how, and never which.
type Metrics struct {
	registry *prometheus.Registry
	reviews  *prometheus.CounterVec
	findings *prometheus.CounterVec
	faults   *prometheus.CounterVec
	took     prometheus.Histogram
}

// NewMetrics makes metrics. images, if given, tells how many images are known, could not be read, and wait to be read.
func NewMetrics(images func() (known, faulty, waits int)) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(),
		reviews: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ward_admission_reviews_total",
			Help: "Objects that were decided on, by what was decided: allow, fail and unknown (let in all the same), deny."}, []string{"operation", "mode", "decision"}),
		findings: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ward_admission_findings_total",
			Help: "Checks that failed, were unknown or were excepted."}, []string{"check", "status"}),
		faults: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ward_admission_undecided_total",
			Help: "Requests without a decision, which the failure policy of the webhook answers, by reason."}, []string{"reason"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "ward_admission_seconds", Help: "How long decisions took.",
			Buckets: []float64{.0005, .001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}}),
	}
	m.registry.MustRegister(m.reviews, m.findings, m.faults, m.took, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if images != nil {
		m.registry.MustRegister(gauges{images})
	}
	return m
}

func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

func (m *Metrics) count(operation string, d *admission.Decision) {
	m.reviews.WithLabelValues(operation, string(d.Mode), d.Name()).Inc()
	for status, list := range map[string][]admission.Answer{"fail": d.Failed, "unknown": d.Unsure, "excepted": d.Excepted} {
		for _, id := range admission.IDs(list) {
			m.findings.WithLabelValues(id, status).Inc()
		}
	}
}

// gauges tells of images.
type gauges struct {
	images func() (known, faulty, waits int)
}

var imageGauge = prometheus.NewDesc("ward_admission_images", "Images by what is known of them.", []string{"state"}, nil)

// Describe implements prometheus.Collector.
func (gauges) Describe(to chan<- *prometheus.Desc) { to <- imageGauge }

// Collect implements prometheus.Collector.
func (g gauges) Collect(to chan<- prometheus.Metric) {
	known, faulty, waits := g.images()
	for state, n := range map[string]int{"known": known, "faulty": faulty, "waiting": waits} {
		to <- prometheus.MustNewConstMetric(imageGauge, prometheus.GaugeValue, float64(n), state)
	}
}
