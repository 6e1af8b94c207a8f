package assess

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/resource"
)

// idLength is the length of a finding's id: 64 bits in hexadecimal.
const idLength = 16

// ID returns the id of the finding of a check for the resource of a target and an address: the same in every assessment.
func ID(check, target, address string) string {
	sum := sha256.Sum256(assessment.AppendIdentity(nil, check, target, address))
	return hex.EncodeToString(sum[:idLength/2])
}

// identify adds the id of a finding to those of its chunk. Where one block makes several resources, the second and later
// ones have their kind behind the address in their ID, so that a check of every resource tells them apart.
func (w *worker) identify(check string, r *resource.Resource) {
	address := r.Address
	if within, ok := strings.CutPrefix(r.ID, r.Target+"#"); ok {
		address = within
	}
	w.key = assessment.AppendIdentity(w.key[:0], check, r.Target, address)
	sum := sha256.Sum256(w.key)
	w.ids = hex.AppendEncode(w.ids, sum[:idLength/2])
}

// setIDs gives the findings of a chunk their ids, all of which share one text.
func (w *worker) setIDs(findings []assessment.Finding) {
	ids := string(w.ids)
	w.ids = w.ids[:0]
	for i := range findings {
		findings[i].ID = ids[i*idLength : (i+1)*idLength]
	}
}
