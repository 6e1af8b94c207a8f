package sbom

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"ward.dev/ward/internal/software"
)

func example() Document {
	const layer = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	return Document{
		Format: "CycloneDX 1.6", Name: "registry.example/app:1", Version: "sha256:bbbb",
		Packages: []software.Package{
			{Name: "unknown", Version: "1", Source: "src", SourceVersion: "2", Path: "lib/apk/db/installed"},
			{Ecosystem: "Debian:12", Name: "libssl3", Version: "3.0.11-1~deb12u2", Arch: "amd64", Source: "openssl", Path: "var/lib/dpkg/status", Layer: layer},
			{Ecosystem: "Go", Name: "stdlib", Version: "1.22.3", Path: "app"},
			{Ecosystem: "Go", Name: "stdlib", Version: "1.22.3", Path: "app2"},
			{Ecosystem: "Maven", Name: "org.example:lib", Version: "1.0", Path: "app.jar"},
			{Ecosystem: "Red Hat:enterprise_linux:9::baseos", Name: "openssl-libs", Version: "1:3.0.7-27.el9", Arch: "x86_64",
				Source: "openssl", SourceVersion: "3.0.7-27.el9", Licenses: []string{"ASL 2.0"}},
			{Ecosystem: "npm", Name: "@babel/core", Version: "7.24.0", Path: "app/node_modules/@babel/core/package.json", Licenses: []string{"(MIT OR Apache-2.0)"}},
		},
		Gaps: []string{"packages of RubyGems are not read: usr/lib/ruby/specifications/rake.gemspec"},
	}
}

func written(t testing.TB, d Document) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, d); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestRoundTrip proves that what is written is read as the same, and that the same packages give the same bytes in any order.
func TestRoundTrip(t *testing.T) {
	data := written(t, example())
	got, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	want := example()
	want.Gaps = append(want.Gaps, "packages without a package URL that tells where advisories about them are published: unknown")
	slices.Sort(want.Gaps)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	turned := example()
	slices.Reverse(turned.Packages)
	if !bytes.Equal(data, written(t, turned)) {
		t.Error("another order gives other bytes")
	}
}

// TestSchema proves that what is written keeps to the schema of CycloneDX 1.6, which comes with the library.
func TestSchema(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	for _, name := range []string{"bom-1.6.schema.json", "spdx.schema.json", "jsf-0.82.schemax.json"} {
		raw, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "schema", name))
		if err != nil {
			t.Fatal(err)
		}
		schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		name = strings.Replace(name, "schemax", "schema", 1)
		if err := compiler.AddResource("http://cyclonedx.org/schema/"+name, schema); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := compiler.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []Document{{}, example()} {
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(written(t, d)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(document); err != nil {
			t.Error(err)
		}
	}
}

const head = `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,`

const spdxHead = `{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"doc","dataLicense":"CC0-1.0","documentNamespace":"x","creationInfo":{"creators":["Tool: t"],"created":"2026-01-01T00:00:00Z"},`

// purlRef is an external reference of SPDX.
func purlRef(purl string) string {
	return `"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"` + purl + `"}]`
}

// TestFormats proves that packages are read of each format, with what other tools write beside package URLs.
func TestFormats(t *testing.T) {
	openssl := software.Package{Ecosystem: "Debian:12", Name: "libssl3", Version: "3.0.11-1", Source: "openssl"}
	for name, c := range map[string]struct {
		document, format, subject string
		want                      []software.Package
	}{
		"Syft's CycloneDX": {head + `"metadata":{"component":{"type":"container","name":"app","version":"1"}},"components":[
			{"type":"library","name":"libssl3","version":"3.0.11-1","purl":"pkg:deb/debian/libssl3@3.0.11-1?distro=debian-12&upstream=openssl"},
			{"type":"operating-system","name":"debian","version":"12"},{"type":"file","name":"x"}]}`, "CycloneDX 1.5", "app", []software.Package{openssl}},
		"Trivy's CycloneDX": {head + `"components":[{"type":"operating-system","name":"debian","version":"12.5"},
			{"type":"library","name":"libssl3","version":"3.0.11-1","purl":"pkg:deb/debian/libssl3@3.0.11-1?distro=debian-12.5","properties":[
			{"name":"aquasecurity:trivy:SrcName","value":"openssl"},{"name":"aquasecurity:trivy:SrcVersion","value":"3.0.11"},
			{"name":"aquasecurity:trivy:SrcRelease","value":"1"}]}]}`, "CycloneDX 1.5", "", []software.Package{openssl}},
		"components in components": {head + `"components":[{"type":"application","name":"a","version":"1","purl":"pkg:npm/a@1","components":[
			{"type":"library","name":"b","version":"2","purl":"pkg:npm/b"}]}]}`, "CycloneDX 1.5", "", []software.Package{
			{Ecosystem: "npm", Name: "a", Version: "1"}, {Ecosystem: "npm", Name: "b", Version: "2"}}},
		"XML": {`<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.4" version="1"><components><component type="library">
			<name>a</name><version>1</version><licenses><license><id>MIT</id></license></licenses><purl>pkg:npm/a@1</purl></component></components></bom>`,
			"CycloneDX 1.4", "", []software.Package{{Ecosystem: "npm", Name: "a", Version: "1", Licenses: []string{"MIT"}}}},
		"SPDX": {spdxHead + `"packages":[{"SPDXID":"SPDXRef-image","name":"app","versionInfo":"1","downloadLocation":"NONE","primaryPackagePurpose":"CONTAINER"},
			{"SPDXID":"SPDXRef-a","name":"libssl3","versionInfo":"3.0.11-1","downloadLocation":"NONE","licenseDeclared":"NOASSERTION",
			"sourceInfo":"built package from: openssl 3.0.11-1",` + purlRef("pkg:deb/debian/libssl3@3.0.11-1?distro=debian-12") + `}],
			"relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-image"}]}`,
			"SPDX-2.3", "app", []software.Package{openssl}},
		"SPDX tag-value": {"SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: doc\nDocumentNamespace: http://x\n" +
			"Creator: Tool: t\nCreated: 2026-01-01T00:00:00Z\n\nPackageName: a\nSPDXID: SPDXRef-a\nPackageVersion: 1\nPackageDownloadLocation: NONE\n" +
			"FilesAnalyzed: false\nPackageLicenseDeclared: MIT\nExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1\n", "SPDX-2.3", "doc",
			[]software.Package{{Ecosystem: "npm", Name: "a", Version: "1", Licenses: []string{"MIT"}}}},
	} {
		got, err := Read([]byte(c.document))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, got.Packages); diff != "" || len(got.Gaps) > 0 {
			t.Errorf("%s: %s\n%q", name, diff, got.Gaps)
		}
		if got.Format != c.format || c.subject != "" && got.Name != c.subject {
			t.Errorf("%s: format %q, name %q", name, got.Format, got.Name)
		}
	}
}

// TestGaps proves that each thing that a document does not tell is a gap.
func TestGaps(t *testing.T) {
	one := func(fields string) string { return head + `"components":[{"type":"library",` + fields + `}]}` }
	for document, want := range map[string]string{
		head + `"components":[]}`:                                      "lists no packages",
		spdxHead + `"packages":[]}`:                                    "lists no packages",
		one(`"name":"a","version":"1"`):                                "without a package URL",
		one(`"name":"a","version":"1","purl":"a@1"`):                   "without a package URL",
		one(`"name":"a","version":"1","purl":"pkg:generic/a@1"`):       "without a package URL",
		one(`"name":"a","purl":"pkg:npm/a"`):                           "without a version",
		one(`"name":"a","purl":"pkg:deb/debian/a@1?upstream=b"`):       "without its release",
		one(`"name":"a","purl":"pkg:deb/debian/a@1?distro=debian-12"`): "source packages",
		head + `"compositions":[{"aggregate":"incomplete"}],` + one(`"name":"a","purl":"pkg:npm/a@1"`)[len(head):]: "may be incomplete",
		head + `"compositions":[{"aggregate":"unknown"}],` + one(`"name":"a","purl":"pkg:npm/a@1"`)[len(head):]:    "may be incomplete",
		spdxHead + `"packages":[{"SPDXID":"SPDXRef-a","name":"a","downloadLocation":"NONE"}]}`:                     "without a package URL",
	} {
		got, err := Read([]byte(document))
		if err != nil || !strings.Contains(strings.Join(got.Gaps, "\n"), want) {
			t.Errorf("%s: gaps %q, want %q (%v)", document, got.Gaps, want, err)
		}
	}
	// The release may stand with the operating system alone.
	got, err := Read([]byte(head + `"components":[{"type":"library","name":"a","purl":"pkg:apk/alpine/a@1?upstream=b"},{"type":"operating-system","name":"alpine","version":"3.20.3"}]}`))
	if err != nil || len(got.Gaps) > 0 || got.Packages[0].Ecosystem != "Alpine:v3.20" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestNoDocument proves that what is no bill of materials is an error.
func TestNoDocument(t *testing.T) {
	for _, document := range []string{
		"", "hello", "{}", "[]", "{", `{"bomFormat":"Other"}`, head, "<bom", "<html></html>", `<bom xmlns="http://example.org"/>`,
		`{"spdxVersion":"SPDX-9.9"}`, `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[]}`, "SPDXVersion: SPDX-2.3\nnonsense\n",
		head + `"components":` + strings.Repeat(`[{"type":"library","name":"a","components":`, 200) + "[]" + strings.Repeat("}]", 200) + "}",
	} {
		if got, err := Read([]byte(document)); err == nil {
			t.Errorf("%.100q is read as %+v", document, got)
		}
	}
}

// BenchmarkRead reads a document of 10,000 packages.
func BenchmarkRead(b *testing.B) {
	d := Document{Name: "app"}
	for i := range 10_000 {
		d.Packages = append(d.Packages, software.Package{Ecosystem: "npm", Name: fmt.Sprintf("module-%d", i), Version: "1.0.0"})
	}
	data := written(b, d)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if got, err := Read(data); err != nil || len(got.Packages) != 10_000 {
			b.Fatal(err)
		}
	}
}

// FuzzRead proves that no bytes crash the reader, and that what is read can be written.
func FuzzRead(f *testing.F) {
	f.Add(written(f, example()))
	f.Add([]byte(`<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components><component type="library"><name>a</name></component></components></bom>`))
	f.Add([]byte(spdxHead + `"packages":[{"SPDXID":"SPDXRef-a","name":"a",` + purlRef("pkg:npm/a@1") + `}]}`))
	f.Add([]byte("SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nPackageName: a\nSPDXID: SPDXRef-a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Read(data)
		if err != nil {
			return
		}
		written(t, d)
	})
}
