package testcluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// authority is the certificate authority of a cluster. Its key signs the tokens of service accounts, too.
type authority struct {
	pair
	parsed *x509.Certificate
	signer *ecdsa.PrivateKey
}

// pair is a certificate with its key, both in PEM.
type pair struct{ certificate, key []byte }

// validity of all certificates: that of a test.
const validity = 24 * time.Hour

func newAuthority() (*authority, error) {
	a := &authority{}
	template := x509.Certificate{Subject: pkix.Name{CommonName: "test cluster"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	var err error
	if a.pair, a.signer, err = a.issue(&template); err != nil {
		return nil, err
	}
	block, _ := pem.Decode(a.certificate)
	if a.parsed, err = x509.ParseCertificate(block.Bytes); err != nil {
		return nil, fmt.Errorf("read the authority's certificate: %w", err)
	}
	return a, nil
}

// serving returns what the API shows its clients.
func (a *authority) serving() (pair, error) {
	made, _, err := a.issue(&x509.Certificate{Subject: pkix.Name{CommonName: "kube-apiserver"}, DNSNames: []string{"localhost", "kubernetes.default.svc"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	return made, err
}

// sign returns what shows that a client is a user in some groups.
func (a *authority) sign(user string, groups ...string) (pair, error) {
	made, _, err := a.issue(&x509.Certificate{Subject: pkix.Name{CommonName: user, Organization: groups},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	return made, err
}

// issue completes and signs a certificate; the first one by itself.
func (a *authority) issue(template *x509.Certificate) (pair, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, nil, fmt.Errorf("make a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return pair{}, nil, fmt.Errorf("make a serial number: %w", err)
	}
	template.SerialNumber = serial
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(validity)
	parent, signer := template, key
	if a.parsed != nil {
		parent, signer = a.parsed, a.signer
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return pair{}, nil, fmt.Errorf("sign the certificate of %s: %w", template.Subject.CommonName, err)
	}
	text, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return pair{}, nil, fmt.Errorf("write the key of %s: %w", template.Subject.CommonName, err)
	}
	return pair{pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: text})}, key, nil
}
