package sbom

import (
	"bytes"
	"fmt"
	"strings"

	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/tagvalue"

	"ward.dev/ward/internal/software"
)

func readSPDXJSON(data []byte) (Document, error) {
	document, err := spdxjson.Read(bytes.NewReader(data))
	if err != nil {
		return Document{}, fmt.Errorf("SPDX: %w", err)
	}
	return fromSPDX(document)
}

func readTagValue(data []byte) (Document, error) {
	document, err := tagvalue.Read(bytes.NewReader(data))
	if err != nil {
		return Document{}, fmt.Errorf("SPDX: %w", err)
	}
	return fromSPDX(document)
}

func fromSPDX(document *spdx.Document) (Document, error) {
	c := &collector{out: Document{Format: document.SPDXVersion, Name: document.DocumentName}}
	described := map[spdx.ElementID]bool{}
	for _, r := range document.Relationships {
		switch {
		case r == nil:
		case r.Relationship == "DESCRIBES" && r.RefA.ElementRefID == document.SPDXIdentifier:
			described[r.RefB.ElementRefID] = true
		case r.Relationship == "DESCRIBED_BY" && r.RefB.ElementRefID == document.SPDXIdentifier:
			described[r.RefA.ElementRefID] = true
		}
	}
	for _, p := range document.Packages {
		if p == nil {
			continue
		}
		if err := c.spdxPackage(p, described[p.PackageSPDXIdentifier] && len(document.Packages) > 1); err != nil {
			return Document{}, err
		}
	}
	return c.finish(), nil
}

// spdxPackage takes one package. What the document describes is its subject, unless it is the only package there is.
func (c *collector) spdxPackage(p *spdx.Package, subject bool) error {
	purl := ""
	for _, r := range p.PackageExternalReferences {
		if r != nil && r.RefType == "purl" {
			purl = r.Locator
			break
		}
	}
	switch {
	case subject && (purl == "" || strings.HasPrefix(purl, "pkg:oci/") || strings.HasPrefix(purl, "pkg:docker/")):
		c.out.Name, c.out.Version = p.PackageName, p.PackageVersion
		return nil
	case p.PrimaryPackagePurpose == "OPERATING-SYSTEM" || p.PrimaryPackagePurpose == "OPERATING_SYSTEM":
		c.system = software.Distribution{ID: strings.ToLower(p.PackageName), Version: p.PackageVersion}
		return nil
	case purl == "" && (p.PrimaryPackagePurpose == "FILE" || p.PrimaryPackagePurpose == "CONTAINER"):
		return nil
	}
	from := component{name: p.PackageName, version: p.PackageVersion, purl: purl}
	for _, license := range []string{p.PackageLicenseConcluded, p.PackageLicenseDeclared} {
		if license != "" && license != "NOASSERTION" && license != "NONE" {
			from.licenses = []string{license}
			break
		}
	}
	// As Trivy writes it: "built package from: openssl 3.0.11-1".
	if _, built, ok := strings.Cut(p.PackageSourceInfo, "built package from: "); ok {
		from.source, from.sourceVer, _ = strings.Cut(strings.TrimSpace(built), " ")
	}
	return c.add(from)
}
