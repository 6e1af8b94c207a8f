package wire

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/image/signature"
)

// Trust reads whom ward.yaml and the command line name as those whose signatures on images count. A file that cannot be read is an error:
// without it, images would be judged by others than those who decided.
func Trust(c *config.Config, keys []string) (signature.Trust, error) {
	var t signature.Trust
	var faults []error
	key := func(name, path string, scope config.SignatureScope) {
		public, err := fromFile(path, signature.ParseKey)
		faults = append(faults, err)
		t.Keys = append(t.Keys, signature.Key{Name: name, Public: public, Scope: scopeOf(scope)})
	}
	for _, path := range keys {
		key(filepath.Base(path), path, config.SignatureScope{})
	}
	for _, k := range c.Signatures.Keys {
		key(k.File, c.Path(k.File), k.SignatureScope)
	}
	for _, i := range c.Signatures.Identities {
		root, err := rootOf(c, i)
		faults = append(faults, err)
		t.Identities = append(t.Identities, signature.Identity{Issuer: i.Issuer, Subject: i.Subject, Root: root, Scope: scopeOf(i.SignatureScope)})
	}
	for _, a := range c.Signatures.Authorities {
		roots, err := fromFile(c.Path(a.Roots), signature.ParseRoots)
		faults = append(faults, err)
		t.Authorities = append(t.Authorities, signature.Authority{Roots: roots, Subject: a.Subject, Signs: a.Signs, Scope: scopeOf(a.SignatureScope)})
	}
	if err := errors.Join(faults...); err != nil {
		return signature.Trust{}, fmt.Errorf("whose signatures count: %w", err)
	}
	return t, nil
}

func scopeOf(s config.SignatureScope) signature.Scope {
	return signature.Scope{Repositories: s.Repositories, Predicates: s.Predicates}
}

// rootOf reads whom to trust with certificates of an identity.
func rootOf(c *config.Config, i config.SignatureIdentity) (signature.Root, error) {
	if i.TrustedRoot != "" {
		return fromFile(c.Path(i.TrustedRoot), signature.ParseRoot)
	}
	roots, err := fromFile(c.Path(i.Roots), signature.ParseRoots)
	if err != nil {
		return signature.Root{}, err
	}
	root := signature.Root{Authorities: []signature.RootAuthority{{Certificates: roots}}}
	if i.Log == "" {
		return root, nil
	}
	public, err := fromFile(c.Path(i.Log), signature.ParseKey)
	root.Logs = []signature.Log{{Key: signature.Key{Public: public}}}
	return root, err
}

// maxTrustFile is far above what such files have, in bytes.
const maxTrustFile = 1 << 20

func fromFile[T any](path string, parse func([]byte) (T, error)) (T, error) {
	var none T
	f, err := os.Open(path)
	if err != nil {
		return none, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxTrustFile+1))
	if err != nil {
		return none, err
	}
	if len(text) > maxTrustFile {
		return none, fmt.Errorf("%s is larger than %d bytes", path, maxTrustFile)
	}
	read, err := parse(text)
	if err != nil {
		return none, fmt.Errorf("%s: %w", path, err)
	}
	return read, nil
}
