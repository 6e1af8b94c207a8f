package decode

import (
	"strings"

	"ward.dev/ward/internal/value"
)

// principal is one member of a Principal or NotPrincipal.
type principal struct {
	kind string // AWS, Service, Federated, CanonicalUser; "" for "*"
	name text
}

type principals struct {
	raw  value.Value
	list []principal
	more []value.Reason
	refs []value.Ref
}

var principalKinds = []string{"AWS", "Service", "Federated", "CanonicalUser"}

func readPrincipals(v value.Value) principals {
	p := principals{raw: v}
	if _, ok := v.AsObject(); !ok {
		p.add("", readTexts(v))
		return p
	}
	for _, key := range v.Keys() {
		kind := key
		for _, k := range principalKinds {
			if strings.EqualFold(k, key) {
				kind = k
			}
		}
		p.add(kind, readTexts(v.Field(key)))
	}
	if v.IsOpen() {
		p.more = append(p.more, v.Reasons()...)
	}
	return p
}

func (p *principals) add(kind string, names texts) {
	for _, name := range names.list {
		k := kind
		if k == "" && !(name.complete() && name.raw == "*") {
			k = "AWS"
		}
		p.list = append(p.list, principal{k, name})
	}
	p.more = append(p.more, names.more...)
	p.refs = append(p.refs, names.refs...)
}

func (p principals) any(has func(principal) answer) answer {
	rest := no
	if len(p.more) > 0 {
		rest = unsure(p.more, p.refs...)
	}
	return either(some(p.list, has), rest)
}

func (p principals) given() answer {
	return p.any(func(principal) answer { return yes })
}

// everyone tells whether the principal names everyone, with or without credentials.
func (p principal) everyone() answer {
	if p.kind == "Service" || p.kind == "CanonicalUser" {
		return p.name.is("*")
	}
	if f, ok := p.name.fields(); ok {
		// AWS accepts no ARN with a wildcard as a principal: a placeholder cannot be one.
		return is(strings.ContainsAny(f[4].raw, "*?") && f[4].complete())
	}
	return p.name.is("*")
}

// contains tells whether the text holds one of the characters.
func (t text) contains(chars string) answer {
	if t.complete() {
		return is(strings.ContainsAny(t.raw, chars))
	}
	out := no
	for _, part := range t.parts {
		if part.hole == none && strings.ContainsAny(part.known, chars) {
			return yes
		}
		if part.hole == anything {
			out = t.unsure()
		}
	}
	return out
}

func (p principals) value() value.Value {
	vs := make([]value.Value, len(p.list))
	for i, one := range p.list {
		vs[i] = one.value(p.raw)
	}
	return listOf(p.raw, vs, p.more)
}

// value is "*" for everyone, else the kind and the name: "AWS:arn:aws:iam::123456789012:root".
func (p principal) value(raw value.Value) value.Value {
	if p.name.complete() && p.name.raw == "*" && (p.kind == "" || p.kind == "AWS" || p.kind == "*") {
		return from(raw, value.String("*"))
	}
	name := p.name
	if name.complete() && isAccount(name.raw) && p.kind == "AWS" {
		name = literal("arn:aws:iam::" + name.raw + ":root")
	}
	return name.prefixed(p.kind+":", raw)
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// ownAccount stands in lists of accounts for the account that the code is applied to, or that the policy was read from.
const ownAccount = "self"

// accounts lists the accounts that a statement's principals belong to.
func accounts(s statement) found {
	out := found{more: s.principals.more}
	for _, p := range s.principals.list {
		if p.kind == "CanonicalUser" {
			out.add("", reason("a canonical user id does not tell its account"))
			continue
		}
		if p.kind == "Service" || p.kind == "" {
			continue
		}
		out.add(p.account())
	}
	return out.asSeenFrom(s.raw)
}

// asSeenFrom calls the account whose reply the policy stands in self, as code does that refers to it.
func (f found) asSeenFrom(raw value.Value) found {
	if own := accountOf(raw); own != "" {
		for i, name := range f.names {
			if name == own {
				f.names[i] = ownAccount
			}
		}
	}
	return f
}

// accountOf is the account whose reply a value stands in, "" for what code says.
func accountOf(v value.Value) string {
	if o := v.Origin(); o != nil && o.Call != nil {
		return o.Call.Account
	}
	return ""
}

// account returns the account that the principal belongs to, "" if it belongs to none, and why it is not known.
func (p principal) account() (string, []value.Reason) {
	name := p.name
	if f, ok := name.fields(); ok {
		name = f[4]
		if name.complete() && !isAccount(name.raw) {
			return "", nil // such as the cloudfront of an origin access identity
		}
	}
	switch {
	case name.complete() && isAccount(name.raw):
		return name.raw, nil
	case len(name.parts) == 1 && name.parts[0].hole == self:
		return ownAccount, nil
	case name.complete() && (name.raw == "*" || p.kind == "Federated"):
		return "", nil
	case name.complete():
		return "", reason("a principal is named by an id that does not tell its account")
	}
	return "", name.why
}

func reason(why string) []value.Reason { return []value.Reason{{Why: why}} }

// found is a list of names that a statement was found to have.
type found struct {
	names []string
	more  []value.Reason
}

// add appends a name; with reasons instead, the list may hold more.
func (f *found) add(name string, why []value.Reason) {
	switch {
	case len(why) > 0:
		f.more = merge(f.more, why)
	case name != "":
		f.names = append(f.names, name)
	}
}

// judge appends the name if a holds.
func (f *found) judge(name string, a answer) {
	switch {
	case a.yes():
		f.add(name, nil)
	case !a.no():
		f.add("", a.why)
	}
}

func (f found) value(raw value.Value) value.Value {
	seen := map[string]bool{}
	var vs []value.Value
	for _, name := range f.names {
		if !seen[name] {
			seen[name] = true
			vs = append(vs, from(raw, value.String(name)))
		}
	}
	return listOf(raw, vs, f.more)
}
