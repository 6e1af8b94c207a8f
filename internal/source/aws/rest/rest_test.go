package rest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"ward.dev/ward/internal/source/aws/rest"
)

type reply struct {
	Stores    []struct{ Name string }
	Since     *rest.Time
	NextToken *string
}

// answering is a client of a server that answers each request as the next of the given answers says.
func answering(t *testing.T, answers ...func(http.ResponseWriter, *http.Request)) (*rest.Client, *[]*http.Request) {
	var asked []*http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r)
		answers[min(len(asked), len(answers))-1](w, r)
	}))
	t.Cleanup(server.Close)
	config := aws.Config{Region: "eu-west-1", BaseEndpoint: &server.URL, HTTPClient: server.Client(),
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = 3, 1 })
		}}
	return rest.New(config, "medical-imaging"), &asked
}

func telling(status int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-Requestid", "1")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func TestCallSignsAndReads(t *testing.T) {
	c, asked := answering(t, telling(200, `{"stores": [{"name": "scans"}], "since": 1767225600.5, "nextToken": "2"}`))
	q := rest.Request{Path: "/tags/" + rest.Escape(aws.String("arn:a/b")), Query: rest.Page(aws.String("1"))}
	out, err := rest.Call[reply](context.Background(), c, q)
	if err != nil {
		t.Fatal(err)
	}
	if out.Stores[0].Name != "scans" || *out.NextToken != "2" || out.Since.Year() != 2026 {
		t.Errorf("read %+v", out)
	}
	request := (*asked)[0]
	if got := request.Header.Get("Authorization"); !strings.Contains(got, "/eu-west-1/medical-imaging/aws4_request") {
		t.Errorf("signed %q", got)
	}
	if request.URL.EscapedPath() != "/tags/arn%3Aa%2Fb" || request.URL.Query().Get("nextToken") != "1" {
		t.Errorf("asked %s", request.URL)
	}
}

func TestCallTriesAgain(t *testing.T) {
	c, asked := answering(t, telling(503, "busy"), telling(429, `{"__type": "ThrottlingException"}`), telling(200, `{"stores": []}`))
	if _, err := rest.Call[reply](context.Background(), c, rest.Request{Path: "/"}); err != nil || len(*asked) != 3 {
		t.Errorf("asked %d times: %v", len(*asked), err)
	}
}

func TestCallTellsWhyNot(t *testing.T) {
	denied := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-ErrorType", "AccessDeniedException:http://internal")
		telling(403, `{"message": "not authorized to perform: omics:ListSequenceStores"}`)(w, nil)
	}
	c, asked := answering(t, denied)
	_, err := rest.Call[reply](context.Background(), c, rest.Request{Path: "/"})
	var api smithy.APIError
	var http *smithyhttp.ResponseError
	if !errors.As(err, &api) || api.ErrorCode() != "AccessDeniedException" || !errors.As(err, &http) || http.HTTPStatusCode() != 403 {
		t.Errorf("denied: %v", err)
	}
	if len(*asked) != 1 {
		t.Errorf("what is denied was asked %d times", len(*asked))
	}
}

func TestCallRefusesWhatIsNoReply(t *testing.T) {
	c, _ := answering(t, telling(200, `{"stores": [`))
	_, err := rest.Call[reply](context.Background(), c, rest.Request{Path: "/"})
	var fault *smithy.DeserializationError
	if !errors.As(err, &fault) {
		t.Errorf("cut off: %v", err)
	}
	c, _ = answering(t, telling(502, "<html>proxy</html>"))
	_, err = rest.Call[reply](context.Background(), c, rest.Request{Path: "/"})
	var http *smithyhttp.ResponseError
	if !errors.As(err, &http) || http.HTTPStatusCode() != 502 {
		t.Errorf("half-broken proxy: %v", err)
	}
}

// TestCallKnowsStrangers proves that a reply counts only if AWS numbered it.
func TestCallKnowsStrangers(t *testing.T) {
	for _, body := range []string{"{}", `{"status": "ok"}`, `{"stores": []}`} {
		c, _ := answering(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		if _, err := rest.Call[reply](context.Background(), c, rest.Request{Path: "/"}); !errors.Is(err, rest.ErrStranger) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestNumbered(t *testing.T) {
	for body, want := range map[string]bool{
		"<DescribeVolumesResponse><requestId>1</requestId></DescribeVolumesResponse>": true,
		"<R><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></R>":        true,
		"<R><RequestId></RequestId></R>":                                              false,
		`{"requestId": "1"}`:                                                          false,
	} {
		if got := rest.Numbered(http.Header{}, []byte(body)); got != want {
			t.Errorf("%s: %v", body, got)
		}
	}
	if !rest.Numbered(http.Header{"X-Amz-Request-Id": {"1"}}, nil) {
		t.Error("a number in the header")
	}
}
