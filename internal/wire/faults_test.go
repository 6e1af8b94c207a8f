package wire_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// faults are the ways in which a question goes wrong.
var faults = map[string]fault{
	"denied":        refused(403, denial),
	"throttled":     refused(503, same("ThrottlingException")),
	"expired":       refused(403, same("ExpiredTokenException")),
	"region off":    refused(403, same("UnrecognizedClientException")),
	"broken inside": refused(500, same("InternalFailure")),
	"slow":          slow,
	"cut":           part(half, io.ErrUnexpectedEOF),
	"ends early":    part(half, nil),
	"empty":         part(func([]byte) []byte { return nil }, nil),
	"html 200":      html(200),
	"html 403":      html(403),
	"html 404":      html(404),
	"html 502":      html(502),
	"json 200":      page(200, "application/json", `{"status": "ok", "message": "Welcome"}`),
	"nothing 200":   page(200, "application/json", "{}"),
	"xml 200":       page(200, "text/xml", "<portal><welcome/></portal>"),
}

func same(code string) func(*http.Request) string { return func(*http.Request) string { return code } }

// denial is how a service calls a missing permission.
func denial(r *http.Request) string {
	if questionOf(r).service == "ec2" {
		return "UnauthorizedOperation"
	}
	return "AccessDenied"
}

// refused answers with an error code, in the words of the service's protocol.
func refused(status int, code func(*http.Request) string) fault {
	return func(r *http.Request, _ func() (answer, error)) (*http.Response, error) {
		q, header := questionOf(r), http.Header{}
		name, body := code(r), ""
		switch {
		case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
			header.Set("Smithy-Protocol", "rpc-v2-cbor")
			header.Set("Content-Type", "application/cbor")
			body = "\xa2" + cbor("__type") + cbor(name) + cbor("message") + cbor("no")
		case r.Header.Get("X-Amz-Target") != "":
			header.Set("Content-Type", "application/x-amz-json-1.1")
			body = fmt.Sprintf(`{"__type":%q,"message":"no"}`, name)
		case q.service == "ec2":
			body = fmt.Sprintf("<Response><Errors><Error><Code>%s</Code><Message>no</Message></Error></Errors><RequestID>1</RequestID></Response>", name)
		case q.service == "s3":
			body = fmt.Sprintf("<Error><Code>%s</Code><Message>no</Message></Error>", name)
		case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"), restXML[q.service]:
			body = fmt.Sprintf("<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>", name)
		default:
			header.Set("X-Amzn-Errortype", name)
			header.Set("Content-Type", "application/json")
			body = `{"message":"no"}`
		}
		return answer{status, header, []byte(body)}.response(r), nil
	}
}

var restXML = map[string]bool{"s3control": true, "cloudfront": true, "route53": true}

// cbor is a short text in that notation.
func cbor(s string) string {
	if len(s) < 24 {
		return string([]byte{0x60 | byte(len(s))}) + s
	}
	return string([]byte{0x78, byte(len(s))}) + s
}

// slow is an answer that does not come in time.
func slow(r *http.Request, _ func() (answer, error)) (*http.Response, error) {
	return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: late{}}
}

type late struct{}

func (late) Error() string   { return "no answer in time" }
func (late) Timeout() bool   { return true }
func (late) Temporary() bool { return true }

func half(body []byte) []byte { return body[:len(body)/2] }

// part gives a part of the true answer, and then an error or just an end.
func part(of func([]byte) []byte, end error) fault {
	return func(r *http.Request, truth func() (answer, error)) (*http.Response, error) {
		a, err := truth()
		if err != nil {
			return nil, err
		}
		reply := a.response(r)
		reply.ContentLength = -1
		reply.Header.Del("Content-Length")
		reply.Body = io.NopCloser(io.MultiReader(bytes.NewReader(of(a.Body)), ending{end}))
		return reply, nil
	}
}

type ending struct{ err error }

func (e ending) Read([]byte) (int, error) {
	if e.err == nil {
		return 0, io.EOF
	}
	return 0, e.err
}

// page is what something between says instead of the service.
func page(status int, kind, body string) fault {
	return func(r *http.Request, _ func() (answer, error)) (*http.Response, error) {
		return answer{status, http.Header{"Content-Type": {kind}}, []byte(body)}.response(r), nil
	}
}

func html(status int) fault {
	return page(status, "text/html",
		"<!DOCTYPE html>\n<html><head><title>Sign in to the network</title></head><body><p>Welcome</p></body></html>\n")
}
