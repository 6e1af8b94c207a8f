package image_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/image/imagetest"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/image"
	"ward.dev/ward/internal/value"
)

// podRunning is a pod whose node tells what it runs under a name; nothing if id is "".
func podRunning(name, id string) resource.Block {
	text := func(members ...string) value.Value {
		m := map[string]value.Value{}
		for i := 0; i < len(members); i += 2 {
			m[members[i]] = value.String(members[i+1])
		}
		return value.List(value.Object(m))
	}
	return resource.Block{Dialect: resource.Cluster, Type: "Pod", Body: value.Object(map[string]value.Value{
		"spec":   value.Object(map[string]value.Value{"containers": text("name", "c", "image", name)}),
		"status": value.Object(map[string]value.Value{"containerStatuses": text("name", "c", "imageID", id)})})}
}

// TestRunning proves that what pods run under a name is found, by the digest of a manifest or of a configuration, and that no one image
// is asked for where they run several.
func TestRunning(t *testing.T) {
	a, b := "sha256:"+strings.Repeat("a", 64), "sha256:"+strings.Repeat("b", 64)
	running := image.Running([]source.Reading{{Blocks: []resource.Block{
		podRunning("example.com/portal:1", "example.com/portal@"+a), podRunning("example.com/portal:1", "example.com/other@"+a),
		podRunning("example.com/two:1", a), podRunning("example.com/two:1", b),
		podRunning("nginx", a), podRunning("example.com/waits:1", ""), podRunning("example.com/pinned@"+b, b),
	}}})
	want := map[string][]image.Run{"example.com/portal:1": {{Digest: a, Manifest: true}}, "example.com/two:1": {{Digest: a}, {Digest: b}},
		"index.docker.io/library/nginx:latest": {{Digest: a}}}
	if diff := cmp.Diff(want, running); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for called, want := range map[string]string{"example.com/portal:1": "example.com/portal:1=example.com/portal@" + a, "example.com/two:1": "",
		"index.docker.io/library/nginx:latest": "index.docker.io/library/nginx:latest", "example.com/waits:1": "example.com/waits:1"} {
		if got, ok := image.Ask(called, running[called]); got != want || ok != (want != "") {
			t.Errorf("%s: asked for %q, want %q", called, got, want)
		}
	}
}

// TestVerify proves that an image that is not what runs under its name tells nothing of it.
func TestVerify(t *testing.T) {
	path := saved(t, imagetest.Layer(t, map[string]string{"a": "b"}))
	r := read(t, "example.com/portal:1="+path, t.TempDir())
	id, _ := r.Blocks[0].Body.Field("id").AsString()
	for run, same := range map[string]bool{id: true, "sha256:" + strings.Repeat("a", 64): false} {
		got := image.Verify(r, image.Running([]source.Reading{{Blocks: []resource.Block{podRunning("example.com/portal:1", run)}}}))
		if len(got.Blocks) > 0 != same || len(got.Gaps) > 0 == same {
			t.Errorf("%s: %d blocks, gaps %v", run, len(got.Blocks), got.Gaps)
		}
	}
	if got := image.Verify(r, nil); len(got.Blocks) == 0 {
		t.Error("nothing runs yet, and it is not taken")
	}
}

// TestCache proves that an image that was read is remembered, and is the same.
func TestCache(t *testing.T) {
	path := saved(t, imagetest.Layer(t, map[string]string{"a": "b"}))
	o := image.Options{Cache: &image.Cache{}}
	first, err := image.Materials(t.Context(), "example.com/portal:1="+path, o)
	if err != nil {
		t.Fatal(err)
	}
	second, err := image.Materials(t.Context(), "example.com/portal:2="+path, o)
	if err != nil {
		t.Fatal(err)
	}
	if second.Name != "example.com/portal:2" {
		t.Errorf("it is called %s", second.Name)
	}
	second.Name = first.Name
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("-first +second:\n%s", diff)
	}
}
