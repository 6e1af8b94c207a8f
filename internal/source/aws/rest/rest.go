// Package rest calls the REST interfaces of those services of AWS for which there is no module of the SDK here, with the
// SDK's own core: its credentials, signatures, HTTP client, retries and errors. The packages below it hold the few
// operations that are needed, in the shape that the modules of the SDK have, so that collectors use them alike.
package rest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/restjson"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/encoding/httpbinding"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Client calls one service.
type Client struct {
	config  aws.Config
	service string
}

// Option is what the operations of the SDK take besides their input. Those here have none.
type Option = func(*Client)

// New returns a client of the service that AWS calls so in its addresses and signatures.
func New(config aws.Config, service string) *Client {
	return &Client{config: config, service: service}
}

// Request is one question.
type Request struct {
	Method string // GET if empty
	Prefix string // of the host, "" for most
	Path   string // with what came from elsewhere escaped
	Query  url.Values
}

// Escape makes a part of a path of a text.
func Escape(text *string) string { return httpbinding.EscapePath(aws.ToString(text), true) }

// Page asks for one page of a list: the first one if there is no token.
func Page(token *string) url.Values {
	query := url.Values{"maxResults": {"100"}}
	if token != nil {
		query.Set("nextToken", *token)
	}
	return query
}

// maxReply bounds a reply. None of what is asked for here comes near it.
const maxReply = 16 << 20

// Call asks and reads the reply, whose members are called like the fields of O, in any case.
func Call[O any](ctx context.Context, c *Client, request Request) (*O, error) {
	ctx = c.named(ctx, strings.TrimSuffix(reflect.TypeFor[O]().Name(), "Output"))
	var retryer aws.Retryer = retry.NewStandard()
	if c.config.Retryer != nil {
		retryer = c.config.Retryer()
	}
	release := func(error) error { return nil }
	for attempt := 1; ; attempt++ {
		data, err := c.once(ctx, request)
		_ = release(err) // gives the token of the retry back
		if err == nil {
			return decoded[O](data)
		}
		if attempt >= retryer.MaxAttempts() || !retryer.IsErrorRetryable(err) {
			return nil, err
		}
		pause, fault := retryer.RetryDelay(attempt, err)
		if fault != nil {
			return nil, err
		}
		if release, fault = retryer.GetRetryToken(ctx, err); fault != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// named says what is asked where those modules say it: for whoever stands between.
func (c *Client) named(ctx context.Context, operation string) context.Context {
	ctx = awsmiddleware.SetServiceID(ctx, strings.ReplaceAll(c.service, "-", " "))
	return awsmiddleware.SetRegion(awsmiddleware.SetOperationName(ctx, operation), c.config.Region)
}

func decoded[O any](data []byte) (*O, error) {
	out := new(O)
	if err := json.Unmarshal(data, out); err != nil {
		return nil, &smithy.DeserializationError{Err: err}
	}
	return out, nil
}

// once signs and sends a request.
func (c *Client) once(ctx context.Context, q Request) ([]byte, error) {
	body := []byte{}
	if q.Method == http.MethodPost {
		body = []byte("{}")
	}
	address := c.endpoint(q.Prefix) + q.Path
	if len(q.Query) > 0 {
		address += "?" + q.Query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, q.Method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	credentials, err := c.config.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("get credentials: %w", err)
	}
	hash := sha256.Sum256(body)
	digest := hex.EncodeToString(hash[:])
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, digest, c.service, c.config.Region, time.Now()); err != nil {
		return nil, err
	}
	reply, err := c.config.HTTPClient.Do(request)
	if err != nil {
		return nil, &smithyhttp.RequestSendError{Err: err}
	}
	defer reply.Body.Close()
	data, err := io.ReadAll(io.LimitReader(reply.Body, maxReply))
	if err != nil {
		return nil, &smithy.DeserializationError{Err: err}
	}
	if reply.StatusCode/100 != 2 {
		return nil, refused(reply, data)
	}
	if !Numbered(reply.Header, data) {
		return nil, &smithy.DeserializationError{Err: ErrStranger}
	}
	return data, nil
}

// ErrStranger is what a reply is taken for that says that all is well and does not carry the number that AWS gives each
// request: something on the way may have answered.
var ErrStranger = errors.New("the reply does not carry the number of its request, as each reply of AWS does")

var numberInXML = regexp.MustCompile(`(?i)<RequestId>[^<]`)

// Numbered tells whether a reply carries the number that AWS gives each request, in its header or, if it is XML, in its body.
func Numbered(header http.Header, body []byte) bool {
	for _, name := range []string{"X-Amzn-Requestid", "X-Amz-Request-Id", "X-Amz-Requestid", "X-Amzn-Request-Id"} {
		if header.Get(name) != "" {
			return true
		}
	}
	return numberInXML.Match(body)
}

// endpoint is where a service answers. Where somebody has set another endpoint for all services, it has no prefixes.
func (c *Client) endpoint(prefix string) string {
	if base := aws.ToString(c.config.BaseEndpoint); base != "" {
		return strings.TrimSuffix(base, "/")
	}
	suffix := "amazonaws.com"
	if strings.HasPrefix(c.config.Region, "cn-") {
		suffix += ".cn"
	}
	return "https://" + prefix + c.service + "." + c.config.Region + "." + suffix
}

// refused reads why a service did not answer, as the SDK would tell it.
func refused(reply *http.Response, data []byte) error {
	code, message, _ := restjson.GetErrorInfo(json.NewDecoder(bytes.NewReader(data)))
	if header := reply.Header.Get("X-Amzn-ErrorType"); header != "" {
		code = header
	}
	told := &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: reply}}
	if code = restjson.SanitizeErrorCode(code); code == "" {
		told.Err = errors.New(reply.Status)
		return told
	}
	api := &smithy.GenericAPIError{Code: code, Message: message, Fault: smithy.FaultClient}
	if reply.StatusCode >= 500 {
		api.Fault = smithy.FaultServer
	}
	told.Err = api
	return told
}

// Time is a time of a reply: seconds since 1970, or a text.
type Time struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (t *Time) UnmarshalJSON(data []byte) error {
	var seconds float64
	if json.Unmarshal(data, &seconds) == nil {
		t.Time = time.Unix(int64(seconds), 0).UTC()
		return nil
	}
	return json.Unmarshal(data, &t.Time)
}
