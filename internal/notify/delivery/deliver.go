package delivery

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Post delivers messages. It may be used by many goroutines.
type Post struct {
	guard  *Guard
	tls    *tls.Config
	client *http.Client
	now    func() time.Time
}

// NewPost delivers through a guard. config may be nil for the certificate authorities of the machine.
func NewPost(guard *Guard, config *tls.Config, now func() time.Time) *Post {
	if config == nil {
		config = &tls.Config{}
	}
	config = config.Clone()
	config.MinVersion = tls.VersionTLS12
	return &Post{guard: guard, tls: config, client: guard.Client(config), now: now}
}

// Plain tells whether http to this machine is allowed.
func (p *Post) Plain() bool { return p.guard.plain }

// Fault is a delivery that did not succeed. Its text may be shown: it holds no secret and nothing of what the other side answered.
type Fault struct {
	Text string
	// Final tells that another attempt will not help before somebody changes something.
	Final bool
	// After is how long the other side asked to wait, 0 if it did not.
	After time.Duration
	// Lost tells that the message may have been delivered all the same.
	Lost bool
}

// Error implements error.
func (f *Fault) Error() string { return f.Text }

func final(format string, args ...any) error {
	return &Fault{Text: fmt.Sprintf(format, args...), Final: true}
}

// Send delivers a message. remote is the issue that the message is in, if the channel has such. Every error is a Fault.
func (p *Post) Send(ctx context.Context, c Channel, secret string, m Message) (remote string, err error) {
	if err := c.Check(p.guard.plain); err != nil {
		return "", final("the channel is not set up well: %v", err)
	}
	if err := c.CheckSecret(secret, p.guard.plain); err != nil {
		return "", final("the secret of the channel is not usable: %v", err)
	}
	if len(m.To) > 0 && c.Kind != Email {
		return "", final("the channel is not of e-mail any more, and the message is for one person")
	}
	switch c.Kind {
	case Email:
		err = p.email(ctx, c, secret, m)
	case Slack:
		err = p.post(ctx, secret, slackBody(m), nil)
	case Teams:
		err = p.post(ctx, secret, teamsBody(m), nil)
	case PagerDuty:
		err = p.pagerDuty(ctx, c, secret, m)
	case Webhook:
		err = p.webhook(ctx, c, secret, m)
	case Jira:
		remote, err = p.jira(ctx, c, secret, m)
	case GitHub:
		remote, err = p.gitHub(ctx, c, secret, m)
	}
	return remote, asFault(err)
}

// asFault hides what an error may tell of URLs.
func asFault(err error) error {
	var fault *Fault
	var byURL *url.Error
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &fault):
		return fault
	case errors.Is(err, errPrivate):
		return &Fault{Text: errPrivate.Error(), Final: true}
	case errors.As(err, &certificate):
		return &Fault{Text: "the certificate of the other side is not valid or not known here"}
	case errors.As(err, &dns):
		return &Fault{Text: "the name of the other side cannot be resolved"}
	case errors.As(err, &byURL) && byURL.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return &Fault{Text: "the other side did not answer in time", Lost: true}
	case errors.As(err, &byURL):
		return &Fault{Text: "the other side cannot be reached: " + plainCause(byURL.Err), Lost: true}
	}
	return &Fault{Text: "the message could not be sent: " + plainCause(err), Lost: true}
}

// plainCause is the cause of a failed connection as far as it holds no address or text of the other side.
func plainCause(err error) string {
	var op *net.OpError
	switch {
	case errors.As(err, &op) && op.Op == "dial":
		return "it takes no connections"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &op):
		return "the connection was cut"
	case strings.Contains(err.Error(), "redirect"):
		return "it answers with a redirect to another place, which is not followed"
	}
	return "the connection failed"
}

// maxReply is how much of an answer is read.
const maxReply = 1 << 20

// call sends JSON and reads the answer into out, unless that is nil.
func (p *Post) call(ctx context.Context, method, to string, body any, header http.Header, out any) error {
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return final("the message cannot be written")
		}
	}
	return p.raw(ctx, method, to, content, header, out)
}

func (p *Post) raw(ctx context.Context, method, to string, content []byte, header http.Header, out any) error {
	r, err := http.NewRequestWithContext(ctx, method, to, bytes.NewReader(content))
	if err != nil {
		return final("the URL of the channel is not usable")
	}
	for name, values := range header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	r.Header.Set("User-Agent", "ward")
	if content != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	reply, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	read, err := io.ReadAll(io.LimitReader(reply.Body, maxReply))
	if reply.StatusCode < 200 || reply.StatusCode > 299 {
		return p.refused(reply)
	}
	if out == nil {
		return nil // accepted; whatever follows does not matter
	}
	if err != nil {
		return err
	}
	if json.Unmarshal(read, out) != nil {
		return &Fault{Text: "the other side's answer cannot be understood", Lost: true}
	}
	return nil
}

// post sends JSON to where no answer is needed.
func (p *Post) post(ctx context.Context, to string, body any, header http.Header) error {
	return p.call(ctx, http.MethodPost, to, body, header, nil)
}

// refused is the fault of an answer that is not a success.
func (p *Post) refused(reply *http.Response) error {
	status := reply.StatusCode
	fault := &Fault{Text: fmt.Sprintf("the other side answered %d %s", status, http.StatusText(status)), After: p.retryAfter(reply.Header)}
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden && fault.After == 0:
		fault.Text += "; check the secret of the channel and what it may do"
		fault.Final = true
	case status == http.StatusNotFound, status == http.StatusGone:
		fault.Text += "; check the URL or the name of the project"
		fault.Final = true
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests,
		status == http.StatusForbidden: // which asks to wait
	case status >= 500:
		fault.Lost = true
	default:
		fault.Final = true
	}
	return fault
}

// maxAfter bounds how long another side may have Ward wait.
const maxAfter = 6 * time.Hour

// retryAfter reads the header (RFC 9110, section 10.2.3): seconds or a time.
func (p *Post) retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return min(max(time.Duration(min(seconds, 1e6))*time.Second, 0), maxAfter)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(p.now()), 0), maxAfter)
	}
	return 0
}
