package wire_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"ward.dev/ward/internal/emulator"
)

// question is what a request asks, as the SDK says it: "ec2", "DescribeVolumes", "eu-west-1".
type question struct{ service, operation, region string }

func (q question) String() string { return q.service + ":" + q.operation }

func questionOf(r *http.Request) question {
	ctx := r.Context()
	service := strings.ToLower(strings.ReplaceAll(awsmiddleware.GetServiceID(ctx), " ", ""))
	return question{service, awsmiddleware.GetOperationName(ctx), awsmiddleware.GetRegion(ctx)}
}

// answer is a reply that can be given again.
type answer struct {
	Status int
	Header http.Header
	Body   []byte
}

func (a answer) response(r *http.Request) *http.Response {
	header := a.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: a.Status, Status: fmt.Sprint(a.Status, " ", http.StatusText(a.Status)), Proto: "HTTP/1.1", ProtoMajor: 1,
		ProtoMinor: 1, Header: header, Body: io.NopCloser(bytes.NewReader(a.Body)), ContentLength: int64(len(a.Body)), Request: r}
}

// recorder stands before the emulator: once it is done with recording, it asks it no question twice. Of a question that
// was asked several times while it recorded, such as whether a report is ready, it knows the last reply.
type recorder struct {
	cloud *emulator.AWS
	mu    sync.Mutex
	kept  map[string]answer
	done  bool
}

// load takes the replies that an earlier run saved in the file of WARD_REPLAY, if there is one: whoever works on what is
// proved here need not ask the emulator each time.
func (c *recorder) load() bool {
	data, err := os.ReadFile(os.Getenv("WARD_REPLAY"))
	return err == nil && gob.NewDecoder(bytes.NewReader(data)).Decode(&c.kept) == nil
}

func (c *recorder) save() error {
	path := os.Getenv("WARD_REPLAY")
	if path == "" {
		return nil
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(c.kept); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}

// ask answers a request, with what the emulator said before.
func (c *recorder) ask(r *http.Request) (answer, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return answer{}, err
		}
	}
	q := questionOf(r)
	key := fmt.Sprint(q, q.region, r.Method, r.URL.Path, r.URL.RawQuery, sha256.Sum256(body))
	c.mu.Lock()
	known, ok := c.kept[key]
	ok = ok && c.done
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	a, err := c.forward(r, body)
	if err == nil {
		c.mu.Lock()
		c.kept[key] = a
		c.mu.Unlock()
	}
	return a, err
}

func (c *recorder) forward(r *http.Request, body []byte) (answer, error) {
	if c.cloud.URL == "" {
		return answer{}, fmt.Errorf("%v was not asked when it was recorded", questionOf(r))
	}
	to, err := url.Parse(c.cloud.URL)
	if err != nil {
		return answer{}, err
	}
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host, out.Host = to.Scheme, to.Host, to.Host
	out.Body = io.NopCloser(bytes.NewReader(body))
	reply, err := http.DefaultClient.Do(out)
	if err != nil {
		return answer{}, err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	reply.Header.Del("Date")
	return answer{reply.StatusCode, reply.Header, text}, err
}

// disturbed is an HTTP client of which some questions go wrong.
type disturbed struct {
	*recorder
	// fault says how a question goes wrong; nil if it does not.
	fault func(question) fault
	// heard is told of every question.
	heard func(question)
}

// fault answers a request in the place of the emulator, which would give the true answer.
type fault func(r *http.Request, truth func() (answer, error)) (*http.Response, error)

// Do implements the SDK's HTTP client.
func (d disturbed) Do(r *http.Request) (*http.Response, error) {
	q := questionOf(r)
	if d.heard != nil {
		d.heard(q)
	}
	truth := func() (answer, error) { return d.ask(r) }
	if d.fault != nil {
		if wrong := d.fault(q); wrong != nil {
			return wrong(r, truth)
		}
	}
	a, err := truth()
	if err != nil {
		return nil, err
	}
	return a.response(r), nil
}

// configure puts the client into the configuration of a run.
func (d disturbed) configure(c *aws.Config) {
	d.cloud.Config(c)
	c.HTTPClient = d
	c.Retryer = impatient
}

// impatient is a retryer that tries once more at once.
func impatient() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff, o.RateLimiter = 2, time.Microsecond, ratelimit.None
	})
}
