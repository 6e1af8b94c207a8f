package image_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/image/imagetest"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/image"
	"ward.dev/ward/internal/value"
	"ward.dev/ward/internal/vulndb"
)

var now = time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)

const (
	debian = "ID=debian\nVERSION_ID=\"12\"\n"
	redhat = "ID=\"rhel\"\nVERSION_ID=\"9.4\"\nCPE_NAME=\"cpe:/o:redhat:enterprise_linux:9::baseos\"\n"
	openly = "Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl\nVersion: %s\n\n"
)

// saved writes an image of layers as a layout.
func saved(t *testing.T, layers ...v1.Layer) string {
	t.Helper()
	made := mutate.MediaType(mutate.ConfigMediaType(imagetest.Image(t, layers...), types.OCIConfigJSON), types.OCIManifestSchema1)
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

// database makes one of advisories that say of packages of ecosystems with which version they are mended: "Debian:12 openssl 3.0".
func database(t *testing.T, advisories ...string) string {
	t.Helper()
	from, dir := t.TempDir(), t.TempDir()
	for i, one := range advisories {
		words := strings.Split(one, "|")
		record := fmt.Sprintf(`{"id":"CVE-2026-%04d","modified":"2026-01-08T00:00:00Z","published":"2025-10-01T00:00:00Z",
			"affected":[{"package":{"ecosystem":%q,"name":%q},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":%q}]}]}]}`,
			i+1, words[0], words[1], words[2])
		if err := os.WriteFile(filepath.Join(from, fmt.Sprint(i, ".json")), []byte(record), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := vulndb.Update(t.Context(), vulndb.Request{Dir: dir, Sources: []string{from}, Now: now}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, target, advisories string) source.Reading {
	t.Helper()
	readings, err := image.Read(context.Background(), []string{target}, image.Options{Advisories: advisories, Now: now, MaxAge: 7 * 24 * time.Hour},
		func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	return readings[0]
}

// told writes what is known to be wrong with an image, and why there may be more.
func told(reading source.Reading) []string {
	list := reading.Blocks[0].Body.Field("vulnerabilities")
	said := []string{}
	for _, b := range reading.Blocks[1:] {
		id, _ := b.Body.Field("id").AsString()
		name, _ := b.Body.Field("package").AsString()
		said = append(said, id+" "+name)
	}
	for _, why := range list.Reasons() {
		said = append(said, "? "+why.Why)
	}
	return said
}

// TestBackport proves that the version of the distribution decides, and that whatever keeps an image or its advisories from being
// known leaves its vulnerabilities open.
func TestBackport(t *testing.T) {
	db := database(t, "Debian:12|openssl|3.0.11-1~deb12u2")
	base := func(release string) v1.Layer { return imagetest.Layer(t, map[string]string{"etc/os-release": release}) }
	status := func(version string) v1.Layer {
		return imagetest.Layer(t, map[string]string{"var/lib/dpkg/status": fmt.Sprintf(openly, version)})
	}
	whole, err := status("3.0.11-1~deb12u2").Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	archive, err := io.ReadAll(whole)
	if err != nil {
		t.Fatal(err)
	}
	damaged := t.TempDir()
	if err := os.WriteFile(filepath.Join(damaged, "advisories.vulndb"), []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		target, advisories string
		want               []string // "?": some reason
	}{
		"vulnerable":           {saved(t, base(debian), status("3.0.11-1~deb12u1")), db, []string{"CVE-2026-0001 libssl3"}},
		"mended by Debian":     {saved(t, base(debian), status("3.0.11-1~deb12u2")), db, []string{}},
		"unknown distribution": {saved(t, base("ID=plan9\n"), status("3.0.11-1~deb12u1")), db, []string{"?", "?"}},
		"another release":      {saved(t, base("ID=debian\nVERSION_ID=11\n"), status("3.0.11-1~deb12u1")), db, []string{"?"}},
		"no database":          {saved(t, base(debian), status("3.0.11-1~deb12u1")), t.TempDir(), []string{"?"}},
		"a damaged database":   {saved(t, base(debian), status("3.0.11-1~deb12u1")), damaged, []string{"?"}},
		"a layer that is cut off": {saved(t, base(debian), status("3.0.11-1~deb12u2"),
			static.NewLayer(archive[:540], types.OCIUncompressedLayer)), db, []string{"?"}},
		"nothing": {saved(t, base(debian)), db, []string{"?"}},
	} {
		t.Run(name, func(t *testing.T) {
			reading := read(t, c.target, c.advisories)
			got := told(reading)
			for i, text := range got {
				if strings.HasPrefix(text, "? ") && i < len(c.want) && c.want[i] == "?" {
					got[i] = "?"
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestRedHat proves that packages of Red Hat match whatever repository an advisory is about: an installed package does not say from
// which it came, and its image names one that need not be it.
func TestRedHat(t *testing.T) {
	db := database(t, "Red Hat:enterprise_linux:9::appstream|openssl-libs|1:3.0.7-28.el9", "Red Hat:enterprise_linux:8::baseos|openssl-libs|1:9.9-9.el8")
	bill := filepath.Join(t.TempDir(), "bill.json")
	write := func(version string) {
		document := `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"operating-system","name":"rhel","version":"9.4"},
			{"type":"library","name":"openssl-libs","version":"` + version + `","purl":"pkg:rpm/redhat/openssl-libs@` + version +
			`?arch=x86_64&epoch=1&distro=rhel-9.4&upstream=openssl-3.0.7-27.el9.src.rpm"}]}`
		if err := os.WriteFile(bill, []byte(document), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("3.0.7-27.el9")
	if got := told(read(t, bill, db)); len(got) == 0 || got[0] != "CVE-2026-0001 openssl-libs" {
		t.Errorf("the vulnerable version: %q", got)
	}
	write("3.0.7-28.el9")
	if got := told(read(t, bill, db)); len(got) > 0 && strings.HasPrefix(got[0], "CVE") {
		t.Errorf("the mended version: %q", got)
	}
	ubi := read(t, saved(t, imagetest.Layer(t, map[string]string{"etc/os-release": redhat})), db)
	name, _ := ubi.Blocks[0].Body.Field("os").Field("ecosystem").AsString()
	known, err := vulndb.Open(db)
	if err != nil {
		t.Fatal(err)
	}
	defer known.Close()
	if _, ok := known.Covers(name); !ok {
		t.Errorf("no advisories for %q", name)
	}
}

// TestNames proves what others may call an image: what is written in any of the ways of a registry, the digest that it was asked
// for by, and what the user says of an archive.
func TestNames(t *testing.T) {
	dir := saved(t, imagetest.Layer(t, map[string]string{"etc/os-release": debian}))
	reading := read(t, "nginx="+dir, t.TempDir())
	var names []string
	list, _ := reading.Blocks[0].Body.Field("names").AsList()
	for _, one := range list {
		text, _ := one.AsString()
		names = append(names, text)
	}
	digest, _ := reading.Blocks[0].Body.Field("digest").AsString()
	if diff := cmp.Diff([]string{digest, "docker.io/library/nginx:latest"}, names); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if reading.Name != "nginx" || reading.Blocks[0].Address != "nginx" {
		t.Errorf("called %q, %q", reading.Name, reading.Blocks[0].Address)
	}
}

// TestWorkload proves that a workload, in files and in a cluster, finds its images by digest and by any way to write the name, and
// that two images of one name are none.
func TestWorkload(t *testing.T) {
	kinds, errs := kind.Load(builtin.Files, "kinds")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	one := saved(t, imagetest.Layer(t, map[string]string{"etc/os-release": debian}))
	two := saved(t, imagetest.Layer(t, map[string]string{"etc/os-release": redhat}))
	images := func() []source.Reading { // one of them under two names
		return []source.Reading{read(t, "nginx="+one, t.TempDir()), read(t, "example.com/app:1="+two, t.TempDir()),
			read(t, "example.com/app:2="+two, t.TempDir()), read(t, "example.com/twice:1="+one, t.TempDir()), read(t, "example.com/twice:1="+two, t.TempDir())}
	}
	digest, _ := images()[1].Blocks[0].Body.Field("digest").AsString()
	for _, dialect := range []resource.Dialect{resource.Kubernetes, resource.Cluster} {
		for name, want := range map[string]string{
			"nginx": "nginx#nginx", "docker.io/nginx:latest": "nginx#nginx", "example.com/app:1": "example.com/app:1#example.com/app:1",
			"elsewhere.com/x@" + digest: "example.com/app:1#example.com/app:1", "nginx:2": "",
			"example.com/twice:1": "",
		} {
			pod := value.Object(map[string]value.Value{"kind": value.String("Pod"), "metadata": value.Object(map[string]value.Value{
				"name": value.String("p"), "namespace": value.String("n")}), "spec": value.Object(map[string]value.Value{"containers": value.List(
				value.Object(map[string]value.Value{"name": value.String("c"), "image": value.String(name)}))})})
			reading := source.Reading{Name: "k", Dialect: dialect, Kinds: []string{"Pod"}, Blocks: []resource.Block{{Dialect: dialect, Type: "Pod",
				Address: "Pod/n/p", Region: "n", Body: pod, Origin: &value.Origin{File: "f"}}}}
			inv := mapping.Map(kinds, append(images(), reading))
			for _, r := range inv.Resources {
				if r.Kind.Name != "kubernetes.workload" {
					continue
				}
				refs, _ := r.Get("images").AsList()
				if len(refs) != 1 {
					t.Fatalf("%s %s: %d images", dialect, name, len(refs))
				}
				id, _ := refs[0].AsString()
				if found := inv.Lookup(id); want != "" && (found == nil || id != want) || want == "" && (found != nil || !refs[0].IsOpen()) {
					t.Errorf("%s %s: %q, want %q", dialect, name, id, want)
				}
			}
		}
	}
}

// TestShapes proves that every block has what its shape says, and that what is read of a bill of materials has it too.
func TestShapes(t *testing.T) {
	bill := filepath.Join(t.TempDir(), "bill.json")
	if err := os.WriteFile(bill, []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, reading := range []source.Reading{
		read(t, saved(t, imagetest.Layer(t, map[string]string{"a": "b"})), t.TempDir()), read(t, bill, t.TempDir()),
	} {
		for _, b := range reading.Blocks {
			if diff := cmp.Diff(image.Shapes()[b.Type].Keys(), b.Body.Keys()); diff != "" {
				t.Errorf("-shape +block:\n%s", diff)
			}
		}
	}
}

// TestNamed proves that the images of workloads are listed in full, each once, without those that the user gave.
func TestNamed(t *testing.T) {
	images := func(path string, names ...string) value.Value {
		var containers []value.Value
		for _, name := range names {
			containers = append(containers, value.Object(map[string]value.Value{"image": value.String(name)}))
		}
		v := value.Object(map[string]value.Value{"containers": value.List(containers...)})
		steps := strings.Split(path, ".")
		slices.Reverse(steps)
		for _, name := range steps {
			v = value.Object(map[string]value.Value{name: v})
		}
		return v
	}
	readings := []source.Reading{{Blocks: []resource.Block{
		{Dialect: resource.Kubernetes, Body: images("spec", "nginx", "example.com/a:1", "a b")},
		{Dialect: resource.Cluster, Body: images("spec.template.spec", "docker.io/library/nginx:latest", "example.com/given:1")},
		{Dialect: resource.Kubernetes, Body: images("spec.jobTemplate.spec.template.spec", "example.com/night:1")},
		{Dialect: resource.Terraform, Body: images("spec", "example.com/else:1")},
	}}}
	want := []string{"example.com/a:1", "example.com/night:1", "index.docker.io/library/nginx:latest"}
	if diff := cmp.Diff(want, image.Named(readings, []string{"example.com/given:1=given.tar"})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
