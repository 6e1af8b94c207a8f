package receiver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"ward.dev/ward/internal/activity"
	"ward.dev/ward/internal/activity/receiver"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// desk is where a test sees what is written, and sets the time.
type desk struct {
	sync.Mutex
	at      time.Time
	entries []activity.Entry
	fault   error
}

func (d *desk) append(_ context.Context, e activity.Entry) error {
	d.Lock()
	defer d.Unlock()
	if d.fault == nil {
		d.entries = append(d.entries, e)
	}
	return d.fault
}

func (d *desk) now() time.Time { d.Lock(); defer d.Unlock(); return d.at }

func (d *desk) set(change func()) { d.Lock(); defer d.Unlock(); change() }

func (d *desk) told() string {
	d.Lock()
	defer d.Unlock()
	var all []string
	for _, e := range d.entries {
		if e.Refused > 0 {
			all = append(all, fmt.Sprintf("refused %d", e.Refused))
			continue
		}
		all = append(all, fmt.Sprintf("%s %s %d %s", e.Rule, e.Priority, e.Count, e.Workload))
	}
	return strings.Join(all, "; ")
}

func serve(t *testing.T, o receiver.Options) (*desk, *receiver.Receiver, string) {
	t.Helper()
	d := &desk{at: noon}
	o.Append, o.Now = d.append, d.now
	o.Attribute = func(context.Context, *activity.Event) activity.Owner {
		return activity.Owner{Workload: "Deployment/clinic/portal"}
	}
	r := receiver.New(o)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return d, r, server.URL
}

func event(rule, priority string) string {
	return fmt.Sprintf(`{"hostname":"node-1","rule":%q,"priority":%q,"source":"syscall","time":"2026-11-22T12:00:00.1Z","output_fields":{"container.id":"3ad7b26ded6d"}}`, rule, priority)
}

func post(t *testing.T, url, body string, header ...string) int {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if text, _ := io.ReadAll(reply.Body); strings.Contains(string(text), "hunter2") {
		t.Errorf("the reply holds %s", text)
	}
	return reply.StatusCode
}

// TestTake proves that events are written at once, those like them counted for a minute, and each answered when it is written.
func TestTake(t *testing.T) {
	d, r, url := serve(t, receiver.Options{})
	for _, priority := range []string{"Notice", "Warning", "Notice"} {
		if got := post(t, url, event("Shell", priority)); got != http.StatusNoContent {
			t.Fatalf("HTTP %d", got)
		}
	}
	post(t, url+"/falco", event("Other", "Error"))
	if got, want := d.told(), "Shell notice 1 Deployment/clinic/portal; Other error 1 Deployment/clinic/portal"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	d.set(func() { d.at = noon.Add(time.Minute) })
	r.Flush(t.Context(), false)
	if got, want := d.told(), "; Shell warning 2 Deployment/clinic/portal"; !strings.HasSuffix(got, want) || strings.Count(got, ";") != 2 {
		t.Errorf("got %s, want %s", got, want)
	}
	post(t, url, event("Shell", "Notice"))
	if got := d.told(); strings.Count(got, "Shell notice 1") != 2 {
		t.Errorf("after a minute an event counts anew; got %s", got)
	}
}

// TestEnd proves that what was counted is written when the program ends.
func TestEnd(t *testing.T) {
	d, r, url := serve(t, receiver.Options{})
	ctx, end := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	for range 5 {
		post(t, url, event("Shell", "Notice"))
	}
	end()
	running.Wait()
	if got, want := d.told(), "Shell notice 1 Deployment/clinic/portal; Shell notice 4 Deployment/clinic/portal"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestFault proves that an event that could not be written is not answered as taken, and neither are those that wait for it; and that
// the journal tells, once it can, how many there were, since nobody sends them again.
func TestFault(t *testing.T) {
	d, r, url := serve(t, receiver.Options{})
	d.set(func() { d.fault = errors.New("no space left on hunter2") })
	for range 2 {
		if got := post(t, url, event("Shell", "Notice")); got != http.StatusServiceUnavailable {
			t.Errorf("HTTP %d", got)
		}
	}
	if got := get(t, url+"/healthz"); got != http.StatusServiceUnavailable {
		t.Errorf("healthz: HTTP %d", got)
	}
	d.set(func() { d.fault = nil })
	if got := post(t, url, event("Shell", "Notice")); got != http.StatusNoContent || d.told() == "" {
		t.Errorf("HTTP %d, %s", got, d.told())
	}
	if got := get(t, url+"/healthz"); got != http.StatusOK {
		t.Errorf("healthz: HTTP %d", got)
	}
	if got := post(t, url, event("Shell", "Notice")); got != http.StatusNoContent { // which is only counted
		t.Errorf("HTTP %d", got)
	}
	d.set(func() { d.fault = errors.New("no space left") })
	r.Flush(t.Context(), true)
	r.Flush(t.Context(), true)
	d.set(func() { d.fault = nil })
	r.Flush(t.Context(), true)
	if got, want := d.told(), "Shell notice 1 Deployment/clinic/portal; refused 3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func get(t *testing.T, url string) int {
	t.Helper()
	reply, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	reply.Body.Close()
	return reply.StatusCode
}

// TestToken proves that only those who know the token are listened to, however they show it.
func TestToken(t *testing.T) {
	const token = "0123456789abcdef"
	d, _, url := serve(t, receiver.Options{Token: token})
	basic := strings.Replace(url, "http://", "http://falco:"+token+"@", 1)
	for _, test := range []struct {
		url    string
		header []string
		want   int
	}{
		{url, nil, 401}, {url + "/falco", nil, 401}, {url + "/falco/wrong", nil, 401}, {url, []string{"Authorization", "Bearer wrong"}, 401},
		{url, []string{"Authorization", "Bearer "}, 401}, {strings.Replace(basic, token, "x", 1), nil, 401},
		{url + "/falco/" + token, []string{"Authorization", "Bearer wrong"}, 401},
		{url, []string{"Authorization", "Bearer " + token}, 204}, {basic, nil, 204}, {url + "/falco/" + token, nil, 204},
	} {
		before := d.told()
		if got := post(t, test.url, event(fmt.Sprint(test), "Error"), test.header...); got != test.want {
			t.Errorf("%s %s: HTTP %d, want %d", test.url, test.header, got, test.want)
		}
		if (d.told() != before) != (test.want == 204) {
			t.Errorf("%s: %s", test.url, d.told())
		}
	}
	if got := get(t, url+"/healthz"); got != http.StatusOK {
		t.Errorf("healthz needs no token: HTTP %d", got)
	}
}

// TestRefuses proves that what is no event, too large, or no POST is refused, and that nothing of it is written or said.
func TestRefuses(t *testing.T) {
	d, _, url := serve(t, receiver.Options{})
	for body, want := range map[string]int{
		"": 400, "hunter2": 400, `{"rule":"hunter2"}`: 400, `{"rule":"r","priority":"hunter2","time":"2026-11-22T12:00:00Z"}`: 400,
		`{"rule":"` + strings.Repeat("x", activity.MaxEvent) + `"}`: 413,
	} {
		if got := post(t, url, body); got != want {
			t.Errorf("%.40s: HTTP %d, want %d", body, got, want)
		}
	}
	if got := get(t, url); got != http.StatusMethodNotAllowed {
		t.Errorf("GET: HTTP %d", got)
	}
	if got := post(t, url+"/other", event("r", "Error")); got != http.StatusNotFound {
		t.Errorf("another path: HTTP %d", got)
	}
	if d.told() != "" {
		t.Errorf("written: %s", d.told())
	}
}

// TestTooMany proves that a flood is cut off, that what was refused is told, and that a node's word of life gets through.
func TestTooMany(t *testing.T) {
	d, r, url := serve(t, receiver.Options{Rate: 0.001, Burst: 3})
	taken, refused := 0, 0
	for n := range 10 {
		switch post(t, url, event(fmt.Sprint("rule ", n), "Error")) {
		case http.StatusNoContent:
			taken++
		case http.StatusTooManyRequests:
			refused++
		}
	}
	if taken != 3 || refused != 7 {
		t.Errorf("%d taken, %d refused", taken, refused)
	}
	word := strings.Replace(event("Falco internal: metrics snapshot", "Informational"), "syscall", "internal", 1)
	if got := post(t, url, word); got != http.StatusNoContent {
		t.Errorf("HTTP %d", got)
	}
	r.Flush(t.Context(), true)
	if got := d.told(); !strings.HasSuffix(got, "; refused 7") {
		t.Errorf("got %s", got)
	}
}

// TestAtOnce proves that events that come at the same time are each counted once.
func TestAtOnce(t *testing.T) {
	d, r, url := serve(t, receiver.Options{})
	var group sync.WaitGroup
	const n = 64
	for range n {
		group.Go(func() { post(t, url, event("Shell", "Notice")) })
	}
	group.Wait()
	r.Flush(t.Context(), true)
	sum := 0
	for _, e := range d.entries {
		sum += e.Count
	}
	if sum != n || len(d.entries) != 2 {
		t.Errorf("%d events in %d entries", sum, len(d.entries))
	}
}
