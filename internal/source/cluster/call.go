package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"ward.dev/ward/internal/value"
)

// call is one request to the API.
type call struct {
	verb, what, group string // as roles name them: "list", "pods", ""
	path              string
	query             url.Values
	accept            string // "" for plain JSON
	body              string // of a review, which the API answers without keeping anything
}

// send makes a call and hands its reply to read, as often as it takes. What read returns counts as the fault of a reply that is
// cut off. Every call goes through here.
func (r *run) send(ctx context.Context, c call, read func(io.Reader) error) error {
	if err := r.take(ctx); err != nil {
		return err
	}
	defer r.release()
	var err error
	for n := 1; ; n++ {
		if err = r.pace.Wait(ctx); err != nil {
			break
		}
		err = r.attempt(ctx, c, read)
		r.count(c)
		again := transient(err) || n == 1 && signedOut(err)
		if err == nil || !again || n >= r.attempts() || ctx.Err() != nil {
			break
		}
		select {
		case <-time.After(r.pause(n, err)):
		case <-ctx.Done():
		}
	}
	if err != nil {
		r.Failed()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (r *run) count(c call) { r.Call(qualified(c.what, c.group) + ":" + c.verb) }

// attempts are fewer once nothing answers any more: a cluster that is gone is not asked for hours.
func (r *run) attempts() int {
	if r.silent.Load() >= 8 {
		return 1
	}
	return r.options.Attempts
}

// pause is longer with each attempt, and as long as the cluster asks for if that is not too long.
func (r *run) pause(n int, err error) time.Duration {
	wait := time.Duration(float64(200*time.Millisecond<<n) * (0.5 + rand.Float64()))
	var refused *refusal
	if errors.As(err, &refused) && refused.after > wait {
		wait = refused.after
	}
	return min(wait, r.options.Backoff)
}

func (r *run) attempt(ctx context.Context, c call, read func(io.Reader) error) error {
	ctx, done := context.WithTimeout(ctx, r.options.Timeout)
	defer done()
	reply, err := r.ask(ctx, c)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	err = read(reply.Body)
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // rather than what was being done at the time
	}
	return err
}

// ask makes a call. The reply is one of the API, and holds what was asked for.
func (r *run) ask(ctx context.Context, c call) (*http.Response, error) {
	at := r.base.JoinPath(c.path)
	at.RawQuery = c.query.Encode()
	method, content := http.MethodGet, io.Reader(nil)
	if c.body != "" {
		method, content = http.MethodPost, strings.NewReader(c.body)
	}
	request, err := http.NewRequestWithContext(ctx, method, at.String(), content)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	if c.accept != "" {
		request.Header.Set("Accept", c.accept)
	}
	if c.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	reply, err := r.client.Do(request)
	if err != nil {
		r.silent.Add(1)
		return nil, err
	}
	r.silent.Store(0)
	if reply.StatusCode != http.StatusOK && reply.StatusCode != http.StatusCreated {
		defer reply.Body.Close()
		return nil, refused(reply)
	}
	if kind, _, err := mime.ParseMediaType(reply.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		reply.Body.Close()
		return nil, errForeign
	}
	return reply, nil
}

// errForeign means that a reply is not what the API says, such as the page of a proxy that wants one to sign in.
var errForeign = errors.New("the reply is not one of the API")

// refusal is a reply that says that the question is not answered.
type refusal struct {
	code   int
	reason string        // one of the API's own words: "Forbidden", "Expired"; "" if it gave none
	after  time.Duration // that it asks to wait
}

func (f *refusal) Error() string { return fmt.Sprintf("HTTP %d %s", f.code, f.reason) }

func refused(reply *http.Response) error {
	f := &refusal{code: reply.StatusCode}
	if seconds, err := strconv.Atoi(reply.Header.Get("Retry-After")); err == nil && seconds > 0 && seconds < 3600 {
		f.after = time.Duration(seconds) * time.Second
	}
	var status struct{ Kind, Reason string }
	if err := json.NewDecoder(io.LimitReader(reply.Body, 64<<10)).Decode(&status); err == nil && status.Kind == "Status" {
		f.reason = word(status.Reason)
	}
	return f
}

// word keeps of a text what may be one of the API's own words.
func word(s string) string {
	letter := func(c rune) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }
	if len(s) > 40 || strings.ContainsFunc(s, func(c rune) bool { return !letter(c) }) {
		return ""
	}
	return s
}

// object makes a call whose reply is one object.
func (r *run) object(ctx context.Context, c call) (value.Value, error) {
	var found value.Value
	err := r.send(ctx, c, func(body io.Reader) (err error) {
		d := newReader(body, r.origin(c.verb+" "+qualified(c.what, c.group), ""))
		if found, err = d.next(); err == nil {
			err = d.end()
		}
		return err
	})
	return found, err
}

// origin is the call that something was read from.
func (r *run) origin(api, namespace string) *value.Origin {
	return &value.Origin{Call: &value.Call{API: api, At: time.Now().UTC().Truncate(time.Second), Account: r.uid, Region: namespace, Caller: r.caller}}
}
