package decode

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// statementFields describes what policy makes of a statement. Lists that a statement does not have are empty.
func statementFields() []Field {
	fields := []Field{
		{Name: "sid", Type: "string", Doc: "The statement's id; absent without one."},
		{Name: "effect", Type: "string", Doc: "Allow or Deny."},
		{Name: "principals", Type: "list string", Doc: `Who is named: "*" for everyone, else kind and name, such as ` +
			`AWS:arn:aws:iam::123456789012:root or Service:cloudtrail.amazonaws.com. Empty in identity policies.`},
		{Name: "not_principals", Type: "list string", Doc: "Who is named by NotPrincipal, in the same form."},
		{Name: "actions", Type: "list string", Doc: "Actions as written, with their wildcards."},
		{Name: "not_actions", Type: "list string", Doc: "Actions of NotAction."},
		{Name: "resources", Type: "list string", Doc: "Resources as written, with their wildcards."},
		{Name: "not_resources", Type: "list string", Doc: "Resources of NotResource."},
		{Name: "conditions", Type: "list object", Doc: "The lines of the Condition block; all of them must hold.", Fields: []Field{
			{Name: "operator", Type: "string", Doc: "The operator as written, such as StringEqualsIfExists."},
			{Name: "key", Type: "string", Doc: "The condition key in lower case, such as aws:securetransport."},
			{Name: "values", Type: "list string", Doc: "The values; one of them must match."},
		}},
	}
	for _, f := range facts {
		kind := "bool"
		if f.list != nil {
			kind = "list string"
		}
		fields = append(fields, Field{Name: f.name, Type: kind, Doc: f.doc})
	}
	return fields
}

// fact is something that is judged of one statement by itself: a yes or no, or a list of names.
type fact struct {
	name, doc string
	judge     func(statement) answer
	list      func(statement) found
}

var facts = []fact{
	{"everyone", `The statement's principal is everyone ("*").`, statement.everyone, nil},
	{"public", "Everyone is allowed something and no condition narrows it to known accounts, organizations, networks, " +
		"principals or resources, as AWS defines a public policy.", statement.public, nil},
	{"accounts", "The account ids of the principals; self is the account that the code is applied to.", nil, accounts},
	{"conditional", "The statement has a condition.", func(s statement) answer { return s.conditions.given() }, nil},
	{"covers_all_resources", "The statement is about all that its policy is attached to: * or, for a bucket, both " +
		"the bucket and its objects, or no resource at all where policies name none.", statement.coversAll, nil},
	{"denies_insecure_transport", "Every action of a service is denied to everyone who does not use TLS; for topics, " +
		"sns:Publish is enough. Look at covers_all_resources too.", statement.deniesInsecureTransport, nil},
	{"denies_old_tls", "Every action of a service is denied to everyone with TLS below 1.2 (s3:TlsVersion).",
		statement.deniesOldTLS, nil},
	{"denies_unencrypted_put", "s3:PutObject is denied to everyone who does not ask for encryption, or not for that of " +
		"a key.", statement.deniesUnencryptedPut, nil},
	{"denies_delete", "Deleting objects and their versions is denied to everyone without conditions.",
		deniesAll("s3:DeleteObject", "s3:DeleteObjectVersion"), nil},
	{"denies_bucket_delete", "s3:DeleteBucket is denied to everyone without conditions.", deniesAll("s3:DeleteBucket"), nil},
	{"denies_recovery_point_delete", "backup:DeleteRecoveryPoint is denied to everyone without conditions.",
		deniesAll("backup:DeleteRecoveryPoint"), nil},
	{"grants_admin", "Every action on every resource is allowed without conditions (TLS is none), or every action but some " +
		"that leave the whole of IAM allowed.", statement.grantsAdmin, nil},
	{"wildcard_services", "Services of which every action is allowed on every resource; * stands for all services, " +
		"or for all but those of NotAction.", nil, wildcardServices},
	{"grants_kms_decrypt_everywhere", "An identity is allowed kms:Decrypt or kms:ReEncryptFrom with every key, whatever " +
		"the conditions.", statement.grantsDecrypt, nil},
	{"escalations", "Known ways to gain more rights that the statement allows on every resource of a type: an action, or " +
		"actions joined by +.", nil, escalations},
	{"requires_mfa", "Something is allowed only with multi-factor authentication.", statement.requiresMFA, nil},
	{"denies_without_mfa", "Something is denied without multi-factor authentication, also where the key is missing.",
		statement.deniesWithoutMFA, nil},
	{"allows_any_marketplace_subscribe", "aws-marketplace:Subscribe is allowed on every resource.",
		statement.allowsMarketplace, nil},
	{"whole_accounts", "The accounts that are named as a whole, so that they decide who it is; self is the account that " +
		"the code is applied to.", nil, wholeAccounts},
	{"any_web_identity", "Whoever signs in with a web identity provider may take the role, whatever the subject.",
		statement.anyWebIdentity, nil},
	{"denied_guards", "Actions that undo the recording and the guards of an account and that are denied on every resource, " +
		"to all but named principals.", nil, deniedGuards},
}

func (s statement) allows() answer { return s.hasEffect("Allow") }
func (s statement) denies() answer { return s.hasEffect("Deny") }

func (s statement) everyone() answer {
	return s.principals.any(principal.everyone)
}

// deniesEveryone tells whether the statement denies something to whoever asks. "*" as a service is no such thing.
func (s statement) deniesEveryone() answer {
	return all(s.denies(), s.principals.any(func(p principal) answer {
		return all(is(p.kind == "" || p.kind == "AWS"), p.everyone())
	}))
}

// includes tells whether the statement is about an action.
func (s statement) includes(action string) answer {
	is := func(t text) answer { return t.matches(action, true) }
	return either(s.actions.any(is), all(s.notActions.given(), not(s.notActions.any(is))))
}

// anyArn is matched only by resources that match every ARN.
const anyArn = "arn:aws:" + fresh + ":" + fresh + ":" + fresh + ":" + fresh

// onEvery tells whether the statement is about every resource. NotResource is, unless it leaves out everything.
func (s statement) onEvery() answer {
	return s.on(func(t text) answer { return t.matches(anyArn, false) })
}

func (s statement) on(is func(text) answer) answer {
	return either(s.resources.any(is), all(s.notResources.given(), not(s.notResources.any(is))))
}

func (s statement) public() answer {
	everyone := either(s.everyone(), s.notPrincipals.given())
	return all(s.allows(), everyone, not(s.conditions.any(condition.restricts)))
}

// wholeService tells whether the statement is about every action of some service.
func (s statement) wholeService() answer {
	return s.actions.any(func(t text) answer {
		service, _, found := strings.Cut(t.raw, ":")
		if t.complete() && found && !strings.ContainsAny(service, "*?") {
			return all(t.matches(service+":"+fresh, true), t.matches(service+":"+fresh+fresh+fresh, true))
		}
		return either(t.matches(fresh+":"+fresh, true), maybeService(t))
	})
}

// maybeService keeps "${var.service}:*" from being told apart from a known service.
func maybeService(t text) answer {
	if t.complete() {
		return no
	}
	last := t.parts[len(t.parts)-1]
	if last.hole == none && !strings.HasSuffix(last.known, "*") {
		return no
	}
	return t.unsure()
}

func harmless(c condition) answer {
	return all(c.with("bool", "stringequals"), c.on("aws:principalisawsservice", "aws:viaawsservice"), c.says("false"))
}

func (s statement) deniesInsecureTransport() answer {
	insecure := func(c condition) answer {
		return all(c.with("bool", "stringequals", "stringequalsignorecase"), c.on("aws:securetransport"), c.says("false"))
	}
	publish := all(s.includes("sns:Publish"), s.actions.given())
	return all(s.deniesEveryone(), either(s.wholeService(), publish), s.conditions.only(insecure, harmless))
}

func (s statement) deniesOldTLS() answer {
	old := func(c condition) answer {
		return all(c.with("numericlessthan"), c.on("s3:tlsversion"), c.values.every(func(t text) answer {
			if !t.complete() {
				return t.unsure()
			}
			version, err := strconv.ParseFloat(t.raw, 64)
			return is(err == nil && version >= 1.2)
		}))
	}
	return all(s.deniesEveryone(), s.wholeService(), s.conditions.only(old, harmless))
}

func (s statement) deniesUnencryptedPut() answer {
	const header = "s3:x-amz-server-side-encryption"
	unencrypted := func(c condition) answer {
		given := all(c.with("stringnotequals", "stringnotequalsignorecase"), c.on(header),
			c.says("aws:kms", "AES256", "aws:kms:dsse"))
		key := all(c.with("stringnotequals", "stringnotlike", "arnnotequals", "arnnotlike"),
			c.on(header+"-aws-kms-key-id"), c.values.every(func(t text) answer { return not(t.is("*")) }))
		missing := all(c.with("null"), c.on(header, header+"-aws-kms-key-id"), c.says("true"))
		return either(given, key, missing)
	}
	return all(s.deniesEveryone(), s.includes("s3:PutObject"), s.conditions.only(unencrypted, harmless))
}

func deniesAll(actions ...string) func(statement) answer {
	return func(s statement) answer {
		return all(s.deniesEveryone(), not(s.conditions.given()), every(actions, s.includes))
	}
}

func (s statement) grantsAdmin() answer {
	everything := s.actions.any(func(t text) answer { return t.matches(fresh+":"+fresh, true) })
	rest := all(s.notActions.given(), every(adminActions, s.includes))
	tls := func(c condition) answer { // the interfaces of AWS take nothing else
		return all(c.with("bool"), c.on("aws:securetransport"), c.says("true"))
	}
	return all(s.allows(), s.onEvery(), either(everything, rest), either(not(s.conditions.given()), s.conditions.only(tls, tls)))
}

// adminActions are enough to take every other right.
var adminActions = []string{"iam:AttachRolePolicy", "iam:AttachUserPolicy", "iam:CreatePolicyVersion", "iam:PassRole",
	"iam:PutRolePolicy", "iam:PutUserPolicy"}

func wildcardServices(s statement) found {
	var out found
	granted := all(s.allows(), s.onEvery())
	if granted.no() {
		return out
	}
	out.judge("*", all(granted, s.notActions.given()))
	for _, t := range s.actions.list {
		service, _, _ := strings.Cut(t.raw, ":")
		probe := service + ":"
		if strings.ContainsAny(service, "*?$") {
			service, probe = "*", fresh+":"
		}
		whole := all(t.matches(probe+fresh, true), t.matches(probe+fresh+fresh+fresh, true))
		if !t.complete() {
			whole = either(whole, maybeService(t))
		}
		out.judge(strings.ToLower(service), all(granted, whole))
	}
	out.add("", s.actions.more)
	return out
}

func (s statement) grantsDecrypt() answer {
	keys := s.on(func(t text) answer { return t.onType("kms", "key/"+fresh) })
	identity := not(either(s.principals.given(), s.notPrincipals.given()))
	return all(s.allows(), identity, keys, either(s.includes("kms:Decrypt"), s.includes("kms:ReEncryptFrom")))
}

// onType tells whether a resource pattern covers every resource of a type: probe is a resource with a fresh name. A fixed
// region or account does not count as a limit.
func (t text) onType(service, probe string) answer {
	if f, ok := t.fields(); ok {
		return all(f[2].matches(service, false), f[5].matches(probe, false))
	}
	return either(t.matches("arn:aws:"+service+":"+fresh+":"+fresh+":"+probe, false),
		t.matches("arn:aws:"+service+"::"+fresh+":"+probe, false))
}

func (s statement) requiresMFA() answer {
	return all(s.allows(), s.conditions.any(func(c condition) answer {
		present := all(c.strictly("bool"), c.on("aws:multifactorauthpresent"), c.says("true"))
		recent := all(c.strictly("numericlessthan", "numericlessthanequals"), c.on("aws:multifactorauthage"))
		return either(present, recent)
	}))
}

func (s statement) deniesWithoutMFA() answer {
	without := func(c condition) answer {
		absent := all(is(c.ifExists), c.with("bool"), c.on("aws:multifactorauthpresent"), c.says("false"))
		null := all(c.with("null"), c.on("aws:multifactorauthpresent", "aws:multifactorauthage"), c.says("true"))
		return either(absent, null)
	}
	return all(s.denies(), s.conditions.only(without, func(condition) answer { return no }))
}

func (s statement) allowsMarketplace() answer {
	return all(s.allows(), s.onEvery(), s.includes("aws-marketplace:Subscribe"))
}

// restricts tells whether the condition narrows who may ask to a known set. The keys and the demand for fixed values are
// those of AWS's definition of a public bucket policy, and their like of other services. kms:ViaService is not among
// them: it says through what everyone may ask, not who. Nor is aws:VpcSourceIp: anyone's network may have such addresses.
func (c condition) restricts() answer {
	if c.ifExists || c.quantity == "forallvalues" {
		return no
	}
	if c.quantity == "foranyvalue" {
		return all(is(slices.Contains(positive, c.base)), c.on("aws:principalorgpaths", "aws:sourceorgpaths"),
			c.values.every(text.orgPath))
	}
	if c.base == "ipaddress" {
		return all(c.on("aws:sourceip"), c.values.every(text.narrowNetwork))
	}
	if !slices.Contains(positive, c.base) {
		return no
	}
	return either(
		all(c.on(fixedKeys...), c.values.every(text.fixed)),
		all(c.on("aws:sourcearn", "aws:principalarn", "s3:dataaccesspointarn"), c.values.every(text.fixedArn)),
		all(c.on("aws:userid"), c.values.every(text.fixedUser)),
	)
}

var positive = []string{"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"}

var fixedKeys = []string{"aws:principalaccount", "aws:principalorgid", "aws:sourceaccount", "aws:sourceorgid",
	"aws:sourceowner", "aws:sourcevpc", "aws:sourcevpce", "kms:calleraccount",
	"s3:dataaccesspointaccount", "s3:x-amz-server-side-encryption-aws-kms-key-id"}

// fixed tells that the text has neither wildcards nor variables that IAM fills in.
func (t text) fixed() answer {
	if t.complete() {
		return is(t.raw != "" && !strings.ContainsAny(t.raw, "*?") && !strings.Contains(t.raw, "${"))
	}
	for _, p := range t.parts {
		if p.hole == none && strings.ContainsAny(p.known, "*?$") {
			return no
		}
	}
	return not(t.contains("*?"))
}

// fixedArn tells that an ARN is fixed, or is of a fixed account, or is of a bucket with a fixed name.
func (t text) fixedArn() answer {
	whole := t.fixed()
	f, ok := t.fields()
	if !ok {
		return whole
	}
	number := not(f[4].contains("*?$"))
	if f[4].complete() {
		number = is(isAccount(f[4].raw))
	}
	bucket := all(f[2].is("s3"), f[5].fixed())
	return either(whole, number, bucket)
}

// fixedUser tells that the text is a fixed id, or a role's id with any session.
func (t text) fixedUser() answer {
	if id, session, ok := strings.Cut(t.raw, ":"); ok && t.complete() && session == "*" && len(id) >= 16 {
		return literal(id).fixed()
	}
	return t.fixed()
}

// orgPath tells that the text begins with a fixed organization.
func (t text) orgPath() answer {
	org, _, _ := strings.Cut(t.raw, "/")
	if t.complete() {
		return all(is(strings.HasPrefix(org, "o-")), literal(org).fixed())
	}
	return t.unsure()
}

// narrowNetwork tells that the text is a range of addresses that AWS does not call broad.
func (t text) narrowNetwork() answer {
	if !t.complete() {
		last := t.parts[len(t.parts)-1]
		if last.hole == none && strings.HasSuffix(last.known, "/32") {
			return yes
		}
		return t.unsure()
	}
	if addr, err := netip.ParseAddr(t.raw); err == nil {
		return is(addr.IsValid())
	}
	network, err := netip.ParsePrefix(t.raw)
	return is(err == nil && !wide(network))
}
