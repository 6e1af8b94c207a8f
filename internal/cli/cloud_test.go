package cli_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// cloud is a stub of AWS. What it answers depends on the access key that a script sets:
//
//	fine      two buckets, one of them without versioning; an organization of three accounts, of which one lets nobody in
//	          and one is closed
//	alone     as fine, without the right to see the organization
//	expired   credentials that have expired
//	wrong     credentials that nobody knows
//	dying     credentials that expire after the buckets are listed
//	hanging   two buckets: of one all questions are refused, of the other none is ever answered
type cloud struct {
	*httptest.Server
	hung chan struct{} // gets one for each question that hangs
	stop chan struct{}
}

func newCloud() *cloud {
	c := &cloud{hung: make(chan struct{}, 1000), stop: make(chan struct{})}
	c.Server = httptest.NewServer(c)
	return c
}

var scope = regexp.MustCompile(`Credential=([^/]+)/[^/]+/([^/]+)/([^/]+)/`)

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := scope.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		http.Error(w, "unsigned", http.StatusBadRequest)
		return
	}
	key, service := m[1], m[3]
	w.Header().Set("X-Amzn-Requestid", "1")
	w.Header().Set("X-Amz-Request-Id", "1")
	r.ParseForm()
	action := r.Form.Get("Action")
	switch {
	case key == "expired" || key == "dying" && service == "s3" && r.URL.Path != "/":
		fail(w, service, 403, "ExpiredToken")
	case key == "wrong":
		fail(w, service, 403, "InvalidClientTokenId")
	case action == "GetCallerIdentity":
		account := map[string]string{"second": "222222222222"}[key]
		if account == "" {
			account = "111111111111"
		}
		fmt.Fprintf(w, "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::%[1]s:user/u</Arn><Account>%[1]s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>", account)
	case action == "AssumeRole" && strings.Contains(r.Form.Get("RoleArn"), ":222222222222:"):
		fmt.Fprintf(w, "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>second</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
			time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	case service == "organizations" && key != "alone":
		fmt.Fprint(w, `{"Accounts":[{"Id":"111111111111","Status":"ACTIVE"},{"Id":"222222222222","Status":"ACTIVE"},{"Id":"333333333333","Status":"ACTIVE"},{"Id":"444444444444","Status":"SUSPENDED"}]}`)
	case service == "s3":
		c.buckets(w, r, key)
	default:
		fail(w, service, 403, "AccessDenied")
	}
}

func (c *cloud) buckets(w http.ResponseWriter, r *http.Request, key string) {
	switch {
	case r.URL.Path == "/" && key == "second":
		fmt.Fprint(w, `<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>`)
	case r.URL.Path == "/":
		fmt.Fprint(w, `<ListAllMyBucketsResult><Buckets><Bucket><Name>one</Name><BucketRegion>eu-west-1</BucketRegion></Bucket><Bucket><Name>two</Name><BucketRegion>eu-west-1</BucketRegion></Bucket></Buckets></ListAllMyBucketsResult>`)
	case r.URL.Query().Has("versioning") && strings.HasPrefix(r.URL.Path, "/one") && key != "hanging":
		fmt.Fprint(w, `<VersioningConfiguration/>`)
	case key == "hanging" && strings.HasPrefix(r.URL.Path, "/two"):
		c.hung <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-c.stop:
		}
	default:
		fail(w, "s3", 403, "AccessDenied")
	}
}

// fail answers with an error in the words of the service.
func fail(w http.ResponseWriter, service string, status int, code string) {
	switch service {
	case "sts":
		w.WriteHeader(status)
		fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>secret words</Message></Error></ErrorResponse>", code)
	case "s3":
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>secret words</Message></Error>", code)
	default:
		w.Header().Set("X-Amzn-Errortype", code)
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"__type":%q,"message":"secret words"}`, code)
	}
}

// TestLive runs the command line against live accounts, most of which have something wrong.
func TestLive(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for clouds that do not answer; make test runs it")
	}
	c := newCloud()
	t.Cleanup(c.Close)
	t.Cleanup(func() { close(c.stop) })
	testscript.Run(t, testscript.Params{
		Dir: "testdata/live",
		Setup: func(e *testscript.Env) error {
			e.Setenv("AWS_ENDPOINT_URL", c.URL)
			e.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
			e.Setenv("AWS_REGION", "eu-west-1")
			e.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			// hangs: waits until a question hangs
			"hangs": func(ts *testscript.TestScript, _ bool, _ []string) {
				select {
				case <-c.hung:
				case <-time.After(time.Minute):
					ts.Fatalf("nothing hangs")
				}
			},
			// cut FILE N: leaves all but the last N bytes
			"cut": func(ts *testscript.TestScript, _ bool, args []string) {
				var n int
				fmt.Sscan(args[1], &n)
				data := ts.ReadFile(args[0])
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(data[:len(data)-n]), 0o600))
			},
			// swap FILE OLD NEW: changes a text in a file
			"swap": func(ts *testscript.TestScript, _ bool, args []string) {
				data := ts.ReadFile(args[0])
				if !strings.Contains(data, args[1]) {
					ts.Fatalf("%s does not hold %s", args[0], args[1])
				}
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(data, args[1], args[2])), 0o600))
			},
		},
	})
}
