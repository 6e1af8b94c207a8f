package signature

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Root is whom to trust with certificates of identities, and with the time at which they were used.
type Root struct {
	Authorities []RootAuthority
	// Logs are the transparency logs. Without one, certificates must hold at the time of the assessment.
	Logs []Log
}

// RootAuthority signs the certificates of identities.
type RootAuthority struct {
	// Certificates are those that sign themselves, and those between them and the identities.
	Certificates []*x509.Certificate
	Valid        Period
}

// Log is a transparency log.
type Log struct {
	Key
	Valid Period
}

// Period is a time from one moment to another; where one is zero there is no bound.
type Period struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

func (p Period) holds(at time.Time) bool {
	return !at.Before(p.Start) && (p.End.IsZero() || !at.After(p.End))
}

// ParseRoots reads certificates in PEM, of which one at least signs itself.
func ParseRoots(text []byte) ([]*x509.Certificate, error) {
	blocks := blocksOf(string(text), "CERTIFICATE")
	if len(blocks) == 0 {
		return nil, errors.New("it holds no certificate in PEM")
	}
	roots, err := parseChain(blocks)
	if err != nil {
		return nil, err
	}
	for _, c := range roots {
		if isRoot(c) {
			return roots, nil
		}
	}
	return nil, errors.New("none of its certificates signs itself; give the root, too")
}

// ParseRoot reads Sigstore's trusted_root.json, as "cosign trusted-root create" and "gh attestation trusted-root" write it, one or
// several in a row.
func ParseRoot(text []byte) (Root, error) {
	var root Root
	decoder := json.NewDecoder(bytes.NewReader(text))
	for decoder.More() {
		var one trustedRoot
		if err := decoder.Decode(&one); err != nil {
			return Root{}, err
		}
		if err := root.add(one); err != nil {
			return Root{}, err
		}
	}
	if len(root.Authorities) == 0 {
		return Root{}, errors.New("it names no certificate authority")
	}
	return root, nil
}

// trustedRoot is TrustedRoot of sigstore_trustroot.proto.
type trustedRoot struct {
	Logs []struct {
		PublicKey struct {
			DER   []byte `json:"rawBytes"`
			Valid Period `json:"validFor"`
		} `json:"publicKey"`
	} `json:"tlogs"`
	Authorities []struct {
		Chain struct {
			Certificates []derCertificate `json:"certificates"`
		} `json:"certChain"`
		Valid Period `json:"validFor"`
	} `json:"certificateAuthorities"`
}

func (r *Root) add(one trustedRoot) error {
	for _, a := range one.Authorities {
		var all [][]byte
		for _, c := range a.Chain.Certificates {
			all = append(all, c.DER)
		}
		chain, err := parseChain(all)
		if err != nil {
			return fmt.Errorf("certificates: %w", err)
		}
		r.Authorities = append(r.Authorities, RootAuthority{chain, a.Valid})
	}
	for _, l := range one.Logs {
		public, err := parseKey(l.PublicKey.DER)
		if err != nil {
			return fmt.Errorf("key of a log: %w", err)
		}
		r.Logs = append(r.Logs, Log{Key{Public: public}, l.PublicKey.Valid})
	}
	return nil
}
