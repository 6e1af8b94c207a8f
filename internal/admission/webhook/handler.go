// Package webhook serves decisions on admission to API servers of Kubernetes: AdmissionReview of admission.k8s.io/v1 over TLS, as
// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/ describes it, and what an operator wants
// beside it: health, readiness and metrics. It also makes the object that registers the webhook, and certificates for a first install.
//
// Whatever goes wrong here is answered with an HTTP error, so that the failure policy of the webhook decides: nothing is let in because
// Ward broke. The package must not know of checks.
package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	review "k8s.io/api/admission/v1"

	"ward.dev/ward/internal/admission"
)

// Path is where reviews are sent. Below it, Path/warn and the like decide in another mode than that of the server, so that one server can
// answer for several webhooks that are strict to different namespaces.
const Path = "/validate"

const (
	// maxBody bounds a review. An API server takes objects of up to 3 MiB; an update holds two.
	maxBody = 8 << 20
	// maxReviews bounds how many are decided on at once; others wait.
	maxReviews = 256
	// patience is how long a review may take where the API server does not say.
	patience = 25 * time.Second
	// margin is what is left of the API server's time for the answer to travel.
	margin = 200 * time.Millisecond
)

// Reviewer decides: admission.Reviewer.
type Reviewer interface {
	Review(ctx context.Context, q *review.AdmissionRequest, mode admission.Mode) (*admission.Decision, error)
}

// Handler answers requests.
type Handler struct {
	// Reviewer decides in this Mode unless the path says another.
	Reviewer Reviewer
	Mode     admission.Mode
	// Ready tells why no decision is possible for now; nil if one is.
	Ready func() error
	// NeedClient asks for a client certificate that was verified, for reviews.
	NeedClient bool
	Metrics    *Metrics
	Log        *slog.Logger

	slots    chan struct{}
	mux      *http.ServeMux
	draining atomic.Bool
}

// Prepare makes the handler ready to serve. It MUST be called once, after all fields are set.
func (h *Handler) Prepare() http.Handler {
	h.slots = make(chan struct{}, maxReviews)
	h.mux = http.NewServeMux()
	h.mux.HandleFunc("POST "+Path, h.serve)
	h.mux.HandleFunc("POST "+Path+"/{mode}", h.serve)
	h.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	h.mux.HandleFunc("GET /readyz", h.readyz)
	h.mux.Handle("GET /metrics", h.Metrics.handler())
	return h
}

// ServeHTTP implements http.Handler. A fault of the program is an error of this request alone.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if fault := recover(); fault != nil {
			h.Metrics.faults.WithLabelValues("panic").Inc()
			h.Log.Error("a fault of ward itself; please report it", "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
			http.Error(w, "ward: a fault of ward itself; its log says more", http.StatusInternalServerError)
		}
	}()
	h.mux.ServeHTTP(w, r)
}

// Drain tells those who ask whether the server is ready that it is not, since it is about to end. Reviews are still answered.
func (h *Handler) Drain() { h.draining.Store(true) }

func (h *Handler) readyz(w http.ResponseWriter, _ *http.Request) {
	err := h.Ready()
	if h.draining.Load() {
		err = errors.New("the server ends")
	}
	if err != nil {
		http.Error(w, "not ready: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// failure is an error with the HTTP status that it is answered by.
type failure struct {
	status int
	reason string // for metrics
	error
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	answer, err := h.review(r)
	if err != nil {
		var f failure
		if !errors.As(err, &f) {
			f = failure{http.StatusInternalServerError, "failed", err}
		}
		h.Metrics.faults.WithLabelValues(f.reason).Inc()
		h.Log.Warn("no decision", "reason", f.reason, "error", f.Error())
		http.Error(w, "ward: "+f.Error(), f.status)
		return
	}
	h.Metrics.took.Observe(time.Since(start).Seconds())
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(answer); err != nil {
		h.Metrics.faults.WithLabelValues("unsent").Inc()
	}
}

// review decides on one request and returns the answer as JSON.
func (h *Handler) review(r *http.Request) ([]byte, error) {
	mode, err := h.mode(r)
	if err != nil {
		return nil, err
	}
	if h.NeedClient && (r.TLS == nil || len(r.TLS.VerifiedChains) == 0) {
		return nil, failure{http.StatusUnauthorized, "client", errors.New("a client certificate of the API server is wanted")}
	}
	if err := h.Ready(); err != nil {
		return nil, failure{http.StatusServiceUnavailable, "not ready", fmt.Errorf("not ready: %w", err)}
	}
	ctx, stop := context.WithTimeout(r.Context(), timeout(r))
	defer stop()
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, failure{http.StatusServiceUnavailable, "busy", errors.New("too many reviews at once")}
	}
	asked, err := read(r)
	if err != nil {
		return nil, failure{http.StatusBadRequest, "malformed", err}
	}
	decision, err := h.Reviewer.Review(ctx, asked.Request, mode)
	if errors.Is(err, admission.ErrRequest) {
		return nil, failure{http.StatusBadRequest, "malformed", err}
	} else if err != nil {
		return nil, err
	}
	h.tell(asked.Request, decision)
	asked.Response = decision.Response(asked.Request.UID)
	asked.Request = nil
	return json.Marshal(asked)
}

// mode is the server's, or the one at the end of the path.
func (h *Handler) mode(r *http.Request) (admission.Mode, error) {
	name := r.PathValue("mode")
	if name == "" {
		return h.Mode, nil
	}
	if mode := admission.Mode(name); slices.Contains(admission.Modes(), mode) {
		return mode, nil
	}
	return "", failure{http.StatusNotFound, "malformed", fmt.Errorf("there is no mode %q", name)}
}

// timeout is what the API server says it waits, a little less.
func timeout(r *http.Request) time.Duration {
	if said, err := time.ParseDuration(r.URL.Query().Get("timeout")); err == nil && said > 2*margin && said < patience {
		return said - margin
	}
	return patience
}

// read reads a review.
func read(r *http.Request) (*review.AdmissionReview, error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, errors.New("the content type application/json is wanted")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read the review: %w", err)
	}
	if len(body) > maxBody {
		return nil, fmt.Errorf("the review is larger than %d bytes", maxBody)
	}
	return parse(body)
}

// parse reads a review of this version of the API.
func parse(body []byte) (*review.AdmissionReview, error) {
	var asked review.AdmissionReview
	if err := json.Unmarshal(body, &asked); err != nil {
		return nil, fmt.Errorf("%w: it is no AdmissionReview", admission.ErrRequest) // the error may quote the object
	}
	if asked.Kind != "AdmissionReview" || asked.APIVersion != review.SchemeGroupVersion.String() {
		return nil, fmt.Errorf("%w: an AdmissionReview of %s is wanted", admission.ErrRequest, review.SchemeGroupVersion)
	}
	if asked.Request == nil || asked.Request.UID == "" {
		return nil, fmt.Errorf("%w: it has no request with a uid", admission.ErrRequest)
	}
	return &asked, nil
}

// tell counts and logs a decision: which checks of which object, and nothing of what is in it.
func (h *Handler) tell(q *review.AdmissionRequest, d *admission.Decision) {
	h.Metrics.count(strings.ToLower(string(q.Operation)), d)
	level := slog.LevelDebug
	if d.Name() != "allow" {
		level = slog.LevelInfo
	}
	h.Log.Log(context.Background(), level, "review", "uid", q.UID, "operation", q.Operation, "object", d.Object, "mode", d.Mode,
		"decision", d.Name(), "failed", admission.IDs(d.Failed), "unknown", admission.IDs(d.Unsure), "excepted", admission.IDs(d.Excepted))
}
