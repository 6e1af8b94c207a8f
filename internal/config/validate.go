package config

import (
	"slices"
	"strings"

	"ward.dev/ward/internal/yamlfile"
)

// What is wrong here is wrong whatever the findings are. A decision that is well written but has no effect, because
// nobody approved it or its day is over, is not a fault: the assessment tells.

func (l *loader) checkMain(c *Config, m document) {
	at := Place{File: c.File}
	defaults := []string{"unknown", "yes", "no"}
	if d := c.PHI.Default; d != "" && !slices.Contains(defaults, d) {
		l.fault(at, "phi: default is unknown, yes or no, not %q%s", d, yamlfile.Suggest(d, defaults))
	}
	if m.MaxExceptionDays < 0 {
		l.fault(at, "max_exception_days is a number of days")
	}
	for _, marks := range []Marks{c.PHI.Marks, c.PHI.None} {
		for key, values := range marks.Tags {
			if len(values) == 0 || slices.Contains(values, "") {
				l.fault(at, `phi: tag %s: a value, a list of values or "*" is wanted`, key)
			}
		}
		if slices.Contains(marks.Names, "") || slices.Contains(marks.Paths, "") || slices.Contains(marks.Kinds, "") {
			l.fault(at, "phi: a pattern is empty")
		}
	}
	l.checkSignatures(at, m.Signatures)
	for _, p := range c.ParamsFor {
		switch {
		case p.Resources.Empty():
			l.fault(p.Place, `params_for: resources wants address or target (address: "*" is every resource)`)
		case len(p.Resources.Tags) > 0:
			// A tag that is not known would silently leave a stricter parameter out.
			l.fault(p.Place, "params_for: resources are selected by address and target, not by tags")
		}
	}
}

func (l *loader) checkSignatures(at Place, s Signatures) {
	var scopes []SignatureScope
	for _, k := range s.Keys {
		l.wanted(at, "signatures: keys", "file", k.File)
		scopes = append(scopes, k.SignatureScope)
	}
	for _, i := range s.Identities {
		l.wanted(at, "signatures: identities", "issuer", i.Issuer, "subject", i.Subject)
		if (i.TrustedRoot == "") == (i.Roots == "") || i.TrustedRoot != "" && i.Log != "" {
			l.fault(at, "signatures: identities: either trusted_root or roots (and log) is wanted for %s", i.Subject)
		}
		scopes = append(scopes, i.SignatureScope)
	}
	for _, a := range s.Authorities {
		l.wanted(at, "signatures: authorities", "roots", a.Roots, "subject", a.Subject)
		scopes = append(scopes, a.SignatureScope)
	}
	for _, scope := range scopes {
		if slices.Contains(scope.Repositories, "") || slices.Contains(scope.Predicates, "") {
			l.fault(at, "signatures: a pattern is empty")
		}
	}
}

// wanted reports the keys that have no value.
func (l *loader) wanted(at Place, what string, fields ...string) {
	var missing []string
	for i := 0; i+1 < len(fields); i += 2 {
		if strings.TrimSpace(fields[i+1]) == "" {
			missing = append(missing, fields[i])
		}
	}
	if len(missing) > 0 {
		l.fault(at, "%s: %s wanted", what, strings.Join(missing, ", "))
	}
}

func (l *loader) checkException(e Exception) {
	what := "exception " + e.ID
	l.wanted(e.Place, strings.TrimSpace(what), "id", e.ID, "owner", e.Owner, "reason", e.Reason, "expires", e.Expires.String())
	if len(e.Checks) == 0 || slices.Contains(e.Checks, "") {
		l.fault(e.Place, "%s: checks names one check, a pattern, or a list of them", what)
	}
	if e.Resources.Empty() {
		l.fault(e.Place, `%s: resources wants address, target or tags (address: "*" is every resource)`, what)
	}
	if e.Approved.IsZero() || e.Expires.IsZero() {
		return
	}
	switch {
	case e.Approved.After(e.Expires):
		l.fault(e.Place, "%s: expires before it is approved", what)
	case e.Expires.After(e.Approved.AddDays(l.longest)):
		l.fault(e.Place, "%s: expires on %s, more than %d days after it is approved; review it by %s (max_exception_days sets another limit)",
			what, e.Expires, l.longest, e.Approved.AddDays(l.longest))
	}
}

func (l *loader) checkAttestation(a Attestation) {
	what := "attestation " + a.ID
	l.wanted(a.Place, strings.TrimSpace(what), "id", a.ID, "answer", a.Answer, "owner", a.Owner, "reviewed", a.Reviewed.String())
	answers := []string{Yes, No, NotApplicable}
	if a.Answer != "" && !slices.Contains(answers, a.Answer) {
		l.fault(a.Place, "%s: answer is yes, no or not applicable, not %q%s", what, a.Answer, yamlfile.Suggest(a.Answer, answers))
	}
	if a.Answer == NotApplicable && a.Note == "" {
		l.fault(a.Place, "%s: a note says why it is not applicable", what)
	}
	if !a.Expires.IsZero() && a.Reviewed.After(a.Expires) {
		l.fault(a.Place, "%s: expires before it is reviewed", what)
	}
}

func (l *loader) checkAlternative(a Alternative) {
	what := "alternative " + a.Citation
	l.wanted(a.Place, strings.TrimSpace(what), "citation", a.Citation, "measure", a.Measure, "reason", a.Reason,
		"document", a.Document, "owner", a.Owner, "reviewed", a.Reviewed.String())
	if !a.Expires.IsZero() && a.Reviewed.After(a.Expires) {
		l.fault(a.Place, "%s: expires before it is reviewed", what)
	}
}

// checkIDs finds decisions that are given twice.
func (l *loader) checkIDs(c *Config) {
	seen := map[string]Place{}
	once := func(what, id string, at Place) {
		if first, ok := seen[what+id]; ok && id != "" {
			l.fault(at, "%s %s stands already at %s:%d", what, id, first.File, first.Line)
			return
		}
		seen[what+id] = at
	}
	for _, e := range c.Exceptions {
		once("exception", e.ID, e.Place)
	}
	for _, a := range c.Attestations {
		once("attestation", a.ID, a.Place)
	}
	for _, a := range c.Alternatives {
		once("alternative", a.Citation, a.Place)
	}
	for _, p := range c.Params {
		once("params", p.Check, p.Place)
	}
}
