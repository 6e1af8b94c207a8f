package registry

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"ward.dev/ward/internal/image"
	"ward.dev/ward/internal/image/imagetest"
)

// imageOf makes an image with one package.
func imageOf(t *testing.T, architecture, version string) v1.Image {
	t.Helper()
	out := imagetest.Image(t, imagetest.Layer(t, map[string]string{
		"etc/os-release": "ID=debian\nVERSION_ID=12\n", "var/lib/dpkg/status": "Package: bash\nVersion: " + version + "\n",
	}))
	file, err := out.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", architecture
	if out, err = mutate.ConfigFile(out, file); err != nil {
		t.Fatal(err)
	}
	return out
}

// serve starts a registry that answers through the handler, and returns its address.
func serve(t *testing.T, wrap func(http.Handler) http.Handler) string {
	t.Helper()
	server := httptest.NewServer(wrap(registry.New(registry.Logger(log.New(io.Discard, "", 0)))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func plain(h http.Handler) http.Handler { return h }

func push(t *testing.T, reference string, what v1.Image, options ...remote.Option) {
	t.Helper()
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, what, options...); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, reference string, options Options) (image.Image, error) {
	t.Helper()
	s, err := Open(context.Background(), reference, options)
	if err != nil {
		return image.Image{}, err
	}
	defer s.Close()
	return image.Read(context.Background(), s, image.Options{})
}

// TestOpen proves that an image is read by tag and by digest, and one of several by its platform.
func TestOpen(t *testing.T) {
	host := serve(t, plain)
	amd, arm := imageOf(t, "amd64", "1"), imageOf(t, "arm64", "2")
	push(t, host+"/team/app:1", amd)
	digest, err := amd.Digest()
	if err != nil {
		t.Fatal(err)
	}
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: amd, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: arm, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}})
	ref, err := name.ParseReference(host + "/team/app:both")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, index); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ reference, platform, version string }{
		{"/team/app:1", "", "1"}, {"/team/app@" + digest.String(), "", "1"}, {"/team/app:both", "", "1"},
		{"/team/app:both", "linux/arm64", "2"}, {"/team/app:both", "linux/s390x", ""}, {"/team/app:none", "", ""}, {"/team/App:1", "", ""},
	} {
		got, err := read(t, host+c.reference, Options{Platform: c.platform})
		if c.version == "" {
			if err == nil {
				t.Errorf("%+v: %+v", c, got)
			}
			continue
		}
		if err != nil || len(got.Packages) != 1 || got.Packages[0].Version != c.version || len(got.Gaps) > 0 {
			t.Errorf("%+v: %+v, %v", c, got, err)
		}
		if c.version == "1" && got.Digest != digest.String() {
			t.Errorf("%+v: digest %s, want %s", c, got.Digest, digest)
		}
	}
}

// TestLogin proves that the keychain's login is sent, and that its absence is an error that shows no secret.
func TestLogin(t *testing.T) {
	host := serve(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, password, _ := r.BasicAuth(); password != "s3cr3t" {
				w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
				http.Error(w, "no", http.StatusUnauthorized)
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	login := &authn.Basic{Username: "u", Password: "s3cr3t"}
	push(t, host+"/a:1", imageOf(t, "amd64", "1"), remote.WithAuth(login))
	if _, err := read(t, host+"/a:1", Options{Keychain: one{login}}); err != nil {
		t.Error(err)
	}
	_, err := read(t, host+"/a:1", Options{Keychain: one{&authn.Basic{Username: "u", Password: "wr0ng"}}})
	if err == nil || strings.Contains(err.Error(), "wr0ng") {
		t.Errorf("a wrong login: %v", err)
	}
}

// one is a keychain with one login.
type one struct{ authn.Authenticator }

func (o one) Resolve(authn.Resource) (authn.Authenticator, error) { return o.Authenticator, nil }

// TestBroken proves that a registry that lies or breaks off is an error or a gap, never fewer packages without a word.
func TestBroken(t *testing.T) {
	what := imageOf(t, "amd64", "1")
	manifest, err := what.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	layer := manifest.Layers[0].Digest.String()
	for fault, answer := range map[string]func(w http.ResponseWriter, whole []byte){
		"the layer is changed": func(w http.ResponseWriter, whole []byte) {
			whole[len(whole)-1] ^= 1
			_, _ = w.Write(whole)
		},
		"the layer breaks off": func(w http.ResponseWriter, whole []byte) { _, _ = w.Write(whole[:len(whole)/2]) },
		"the layer is denied":  func(w http.ResponseWriter, _ []byte) { w.WriteHeader(http.StatusForbidden) },
	} {
		host := serve(t, func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, layer) {
					h.ServeHTTP(w, r)
					return
				}
				recorded := httptest.NewRecorder()
				h.ServeHTTP(recorded, r)
				answer(w, recorded.Body.Bytes())
			})
		})
		push(t, host+"/a:1", what)
		if got, err := read(t, host+"/a:1", Options{}); err == nil && len(got.Gaps) == 0 {
			t.Errorf("%s: %+v", fault, got)
		}
	}
}

// TestPublic proves that an image is told to be for everybody only if the registry gives it to who has no login, and that what the registry
// does not say is not known.
func TestPublic(t *testing.T) {
	for name, c := range map[string]struct {
		status int // for who has no login; 0 lets them in
		login  bool
		want   image.Registry
		fault  bool
	}{
		"without a login":            {0, false, image.Registry{Anonymous: true}, false},
		"with one that is not asked": {0, true, image.Registry{Anonymous: true}, false},
		"with one that is needed":    {http.StatusUnauthorized, true, image.Registry{}, false},
		"hidden from others":         {http.StatusNotFound, true, image.Registry{}, false},
		"too many requests":          {http.StatusTeapot, true, image.Registry{}, true},
	} {
		host := serve(t, func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, _, with := r.BasicAuth(); !with && r.Method == http.MethodHead && c.status != 0 {
					w.WriteHeader(c.status)
					return
				}
				if r.URL.Path == "/v2/" && c.login {
					w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
					if _, _, with := r.BasicAuth(); !with {
						w.WriteHeader(http.StatusUnauthorized)
						return
					}
				}
				h.ServeHTTP(w, r)
			})
		})
		keychain := authn.Keychain(one{authn.Anonymous})
		login := &authn.Basic{Username: "u", Password: "p"}
		if c.login {
			keychain = one{login}
		}
		push(t, host+"/team/a:1", imageOf(t, "amd64", "1"), remote.WithAuthFromKeychain(keychain))
		s, err := Open(context.Background(), host+"/team/a:1", Options{Keychain: keychain})
		if err != nil {
			t.Fatal(err)
		}
		got := *s.Registry
		fault := got.Fault != ""
		got.Fault, c.want.Repository = "", host+"/team/a"
		if got != c.want || fault != c.fault {
			t.Errorf("%s: %+v", name, *s.Registry)
		}
		s.Close()
	}
}
