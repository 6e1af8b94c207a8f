package webhook_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/admission"
	"ward.dev/ward/internal/admission/images"
	"ward.dev/ward/internal/admission/webhook"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/certificate"
	"ward.dev/ward/internal/image/imagetest"
	"ward.dev/ward/internal/source/cluster"
	"ward.dev/ward/internal/source/cluster/mirror"
	"ward.dev/ward/internal/source/image"
	"ward.dev/ward/internal/testcluster"
	"ward.dev/ward/internal/vulndb"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

// loaded is the catalog, which all servers share.
var loaded = sync.OnceValues(func() (*catalog.Catalog, error) {
	c, err := catalog.Load(builtin.Files)
	if err != nil {
		return nil, err
	}
	return c, c.Link(c.Framework("hipaa-security-rule"))
})

// setup is a server that a test starts for a namespace of its own.
type setup struct {
	options  admission.Options
	checks   []string
	mode     admission.Mode
	images   images.Options
	failOpen bool
}

// trial is a cluster that asks the server about a namespace.
type trial struct {
	*testcluster.Cluster
	namespace string
	reviewer  *admission.Reviewer
	client    *kubernetes.Clientset
	stop      func()
	mu        sync.Mutex
	warned    []string
	url       string
	ca        []byte
}

// HandleWarningHeader implements rest.WarningHandler.
func (s *trial) HandleWarningHeader(_ int, _ string, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warned = append(s.warned, text)
}

// warnings returns what the API server has warned of since the last time.
func (s *trial) warnings() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.warned
	s.warned = nil
	return all
}

func (s *trial) as(t *testing.T, user string, groups ...string) *kubernetes.Clientset {
	t.Helper()
	config := s.As(t, user, groups...)
	config.WarningHandler = s
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// begin starts a server and registers it for a new namespace.
func begin(t *testing.T, o setup) *trial {
	t.Helper()
	s := &trial{Cluster: testcluster.Shared(t), namespace: strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-"))}
	s.Namespace(t, s.namespace, "trial="+s.namespace)
	s.client = s.as(t, "admin", "system:masters")
	s.serve(t, o)
	s.register(t, o)
	return s
}

func (s *trial) serve(t *testing.T, o setup) {
	t.Helper()
	c, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	o.options.Catalog, o.options.Framework = c, c.Framework("hipaa-security-rule")
	if o.options.Unknown == "" {
		o.options.Unknown = admission.WarnUnknown
	}
	if o.mode == "" {
		o.mode = admission.Deny
	}
	if o.options.Settle == 0 {
		o.options.Settle = time.Second
	}
	if len(o.checks) > 0 {
		o.options.Checks = func(id string) bool { return slices.Contains(o.checks, id) }
	}
	if s.reviewer, err = admission.New(o.options); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	o.images.Kinds = s.reviewer.ImageKinds()
	known, err := images.Open(ctx, o.images)
	if err != nil {
		t.Fatal(err)
	}
	copied, err := mirror.Start(ctx, mirror.Options{Cluster: cluster.Options{Config: s.Admin(t), QPS: 1000,
		Types: func(typ string) bool { return slices.Contains(s.reviewer.Needed(), typ) }}})
	if err != nil {
		t.Fatal(err)
	}
	if err := copied.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	s.reviewer.Join(copied, known)
	var ended sync.WaitGroup
	s.stop = sync.OnceFunc(func() { stop(); ended.Wait(); copied.Stopped(); known.Stopped() })
	t.Cleanup(s.stop)
	keys, ca := keysFor(t, "127.0.0.1")
	s.ca = ca
	listener := listen(t)
	s.url = "https://" + listener.Addr().String()
	handler := prepared(s.reviewer, o.mode)
	ended.Go(func() { _ = webhook.Server{Listener: listener, Keys: keys}.Serve(ctx, handler, func() {}) })
}

// keysFor makes a certificate for a name.
func keysFor(t testing.TB, names ...string) (*certificate.Files, []byte) {
	t.Helper()
	made, err := certificate.Make(names, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, made)
	return &certificate.Files{Certificate: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key")}, made.CA
}

func write(t testing.TB, dir string, made certificate.Made) {
	t.Helper()
	for file, content := range map[string][]byte{"tls.crt": made.Certificate, "tls.key": made.Key} {
		if err := os.WriteFile(filepath.Join(dir, file), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// register asks the server about what is in the namespace, and waits until the API server does.
func (s *trial) register(t *testing.T, o setup) {
	t.Helper()
	made, err := webhook.Registration{Name: s.namespace + ".admission.ward.dev", URL: s.url, CA: s.ca, APIs: cluster.APIs(s.reviewer.Types()),
		FailOpen: o.failOpen, Timeout: 10, Namespaces: &meta.LabelSelector{MatchLabels: map[string]string{"trial": s.namespace}}}.Configuration()
	if err != nil {
		t.Fatal(err)
	}
	hooks := s.client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	if _, err := hooks.Create(t.Context(), made, meta.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hooks.Delete(context.Background(), made.Name, meta.DeleteOptions{}) })
	s.await(t, "the webhook", func() bool {
		said := ""
		probe := &deployment{name: "probe", image: "broken image name"}
		_, err := s.client.AppsV1().Deployments(s.namespace).Create(t.Context(), probe.made(), meta.CreateOptions{DryRun: []string{meta.DryRunAll}})
		if err != nil {
			said = err.Error()
		}
		return strings.Contains(said, "admission webhook") || len(s.warnings()) > 0 || asked(s) > 0
	})
	s.warnings()
}

// asked tells how many reviews the server has counted.
func asked(s *trial) int {
	pool, err := pool(s.ca)
	if err != nil {
		return 0
	}
	reply, err := (&http.Client{Transport: pool}).Get(s.url + "/metrics")
	if err != nil {
		return 0
	}
	defer reply.Body.Close()
	text, _ := io.ReadAll(reply.Body)
	return strings.Count(string(text), "\nward_admission_reviews_total{")
}

func (s *trial) await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not after a minute", what)
		}
	}
}

// debian makes an image of Debian with a version of OpenSSL.
func debian(t testing.TB, version string) v1.Image {
	t.Helper()
	made := imagetest.Image(t, imagetest.Layer(t, map[string]string{
		"etc/os-release":      "ID=debian\nVERSION_ID=\"12\"\n",
		"var/lib/dpkg/status": "Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl\nVersion: " + version + "\n\n",
	}))
	return mutate.MediaType(mutate.ConfigMediaType(made, types.OCIConfigJSON), types.OCIManifestSchema1)
}

// saved writes an image as a layout.
func saved(t testing.TB, made v1.Image) string {
	t.Helper()
	dir := t.TempDir()
	l, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.AppendImage(made); err != nil {
		t.Fatal(err)
	}
	return dir
}

// pushed puts an image into a registry of this machine and returns its name.
func pushed(t *testing.T, address, as string, made v1.Image) string {
	t.Helper()
	ref, err := name.ParseReference(address + "/" + as)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, made); err != nil {
		t.Fatal(err)
	}
	return ref.Name()
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func hub(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// advisories makes a database that knows of Heartbleed as if it were in Debian 12.
func advisories(t testing.TB) image.Options {
	t.Helper()
	from, dir := t.TempDir(), t.TempDir()
	record := fmt.Sprintf(`{"id":"CVE-2014-0160","modified":%q,"affected":[{"package":{"ecosystem":"Debian:12","name":"openssl"},
		"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.0.11"}]}]}]}`, time.Now().UTC().Format(time.RFC3339))
	if err := os.WriteFile(filepath.Join(from, "a.json"), []byte(record), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := vulndb.Update(t.Context(), vulndb.Request{Dir: dir, Sources: []string{from}, Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
	return image.Options{Advisories: dir, MaxAge: 7 * 24 * time.Hour}
}

var _ rest.WarningHandler = (*trial)(nil)
