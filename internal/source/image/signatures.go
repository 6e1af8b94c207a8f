package image

import (
	"time"

	"ward.dev/ward/internal/image"
	"ward.dev/ward/internal/image/signature"
	"ward.dev/ward/internal/value"
)

// fetched tells of which repository an image is and whether everybody may have it; nothing of one that is of no registry.
func fetched(r *image.Registry) (repository, public value.Value) {
	switch {
	case r == nil:
		return value.None(), value.None()
	case r.Fault != "":
		return value.String(r.Repository), value.Unresolved(value.Reason{Why: r.Fault})
	}
	return value.String(r.Repository), value.Bool(r.Anonymous)
}

// signaturesOf lists signatures. What is not known of one, or whether there are more, is open.
func signaturesOf(r signature.Report) value.Value {
	if !r.Looked {
		return value.Unresolved(value.Reason{Why: "its signatures were not looked for"})
	}
	rows := make([]value.Value, 0, len(r.Signatures))
	for _, s := range r.Signatures {
		verified, why := value.Bool(s.Verdict == signature.Verified), orNone(s.Why)
		if s.Verdict == signature.Unknown {
			verified = value.Unresolved(value.Reason{Why: s.Why})
			why = verified
		}
		at := value.None()
		if !s.SignedAt.IsZero() {
			at = value.String(s.SignedAt.UTC().Format(time.RFC3339))
		}
		rows = append(rows, value.Object(map[string]value.Value{"format": value.String(string(s.Format)), "digest": value.String(s.Digest),
			"verified": verified, "why": why, "signer": orNone(s.Signer), "issuer": orNone(s.Issuer), "signed_at": at}))
	}
	why := make([]value.Reason, 0, len(r.Gaps))
	for _, gap := range r.Gaps {
		why = append(why, value.Reason{Why: gap.Why, Grant: gap.Mend})
	}
	return opened(value.List(rows...), why)
}
