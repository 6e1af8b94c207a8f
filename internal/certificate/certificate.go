// Package certificate holds what a server of Ward shows who it is with: certificates in files that somebody else renews, and ones for a
// first install.
//
// It must not know what is served.
package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"sync"
	"time"
)

// Files are a certificate and its key, which somebody else renews: cert-manager, or whoever mounts a Secret.
type Files struct {
	Certificate, Key string
	// ClientCA, if given, are the authorities of the certificates that callers show.
	ClientCA *x509.CertPool

	mu      sync.Mutex
	looked  time.Time
	read    [2]time.Time // when the files were written that were read
	current *tls.Certificate
}

// freshness is how long the files are not looked at again.
const freshness = time.Second

// Check reads the files. It is an error if they hold no certificate with its key, or one that is over.
func (f *Files) Check() error {
	c, err := f.certificate()
	if err != nil {
		return err
	}
	if now := time.Now(); now.After(c.Leaf.NotAfter) {
		return fmt.Errorf("%s has ended on %s; renew it", f.Certificate, c.Leaf.NotAfter.Format(time.DateOnly))
	}
	return nil
}

// certificate returns that of the files. Where new files cannot be read, such as while they are being written, the one before stays.
func (f *Files) certificate() (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if f.current != nil && now.Sub(f.looked) < freshness {
		return f.current, nil
	}
	f.looked = now
	written, err := f.written()
	if err == nil && (f.current == nil || written != f.read) {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(f.Certificate, f.Key); err == nil {
			f.current, f.read = &pair, written
		}
	}
	if f.current == nil {
		return nil, fmt.Errorf("read the certificate of the server: %w", err)
	}
	return f.current, nil
}

func (f *Files) written() (at [2]time.Time, err error) {
	for i, name := range []string{f.Certificate, f.Key} {
		info, err := os.Stat(name)
		if err != nil {
			return at, err
		}
		at[i] = info.ModTime()
	}
	return at, nil
}

// Config is that of TLS 1.2 or newer, with the certificate of the moment. HTTP/2 is offered, as API servers like it. Callers may show a
// certificate of ClientCA; what wants one looks whether they have.
func (f *Files) Config() *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12, CipherSuites: Suites(), NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.certificate() }}
	if f.ClientCA != nil {
		c.ClientAuth, c.ClientCAs = tls.VerifyClientCertIfGiven, f.ClientCA
	}
	return c
}

// Suites are those of TLS 1.2 with forward secrecy that encrypt and authenticate at once (RFC 9325, 4.2). Those of TLS 1.3 all do.
func Suites() []uint16 {
	return []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256}
}

// Authorities reads certificates of authorities.
func Authorities(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", file)
	}
	return pool, nil
}

// Made are a certificate for a server, its key, and the authority that has signed it, whose own key is thrown away.
type Made struct{ CA, Certificate, Key []byte }

// Make makes a certificate for names and addresses of a server, which holds as long as it says. It is for a first install and for tests:
// nobody renews it.
func Make(names []string, from time.Time, holds time.Duration) (Made, error) {
	if len(names) == 0 {
		return Made{}, errors.New("a certificate wants the names that the server is called by")
	}
	authority, authorityKey, err := sign(&x509.Certificate{Subject: pkix.Name{CommonName: "ward authority"}, IsCA: true,
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, MaxPathLenZero: true}, nil, nil, from, holds)
	if err != nil {
		return Made{}, err
	}
	leaf := &x509.Certificate{Subject: pkix.Name{CommonName: "ward"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, name)
		}
	}
	certificate, key, err := sign(leaf, authority, authorityKey, from, holds)
	if err != nil {
		return Made{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Made{}, err
	}
	return Made{block("CERTIFICATE", authority.Raw), block("CERTIFICATE", certificate.Raw), block("PRIVATE KEY", private)}, nil
}

func block(typ string, content []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: content})
}

// sign makes a key and a certificate of it, signed by another or by itself.
func sign(c, by *x509.Certificate, with *ecdsa.PrivateKey, from time.Time, holds time.Duration) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if c.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return nil, nil, err
	}
	c.NotBefore, c.NotAfter = from.Add(-5*time.Minute), from.Add(holds) // clocks differ a little
	if by == nil {
		by, with = c, key
	}
	made, err := x509.CreateCertificate(rand.Reader, c, by, &key.PublicKey, with)
	if err != nil {
		return nil, nil, fmt.Errorf("sign a certificate: %w", err)
	}
	signed, err := x509.ParseCertificate(made)
	return signed, key, err
}
