package images_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/admission/images"
	"ward.dev/ward/internal/image/imagetest"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source/image"
	"ward.dev/ward/internal/vulndb"
)

// made is an image with a version of OpenSSL.
func made(t *testing.T, version string) v1.Image {
	t.Helper()
	return imagetest.Image(t, imagetest.Layer(t, map[string]string{"etc/os-release": "ID=debian\nVERSION_ID=\"12\"\n",
		"var/lib/dpkg/status": "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: " + version + "\n\n"}))
}

// hub is a registry of this machine.
type hub struct{ address string }

func newHub(t *testing.T) hub {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return hub{strings.TrimPrefix(server.URL, "http://")}
}

// push puts an image into the registry and returns its name by tag and by digest.
func (h hub) push(t *testing.T, as string, one v1.Image) (tag, digest string) {
	t.Helper()
	ref, err := name.ParseReference(h.address + "/" + as)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, one); err != nil {
		t.Fatal(err)
	}
	sum, err := one.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return ref.Name(), ref.Context().Digest(sum.String()).Name()
}

// advise writes a database that says with which version OpenSSL is mended.
func advise(t *testing.T, dir, fixed string) {
	t.Helper()
	from := t.TempDir()
	record := fmt.Sprintf(`{"id":"CVE-2026-0001","modified":%q,"affected":[{"package":{"ecosystem":"Debian:12","name":"openssl"},
		"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":%q}]}]}]}`, time.Now().UTC().Format(time.RFC3339), fixed)
	if err := os.WriteFile(filepath.Join(from, "a.json"), []byte(record), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := vulndb.Update(t.Context(), vulndb.Request{Dir: dir, Sources: []string{from}, Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, o images.Options) *images.Cache {
	t.Helper()
	kinds, faults := kind.Load(builtin.Files, "kinds")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, k := range kinds {
		if len(k.Image) > 0 {
			o.Kinds = append(o.Kinds, k)
		}
	}
	o.Image.MaxAge = 24 * time.Hour
	ctx, stop := context.WithCancel(t.Context())
	c, err := images.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stopped)
	t.Cleanup(stop)
	return c
}

// learn asks for an image and waits until it is known.
func learn(t *testing.T, c *images.Cache, name string) []*resource.Resource {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		known, unknown := c.Known([]string{name}, false)
		if len(known) > 0 {
			return known
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", name, unknown)
		}
		c.Await(t.Context(), []string{name})
	}
}

// wrong tells what is known to be wrong with an image: how many vulnerabilities, and whether there may be more.
func wrong(t *testing.T, all []*resource.Resource) (n int, open bool) {
	t.Helper()
	for _, r := range all {
		if r.Kind.Index("vulnerabilities") >= 0 {
			list := r.Get("vulnerabilities")
			items, _ := list.AsList()
			return len(items), list.IsOpen()
		}
	}
	t.Fatal("there is no image")
	return 0, false
}

// TestTags proves that what was read of an image that is named by a tag holds for a while only, and that of a digest for good.
func TestTags(t *testing.T) {
	h, db := newHub(t), t.TempDir()
	advise(t, db, "3.0.11")
	tag, _ := h.push(t, "portal:1", made(t, "3.0.9"))
	c := open(t, images.Options{Fetch: true, TagAge: 300 * time.Millisecond, Image: image.Options{Advisories: db}})
	if n, _ := wrong(t, learn(t, c, tag)); n != 1 {
		t.Errorf("%d vulnerabilities", n)
	}
	_, digest := h.push(t, "portal:1", made(t, "3.0.12")) // the tag is moved
	learn(t, c, digest)
	time.Sleep(400 * time.Millisecond)
	if known, unknown := c.Known([]string{tag}, false); len(known) > 0 || !strings.Contains(unknown[tag], "again") {
		t.Errorf("an old tag: %d resources, %q", len(known), unknown)
	}
	if n, open := wrong(t, learn(t, c, tag)); n != 0 || open {
		t.Errorf("the image that the tag was moved to: %d vulnerabilities, more %v", n, open)
	}
	if known, unknown := c.Known([]string{digest}, true); len(known) == 0 {
		t.Errorf("a digest: %v", unknown)
	}
}

// TestUnknown proves that what is not read is told with its reason, and that nothing is asked for by a dry run or of a registry that is
// not to be asked.
func TestUnknown(t *testing.T) {
	h := newHub(t)
	tag, _ := h.push(t, "portal:1", made(t, "3.0.9"))
	for name, one := range map[string]struct {
		options images.Options
		image   string
		dry     bool
		reason  string
	}{
		"nothing is fetched":   {images.Options{}, tag, false, "--images"},
		"a dry run":            {images.Options{Fetch: true}, tag, true, "dry run"},
		"another registry":     {images.Options{Fetch: true, Registries: []string{h.address + "/team"}}, tag, false, "--registry"},
		"a registry like it":   {images.Options{Fetch: true, Registries: []string{"registry.example.com"}}, "registry.example.com.attacker.example/a:1", false, "--registry"},
		"a name of Docker Hub": {images.Options{Fetch: true, Registries: []string{"docker.io/library"}}, "index.docker.io/evil/a:1", false, "--registry"},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, one.options)
			known, unknown := c.Known([]string{one.image}, one.dry)
			_, _, waits := c.Size()
			if len(known) > 0 || !strings.Contains(unknown[one.image], one.reason) || waits > 0 {
				t.Errorf("%d resources, %v, %d wait", len(known), unknown, waits)
			}
		})
	}
	c := open(t, images.Options{Fetch: true})
	missing := h.address + "/nothing:1"
	c.Known([]string{missing}, false)
	c.Await(t.Context(), []string{missing})
	if _, unknown := c.Known([]string{missing}, false); !strings.Contains(unknown[missing], "could not be read") {
		t.Errorf("an image that is not there: %v", unknown)
	}
	if n, open := wrong(t, learn(t, c, tag)); n != 0 || !open {
		t.Errorf("without advisories: %d vulnerabilities, more %v", n, open)
	}
}

// TestAdvisories proves that images which are known are compared with new advisories at once, and are unknown without any.
func TestAdvisories(t *testing.T) {
	h, db := newHub(t), t.TempDir()
	advise(t, db, "3.0.8")
	tag, _ := h.push(t, "portal:1", made(t, "3.0.9"))
	c := open(t, images.Options{Fetch: true, Image: image.Options{Advisories: db}})
	if n, open := wrong(t, learn(t, c, tag)); n != 0 || open {
		t.Errorf("%d vulnerabilities, more %v", n, open)
	}
	if c.Refresh(false) {
		t.Error("nothing has changed")
	}
	advise(t, db, "3.0.11")
	if !c.Refresh(false) {
		t.Error("the new database is not seen")
	}
	if n, _ := wrong(t, learn(t, c, tag)); n != 1 {
		t.Errorf("%d vulnerabilities by the new database", n)
	}
	files, err := filepath.Glob(filepath.Join(db, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if err := os.RemoveAll(file); err != nil {
			t.Fatal(err)
		}
	}
	c.Refresh(false)
	if n, open := wrong(t, learn(t, c, tag)); n != 0 || !open {
		t.Errorf("without a database: %d vulnerabilities, more %v", n, open)
	}
}

// TestBounds proves that only so many images are kept, the ones that were asked for last.
func TestBounds(t *testing.T) {
	h := newHub(t)
	c := open(t, images.Options{Fetch: true, Most: 2})
	var names []string
	for i := range 4 {
		tag, _ := h.push(t, fmt.Sprintf("portal:%d", i), made(t, fmt.Sprint(i)))
		names = append(names, tag)
		learn(t, c, tag)
	}
	if known, _, _ := c.Size(); known > 2 {
		t.Errorf("%d images are kept", known)
	}
	if known, _ := c.Known(names[3:], true); len(known) == 0 {
		t.Error("the last image is forgotten")
	}
	if known, _ := c.Known(names[:1], true); len(known) > 0 {
		t.Error("the first image is kept")
	}
}
