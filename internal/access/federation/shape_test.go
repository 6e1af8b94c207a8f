package federation

import (
	"bytes"
	"encoding/pem"
	"os"
	"testing"
)

func writePEM(t *testing.T, file, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// FuzzShape proves that no response, whatever is in it, breaks what looks at it first, and that one which passes holds one assertion.
func FuzzShape(f *testing.F) {
	f.Add([]byte(`<samlp:Response xmlns:samlp="` + nsProtocol + `" xmlns:s="` + nsAssertion + `" xmlns:d="` + nsSignature +
		`" ID="r"><s:Assertion ID="a"><d:Signature>` +
		`<SignedInfo><Reference URI="#a"/></SignedInfo></d:Signature><Subject><NameID/><SubjectConfirmation><SubjectConfirmationData/></SubjectConfirmation></Subject>` +
		`<Conditions><AudienceRestriction><Audience/></AudienceRestriction></Conditions><AuthnStatement><AuthnContext/></AuthnStatement></s:Assertion></samlp:Response>`))
	f.Add([]byte(`<Reference/>`))
	f.Add([]byte(`<a></b>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if checkShape(b) == nil && bytes.Count(b, []byte("Assertion ")) < 1 && bytes.Count(b, []byte("Assertion")) < 2 {
			t.Errorf("a response without an assertion passes: %q", b)
		}
	})
}
