package image

import (
	"time"

	"ward.dev/ward/internal/image"
	"ward.dev/ward/internal/image/signature"
	"ward.dev/ward/internal/software"
	"ward.dev/ward/internal/value"
	"ward.dev/ward/internal/vulndb"
)

// Shapes returns, for each type of block, a body in which everything is set, so that places in kind files can be held against it.
func Shapes() map[string]value.Value {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := software.Package{Ecosystem: "Debian:12", Name: "a", Version: "1", Source: "b", Path: "p", Layer: "l"}
	i := image.Image{Reference: "a", Digest: "sha256:0", ID: "sha256:0", Platform: "linux/amd64", Created: at,
		Config: image.Config{Env: []image.Variable{{Name: "a"}}, Labels: map[string]string{"a": "b"}},
		Layers: []image.Layer{{Digest: "l", CreatedBy: "c"}}, OS: image.OS{ID: "debian"}, Packages: []software.Package{p},
		Facts: image.Facts{Setuid: []image.File{{Path: "a"}}, Secrets: []image.Secret{{Path: "a"}}},
		Gaps:  []image.Gap{{Kind: image.GapOS}}}
	s := ofImage(found{i, &image.Registry{Repository: "a"}, signature.Report{Looked: true, Signatures: []signature.Signature{
		{Verdict: signature.Verified, Why: "a", Signer: "a", Issuer: "a", SignedAt: at}}}}, "a")
	s.doubts = nil
	v := verdicts{matches: []vulndb.Match{{ID: "CVE-2026-0001", Package: p, Fixed: "2", FixedSince: at}}, asOf: value.String("2026-01-01")}
	made := s.blocks(v)
	shapes := map[string]value.Value{}
	for _, b := range made {
		members, _ := b.Body.AsObject()
		for name, member := range members {
			if name == "labels" {
				members[name] = value.Unresolved(value.Reason{Why: "its keys are free"})
			} else if items, ok := member.AsList(); ok {
				members[name] = value.List(items...) // closed
			}
		}
		shapes[b.Type] = value.Object(members)
	}
	return shapes
}
