package webhook_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	review "k8s.io/api/admission/v1"

	"ward.dev/ward/internal/admission"
	"ward.dev/ward/internal/admission/webhook"
	"ward.dev/ward/internal/certificate"
	"ward.dev/ward/internal/config"
)

func certificates(ca []byte) (*x509.CertPool, error) {
	all := x509.NewCertPool()
	if !all.AppendCertsFromPEM(ca) {
		return nil, errors.New("no certificate")
	}
	return all, nil
}

func decided(t *testing.T, text string) *config.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), config.Name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// reviews is a reviewer that does what a test wants.
type reviews func() (*admission.Decision, error)

func (r reviews) Review(context.Context, *review.AdmissionRequest, admission.Mode) (*admission.Decision, error) {
	return r()
}

func ask(t *testing.T, h http.Handler, path, media, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", media)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

const plain = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE"}}`

// TestUndecided proves that what no decision is possible for is an HTTP error that says why, so that the failure policy decides, and that
// no error tells what an object holds.
func TestUndecided(t *testing.T) {
	allow := reviews(func() (*admission.Decision, error) { return &admission.Decision{Mode: admission.Deny}, nil })
	for name, c := range map[string]struct {
		reviewer           reviews
		path, media, body  string
		status             int
		wanted, mustNotSay string
	}{
		"a review":            {allow, "/validate", "application/json", plain, 200, `"allowed":true`, ""},
		"with a charset":      {allow, "/validate", "application/json; charset=utf-8", plain, 200, `"uid":"u"`, ""},
		"another mode":        {allow, "/validate/warn", "application/json", plain, 200, `"allowed":true`, ""},
		"no such mode":        {allow, "/validate/never", "application/json", plain, 404, "never", ""},
		"no JSON":             {allow, "/validate", "application/json", `{"password": hunter2`, 400, "AdmissionReview", "hunter2"},
		"not JSON by header":  {allow, "/validate", "text/plain", plain, 400, "application/json", ""},
		"another version":     {allow, "/validate", "application/json", strings.Replace(plain, "/v1", "/v1beta1", 1), 400, "admission.k8s.io/v1", ""},
		"no request":          {allow, "/validate", "application/json", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`, 400, "uid", ""},
		"nothing":             {allow, "/validate", "application/json", "", 400, "AdmissionReview", ""},
		"too much":            {allow, "/validate", "application/json", strings.Repeat(" ", 9<<20) + plain, 400, "larger", ""},
		"a fault":             {func() (*admission.Decision, error) { return nil, errors.New("the catalog is gone") }, "/validate", "application/json", plain, 500, "catalog", ""},
		"a panic":             {func() (*admission.Decision, error) { panic("hunter2") }, "/validate", "application/json", plain, 500, "fault of ward", "hunter2"},
		"a malformed request": {func() (*admission.Decision, error) { return nil, admission.ErrRequest }, "/validate", "application/json", plain, 400, "no review", ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := ask(t, prepared(c.reviewer, admission.Deny), c.path, c.media, c.body)
			if status != c.status || !strings.Contains(body, c.wanted) || c.mustNotSay != "" && strings.Contains(body, c.mustNotSay) {
				t.Errorf("%d %s", status, body)
			}
		})
	}
}

// TestReadiness proves that a server that cannot decide says so and decides nothing, and is alive all the same.
func TestReadiness(t *testing.T) {
	ready := errors.New("the cluster has not been read so far")
	handler := &webhook.Handler{Reviewer: reviews(func() (*admission.Decision, error) { return &admission.Decision{}, nil }), Mode: admission.Deny,
		Ready: func() error { return ready }, Metrics: webhook.NewMetrics(nil), Log: slog.New(slog.DiscardHandler)}
	h := handler.Prepare()
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code, w.Body.String()
	}
	if status, body := get("/readyz"); status != 503 || !strings.Contains(body, "not been read") {
		t.Errorf("readyz: %d %s", status, body)
	}
	if status, _ := ask(t, h, "/validate", "application/json", plain); status != 503 {
		t.Errorf("a review: %d", status)
	}
	if status, _ := get("/healthz"); status != 200 {
		t.Errorf("healthz: %d", status)
	}
	ready = nil
	if status, _ := get("/readyz"); status != 200 {
		t.Errorf("readyz: %d", status)
	}
	ask(t, h, "/validate", "application/json", plain)
	handler.Drain()
	if status, _ := get("/readyz"); status != 503 {
		t.Errorf("readyz of a server that ends: %d", status)
	}
	if status, _ := ask(t, h, "/validate", "application/json", plain); status != 200 {
		t.Errorf("a review by a server that ends: %d", status)
	}
	if _, body := get("/metrics"); !strings.Contains(body, `ward_admission_undecided_total{reason="not ready"} 1`) ||
		!strings.Contains(body, `ward_admission_reviews_total{decision="allow",mode="",operation="create"} 2`) {
		t.Errorf("metrics:\n%s", body)
	}
}

// TestServer proves that the server takes a new certificate without a restart, asks for a client certificate where it has to, and ends
// only after it has answered what it was asked.
func TestServer(t *testing.T) {
	begun, end := make(chan bool, 1), make(chan bool)
	slow := reviews(func() (*admission.Decision, error) {
		begun <- true
		<-end
		return &admission.Decision{Mode: admission.Deny}, nil
	})
	keys, ca := keysFor(t, "127.0.0.1")
	listener := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- webhook.Server{Listener: listener, Keys: keys}.Serve(ctx, prepared(slow, admission.Deny), func() {})
	}()
	transport, err := pool(ca)
	if err != nil {
		t.Fatal(err)
	}
	url := "https://" + listener.Addr().String()
	answer := make(chan error, 1)
	go func() {
		reply, err := (&http.Client{Transport: transport}).Post(url+webhook.Path, "application/json", strings.NewReader(plain))
		if err == nil {
			reply.Body.Close()
			if reply.StatusCode != 200 {
				err = errors.New(reply.Status)
			}
		}
		answer <- err
	}()
	<-begun
	stop()
	time.Sleep(50 * time.Millisecond)
	close(end)
	if err := <-answer; err != nil {
		t.Errorf("the review that had begun: %v", err)
	}
	if err := <-served; err != nil {
		t.Errorf("the server: %v", err)
	}
}

// TestKeys proves that a certificate that has changed is taken without a restart, and that broken files leave the one before.
func TestKeys(t *testing.T) {
	keys, ca := keysFor(t, "127.0.0.1")
	keys.ClientCA, _ = certificates(ca)
	listener := listen(t)
	h := (&webhook.Handler{Reviewer: reviews(func() (*admission.Decision, error) { return &admission.Decision{}, nil }), Mode: admission.Deny,
		Ready: func() error { return nil }, NeedClient: true, Metrics: webhook.NewMetrics(nil), Log: slog.New(slog.DiscardHandler)}).Prepare()
	go func() { _ = webhook.Server{Listener: listener, Keys: keys}.Serve(t.Context(), h, func() {}) }()
	url := "https://" + listener.Addr().String()
	try := func(ca []byte, path string) (int, error) {
		transport, err := pool(ca)
		if err != nil {
			t.Fatal(err)
		}
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport}
		var reply *http.Response
		if path == webhook.Path {
			reply, err = client.Post(url+path, "application/json", strings.NewReader(plain))
		} else {
			reply, err = client.Get(url + path)
		}
		if err != nil {
			return 0, err
		}
		_, _ = io.Copy(io.Discard, reply.Body)
		reply.Body.Close()
		return reply.StatusCode, nil
	}
	if status, err := try(ca, "/healthz"); status != 200 {
		t.Fatal(status, err)
	}
	if status, err := try(ca, webhook.Path); status != 401 {
		t.Errorf("a review without a client certificate: %d, %v", status, err)
	}
	made, err := certificate.Make([]string{"127.0.0.1"}, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(keys.Certificate)
	if err := os.WriteFile(keys.Key, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1200 * time.Millisecond)
	if status, err := try(ca, "/healthz"); status != 200 {
		t.Errorf("with a broken key: %d, %v", status, err)
	}
	write(t, dir, made)
	time.Sleep(1200 * time.Millisecond)
	if status, err := try(made.CA, "/healthz"); status != 200 {
		t.Errorf("the new certificate is not taken: %d, %v", status, err)
	}
	if _, err := try(ca, "/healthz"); err == nil {
		t.Error("the old certificate is still shown")
	}
	old, err := certificate.Make([]string{"127.0.0.1"}, time.Now().Add(-48*time.Hour), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	expired := t.TempDir()
	write(t, expired, old)
	if err := (&certificate.Files{Certificate: filepath.Join(expired, "tls.crt"), Key: filepath.Join(expired, "tls.key")}).Check(); err == nil {
		t.Error("a certificate that is over is taken")
	}
}

// FuzzReview proves that nothing that is sent brings the server down or is let in without a decision.
func FuzzReview(f *testing.F) {
	f.Add([]byte(plain))
	f.Add([]byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"UPDATE","object":{"a":[[[]]]},"oldObject":null}}`))
	f.Add([]byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"","object":"x"}}`))
	f.Add([]byte(`[]`))
	decisions := 0
	h := prepared(reviews(func() (*admission.Decision, error) {
		decisions++
		return &admission.Decision{Mode: admission.Deny}, nil
	}), admission.Deny)
	f.Fuzz(func(t *testing.T, body []byte) {
		decisions = 0
		r := httptest.NewRequest(http.MethodPost, webhook.Path, bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch {
		case w.Code == 200 && decisions != 1:
			t.Errorf("answered without a decision: %s", w.Body)
		case w.Code != 200 && w.Code != 400:
			t.Errorf("%d: %s", w.Code, w.Body)
		case w.Code == 200:
			var answer review.AdmissionReview
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Response == nil || answer.Response.UID == "" || answer.Request != nil {
				t.Errorf("%v: %s", err, fmt.Sprint(w.Body))
			}
		}
	})
}
