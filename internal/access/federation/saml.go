package federation

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"

	"ward.dev/ward/internal/web"
)

// samlProvider is an identity provider of SAML 2.0.
type samlProvider struct {
	s  SAML
	sp saml.ServiceProvider
}

// maxMetadata is how long the metadata of a provider may be, in bytes.
const maxMetadata = 4 << 20

func newSAML(s SAML, base string) (*samlProvider, error) {
	s.complete()
	idp, err := readMetadata(s.MetadataFile)
	if err != nil {
		return nil, fmt.Errorf("read its metadata: %w", err)
	}
	root := base + "/sign-in/saml/" + s.Name
	acs, err := url.Parse(root + "/acs")
	if err != nil {
		return nil, err
	}
	own, err := url.Parse(root + "/metadata")
	if err != nil {
		return nil, err
	}
	one := &samlProvider{s: s, sp: saml.ServiceProvider{EntityID: s.EntityID, MetadataURL: *own, AcsURL: *acs, IDPMetadata: idp,
		AuthnNameIDFormat: saml.PersistentNameIDFormat}}
	if s.SubjectAttribute != "" {
		one.sp.AuthnNameIDFormat = saml.UnspecifiedNameIDFormat
	}
	one.sp.ValidateAudienceRestriction = one.audience
	if s.KeyFile != "" {
		if err := one.signWith(s.CertificateFile, s.KeyFile); err != nil {
			return nil, err
		}
	}
	to, err := url.Parse(one.sp.GetSSOBindingLocation(saml.HTTPRedirectBinding))
	if err != nil || to.Scheme != "https" || to.Host == "" {
		return nil, errors.New("its metadata name no address with https:// that takes requests by redirect")
	}
	return one, nil
}

func readMetadata(file string) (*saml.EntityDescriptor, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxMetadata+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxMetadata {
		return nil, fmt.Errorf("the file is longer than %d bytes", maxMetadata)
	}
	var idp saml.EntityDescriptor
	if err := xml.Unmarshal(b, &idp); err != nil {
		return nil, fmt.Errorf("it is not the metadata of one provider: %w", err)
	}
	if idp.EntityID == "" || len(idp.IDPSSODescriptors) == 0 {
		return nil, errors.New("it is not the metadata of an identity provider")
	}
	for _, d := range idp.IDPSSODescriptors {
		for _, k := range d.KeyDescriptors {
			if k.Use != "encryption" && len(k.KeyInfo.X509Data.X509Certificates) > 0 {
				return &idp, nil
			}
		}
	}
	return nil, errors.New("it holds no certificate that assertions are signed with")
}

// signWith has requests signed.
func (one *samlProvider) signWith(certificate, key string) error {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return fmt.Errorf("read the key that requests are signed with: %w", err)
	}
	one.sp.Certificate = pair.Leaf
	switch k := pair.PrivateKey.(type) {
	case *rsa.PrivateKey:
		one.sp.Key, one.sp.SignatureMethod = k, dsig.RSASHA256SignatureMethod
	case *ecdsa.PrivateKey:
		one.sp.Key, one.sp.SignatureMethod = k, dsig.ECDSASHA256SignatureMethod
	default:
		return errors.New("the key that requests are signed with is neither RSA nor ECDSA")
	}
	return nil
}

// audience demands that an assertion is for Ward. The library would take one that is for nobody in particular, too.
func (one *samlProvider) audience(a *saml.Assertion) error {
	own := one.sp.EntityID
	if own == "" {
		own = one.sp.MetadataURL.String()
	}
	if len(a.Conditions.AudienceRestrictions) == 0 {
		return errors.New("the assertion is for no audience")
	}
	for _, r := range a.Conditions.AudienceRestrictions {
		if r.Audience.Value != own {
			return errors.New("the assertion is for another audience")
		}
	}
	return nil
}

func (p *Providers) samlNamed(r *http.Request) *samlProvider {
	for _, one := range p.saml {
		if one.s.Name == r.PathValue("provider") {
			return one
		}
	}
	return nil
}

// metadata is what an administrator gives to the provider. Artifacts and encrypted assertions are not taken, so that it offers neither.
func (p *Providers) metadata(w http.ResponseWriter, r *http.Request) error {
	one := p.samlNamed(r)
	if one == nil {
		return gone()
	}
	m := one.sp.Metadata()
	for i := range m.SPSSODescriptors {
		d := &m.SPSSODescriptors[i]
		d.KeyDescriptors = slices.DeleteFunc(d.KeyDescriptors, func(k saml.KeyDescriptor) bool { return k.Use == "encryption" })
		d.AssertionConsumerServices = slices.DeleteFunc(d.AssertionConsumerServices, func(e saml.IndexedEndpoint) bool {
			return e.Binding != saml.HTTPPostBinding
		})
	}
	b, err := xml.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/samlmetadata+xml")
	_, _ = w.Write(b) // a reader who has gone is no fault
	return nil
}

// startSAML leads to the provider.
func (p *Providers) startSAML(w http.ResponseWriter, r *http.Request) error {
	one := p.samlNamed(r)
	if one == nil {
		return gone()
	}
	sp := one.sp
	if one.s.mfa() {
		sp.RequestedAuthnContext = &saml.RequestedAuthnContext{Comparison: "exact", AuthnContextClassRef: one.s.Contexts[0]}
	}
	at := sp.GetSSOBindingLocation(saml.HTTPRedirectBinding)
	request, err := sp.MakeAuthenticationRequest(at, saml.HTTPRedirectBinding, saml.HTTPPostBinding)
	if err != nil {
		return fmt.Errorf("make a request of SAML: %w", err)
	}
	opaque, err := p.begin(w, r, flow{Provider: "saml/" + one.s.Name, Request: request.ID}, http.SameSiteNoneMode)
	if err != nil {
		return err
	}
	to, err := request.Redirect(opaque, &sp)
	if err != nil {
		return fmt.Errorf("make a request of SAML: %w", err)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
	return nil
}

// finishSAML takes the assertion of the provider and signs the person in.
func (p *Providers) finishSAML(w http.ResponseWriter, r *http.Request) error {
	one := p.samlNamed(r)
	if one == nil {
		return gone()
	}
	r.Body = http.MaxBytesReader(w, r.Body, 2*maxResponse)
	if err := r.ParseForm(); err != nil {
		return web.Faultf(http.StatusBadRequest, "The answer of the provider could not be read, or is too long.")
	}
	f, err := p.finish(r, r.PostForm.Get("RelayState"), "saml/"+one.s.Name, http.SameSiteNoneMode)
	if errors.Is(err, errFlow) {
		return stale()
	}
	if err != nil {
		return err
	}
	assertion, err := one.verify(r.PostForm.Get("SAMLResponse"), f.Request)
	if err != nil {
		because := notVerified
		var status saml.ErrBadStatus
		if errors.As(err, &status) {
			because = notWilling
		}
		return p.refuse(r, one.s.Name, one.s.title(), because, err)
	}
	first, err := p.once(r.Context(), "saml/"+one.s.Name+"/"+assertion.ID, assertion.Conditions.NotOnOrAfter.Add(saml.MaxClockSkew+time.Hour))
	if err != nil {
		return err
	}
	if !first {
		return p.refuse(r, one.s.Name, one.s.title(), notVerified, errors.New("the assertion was used before"))
	}
	who, because, err := one.identity(assertion)
	if err != nil {
		return p.refuse(r, one.s.Name, one.s.title(), because, err)
	}
	return p.welcome(w, r, who, f)
}

// verify returns the assertion of a response that answers a request, once all of it is proven: its shape, the signature of the response
// if it has one, and the signature of the assertion in any case.
func (one *samlProvider) verify(encoded, request string) (*saml.Assertion, error) {
	if encoded == "" || len(encoded) > 2*maxResponse {
		return nil, errors.New("there is no response, or it is too long")
	}
	response, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errors.New("the response is not in base64")
	}
	if err := checkShape(response); err != nil {
		return nil, err
	}
	whole, err := one.sp.ParseXMLResponse(response, []string{request}, one.sp.AcsURL)
	if err != nil {
		return nil, cause(err)
	}
	bare, err := withoutSignature(response)
	if err != nil {
		return nil, err
	}
	// Where the response is signed the library leaves the signature of the assertion alone; without it, it must look at that.
	assertion, err := one.sp.ParseXMLResponse(bare, []string{request}, one.sp.AcsURL)
	if err != nil {
		return nil, cause(err)
	}
	if assertion.ID != whole.ID || assertion.ID == "" {
		return nil, errors.New("the signatures are of two assertions")
	}
	return assertion, nil
}

// cause is why the library refused a response. Its own text is the same for all.
func cause(err error) error {
	var invalid *saml.InvalidResponseError
	if errors.As(err, &invalid) {
		return invalid.PrivateErr
	}
	return err
}

// withoutSignature is a response without its own signature, if it has one.
func withoutSignature(response []byte) ([]byte, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(response); err != nil {
		return nil, err
	}
	for _, child := range doc.Root().ChildElements() {
		if child.Tag == "Signature" {
			doc.Root().RemoveChild(child)
		}
	}
	return doc.WriteToBytes()
}

// identity is who an assertion tells of.
func (one *samlProvider) identity(a *saml.Assertion) (Identity, reason, error) {
	if one.s.mfa() && !one.second(a) {
		return Identity{}, noSecond, errors.New("the authentication context does not tell of a second factor")
	}
	who := Identity{Provider: one.s.Name, Issuer: one.sp.IDPMetadata.EntityID, Groups: attribute(a, one.s.GroupsAttribute),
		Name: first(attribute(a, one.s.NameAttribute)), Email: first(attribute(a, one.s.EmailAttribute))}
	if one.s.SubjectAttribute != "" {
		who.Subject = first(attribute(a, one.s.SubjectAttribute))
	} else if a.Subject.NameID.Format == string(saml.PersistentNameIDFormat) {
		who.Subject = strings.TrimSpace(a.Subject.NameID.Value)
	}
	if who.Subject == "" || len(who.Subject) > 255 {
		return Identity{}, notVerified, errors.New("there is no persistent NameID; name a lasting attribute in subject_attribute")
	}
	if who.Email == "" {
		return Identity{}, noEmail, errors.New("the address is missing")
	}
	return who, reason{}, nil
}

// second tells whether the provider says that a second factor was used, in every statement that it makes.
func (one *samlProvider) second(a *saml.Assertion) bool {
	for _, s := range a.AuthnStatements {
		class := s.AuthnContext.AuthnContextClassRef
		if class == nil || !slices.Contains(one.s.Contexts, strings.TrimSpace(class.Value)) {
			return false
		}
	}
	return len(a.AuthnStatements) > 0
}

// attribute are the values of an attribute, by its name or its friendly name.
func attribute(a *saml.Assertion, name string) []string {
	var all []string
	for _, s := range a.AttributeStatements {
		for _, attr := range s.Attributes {
			if attr.Name != name && attr.FriendlyName != name {
				continue
			}
			for _, v := range attr.Values {
				if text := strings.TrimSpace(v.Value); text != "" && len(all) < maxGroups {
					all = append(all, text)
				}
			}
		}
	}
	return all
}

func first(all []string) string {
	if len(all) != 1 {
		return "" // several names or addresses are none
	}
	return all[0]
}
