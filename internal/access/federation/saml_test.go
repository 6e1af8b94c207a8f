package federation

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"html"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
	"github.com/crewjam/saml/samlidp"
	dsig "github.com/russellhaering/goxmldsig"
	"golang.org/x/crypto/bcrypt"

	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// office is an identity provider of SAML on this machine, whose assertions a test may change before they are signed.
type office struct {
	*samlidp.Server
	server *httptest.Server
	change func(a *saml.Assertion) // nil says that a second factor was used
}

const mfa = "https://refeds.org/profile/mfa"

// MakeAssertion implements saml.AssertionMaker.
func (f *office) MakeAssertion(r *saml.IdpAuthnRequest, s *saml.Session) error {
	if err := (saml.DefaultAssertionMaker{}).MakeAssertion(r, s); err != nil {
		return err
	}
	r.Assertion.AuthnStatements[0].AuthnContext.AuthnContextClassRef = &saml.AuthnContextClassRef{Value: mfa}
	if f.change != nil {
		f.change(r.Assertion)
	}
	return nil
}

func newKey(t *testing.T) (*rsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	plan := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "id.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, plan, plan, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, certificate
}

func newOffice(t *testing.T) *office {
	t.Helper()
	f := &office{}
	f.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.ServeHTTP(w, r) }))
	t.Cleanup(f.server.Close)
	at, err := url.Parse(f.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	key, certificate := newKey(t)
	store := &samlidp.MemoryStore{}
	password, err := bcrypt.GenerateFromPassword([]byte("correct horse"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Put("/users/ann", samlidp.User{Name: "ann", HashedPassword: password, Email: "ann@example.org", CommonName: "Ann Lee",
		Groups: []string{"engineering"}}); err != nil {
		t.Fatal(err)
	}
	f.Server, err = samlidp.New(samlidp.Options{URL: *at, Signer: key, Key: key, Certificate: certificate, Store: store,
		Logger: log.New(io.Discard, "", 0)})
	if err != nil {
		t.Fatal(err)
	}
	f.IDP.AssertionMaker, f.IDP.SignatureMethod = f, dsig.RSASHA256SignatureMethod
	return f
}

// join tells each of the other, as administrators do.
func (f *office) join(t *testing.T, h *house, db *state.DB, change func(*SAML)) {
	t.Helper()
	status, text, _ := h.visit(h.browser, f.server.URL+"/metadata")
	if status != 200 {
		t.Fatalf("metadata: %d %s", status, text)
	}
	file := filepath.Join(t.TempDir(), "idp.xml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := SAML{Common: groups, MetadataFile: file, SubjectAttribute: "uid", EmailAttribute: "eduPersonPrincipalName", NameAttribute: "cn",
		GroupsAttribute: "eduPersonAffiliation"}
	if change != nil {
		change(&s)
	}
	h.open(db, Settings{SAML: []SAML{s}})
	_, own, _ := h.visit(h.browser, "/sign-in/saml/corp/metadata")
	r, err := http.NewRequest("PUT", f.server.URL+"/services/ward", strings.NewReader(own))
	if err != nil {
		t.Fatal(err)
	}
	reply, err := h.browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if status, text, _ := h.read(reply); status != http.StatusNoContent {
		t.Fatalf("join: %d %s", status, text)
	}
}

var input = regexp.MustCompile(`name="([A-Za-z]+)" value="([^"]*)"`)

// fields are the hidden fields of a form.
func fields(text string) url.Values {
	all := url.Values{}
	for _, f := range input.FindAllStringSubmatch(text, -1) {
		all.Set(f[1], html.UnescapeString(f[2]))
	}
	return all
}

// answer signs Ann in at the provider and returns the form that comes back.
func (f *office) answer(t *testing.T, h *house) url.Values {
	t.Helper()
	_, text, at := h.visit(h.browser, "/sign-in/saml/corp?next=/x")
	form := fields(text)
	if form.Get("SAMLResponse") == "" {
		form.Set("user", "ann")
		form.Set("password", "correct horse")
		reply, err := h.browser.PostForm(f.server.URL+"/sso", form)
		if err != nil {
			t.Fatal(err)
		}
		_, text, _ = h.read(reply)
		form = fields(text)
	}
	if form.Get("SAMLResponse") == "" || form.Get("RelayState") == "" {
		t.Fatalf("the provider does not answer, at %v: %s", at, text)
	}
	return url.Values{"SAMLResponse": form["SAMLResponse"], "RelayState": form["RelayState"]}
}

func (h *house) post(browser *http.Client, form url.Values) (int, string, *url.URL) {
	h.t.Helper()
	reply, err := browser.PostForm(h.server.URL+"/sign-in/saml/corp/acs", form)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.read(reply)
}

// TestSAML proves that a person signs in with a provider, and that an answer is good once, in the browser that began.
func TestSAML(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := newHouse(t)
		f := newOffice(t)
		f.join(t, h, db, nil)
		form := f.answer(t, h)
		if status, _, _ := h.post(h.newBrowser(), form); status != 400 || len(h.came) != 0 {
			t.Errorf("in another browser: %d", status)
		}
		if status, _, _ := h.post(h.browser, url.Values{"SAMLResponse": form["SAMLResponse"]}); status != 400 || len(h.came) != 0 {
			t.Errorf("without a state: %d", status)
		}
		status, text, at := h.post(h.browser, form)
		if status != 200 || at.Path != "/x" || len(h.came) != 1 {
			t.Fatalf("%d at %v: %s", status, at, text)
		}
		if who := h.came[0]; who.Issuer != f.server.URL+"/metadata" || who.Subject != "ann" || who.Email != "ann@example.org" || who.Name != "Ann Lee" ||
			strings.Join(who.Groups, " ") != "engineering" {
			t.Errorf("who came: %+v", who)
		}
		if status, _, _ := h.post(h.browser, form); status != 400 || len(h.came) != 1 {
			t.Errorf("once more: %d", status)
		}
		replayed := url.Values{"SAMLResponse": form["SAMLResponse"], "RelayState": f.answer(t, h)["RelayState"]}
		if status, _, _ := h.post(h.browser, replayed); status != 403 || len(h.came) != 1 || h.refusals() != "provider/corp not verified" {
			t.Errorf("an old answer to a new request: %d %s", status, h.refusals())
		}
	})
}

// TestSigned proves that requests are signed where a key is given, and that the metadata offer nothing that is not taken.
func TestSigned(t *testing.T) {
	h := newHouse(t)
	f := newOffice(t)
	key, certificate := newKey(t)
	dir := t.TempDir()
	writePEM(t, filepath.Join(dir, "key.pem"), "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	writePEM(t, filepath.Join(dir, "cert.pem"), "CERTIFICATE", certificate.Raw)
	f.join(t, h, statetest.SQLite(t), func(s *SAML) {
		s.KeyFile, s.CertificateFile = filepath.Join(dir, "key.pem"), filepath.Join(dir, "cert.pem")
	})
	_, text, _ := h.visit(h.browser, "/sign-in/saml/corp/metadata")
	for word, want := range map[string]bool{"HTTP-POST": true, "HTTP-Artifact": false, `use="signing"`: true, `use="encryption"`: false,
		`WantAssertionsSigned="true"`: true, `AuthnRequestsSigned="true"`: true} {
		if strings.Contains(text, word) != want {
			t.Errorf("metadata hold %s: %v", word, !want)
		}
	}
	b := *h.browser
	var to *url.URL
	b.CheckRedirect = func(r *http.Request, _ []*http.Request) error { to = r.URL; return http.ErrUseLastResponse }
	h.visit(&b, "/sign-in/saml/corp")
	raw := to.RawQuery[:strings.Index(to.RawQuery, "&Signature=")]
	signature, err := base64.StdEncoding.DecodeString(to.Query().Get("Signature"))
	if err != nil {
		t.Fatal(err)
	}
	if err := certificate.CheckSignature(x509.SHA256WithRSA, []byte(raw), signature); err != nil {
		t.Error(err)
	}
	if status, _, _ := h.post(h.browser, f.answer(t, h)); status != 200 || len(h.came) != 1 {
		t.Errorf("%d, %d came", status, len(h.came))
	}
}

// TestAssertions proves that nobody comes in with an assertion that the provider signed for somebody else, another time or place, or that
// lacks what is demanded.
func TestAssertions(t *testing.T) {
	h := newHouse(t)
	f := newOffice(t)
	f.join(t, h, statetest.SQLite(t), nil)
	now := time.Now()
	attributes := func(a *saml.Assertion, name, value string) {
		for i := range a.AttributeStatements[0].Attributes {
			if attr := &a.AttributeStatements[0].Attributes[i]; attr.FriendlyName == name {
				attr.Values = []saml.AttributeValue{{Type: "xs:string", Value: value}}
			}
		}
	}
	for name, c := range map[string]struct {
		change func(a *saml.Assertion)
		want   string
	}{
		"as it should be":  {nil, ""},
		"another audience": {func(a *saml.Assertion) { a.Conditions.AudienceRestrictions[0].Audience.Value = "https://other.example" }, "not verified"},
		"no audience":      {func(a *saml.Assertion) { a.Conditions.AudienceRestrictions = nil }, "not verified"},
		"a second audience": {func(a *saml.Assertion) {
			a.Conditions.AudienceRestrictions = append(a.Conditions.AudienceRestrictions, saml.AudienceRestriction{Audience: saml.Audience{Value: "x"}})
		}, "not verified"},
		"another issuer":  {func(a *saml.Assertion) { a.Issuer.Value = "https://evil.example" }, "not verified"},
		"expired":         {func(a *saml.Assertion) { a.Conditions.NotOnOrAfter = now.Add(-10 * time.Minute) }, "not verified"},
		"not valid yet":   {func(a *saml.Assertion) { a.Conditions.NotBefore = now.Add(10 * time.Minute) }, "not verified"},
		"issued long ago": {func(a *saml.Assertion) { a.IssueInstant = now.Add(-time.Hour) }, "not verified"},
		"confirmed too late": {func(a *saml.Assertion) {
			a.Subject.SubjectConfirmations[0].SubjectConfirmationData.NotOnOrAfter = now.Add(-10 * time.Minute)
		}, "not verified"},
		"another recipient": {func(a *saml.Assertion) {
			a.Subject.SubjectConfirmations[0].SubjectConfirmationData.Recipient = "https://other.example/acs"
		}, "not verified"},
		"another request": {func(a *saml.Assertion) {
			a.Subject.SubjectConfirmations[0].SubjectConfirmationData.InResponseTo = "id-1"
		}, "not verified"},
		"no request":    {func(a *saml.Assertion) { a.Subject.SubjectConfirmations[0].SubjectConfirmationData.InResponseTo = "" }, "not verified"},
		"not confirmed": {func(a *saml.Assertion) { a.Subject.SubjectConfirmations = nil }, "not verified"},
		"no name":       {func(a *saml.Assertion) { a.Subject.NameID = nil }, "not verified"},
		"no second factor": {func(a *saml.Assertion) {
			a.AuthnStatements[0].AuthnContext.AuthnContextClassRef.Value = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
		}, "no second factor"},
		"nothing about the sign-in": {func(a *saml.Assertion) { a.AuthnStatements = nil }, "not verified"},
		"no subject":                {func(a *saml.Assertion) { attributes(a, "uid", "") }, "not verified"},
		"no address":                {func(a *saml.Assertion) { attributes(a, "eduPersonPrincipalName", "") }, "no verified address"},
	} {
		f.change, h.came = c.change, nil
		before := h.refusals()
		status, _, at := h.post(h.browser, f.answer(t, h))
		if came := len(h.came) == 1 && status == 200 && at.Path == "/x"; came != (c.want == "") {
			t.Errorf("%s: %d at %v, came %v", name, status, at, h.came)
		}
		if got := strings.TrimPrefix(strings.TrimPrefix(h.refusals(), before), ", "); c.want != "" && got != "provider/corp "+c.want {
			t.Errorf("%s: recorded %q, want %q", name, got, c.want)
		}
	}
}

// forge makes another response of one that the provider signed: the assertion in it, and a copy of that which names Eve instead of Ann.
type forge func(response, assertion, evil *etree.Element)

// TestForged proves that no response that was changed on its way is taken, in whatever place what is signed is kept and what is forged
// put.
func TestForged(t *testing.T) {
	h := newHouse(t)
	f := newOffice(t)
	f.join(t, h, statetest.SQLite(t), nil)
	signature := func(e *etree.Element) *etree.Element { return e.FindElement("./Signature") }
	without := func(e *etree.Element) {
		if s := signature(e); s != nil {
			e.RemoveChild(s)
		}
	}
	within := func(e *etree.Element, tags ...string) *etree.Element {
		for _, tag := range tags {
			e = e.CreateElement(tag)
		}
		return e
	}
	for name, c := range map[string]forge{
		"nothing signed":            func(r, a, _ *etree.Element) { without(r); without(a) },
		"only the response signed":  func(_, a, _ *etree.Element) { without(a) },
		"a changed attribute":       func(r, a, evil *etree.Element) { r.RemoveChild(a); r.AddChild(evil) },
		"a changed attribute alone": func(r, a, evil *etree.Element) { without(r); r.RemoveChild(a); r.AddChild(evil) },
		"a forged assertion first": func(r, a, evil *etree.Element) {
			without(r)
			without(evil)
			evil.CreateAttr("ID", "evil")
			r.InsertChildAt(a.Index(), evil)
		},
		"a forged assertion last": func(r, _, evil *etree.Element) {
			without(r)
			without(evil)
			evil.CreateAttr("ID", "evil")
			r.AddChild(evil)
		},
		"the signed in extensions": func(r, a, evil *etree.Element) {
			without(r)
			without(evil)
			evil.CreateAttr("ID", "evil")
			r.RemoveChild(a)
			within(r, "samlp:Extensions").AddChild(a)
			r.AddChild(evil)
		},
		"the signed within the signature of the forged": func(r, a, evil *etree.Element) {
			without(r)
			evil.CreateAttr("ID", "evil")
			r.RemoveChild(a)
			bare := a.Copy()
			without(bare)
			within(signature(evil), "ds:Object").AddChild(bare)
			r.AddChild(evil)
		},
		"the signed within the forged": func(r, a, evil *etree.Element) {
			without(r)
			without(evil)
			evil.CreateAttr("ID", "evil")
			r.RemoveChild(a)
			evil.InsertChildAt(1, a)
			r.AddChild(evil)
		},
		"the same id twice": func(r, a, evil *etree.Element) { without(r); without(evil); r.InsertChildAt(a.Index(), evil) },
		"the forged around the response": func(r, a, evil *etree.Element) {
			without(r)
			without(evil)
			evil.CreateAttr("ID", "evil")
			within(evil, "saml:Advice").AddChild(a)
			r.AddChild(evil)
		},
		"a comment in a name": func(_, a, _ *etree.Element) {
			a.FindElement("./Subject/NameID").AddChild(etree.NewComment("x"))
		},
		"a processing instruction": func(r, _, _ *etree.Element) { r.AddChild(etree.NewProcInst("x", "y")) },
		"another status": func(r, _, _ *etree.Element) {
			r.FindElement("./Status/StatusCode").CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")
		},
		"another destination": func(r, _, _ *etree.Element) { without(r); r.CreateAttr("Destination", "https://other.example/acs") },
		"another signed reference": func(_, a, _ *etree.Element) {
			a.FindElement("./Signature/SignedInfo/Reference").CreateAttr("URI", "")
		},
		"an unknown transform": func(_, a, _ *etree.Element) {
			a.FindElement("./Signature/SignedInfo/Reference/Transforms/Transform").CreateAttr("Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116")
		},
	} {
		form := f.answer(t, h)
		raw, err := base64.StdEncoding.DecodeString(form.Get("SAMLResponse"))
		if err != nil {
			t.Fatal(err)
		}
		doc := etree.NewDocument()
		if err := doc.ReadFromBytes(raw); err != nil {
			t.Fatal(err)
		}
		assertion := doc.Root().FindElement("./Assertion")
		evil := assertion.Copy()
		for _, e := range evil.FindElements(".//AttributeValue") {
			e.SetText(strings.Replace(e.Text(), "ann", "eve", 1))
		}
		c(doc.Root(), assertion, evil)
		forged, err := doc.WriteToBytes()
		if err != nil {
			t.Fatal(err)
		}
		form.Set("SAMLResponse", base64.StdEncoding.EncodeToString(forged))
		if status, _, _ := h.post(h.browser, form); status != 403 || len(h.came) != 0 {
			t.Errorf("%s: %d, came %v", name, status, h.came)
			h.came = nil
		}
	}
	for name, text := range map[string]string{
		"a document type": `<!DOCTYPE x [<!ENTITY a "b">]><samlp:Response xmlns:samlp="` + nsProtocol + `"/>`, "nothing": "", "no XML": "x", "base64": "%",
		"deep": strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100), "much": strings.Repeat("<a/>", maxResponse),
	} {
		form := f.answer(t, h)
		form.Set("SAMLResponse", base64.StdEncoding.EncodeToString([]byte(text)))
		if name == "base64" {
			form.Set("SAMLResponse", text)
		}
		if status, _, _ := h.post(h.browser, form); status != 403 && status != 400 || len(h.came) != 0 {
			t.Errorf("%s: %d, came %v", name, status, h.came)
		}
	}
}

// TestKeys proves that a signature of another key or with an outworn algorithm is not taken.
func TestKeys(t *testing.T) {
	h := newHouse(t)
	f := newOffice(t)
	f.join(t, h, statetest.SQLite(t), nil)
	key, certificate := newKey(t)
	mine := f.IDP.Key
	own := f.IDP.Certificate
	for name, change := range map[string]func(){
		"another key":                           func() { f.IDP.Key, f.IDP.Signer, f.IDP.Certificate = key, key, certificate },
		"another key under a known certificate": func() { f.IDP.Key, f.IDP.Signer = key, key },
		"SHA-1":                                 func() { f.IDP.SignatureMethod = dsig.RSASHA1SignatureMethod },
	} {
		change()
		if status, _, _ := h.post(h.browser, f.answer(t, h)); status != 403 || len(h.came) != 0 {
			t.Errorf("%s: %d, came %v", name, status, h.came)
		}
		f.IDP.Key, f.IDP.Signer, f.IDP.Certificate, f.IDP.SignatureMethod = mine, mine.(*rsa.PrivateKey), own, dsig.RSASHA256SignatureMethod
	}
	if status, _, _ := h.post(h.browser, f.answer(t, h)); status != 200 || len(h.came) != 1 {
		t.Errorf("with its own key: %d", status)
	}
}
