// Package receiver takes the events of Falco over HTTP, as its http_output sends them: one JSON object in a POST.
//
// It answers that an event was taken once the event is in the journal. Events of one rule and one container are written once in a
// minute and then counted; what comes too fast is refused and counted. The package must not know clusters nor files.
package receiver

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/util/flowcontrol"

	"ward.dev/ward/internal/activity"
)

// Options of a Receiver.
type Options struct {
	// Append makes an entry durable.
	Append func(context.Context, activity.Entry) error
	// Attribute tells whose an event is; see activity.Pods.
	Attribute func(context.Context, *activity.Event) activity.Owner
	// Token is what senders have to show: as bearer token, as password or as the last part of the path, since Falco can be given no
	// header of its own. "" takes events of everyone.
	Token string
	// Rate is how many entries a second are written on and on; 0 is 50. Burst is how many may come at once; 0 is 1000.
	Rate  float32
	Burst int
	// Now tells the time; nil for the machine's clock.
	Now func() time.Time
}

// Window is how long events that are alike are counted before they are written again.
const Window = time.Minute

// maxWindows bounds how many are counted at once; beyond it each event is written.
const maxWindows = 100_000

// Receiver is an http.Handler.
type Receiver struct {
	options Options
	pace    flowcontrol.RateLimiter
	mux     *http.ServeMux

	mu      sync.Mutex
	windows map[key]*window
	refused int
	fault   error // of the last write
}

// key is what events are alike in.
type key struct{ rule, host, container, namespace, pod string }

// window is a minute of events that are alike.
type window struct {
	begun   time.Time
	written chan struct{} // closed once the first is in the journal, or could not be written
	err     error
	entry   activity.Entry
	repeats int
	last    time.Time
}

// New returns a Receiver. Run must run, or what is counted is not written.
func New(o Options) *Receiver {
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &Receiver{options: o, windows: map[key]*window{}, mux: http.NewServeMux(),
		pace: flowcontrol.NewTokenBucketRateLimiter(cmp.Or(o.Rate, 50), cmp.Or(o.Burst, 1000))}
	r.mux.HandleFunc("GET /healthz", r.healthz)
	for _, path := range []string{"POST /{$}", "POST /falco", "POST /falco/{token}"} {
		r.mux.HandleFunc(path, r.take)
	}
	return r
}

// ServeHTTP implements http.Handler.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mux.ServeHTTP(w, request)
}

func (r *Receiver) healthz(w http.ResponseWriter, _ *http.Request) {
	r.mu.Lock()
	fault := r.fault
	r.mu.Unlock()
	if fault != nil {
		http.Error(w, "the journal cannot be written", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

func (r *Receiver) take(w http.ResponseWriter, request *http.Request) {
	if !r.known(request) {
		w.Header().Set("WWW-Authenticate", "Basic realm=\"ward\"")
		http.Error(w, "show the token", http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, activity.MaxEvent))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		http.Error(w, "the event is too large", http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		http.Error(w, "the event is cut off", http.StatusBadRequest)
		return
	}
	event, err := activity.Parse(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	switch err := r.Take(request.Context(), event); {
	case errors.Is(err, ErrTooMany):
		w.Header().Set("Retry-After", "1")
		http.Error(w, err.Error(), http.StatusTooManyRequests)
	case err != nil:
		http.Error(w, "the journal cannot be written", http.StatusServiceUnavailable)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// known tells whether the sender has shown the token, in the same time whatever it has shown.
func (r *Receiver) known(request *http.Request) bool {
	if r.options.Token == "" {
		return true
	}
	shown := request.PathValue("token")
	if bearer, ok := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer "); ok {
		shown = bearer
	} else if _, password, ok := request.BasicAuth(); ok {
		shown = password
	}
	want, got := sha256.Sum256([]byte(r.options.Token)), sha256.Sum256([]byte(shown))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// ErrTooMany is that more events come than are taken.
var ErrTooMany = errors.New("too many events")

// Take takes one event and returns when it, or one that it is like, is in the journal.
func (r *Receiver) Take(ctx context.Context, e activity.Event) error {
	k := key{e.Rule, e.Host, e.Container, e.Namespace, e.Pod}
	now := r.options.Now()
	r.mu.Lock()
	w := r.windows[k]
	if w != nil && now.Sub(w.begun) < Window {
		w.repeats++
		w.entry.Lost += e.Lost
		w.entry.Priority = min(w.entry.Priority, e.Priority)
		if e.Time.After(w.last) {
			w.last = e.Time
		}
		r.mu.Unlock()
		select {
		case <-w.written:
			return w.err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if !e.Word() && !r.pace.TryAccept() {
		r.refused++
		r.mu.Unlock()
		return ErrTooMany
	}
	next := &window{begun: now, written: make(chan struct{}), last: e.Time, entry: activity.Entry{Event: e}}
	if w != nil || len(r.windows) < maxWindows {
		r.windows[k] = next
	}
	r.mu.Unlock()
	if w != nil { // a minute is over
		r.tell(ctx, w)
	}
	return r.first(ctx, k, next)
}

// first writes the first event of a window.
func (r *Receiver) first(ctx context.Context, k key, w *window) error {
	owned := w.entry
	owned.Owner = r.options.Attribute(ctx, &owned.Event)
	owned.Received, owned.Count = r.options.Now().UTC(), 1
	err := r.append(ctx, owned)
	r.mu.Lock()
	repeats := w.entry // whose figures may have grown by now
	w.entry = owned
	w.entry.Lost, w.entry.Priority = repeats.Lost-owned.Lost, min(repeats.Priority, owned.Priority)
	if w.err = err; err != nil {
		r.refused += 1 + w.repeats
		w.repeats = 0
		if r.windows[k] == w {
			delete(r.windows, k) // so that the next one like it is tried again
		}
	}
	r.mu.Unlock()
	close(w.written)
	return err
}

func (r *Receiver) append(ctx context.Context, e activity.Entry) error {
	err := r.options.Append(ctx, e)
	if err != nil && ctx.Err() != nil {
		return err // the sender went away
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = err
	return err
}

// tell writes how many events of a window came after its first. Of those that cannot be written the number is told later.
func (r *Receiver) tell(ctx context.Context, w *window) {
	var late error // whom the first is of is not known yet
	select {
	case <-w.written:
	case <-ctx.Done():
		late = context.Cause(ctx)
	}
	r.mu.Lock()
	e, n := w.entry, w.repeats
	w.repeats = 0
	r.mu.Unlock()
	if n == 0 {
		return
	}
	e.Received, e.Time, e.Count = r.options.Now().UTC(), w.last, n
	if late != nil || r.append(context.WithoutCancel(ctx), e) != nil {
		r.refuse(n)
	}
}

// refuse counts events that are not in the journal, so that it says so as soon as it can be written: nobody sends them again.
func (r *Receiver) refuse(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused += n
}

// Flush writes what was counted in windows that are over; in all of them if everything is to be written.
func (r *Receiver) Flush(ctx context.Context, everything bool) {
	now := r.options.Now()
	var over []*window
	r.mu.Lock()
	for k, w := range r.windows {
		if everything || now.Sub(w.begun) >= Window {
			over = append(over, w)
			delete(r.windows, k)
		}
	}
	r.mu.Unlock()
	for _, w := range over {
		r.tell(ctx, w)
	}
	r.mu.Lock()
	refused := r.refused
	r.refused = 0
	r.mu.Unlock()
	if refused > 0 && r.append(ctx, activity.Entry{Received: now.UTC(), Refused: refused}) != nil {
		r.refuse(refused)
	}
}

// Run writes what is counted each time a part of a minute is over, until ctx ends; then all of it.
func (r *Receiver) Run(ctx context.Context) {
	tick := time.NewTicker(Window / 6)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.Flush(ctx, false)
		case <-ctx.Done():
			last, done := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer done()
			r.Flush(last, true)
			return
		}
	}
}
