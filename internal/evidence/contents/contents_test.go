package contents_test

import (
	"bytes"
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/evidence"
	"ward.dev/ward/internal/evidence/contents"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/state/statetest"
	"ward.dev/ward/internal/value"
)

// TestParts proves that what an assessment was made of can be kept as a bundle, with files of any name, and without secrets.
func TestParts(t *testing.T) {
	c := contents.Contents{
		Assessment: &assessment.Assessment{Version: assessment.Version, Tool: assessment.Tool{Name: "ward", CatalogDigest: "sha256:x"}},
		Readings: []source.Reading{{Kind: "terraform", Name: "code",
			Blocks: []resource.Block{{Dialect: resource.Terraform, Type: "x", Address: "x.y", Target: "code",
				Body: value.Object(map[string]value.Value{"password": value.String("hunter2")}), Origin: &value.Origin{File: "main.tf", Line: 1}}}}},
		Config:    &config.Config{Estate: "clinic", Vars: map[string]string{"password": "hunter2"}, Parameters: map[string]string{"Token": "hunter2"}},
		Decisions: []map[string]string{{"id": "EX-1"}},
		Catalogs: []fs.FS{fstest.MapFS{"checks/a/b.yaml": {Data: []byte("own: check\n")}, "checks/ö x.yaml": {Data: []byte("odd: name\n")},
			"README.md": {Data: []byte("of no use")}}},
	}
	parts, err := c.Parts()
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for _, p := range parts {
		all.WriteString("== " + p.Name + "\n")
		if err := p.Write(&all); err != nil {
			t.Fatal(err)
		}
	}
	text := all.String()
	for _, wanted := range []string{"== assessment.json", `"catalog_digest": "sha256:x"`, "== readings.jsonl", "main.tf", "== times.jsonl",
		"== config.json", `"Estate": "clinic"`,
		`"password": "(not kept)"`, "== decisions.json", "EX-1", "== catalog/1/checks/a/b.yaml\nown: check\n", "== catalog/1/sha256-", "odd: name"} {
		if !strings.Contains(text, wanted) {
			t.Errorf("%q is missing", wanted)
		}
	}
	if strings.Contains(text, "hunter2") || strings.Contains(text, "of no use") {
		t.Errorf("it holds what it must not:\n%s", text)
	}
	folder, err := evidence.OpenFolder(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := evidence.New(statetest.SQLite(t), folder, nil, 0, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	b, err := archive.Keep(context.Background(), "clinic", "run", parts)
	if err == nil {
		err = archive.Check(context.Background(), b)
	}
	if err != nil {
		t.Error(err)
	}
}
