package signature_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"ward.dev/ward/internal/image/signature"
)

// authority signs certificates for those who show who they are, as Fulcio does.
type authority struct {
	t    testing.TB
	key  *ecdsa.PrivateKey
	root *x509.Certificate
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{t: t, key: newECDSA(t, elliptic.P384())}
	a.root = a.issue(&x509.Certificate{Subject: pkix.Name{Organization: []string{"clinic"}, CommonName: "root"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: now.AddDate(-5, 0, 0), NotAfter: now.AddDate(5, 0, 0), KeyUsage: x509.KeyUsageCertSign}, nil, a.key)
	return a
}

func (a *authority) issue(template, parent *x509.Certificate, key crypto.Signer) *x509.Certificate {
	a.t.Helper()
	if parent == nil {
		parent = template
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), a.key)
	must(a.t, err)
	c, err := x509.ParseCertificate(der)
	must(a.t, err)
	return c
}

const (
	issuer  = "https://token.actions.githubusercontent.com"
	subject = "https://github.com/clinic/portal/.github/workflows/release.yaml@refs/heads/main"
)

// identity returns a certificate for ten minutes.
func (a *authority) identity(key crypto.Signer, at time.Time) *x509.Certificate {
	a.t.Helper()
	uri, err := url.Parse(subject)
	must(a.t, err)
	text, err := asn1.MarshalWithParams(issuer, "utf8")
	must(a.t, err)
	return a.issue(&x509.Certificate{URIs: []*url.URL{uri}, NotBefore: at, NotAfter: at.Add(10 * time.Minute), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, ExtraExtensions: []pkix.Extension{
			{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}, Value: text}}}, a.root, key)
}

func inPEM(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

// entry is one of a transparency log, as Rekor returns it.
type entry struct {
	Body           string `json:"body"`
	IntegratedTime int64  `json:"integratedTime"`
	LogID          string `json:"logID"`
	LogIndex       int64  `json:"logIndex"`
}

// record makes a log promise an entry.
func record(t testing.TB, log crypto.Signer, body []byte, at time.Time) (entry, []byte) {
	t.Helper()
	e := entry{base64.StdEncoding.EncodeToString(body), at.Unix(), strings.TrimPrefix(signature.Fingerprint(log.Public()), "sha256:"), 7}
	return e, sign(t, log, encode(t, e))
}

// recorded is the body of an entry about a signature of a payload.
func recorded(t testing.TB, message, sig []byte, c *x509.Certificate) []byte {
	t.Helper()
	return encode(t, map[string]any{"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": map[string]any{
		"data":      map[string]any{"hash": map[string]any{"algorithm": "sha256", "value": sum(message)}},
		"signature": map[string]any{"content": sig, "publicKey": map[string]any{"content": []byte(inPEM(c))}}}})
}

// keyless is a signature of cosign with a certificate, and what may go wrong with it.
type keyless struct {
	t           *testing.T
	home        *home
	authority   *authority
	key, log    crypto.Signer
	certificate *x509.Certificate
	at          time.Time // when the log says that it was made
	payload     []byte
	signature   []byte
	body        []byte
	promise     func([]byte) []byte
	trust       signature.Identity
	without     string // an annotation to leave out
}

func newKeyless(t *testing.T) *keyless {
	k := &keyless{t: t, home: serve(t, true, nil), authority: newAuthority(t), key: newECDSA(t, elliptic.P256()), log: newECDSA(t, elliptic.P256())}
	begin := now.AddDate(0, -3, 0)
	k.at = begin.Add(time.Minute)
	k.certificate = k.authority.identity(k.key, begin)
	k.payload = payload("registry.example/team/app", k.home.subject.Digest.String())
	k.signature = sign(t, k.key, k.payload)
	k.trust = signature.Identity{Issuer: issuer, Subject: "https://github.com/clinic/*", Root: signature.Root{
		Authorities: []signature.RootAuthority{{Certificates: []*x509.Certificate{k.authority.root}}},
		Logs:        []signature.Log{{Key: signature.Key{Public: k.log.Public()}}}}}
	return k
}

func (k *keyless) verify() signature.Signature {
	k.t.Helper()
	if k.body == nil {
		k.body = recorded(k.t, k.payload, k.signature, k.certificate)
	}
	e, promise := record(k.t, k.log, k.body, k.at)
	if k.promise != nil {
		promise = k.promise(promise)
	}
	annotations := map[string]string{
		"dev.sigstore.cosign/certificate": inPEM(k.certificate), "dev.sigstore.cosign/chain": inPEM(k.authority.root),
		"dev.sigstore.cosign/bundle": string(encode(k.t, map[string]any{"SignedEntryTimestamp": promise, "Payload": e})),
	}
	delete(annotations, k.without)
	k.home.cosign(k.payload, k.signature, annotations)
	return one(k.t, k.home.verify(signature.Trust{Identities: []signature.Identity{k.trust}}))
}

// TestIdentity proves that a signature with a certificate is verified if the log says that it was made while that held, and refused or
// unknown, never verified, if anything of it is another.
func TestIdentity(t *testing.T) {
	got := newKeyless(t).verify()
	if got.Verdict != signature.Verified || got.Signer != subject || got.Issuer != issuer || !got.SignedAt.Equal(now.AddDate(0, -3, 0).Add(time.Minute)) {
		t.Errorf("a good one: %+v", got)
	}
	for name, c := range map[string]struct {
		change func(k *keyless)
		want   signature.Verdict
		why    string
	}{
		"another issuer":          {func(k *keyless) { k.trust.Issuer = "https://accounts.example" }, signature.Refused, "nobody like that"},
		"another subject":         {func(k *keyless) { k.trust.Subject = "https://github.com/other/*" }, signature.Refused, "nobody like that"},
		"a subject in other case": {func(k *keyless) { k.trust.Subject = "https://github.com/Clinic/*" }, signature.Refused, "nobody like that"},
		"another root": {func(k *keyless) {
			k.trust.Root.Authorities[0].Certificates = []*x509.Certificate{newAuthority(t).root}
		}, signature.Refused, "unknown authority"},
		"a root that was not trusted then": {func(k *keyless) {
			k.trust.Root.Authorities[0].Valid.End = k.at.AddDate(0, -1, 0)
		}, signature.Refused, "no authority was trusted"},
		"another log": {func(k *keyless) {
			k.trust.Root.Logs[0].Public = newECDSA(t, elliptic.P256()).Public()
		}, signature.Refused, "is not trusted"},
		"a log that was not trusted then": {func(k *keyless) { k.trust.Root.Logs[0].Valid.Start = now }, signature.Refused, "not signed by the transparency log"},
		"before the certificate":          {func(k *keyless) { k.at = k.at.Add(-time.Hour) }, signature.Refused, "its certificate, as of"},
		"after the certificate":           {func(k *keyless) { k.at = k.at.Add(time.Hour) }, signature.Refused, "its certificate, as of"},
		"in the future":                   {func(k *keyless) { k.at = now.Add(time.Hour) }, signature.Refused, "will be made"},
		"a changed promise": {func(k *keyless) {
			k.promise = func(p []byte) []byte { return append(bytes.Clone(p[:len(p)-1]), p[len(p)-1]^1) }
		}, signature.Refused, "not signed by the transparency log"},
		"no promise":             {func(k *keyless) { k.promise = func([]byte) []byte { return nil } }, signature.Unknown, "did not sign"},
		"no entry in the log":    {func(k *keyless) { k.without = "dev.sigstore.cosign/bundle" }, signature.Refused, "does not say when"},
		"no log, and it is over": {func(k *keyless) { k.trust.Root.Logs = nil }, signature.Unknown, "key of the transparency log"},
		"neither log nor entry": {func(k *keyless) {
			k.trust.Root.Logs, k.without = nil, "dev.sigstore.cosign/bundle"
		}, signature.Refused, "expired"},
		"an entry about another payload": {func(k *keyless) {
			k.body = recorded(t, []byte("x"), k.signature, k.certificate)
		}, signature.Refused, "about another signature"},
		"an entry about another signature": {func(k *keyless) {
			k.body = recorded(t, k.payload, []byte("x"), k.certificate)
		}, signature.Refused, "about another signature"},
		"an entry about another certificate": {func(k *keyless) {
			k.body = recorded(t, k.payload, k.signature, k.authority.root)
		}, signature.Refused, "about another signature"},
		"an entry of another kind": {func(k *keyless) { k.body = []byte(`{"kind":"helm"}`) }, signature.Refused, "about another signature"},
		"another key signed":       {func(k *keyless) { k.signature = sign(t, newECDSA(t, elliptic.P256()), k.payload) }, signature.Refused, "not of the key"},
		"a certificate for servers": {func(k *keyless) {
			c := k.certificate
			k.certificate = k.authority.issue(&x509.Certificate{URIs: c.URIs, NotBefore: c.NotBefore, NotAfter: c.NotAfter,
				ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, ExtraExtensions: c.Extensions[len(c.Extensions)-1:]}, k.authority.root, k.key)
		}, signature.Refused, "incompatible key usage"},
		"no certificate":     {func(k *keyless) { k.without = "dev.sigstore.cosign/certificate" }, signature.Refused, "no key is trusted"},
		"another repository": {func(k *keyless) { k.trust.Repositories = []string{"127.0.0.1:*/*"} }, signature.Refused, "signed under the name"},
	} {
		k := newKeyless(t)
		c.change(k)
		if got := k.verify(); got.Verdict != c.want || !strings.Contains(got.Why, c.why) {
			t.Errorf("%s: %d %q, want %d %q", name, got.Verdict, got.Why, c.want, c.why)
		}
	}
}

// TestUnlogged proves that without a log a certificate that holds now is enough.
func TestUnlogged(t *testing.T) {
	k := newKeyless(t)
	k.trust.Root.Logs, k.without = nil, "dev.sigstore.cosign/bundle"
	k.certificate = k.authority.identity(k.key, now.Add(-time.Minute))
	if got := k.verify(); got.Verdict != signature.Verified || !got.SignedAt.IsZero() {
		t.Errorf("%+v", got)
	}
}

// proven shows that an entry is the second of two in a log.
func proven(t testing.TB, log crypto.Signer, entry []byte) map[string]any {
	t.Helper()
	first, second := tlog.RecordHash([]byte("first")), tlog.RecordHash(entry)
	root := tlog.NodeHash(first, second)
	text := fmt.Sprintf("log.example - 1\n2\n%s\n", base64.StdEncoding.EncodeToString(root[:]))
	der, err := x509.MarshalPKIXPublicKey(log.Public())
	must(t, err)
	id := sha256.Sum256(der)
	note := base64.StdEncoding.EncodeToString(append(id[:4], sign(t, log, []byte(text))...))
	return map[string]any{"logIndex": "1", "treeSize": "2", "rootHash": root[:], "hashes": [][]byte{first[:]},
		"checkpoint": map[string]any{"envelope": text + "\n— log.example " + note + "\n"}}
}

// TestIdentityBundle proves that a bundle with a certificate is verified with each kind of entry of the log, and not with that of another.
func TestIdentityBundle(t *testing.T) {
	type part = map[string]any
	hash := func(text []byte) part { return part{"algorithm": "sha256", "value": sum(text)} }
	good := func(k *keyless, payload, sig []byte) any {
		return part{"kind": "dsse", "spec": part{"payloadHash": hash(payload), "signatures": []part{{"signature": sig, "verifier": []byte(inPEM(k.certificate))}}}}
	}
	shown := func(k *keyless, body []byte) map[string]any { return proven(t, k.log, body) }
	for name, c := range map[string]struct {
		body  func(k *keyless, payload, sig []byte) any
		proof func(k *keyless, body []byte) map[string]any
		want  signature.Verdict
	}{
		"without a proof":    {good, nil, signature.Refused},
		"a proof of another": {good, func(k *keyless, body []byte) map[string]any { return proven(t, k.log, []byte("x")) }, signature.Refused},
		"a proof of no log":  {good, func(k *keyless, body []byte) map[string]any { return proven(t, newECDSA(t, elliptic.P256()), body) }, signature.Refused},
		"a proof of the wrong place": {good, func(k *keyless, body []byte) map[string]any {
			p := shown(k, body)
			p["logIndex"] = "0"
			return p
		}, signature.Refused},
		"a proof of another size": {good, func(k *keyless, body []byte) map[string]any {
			p := shown(k, body)
			p["treeSize"] = "3"
			return p
		}, signature.Refused},
		"a proof that is cut": {good, func(k *keyless, body []byte) map[string]any {
			p := shown(k, body)
			p["hashes"] = [][]byte{make([]byte, 31)}
			return p
		}, signature.Refused},
		"dsse": {func(k *keyless, payload, sig []byte) any {
			return part{"kind": "dsse", "spec": part{"payloadHash": hash(payload), "signatures": []part{{"signature": sig, "verifier": []byte(inPEM(k.certificate))}}}}
		}, shown, signature.Verified},
		"intoto": {func(k *keyless, payload, sig []byte) any {
			return part{"kind": "intoto", "spec": part{"content": part{"payloadHash": hash(payload), "envelope": part{"signatures": []part{
				{"publicKey": []byte(inPEM(k.certificate)), "sig": []byte(base64.StdEncoding.EncodeToString(sig))}}}}}}
		}, shown, signature.Verified},
		"another payload": {func(k *keyless, _, sig []byte) any {
			return part{"kind": "dsse", "spec": part{"payloadHash": hash(nil), "signatures": []part{{"signature": sig, "verifier": []byte(inPEM(k.certificate))}}}}
		}, shown, signature.Refused},
		"another signature": {func(k *keyless, payload, sig []byte) any {
			return part{"kind": "dsse", "spec": part{"payloadHash": hash(payload), "signatures": []part{{"signature": payload, "verifier": []byte(inPEM(k.certificate))}}}}
		}, shown, signature.Refused},
		"no envelope": {func(k *keyless, payload, sig []byte) any {
			return json.RawMessage(recorded(t, payload, sig, k.certificate))
		}, shown, signature.Refused},
	} {
		k := newKeyless(t)
		envelope, payload := statement(t, k.key, k.home.subject.Digest.String(), signPredicate)
		sig := envelope["signatures"].([]any)[0].(map[string]any)["sig"].([]byte)
		body := encode(t, c.body(k, payload, sig))
		e, promise := record(t, k.log, body, k.at)
		logID, err := hex.DecodeString(e.LogID)
		must(t, err)
		entry := part{"logIndex": "7", "logId": part{"keyId": logID}, "integratedTime": fmt.Sprint(e.IntegratedTime),
			"inclusionPromise": part{"signedEntryTimestamp": promise}, "canonicalizedBody": body}
		if c.proof != nil {
			entry["inclusionProof"] = c.proof(k, body)
		}
		k.home.refer(bundleType, bundleType, encode(t, part{"mediaType": bundleType, "dsseEnvelope": envelope, "verificationMaterial": part{
			"certificate": part{"rawBytes": k.certificate.Raw}, "tlogEntries": []part{entry}}}))
		if got := one(t, k.home.verify(signature.Trust{Identities: []signature.Identity{k.trust}})); got.Verdict != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestParseRoot proves that Sigstore's file of whom to trust is read, and that one without authorities is an error.
func TestParseRoot(t *testing.T) {
	a, log := newAuthority(t), newECDSA(t, elliptic.P256())
	der, err := x509.MarshalPKIXPublicKey(log.Public())
	must(t, err)
	type part = map[string]any
	whole := encode(t, part{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
		"tlogs": []part{{"baseUrl": "https://log.example", "publicKey": part{"rawBytes": der, "validFor": part{"start": "2021-01-12T11:53:27.000Z"}}}},
		"certificateAuthorities": []part{{"certChain": part{"certificates": []part{{"rawBytes": a.root.Raw}}},
			"validFor": part{"start": "2021-03-07T03:20:29.000Z", "end": "2022-12-31T23:59:59.999Z"}}}})
	root, err := signature.ParseRoot(whole)
	must(t, err)
	if len(root.Authorities) != 1 || root.Authorities[0].Valid.End.Year() != 2022 || len(root.Logs) != 1 || root.Logs[0].Valid.Start.Year() != 2021 {
		t.Errorf("%+v", root)
	}
	if two, err := signature.ParseRoot(append(append(whole, '\n'), whole...)); err != nil || len(two.Authorities) != 2 {
		t.Errorf("two in a row: %+v, %v", two, err)
	}
	for _, text := range []string{"", "{}", "[]", `{"certificateAuthorities":[{}]}`, `{"tlogs":[{}]}`, string(whole[:len(whole)/2])} {
		if root, err := signature.ParseRoot([]byte(text)); err == nil {
			t.Errorf("%.30q: %+v", text, root)
		}
	}
	if _, err := signature.ParseRoots([]byte(inPEM(a.root))); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"", "x", inPEM(a.identity(log, now))} {
		if _, err := signature.ParseRoots([]byte(text)); err == nil {
			t.Errorf("%.40q is no root", text)
		}
	}
}
