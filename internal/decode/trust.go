package decode

import (
	"regexp"
	"slices"
	"strings"

	"ward.dev/ward/internal/value"
)

// wholeAccounts lists the accounts that a statement names as a whole, so that they decide themselves who it is.
func wholeAccounts(s statement) found {
	out := found{more: s.principals.more}
	for _, p := range s.principals.list {
		if p.kind != "AWS" {
			continue
		}
		whole := p.name.whole()
		switch id, why := p.account(); {
		case whole.no():
		case !whole.yes():
			out.add("", whole.why)
		default:
			out.add(id, why)
		}
	}
	return out.asSeenFrom(s.raw)
}

// whole tells whether a principal's name stands for its whole account.
func (t text) whole() answer {
	if f, ok := t.fields(); ok {
		return f[5].is("root")
	}
	if t.complete() {
		return is(isAccount(t.raw))
	}
	if len(t.parts) == 1 {
		switch t.parts[0].hole {
		case self, account:
			return yes
		case arn:
			return no // of a user or a role: an account has no ARN of its own
		}
	}
	return t.unsure()
}

// anyWebIdentity tells that whoever signs in with a web identity provider is let in, whatever the subject.
func (s statement) anyWebIdentity() answer {
	subject := func(c condition) answer {
		if !slices.Contains(positive, c.base) || c.ifExists || c.quantity == "forallvalues" {
			return no
		}
		return all(c.key.endsWithOne(":sub", ":repository", ":repository_owner", ":project_path", ":amr",
			":organization_id"), not(c.values.any(text.anySubject)))
	}
	return all(s.allows(), s.includes("sts:AssumeRoleWithWebIdentity"), not(s.conditions.any(subject)))
}

// anySubject tells whether the text covers the subjects of strangers: every one, or that of every repository, project or
// organization of a provider that all the world may sign up to.
func (t text) anySubject() answer {
	return some([]string{fresh, "repo:" + fresh + "/" + fresh + ":ref:refs/heads/main", "repo:" + fresh + "/" + fresh + ":" + fresh,
		"project_path:" + fresh + "/" + fresh + ":ref_type:branch:ref:main",
		"organization:" + fresh + ":project:" + fresh + ":workspace:" + fresh + ":run_phase:apply"},
		func(subject string) answer { return t.matches(subject, false) })
}

// endsWithOne tells whether the text ends in one of the known endings.
func (t text) endsWithOne(endings ...string) answer {
	last := t.raw
	if !t.complete() {
		end := t.parts[len(t.parts)-1]
		if end.hole != none {
			return t.unsure()
		}
		last = end.known
	}
	return is(slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(last, e) }))
}

// guarded are actions that undo the recording and the guards of an account.
var guarded = []string{"organizations:LeaveOrganization", "cloudtrail:StopLogging", "cloudtrail:DeleteTrail",
	"cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors", "config:StopConfigurationRecorder",
	"config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel", "guardduty:DeleteDetector",
	"guardduty:UpdateDetector", "guardduty:DisassociateFromAdministratorAccount", "securityhub:DisableSecurityHub",
	"macie2:DisableMacie", "access-analyzer:DeleteAnalyzer", "ec2:DeleteFlowLogs", "logs:DeleteLogGroup",
	"kms:ScheduleKeyDeletion", "backup:DeleteBackupVault", "backup:DeleteRecoveryPoint",
	"s3:PutAccountPublicAccessBlock", "ec2:DisableEbsEncryptionByDefault"}

// deniedGuards lists the guarded actions that the statement denies on every resource, to all but named principals.
func deniedGuards(s statement) found {
	exempt := func(c condition) answer {
		return all(is(c.quantity == ""), either(
			all(is(strings.HasPrefix(c.base, "arnnot") || strings.HasPrefix(c.base, "stringnot")), c.on("aws:principalarn",
				"aws:principalaccount", "aws:principalorgid", "aws:userid", "aws:username")),
			all(is(strings.HasPrefix(c.base, "bool")), c.on("aws:principalisawsservice", "aws:viaawsservice"), c.says("false"))))
	}
	everyone := either(not(s.principals.given()), s.everyone())
	denied := all(s.denies(), s.onEvery(), everyone, not(s.notPrincipals.given()),
		every(s.conditions.list, exempt), not(s.conditions.rest()))
	var out found
	if denied.no() {
		return out
	}
	for _, action := range guarded {
		out.judge(action, all(denied, s.includes(action)))
	}
	return out
}

var anyPartition = regexp.MustCompile(`^arn:\$\{[^{}]*\}:iam::aws:policy/([\w+=,.@/-]+)$`)

// partitionless gives the ARNs of AWS's own policies the partition aws, where code leaves the partition open.
func partitionless(v value.Value) value.Value {
	if items, ok := v.AsList(); ok {
		made := make([]value.Value, len(items))
		for i, item := range items {
			made[i] = partitionless(item)
		}
		list := from(v, value.List(made...))
		if v.IsOpen() {
			list = list.Open(v.Reasons()...)
		}
		return list
	}
	template, _ := v.Template()
	if m := anyPartition.FindStringSubmatch(template); m != nil && v.IsUnknown() {
		return from(v, value.String("arn:aws:iam::aws:policy/"+m[1]))
	}
	return v
}
