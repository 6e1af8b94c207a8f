package signature

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
	"time"
)

// Identity is somebody who signs without a key of their own: a certificate for a few minutes says who they are and who vouches for it, and a
// transparency log when it was used.
type Identity struct {
	// Issuer is a pattern on the address of who signed them in, "https://token.actions.githubusercontent.com".
	Issuer string
	// Subject is a pattern on the address or name in the certificate, "https://github.com/clinic/*".
	Subject string
	Root    Root
	Scope
}

// material is what shows who made a signature, in whatever format it was.
type material struct {
	message, signature []byte
	// payload is that of an envelope, nil without one.
	payload []byte
	// certificates are in DER, that of the signer first.
	certificates [][]byte
	entries      []entry
	// stamped tells that a timestamp (RFC 3161) is there.
	stamped bool
}

// byIdentity looks for a trusted identity in the certificate of the signer.
func (v *verifier) byIdentity(s *Signature, m material, allows func(Scope) error) {
	chain, err := parseChain(m.certificates)
	if err != nil {
		s.refuse("its certificates: %v", err)
		return
	}
	if !signed(chain[0].PublicKey, m.message, m.signature) {
		s.refuse("it is not of the key in its certificate, or what it signs was changed")
		return
	}
	subjects, issuer := subjectsOf(chain[0])
	s.refuse("it is of %.200q by %.200q, and nobody like that is trusted for the image", subjects, issuer)
	for _, i := range v.trust.Identities {
		at := slices.IndexFunc(subjects, func(subject string) bool { return match(i.Subject, subject) })
		if at < 0 || !match(i.Issuer, issuer) {
			continue
		}
		if err := allows(i.Scope); err != nil {
			s.refuse("%v", err)
			continue
		}
		when, verdict, err := i.Root.moment(m, chain, v.now)
		switch {
		case err == nil:
			s.accept(subjects[at], issuer)
			s.SignedAt = when
			return
		case verdict == Unknown:
			s.doubt("%v", err)
		default:
			s.refuse("%v", err)
		}
	}
}

// moment verifies the certificate of a signer as of when it was used, and tells when that was if the log says so. If not, it must hold now.
func (r Root) moment(m material, chain []*x509.Certificate, now time.Time) (time.Time, Verdict, error) {
	if len(r.Logs) == 0 {
		return r.unlogged(m, chain, now)
	}
	verdict, fault := Refused, fmt.Errorf("the transparency log does not say when it was made")
	if m.stamped {
		verdict, fault = Unknown, fmt.Errorf("when it was made is shown by a timestamp (RFC 3161), which is not read")
	}
	for _, e := range m.entries {
		when, found, err := r.logged(e)
		if err != nil {
			verdict, fault = min(verdict, found), err
			continue
		}
		if err := e.about(m, chain[0].Raw); err != nil {
			return time.Time{}, Refused, err
		}
		if when.After(now.Add(clockSkew)) {
			return time.Time{}, Refused, fmt.Errorf("the transparency log says that it will be made on %s", when.Format(time.DateOnly))
		}
		if err := r.certifies(chain, when); err != nil {
			return time.Time{}, Refused, fmt.Errorf("its certificate, as of %s: %w", when.Format(time.RFC3339), err)
		}
		return when, Verified, nil
	}
	return time.Time{}, verdict, fault
}

// clockSkew is by how much the log's clock may be ahead.
const clockSkew = 5 * time.Minute

// unlogged is for authorities without a log.
func (r Root) unlogged(m material, chain []*x509.Certificate, now time.Time) (time.Time, Verdict, error) {
	err := r.certifies(chain, now)
	switch {
	case err == nil:
		return time.Time{}, Verified, nil
	case expired(err) && (m.stamped || len(m.entries) > 0):
		return time.Time{}, Unknown, fmt.Errorf("its certificate is over, and whether it was made before is not known: the key of the transparency log is not given")
	}
	return time.Time{}, Refused, fmt.Errorf("its certificate: %w", err)
}

// certifies verifies the certificate of a signer as of a time.
func (r Root) certifies(chain []*x509.Certificate, at time.Time) error {
	var err error
	for _, a := range r.Authorities {
		if !a.Valid.holds(at) {
			if err == nil {
				err = fmt.Errorf("no authority was trusted on %s", at.Format(time.DateOnly))
			}
			continue
		}
		if err = chainsTo(chain, a.Certificates, at); err == nil {
			return nil
		}
	}
	if err == nil {
		err = fmt.Errorf("no authority is trusted")
	}
	return err
}

// The extensions in which Fulcio says who vouches for an identity: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md.
var (
	oidIssuer    = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}
	oidIssuerOld = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1} // the text itself
)

// subjectsOf returns whom a certificate is for and who vouches for it.
func subjectsOf(c *x509.Certificate) (subjects []string, issuer string) {
	subjects = slices.Clone(c.EmailAddresses)
	for _, u := range c.URIs {
		subjects = append(subjects, u.String())
	}
	for _, extension := range c.Extensions {
		switch {
		case extension.Id.Equal(oidIssuer):
			var text string
			if rest, err := asn1.Unmarshal(extension.Value, &text); err == nil && len(rest) == 0 {
				return subjects, text
			}
		case extension.Id.Equal(oidIssuerOld):
			issuer = string(extension.Value)
		}
	}
	return subjects, issuer
}
