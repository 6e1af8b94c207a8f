package verify_test

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"ward.dev/ward/ledger/verify"
)

// FuzzEvidence proves that no archive makes the verifier crash, and that none is proved which no key has signed.
func FuzzEvidence(f *testing.F) {
	_, key, err := note.GenerateKey(rand.Reader, "ward.test")
	if err != nil {
		f.Fatal(err)
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, file := range [][2]string{{verify.ManifestName, `{"format":"ward-evidence/1","parts":[{"name":"a"}]}`}, {verify.PartsFolder + "a", "x"}, {verify.LedgerName, "{}"}} {
		if err := w.WriteHeader(&tar.Header{Name: file[0], Size: int64(len(file[1])), Mode: 0o400}); err != nil {
			f.Fatal(err)
		}
		if _, err := w.Write([]byte(file[1])); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, archive []byte) {
		if proof, err := verify.Evidence(bytes.NewReader(archive), key, nil); err == nil {
			t.Errorf("proved: %+v", proof)
		}
	})
}

// TestSmall proves that the verifier needs nothing but the standard library and the notes and trees of golang.org/x/mod.
func TestSmall(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "ward.dev/ward/cmd/ward-verify").Output()
	if err != nil {
		t.Fatal(err)
	}
	const want = "golang.org/x/mod/sumdb/note golang.org/x/mod/sumdb/tlog ward.dev/ward/ledger/verify ward.dev/ward/cmd/ward-verify"
	if got := strings.Join(strings.Fields(string(out)), " "); got != want {
		t.Errorf("it is made of %s", got)
	}
}
