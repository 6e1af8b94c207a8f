package federation

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Limits of a response of SAML.
const (
	maxResponse = 256 << 10 // bytes
	maxDepth    = 30
	maxElements = 20_000
)

const (
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"
)

// algorithms that signatures may use: those of SHA-2, over what is canonical without comments.
var algorithms = map[string][]string{
	"SignatureMethod": {
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
		"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
	},
	"DigestMethod": {
		"http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2001/04/xmlenc#sha512",
	},
	"Transform":              {"http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/2001/10/xml-exc-c14n#"},
	"CanonicalizationMethod": {"http://www.w3.org/2001/10/xml-exc-c14n#"},
}

// required are the elements that a response has, once each or more often, by their path.
var required = []string{
	"Response/Assertion/Signature", "Response/Assertion/Subject/NameID",
	"Response/Assertion/Subject/SubjectConfirmation/SubjectConfirmationData",
	"Response/Assertion/Conditions/AudienceRestriction/Audience", "Response/Assertion/AuthnStatement/AuthnContext",
}

// shape is what is known of a response while it is read.
type shape struct {
	path     []string
	ids      []string // of elements, which must differ
	owners   []string // the ids of the elements on the path
	found    map[string]int
	elements int
}

// checkShape refuses every response that two readers could read in two ways, before any signature is looked at: it must be one Response
// with one Assertion and nothing of either name elsewhere, with no comments, directives or repeated ids, and each signature must be of the
// element that it stands in. What signature wrapping needs is thus not there to begin with.
func checkShape(response []byte) error {
	if len(response) > maxResponse {
		return errors.New("the response is too long")
	}
	s := &shape{found: map[string]int{}}
	d := xml.NewDecoder(bytes.NewReader(response))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return s.whole()
		}
		if err != nil {
			return errors.New("the response is not well-formed")
		}
		switch t := token.(type) {
		case xml.StartElement:
			if err := s.enter(t); err != nil {
				return err
			}
		case xml.EndElement:
			s.path, s.owners = s.path[:len(s.path)-1], s.owners[:len(s.owners)-1]
		case xml.Comment, xml.Directive:
			return errors.New("the response holds a comment or a directive")
		case xml.ProcInst:
			if t.Target != "xml" || s.elements > 0 {
				return errors.New("the response holds a processing instruction")
			}
		}
	}
}

// whole tells whether all is there.
func (s *shape) whole() error {
	for _, path := range required {
		if s.found[path] == 0 {
			return fmt.Errorf("the response has no %s", path)
		}
	}
	if s.found["Response"] != 1 || s.found["Response/Assertion"] != 1 {
		return errors.New("the response has no assertion, or several")
	}
	const confirmation = "Response/Assertion/Subject/SubjectConfirmation"
	if s.found[confirmation] != s.found[confirmation+"/SubjectConfirmationData"] {
		return errors.New("a confirmation of the subject says nothing")
	}
	return nil
}

func (s *shape) enter(t xml.StartElement) error {
	if s.elements++; s.elements > maxElements || len(s.path) >= maxDepth {
		return errors.New("the response has too many elements")
	}
	s.path = append(s.path, t.Name.Local)
	path := strings.Join(s.path, "/")
	s.found[path]++
	id, err := s.identify(t)
	if err != nil {
		return err
	}
	s.owners = append(s.owners, id)
	switch name := t.Name.Local; name {
	case "Response":
		return stands(path == "Response" && t.Name.Space == nsProtocol, name)
	case "Assertion":
		return stands(path == "Response/Assertion" && t.Name.Space == nsAssertion, name)
	case "EncryptedAssertion", "EncryptedID", "EncryptedAttribute", "EncryptedData", "Object", "Manifest":
		return fmt.Errorf("the response holds %s, which is not taken", name)
	case "Signature":
		once := s.found[path] == 1 && t.Name.Space == nsSignature
		return stands(once && (path == "Response/Signature" || path == "Response/Assertion/Signature"), name)
	case "Reference":
		return s.reference(t, path)
	case "SignatureMethod", "DigestMethod", "Transform", "CanonicalizationMethod":
		if !slices.Contains(algorithms[name], value(t, "Algorithm")) {
			return fmt.Errorf("a signature uses a %s that is not taken", name)
		}
	}
	return nil
}

func stands(where bool, name string) error {
	if !where {
		return fmt.Errorf("an element %s stands where none belongs", name)
	}
	return nil
}

// identify returns the id of an element, which no other has.
func (s *shape) identify(t xml.StartElement) (string, error) {
	own := ""
	for _, a := range t.Attr {
		if !strings.EqualFold(a.Name.Local, "id") {
			continue
		}
		if own != "" || a.Value == "" || slices.Contains(s.ids, a.Value) {
			return "", errors.New("an id is empty or stands twice")
		}
		own = a.Value
	}
	if own != "" {
		if len(s.ids) >= 100 {
			return "", errors.New("the response has too many ids")
		}
		s.ids = append(s.ids, own)
	}
	return own, nil
}

// reference checks that a signature is of the element that it stands in, and of nothing else.
func (s *shape) reference(t xml.StartElement, path string) error {
	if s.found[path] != 1 || !strings.HasSuffix(path, "/Signature/SignedInfo/Reference") {
		return errors.New("a signature is of several things")
	}
	signed := s.owners[len(s.path)-4]
	if signed == "" || value(t, "URI") != "#"+signed {
		return errors.New("a signature is of another element than it stands in")
	}
	return nil
}

func value(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}
