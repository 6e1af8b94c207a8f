package reporttest

import (
	"slices"

	"ward.dev/ward/internal/assessment"
)

type sampleCheck struct {
	assessment.Check
	kind      string
	citations []string
}

func sampleChecks() []sampleCheck {
	return []sampleCheck{
		{kind: "aws.ec2.security-group", citations: []string{"164.312(a)(1)", "164.312(e)(1)"}, Check: assessment.Check{
			ID:       "aws.ec2.security-group.no-open-admin-port",
			Title:    "Security groups keep remote administration off the internet",
			Severity: assessment.High,
			Why:      "An administration port that the whole internet reaches is tried by password guessers within minutes.",
			Fix: map[string]string{
				"terraform": "Name the office network in cidr_blocks, or drop the rule and use Session Manager:\n\n  cidr_blocks = [var.office_cidr]",
				"console":   "EC2 > Security groups > Inbound rules: replace 0.0.0.0/0 by the office network."},
			Aka: map[string][]string{"aws-config": {"restricted-ssh"}}}},
		{kind: "aws.kms.key", citations: []string{"164.312(a)(2)(iv)"}, Check: assessment.Check{
			ID: "aws.kms.key.rotates", Title: "Customer keys rotate every year", Severity: assessment.Medium,
			Why: "A key that never changes protects all data ever written, so one leak opens all of it.",
			Fix: map[string]string{"terraform": "Set enable_key_rotation = true on the key.",
				"cli": "aws kms enable-key-rotation --key-id KEY"}}},
		{kind: "aws.logs.group", citations: []string{"164.312(b)", "164.316(b)(2)(i)"}, Check: assessment.Check{
			ID: "aws.logs.group.kept-six-years", Title: "Log groups keep their events for six years", Severity: assessment.Low,
			Why: "Records of activity are part of the documentation that has to be kept for six years.",
			Fix: map[string]string{"terraform": "Set retention_in_days = 2192, or export to a locked bucket.",
				"cloudformation": "Set RetentionInDays: 2192, or export to a locked bucket."}}},
		{kind: "aws.rds.instance", citations: []string{"164.312(a)(1)", "164.312(e)(1)"}, Check: assessment.Check{
			ID: "aws.rds.instance.not-public", Title: "Database instances have no public address",
			Severity: assessment.Critical,
			Why:      "A database that the internet reaches is one stolen password away from the records in it.",
			Fix: map[string]string{
				"terraform": "Set publicly_accessible = false and place the instance in subnets that have no route to an internet gateway.\nThe address changes: applications must resolve the endpoint's name again.",
				"cli":       "aws rds modify-db-instance --db-instance-identifier ID --no-publicly-accessible --apply-immediately"}}},
		{kind: "aws.s3.bucket", citations: []string{"164.312(e)(1)", "164.312(e)(2)(ii)"}, Check: assessment.Check{
			ID: "aws.s3.bucket.denies-plain-http", Title: "Buckets refuse requests that are not over TLS",
			Severity: assessment.High,
			Why:      "Without the refusal a client that is set up wrongly sends records in the clear, and nothing stops it.",
			Fix: map[string]string{"terraform": "Add a bucket policy with a Deny for all actions where aws:SecureTransport is false.",
				"cloudformation": "Add an AWS::S3::BucketPolicy with a Deny for all actions where aws:SecureTransport is false."}}},
	}
}

func checkNamed(id string) sampleCheck {
	for _, c := range sampleChecks() {
		if c.ID == id {
			return c
		}
	}
	return sampleCheck{}
}

func clinicChecks() []assessment.Check {
	var all []assessment.Check
	for _, c := range sampleChecks() {
		all = append(all, c.Check)
	}
	return all
}

// row is a safeguard of the sample. Its status is worked out from the findings where it claims checks.
type row struct {
	citation, name, specification, responsible, obligation string
	status                                                 assessment.Outcome
	reason                                                 string
	attestation                                            string
	state                                                  string
	alternative                                            string
}

func clinicSafeguards(findings []assessment.Finding) []assessment.Safeguard {
	rows := []row{
		{citation: "164.308(a)(1)(ii)(A)", name: "Risk analysis", specification: "required", responsible: "customer",
			obligation: "Find out, accurately and thoroughly, what could happen to the ePHI.", status: assessment.Met,
			reason: "risk-analysis-done is attested and in date", attestation: "risk-analysis-done", state: "in date"},
		{citation: "164.308(a)(1)(ii)(D)", name: "Information system activity review",
			specification: "required", responsible: "customer",
			obligation: "Look regularly at the records of what the systems did.", status: assessment.Manual,
			reason: "no one attests logs-reviewed", attestation: "logs-reviewed", state: "missing"},
		{citation: "164.308(a)(5)(ii)(A)", name: "Security reminders", specification: "addressable", responsible: "customer",
			obligation: "Remind people of security from time to time.", status: assessment.Met,
			reason: "answered by an alternative measure, attested and in date", attestation: "reminders-sent", state: "in date",
			alternative: "A quarterly talk by the practice manager instead of written reminders; the clinic has nine people."},
		{citation: "164.308(a)(7)(ii)(D)", name: "Testing and revision procedures",
			specification: "addressable", responsible: "customer",
			obligation: "Try the contingency plans and mend them.", status: assessment.Manual,
			reason: "contingency-plan-tested expired on 2026-01-15", attestation: "contingency-plan-tested", state: "expired"},
		{citation: "164.308(b)(1)", name: "Business associate contracts and other arrangements", specification: "standard",
			responsible: "customer", obligation: "Have an agreement before another party handles ePHI.",
			status:      assessment.NotMet,
			reason:      "baa-register-complete is denied: the imaging vendor has not signed",
			attestation: "baa-register-complete", state: "denied"},
		{citation: "164.310(a)(1)", name: "Facility access controls", specification: "standard", responsible: "shared",
			obligation: "Limit who can walk up to the machines.", status: assessment.Inherited,
			reason: "the provider answers for its data centres", attestation: "provider-baa-signed", state: "in date"},
		{citation: "164.310(d)(2)(ii)", name: "Media re-use", specification: "required", responsible: "provider",
			obligation: "Remove ePHI from media before they are used again.", status: assessment.Inherited,
			reason: "the provider erases storage before it is used again", attestation: "provider-baa-signed",
			state: "in date"},
		{citation: "164.312(a)(1)", name: "Access control", specification: "standard", responsible: "shared",
			obligation: "Let only those in who have been given the right."},
		{citation: "164.312(a)(2)(iv)", name: "Encryption and decryption", specification: "addressable",
			responsible: "customer",
			obligation:  "Encrypt ePHI at rest."},
		{citation: "164.312(b)", name: "Audit controls", specification: "required", responsible: "customer",
			obligation: "Record and examine activity where ePHI is."},
		{citation: "164.312(e)(1)", name: "Transmission security", specification: "standard", responsible: "customer",
			obligation: "Guard ePHI while it travels over networks."},
		{citation: "164.312(e)(2)(ii)", name: "Encryption", specification: "addressable", responsible: "customer",
			obligation: "Encrypt ePHI on its way where that is right."},
		{citation: "164.314(b)(1)", name: "Requirements for group health plans", specification: "standard",
			responsible: "customer",
			obligation:  "Plan documents bind the sponsor.", status: assessment.OutcomeNotNeeded,
			reason: "the clinic is not a group health plan"},
		{citation: "164.316(b)(2)(i)", name: "Time limit: six years", specification: "required", responsible: "customer",
			obligation: "Keep the documentation for six years."},
	}
	all := make([]assessment.Safeguard, len(rows))
	for i, r := range rows {
		all[i] = r.safeguard(findings)
	}
	return all
}

func (r row) safeguard(findings []assessment.Finding) assessment.Safeguard {
	s := assessment.Safeguard{Citation: r.citation, Name: r.name, Specification: r.specification, Obligation: r.obligation,
		Responsible: r.responsible, Status: r.status, Reasons: []string{}, Findings: map[assessment.Status]int{},
		Checks: []assessment.SafeguardCheck{}, Attestations: []assessment.AttestationState{}, Alternative: r.alternative}
	if r.reason != "" {
		s.Reasons = append(s.Reasons, r.reason)
	}
	for _, c := range sampleChecks() {
		if !slices.Contains(c.citations, r.citation) {
			continue
		}
		claim := assessment.SafeguardCheck{Check: c.ID, Strength: "supports", Reason: c.Why, Status: assessment.NotApplicable}
		for _, f := range findings {
			if f.Check == c.ID {
				s.Findings[f.Status]++
				claim.Status = worse(claim.Status, f.Status)
			}
		}
		s.Checks = append(s.Checks, claim)
	}
	r.fold(&s)
	if r.attestation != "" {
		s.Attestations = append(s.Attestations, attestation(r.attestation, r.state))
	}
	if s.Status == assessment.Inherited {
		s.Inherited = &assessment.Inheritance{From: "AWS", Under: "provider-baa-signed", Reason: r.reason, Confirmed: true}
	}
	return s
}

func (r row) fold(s *assessment.Safeguard) {
	definite := s.Findings[assessment.Pass] + s.Findings[assessment.Fail] + s.Findings[assessment.Excepted]
	if asked := definite + s.Findings[assessment.Unknown]; asked > 0 {
		s.Coverage = float64(definite) / float64(asked)
	}
	for _, c := range s.Checks {
		switch c.Status {
		case assessment.Fail:
			s.Reasons = append(s.Reasons, c.Check+" fails")
		case assessment.Unknown:
			s.Reasons = append(s.Reasons, c.Check+" is unknown")
		}
	}
	switch {
	case s.Status != "":
	case s.Findings[assessment.Fail] > 0:
		s.Status = assessment.NotMet
	case s.Findings[assessment.Unknown] > 0:
		s.Status = assessment.OutcomeUnknown
	default:
		s.Status = assessment.Met
	}
}

func attestation(id, state string) assessment.AttestationState {
	a := assessment.AttestationState{ID: id, Statement: "It is so that " + id + ".", Role: "security officer", State: state}
	if state != "missing" {
		a.Owner, a.Document, a.Reviewed, a.Expires = "R. Okafor", "policies/"+id+".pdf", "2025-01-15", "2026-01-15"
	}
	if state == "in date" {
		a.Reviewed, a.Expires = "2025-11-03", "2026-11-03"
	}
	if state == "denied" {
		a.Note = "the imaging vendor has not signed"
	}
	return a
}

func worse(a, b assessment.Status) assessment.Status {
	order := []assessment.Status{assessment.Fail, assessment.Unknown, assessment.Excepted, assessment.Pass,
		assessment.NotApplicable}
	for _, s := range order {
		if a == s || b == s {
			return s
		}
	}
	return a
}

func clinicViews(safeguards []assessment.Safeguard) []assessment.View {
	view := func(id, title, citation string) assessment.ViewRow {
		for _, s := range safeguards {
			if s.Citation == citation {
				return assessment.ViewRow{ID: id, Title: title, Citations: []string{citation}, Status: s.Status,
					Coverage: s.Coverage}
			}
		}
		return assessment.ViewRow{ID: id, Title: title, Citations: []string{citation}, Status: assessment.OutcomeUnknown}
	}
	return []assessment.View{
		{ID: "container-paper", Title: "Thirty rows of the container paper", Rows: []assessment.ViewRow{
			view("2", "One place to see trail, metrics and events", "164.308(a)(1)(ii)(D)"),
			view("9", "Agreements with the cloud and with customers", "164.308(b)(1)"),
			view("10", "Data centres", "164.310(a)(1)"),
			view("20", "No access by default", "164.312(a)(1)"),
			view("24", "Encryption at rest, keys managed", "164.312(a)(2)(iv)"),
			view("28", "TLS and closed ports", "164.312(e)(1)"),
		}},
		{ID: "technical-standards", Title: "Five technical standards", Rows: []assessment.ViewRow{
			view("transmission", "Transmission security", "164.312(e)(1)"),
			view("access", "Access control", "164.312(a)(1)"),
			view("authentication", "Person or entity authentication", "164.312(d)"),
			view("audit", "Audit controls", "164.312(b)"),
			view("integrity", "Integrity", "164.312(c)(1)"),
		}},
	}
}
