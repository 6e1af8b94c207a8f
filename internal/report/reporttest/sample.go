// Package reporttest holds the assessments that report formats are tried on and the suite that every format passes.
// Only tests import it.
package reporttest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"ward.dev/ward/internal/assessment"
)

// Clinic returns the assessment of a small clinic's estate with something of everything: failing findings with and
// without PHI, unknowns with and without a remedy, exceptions, attestations in every state, inheritance, views, gaps and
// notices. Each call returns a new one.
func Clinic() *assessment.Assessment {
	a := &assessment.Assessment{
		Version: assessment.Version,
		Tool: assessment.Tool{Name: "ward", Version: "0.1.0",
			CatalogDigest: "sha256:5b1c7a90f1f04e0e2f3a1d4c8a5f6e7b8091a2b3c4d5e6f708192a3b4c5d6e7f"},
		AssessedAt: time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC),
		Estate:     "Lakeside Family Clinic",
		Framework: assessment.Framework{ID: "hipaa-security-rule", Title: "HIPAA Security Rule",
			Source: "45 CFR part 164 subpart C"},
		Targets: []assessment.Target{
			{Kind: "terraform", Name: "infra/clinic", Resources: 61},
			{Kind: "cloudformation", Name: "templates/portal.yaml", Resources: 14},
		},
		Checks:   clinicChecks(),
		Findings: clinicFindings(),
		Gaps: []assessment.Gap{
			{Target: "infra/clinic", What: "module.warehouse",
				Reason: "the module's source is a registry and it was not fetched",
				Grant:  "terraform init, so that .terraform/modules is there"},
			{Target: "infra/clinic", What: "legacy/dns.tf:14", Reason: "a closing brace is missing"},
			{Target: "templates/portal.yaml", What: "AWS::Serverless-2016-10-31",
				Reason: "the transform runs in the provider and is not known here", Grant: "the processed template"},
		},
		Notices: []assessment.Notice{
			{Kind: "exception expired", ID: "EX-2025-03",
				Text:     "ended on 2025-12-31 and covers nothing any more; 1 finding fails again",
				Location: assessment.Location{File: "ward.yaml", Line: 41}},
			{Kind: "exception unused", ID: "EX-2024-11", Text: "matches no finding and may be taken out",
				Location: assessment.Location{File: "ward.yaml", Line: 33}},
			{Kind: "attestation expired", ID: "contingency-plan-tested", Text: "was to be renewed by 2026-01-15",
				Location: assessment.Location{File: "attestations.yaml", Line: 58}},
		},
	}
	a.Safeguards = clinicSafeguards(a.Findings)
	a.Views = clinicViews(a.Safeguards)
	Sum(a)
	return a
}

// Sum sets what is counted from the rest: coverage and summary.
func Sum(a *assessment.Assessment) {
	a.Coverage = assessment.Coverage{}
	a.Summary = assessment.Summary{Findings: map[assessment.Status]int{}, Safeguards: map[assessment.Outcome]int{},
		Failing: map[assessment.Severity]int{}}
	baseline := false
	for _, f := range a.Findings {
		a.Summary.Findings[f.Status]++
		baseline = baseline || f.New
		switch f.Status {
		case assessment.Unknown:
			a.Coverage.Unknown++
			continue
		case assessment.NotApplicable:
			a.Coverage.NotApplicable++
			continue
		}
		a.Coverage.Evaluated++
		if f.Status != assessment.Fail {
			continue
		}
		a.Summary.Failing[f.Severity]++
		if f.PHI == "yes" {
			a.Summary.FailingPHI++
		}
		if f.New {
			a.Summary.New++
		}
	}
	if !baseline {
		a.Summary.New = a.Summary.Findings[assessment.Fail]
	}
	if asked := a.Coverage.Evaluated + a.Coverage.Unknown; asked > 0 {
		a.Coverage.Ratio = float64(a.Coverage.Evaluated) / float64(asked)
	}
	open := 0
	for _, s := range a.Safeguards {
		a.Summary.Safeguards[s.Status]++
		if s.Status != assessment.Inherited && s.Status != assessment.OutcomeNotNeeded {
			open++
		}
	}
	if open > 0 {
		a.Summary.Score = float64(a.Summary.Safeguards[assessment.Met]) / float64(open)
	}
}

// finding starts a finding of the sample; the checks' table says the rest.
func finding(check, address, file string, line int, status assessment.Status, phi string) assessment.Finding {
	c := checkNamed(check)
	sum := sha256.Sum256([]byte(check + "\x00" + address))
	return assessment.Finding{
		ID:       hex.EncodeToString(sum[:10]),
		Question: &assessment.Question{Check: check, Title: c.Title, Severity: c.Severity, Citations: c.citations},
		Status:   status,
		Subject: &assessment.Subject{Kind: c.kind, PHI: phi, Location: assessment.Location{File: file, Line: line},
			Resource: assessment.Resource{ID: "infra/clinic#" + address, Address: address, Provider: "aws",
				Account: "", Region: "us-east-1"}},
		Unknown:  []assessment.UnknownValue{},
		Evidence: []*assessment.Evidence{},
	}
}

func read(attribute string, value any, file string, line int) *assessment.Evidence {
	state := "known"
	if value == nil {
		state = "absent"
	}
	return &assessment.Evidence{Attribute: attribute, Value: value, State: state,
		Location: assessment.Location{File: file, Line: line}}
}

func clinicFindings() []assessment.Finding {
	var all []assessment.Finding
	add := func(f assessment.Finding, evidence ...*assessment.Evidence) *assessment.Finding {
		f.Evidence = append(f.Evidence, evidence...)
		all = append(all, f)
		return &all[len(all)-1]
	}
	failing(add)
	open(add)
	settled(add)
	return all
}

type adder func(f assessment.Finding, evidence ...*assessment.Evidence) *assessment.Finding

func failing(add adder) {
	f := add(finding("aws.rds.instance.not-public", "aws_db_instance.ehr", "database.tf", 12, assessment.Fail, "yes"),
		read("publicly_accessible", true, "database.tf", 31))
	f.PHIReason = `tag data-class is "phi"`
	f = add(finding("aws.rds.instance.not-public", "module.reports.aws_db_instance.replica",
		"modules/reports/main.tf", 8, assessment.Fail, "yes"),
		read("publicly_accessible", true, "modules/reports/main.tf", 15))
	f.PHIReason = "replicates aws_db_instance.ehr"
	f.Conditional = "var.with_replica is not known"
	add(finding("aws.s3.bucket.denies-plain-http", "aws_s3_bucket.scans", "storage.tf", 3, assessment.Fail, "yes"),
		read("policy.enforces_tls", false, "storage.tf", 22)).PHIReason = `name matches "scans"`
	add(finding("aws.s3.bucket.denies-plain-http", "aws_s3_bucket.backups", "storage.tf", 48, assessment.Fail, "yes"),
		read("policy.statements", nil, "storage.tf", 48)).New = true
	for i := range 14 {
		add(finding("aws.s3.bucket.denies-plain-http", fmt.Sprintf(`aws_s3_bucket.site["%02d"]`, i), "site.tf",
			9, assessment.Fail, "no"),
			read("policy.statements", nil, "site.tf", 9))
	}
	add(finding("aws.ec2.security-group.no-open-admin-port", "aws_security_group.bastion", "network.tf", 77,
		assessment.Fail, "unknown"),
		read("ingress", []any{map[string]any{"from": 22, "to": 22, "cidr": "0.0.0.0/0"}}, "network.tf", 83)).New = true
	add(finding("aws.logs.group.kept-six-years", "/clinic/portal", "templates/portal.yaml", 120, assessment.Fail, "unknown"),
		read("retention_days", 30, "templates/portal.yaml", 124))
	e := read("retention_days", nil, "audit.tf", 40)
	add(finding("aws.logs.group.kept-six-years", "aws_cloudwatch_log_group.audit", "audit.tf", 40, assessment.Fail, "yes"), e)
	add(finding("aws.kms.key.rotates", "aws_kms_key.site", "keys.tf", 30, assessment.Fail, "no"),
		&assessment.Evidence{Attribute: "rotation", Value: false, State: "default",
			Location: assessment.Location{File: "keys.tf", Line: 30}})
}

func open(add adder) {
	want := func(f *assessment.Finding, attribute, reason, grant string) {
		f.Unknown = append(f.Unknown, assessment.UnknownValue{Attribute: attribute, Reason: reason, Grant: grant})
		f.Evidence = append(f.Evidence, &assessment.Evidence{Attribute: attribute, State: "unknown", Location: f.Location})
	}
	f := add(finding("aws.s3.bucket.denies-plain-http", "aws_s3_bucket.imaging", "storage.tf", 70, assessment.Unknown, "yes"))
	want(f, "policy.enforces_tls", "data.aws_iam_policy_document.imaging is read at apply",
		"the plan: terraform show -json PLAN")
	f = add(finding("aws.kms.key.rotates", "module.keys.aws_kms_key.ehr", "modules/keys/main.tf", 4, assessment.Unknown, "yes"))
	want(f, "rotation", "var.rotate has no value", "--var rotate=...")
	f = add(finding("aws.rds.instance.not-public", "aws_db_instance.billing", "database.tf", 60, assessment.Unknown, "yes"))
	want(f, "publicly_accessible", "var.expose_billing has no value", "--var expose_billing=...")
	f = add(finding("aws.rds.instance.not-public", "aws_db_instance.archive", "database.tf", 88, assessment.Unknown, "unknown"))
	want(f, "publicly_accessible", "var.expose_billing has no value", "--var expose_billing=...")
	want(f, "subnet_group", "data.aws_db_subnet_group.shared is read at apply", "the plan: terraform show -json PLAN")
	f = add(finding("aws.logs.group.kept-six-years", "VisitLog", "templates/portal.yaml", 140, assessment.Unknown, "unknown"))
	want(f, "retention_days", "the macro ClinicDefaults may change it", "")
}

func settled(add adder) {
	f := add(finding("aws.ec2.security-group.no-open-admin-port", "aws_security_group.vpn", "network.tf", 140,
		assessment.Excepted, "no"),
		read("ingress", []any{map[string]any{"from": 3389, "to": 3389, "cidr": "0.0.0.0/0"}}, "network.tf", 146))
	f.Judged, f.Exception = assessment.Fail, "EX-2026-01"
	for i := range 22 {
		add(finding("aws.s3.bucket.denies-plain-http", fmt.Sprintf("aws_s3_bucket.clinic[%d]", i), "buckets.tf",
			5, assessment.Pass, "yes"),
			read("policy.enforces_tls", true, "policies.tf", 12))
	}
	for i := range 9 {
		add(finding("aws.kms.key.rotates", fmt.Sprintf("aws_kms_key.store[%d]", i), "keys.tf", 3, assessment.Pass, "yes"),
			read("rotation", true, "keys.tf", 7))
	}
	f = add(finding("aws.rds.instance.not-public", "aws_db_instance.intake", "database.tf", 110, assessment.Pass, "yes"),
		read("publicly_accessible", false, "database.tf", 120))
	f.Evidence = append(f.Evidence, &assessment.Evidence{Attribute: "password", State: "secret",
		Location: assessment.Location{File: "database.tf", Line: 118}})
	add(finding("aws.kms.key.rotates", "aws_kms_key.signing", "keys.tf", 60, assessment.NotApplicable, "no"),
		read("usage", "SIGN_VERIFY", "keys.tf", 62))
}
