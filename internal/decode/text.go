package decode

import (
	"regexp"
	"slices"
	"strings"

	"ward.dev/ward/internal/value"
)

// text is a string of which parts may not be known: "${aws_s3_bucket.b.arn}/*".
type text struct {
	raw   string
	parts []part // nil when the whole text is known
	why   []value.Reason
	refs  []value.Ref
}

// part is a piece of known text, or a hole.
type part struct {
	known string
	hole  hole
	// expr is what stands between the braces of a hole.
	expr string
}

// hole says what may stand in a place that is not known.
type hole uint8

const (
	none     hole = iota
	anything      // any text, wildcards too
	plain         // a name or id: no wildcards, not empty
	arn           // an ARN without wildcards
	account       // a 12-digit account id
	self          // the account id of the account that the code is applied to
)

func literal(s string) text { return text{raw: s} }

func (t text) complete() bool { return t.parts == nil }

// unsure is the answer to a question that hangs on the text's holes.
func (t text) unsure() answer { return unsure(t.why, t.refs...) }

// textOf reads one string. It is false when v is not a single string or scalar as far as is known.
func textOf(v value.Value) (text, bool) {
	if s, ok := v.Spelled(); ok {
		return literal(s), true
	}
	if !v.IsUnknown() {
		return text{}, false
	}
	t := text{why: v.Reasons(), refs: v.Refs()}
	if template, ok := v.Template(); ok {
		if t.parts, ok = split(template, v.Refs()); !ok {
			return text{}, false
		}
		t.raw = template
		return t, true
	}
	ref, ok := v.ExactRef()
	if !ok || ref.Address == "" {
		return text{}, false
	}
	kind := attributeHole(ref.Attribute)
	if kind == anything && ref.Attribute != "" {
		return text{}, false
	}
	if ref.Attribute == "" {
		kind = plain
	}
	expr := unrooted(strings.TrimSuffix(ref.Address+"."+ref.Attribute, "."))
	if selfAccount.MatchString(expr) {
		kind = self
	}
	t.raw, t.parts = "${"+expr+"}", []part{{hole: kind, expr: expr}}
	return t, true
}

// value returns the text as a value: known if it is complete, else unknown with its template.
func (t text) value(raw value.Value) value.Value { return t.prefixed("", raw) }

func (t text) prefixed(prefix string, raw value.Value) value.Value {
	if t.complete() {
		return from(raw, value.String(prefix+t.raw))
	}
	v := value.Unresolved(t.why...).Text(prefix + t.raw)
	if len(t.refs) > 0 {
		exact := prefix == "" && len(t.parts) == 1 && len(t.refs) == 1
		v = v.Referring(exact, t.refs...)
	}
	return from(raw, v)
}

// split cuts a template at its holes. The parts are nil if there is none; it is false if a hole does not end.
func split(template string, refs []value.Ref) ([]part, bool) {
	var parts []part
	holes := false
	known := &strings.Builder{}
	for i := 0; i < len(template); {
		if !strings.HasPrefix(template[i:], "${") {
			known.WriteByte(template[i])
			i++
			continue
		}
		n := holeLength(template[i:])
		if n == 0 {
			return nil, false
		}
		expr := unrooted(strings.TrimSpace(template[i+2 : i+n-1]))
		if policyVariable.MatchString(expr) {
			known.WriteString(template[i : i+n])
		} else {
			if known.Len() > 0 {
				parts = append(parts, part{known: known.String()})
				known.Reset()
			}
			parts = append(parts, part{hole: holeOf(expr, refs), expr: expr})
			holes = true
		}
		i += n
	}
	if !holes {
		return nil, true
	}
	if known.Len() > 0 {
		parts = append(parts, part{known: known.String()})
	}
	return parts, true
}

// holeLength returns the length of the "${...}" that s begins with, 0 if it does not end.
func holeLength(s string) int {
	depth := 0
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

var (
	// policyVariable is what IAM itself fills in when it judges a request: ${aws:username}. It is no hole.
	policyVariable = regexp.MustCompile(`^([a-z][a-z0-9-]*:[A-Za-z][A-Za-z0-9:/._@+=-]*(\s*,\s*'[^']*')?|[*?$])$`)
	selfAccount    = regexp.MustCompile(`^(AWS::AccountId|(module\.[\w.\[\]"-]+\.)?data\.aws_caller_identity\.` +
		`(current|this|self|me|default|main|caller|identity)(\[0\])?\.account_id)$`)
	pseudoParameter = regexp.MustCompile(`^AWS::(Region|Partition|URLSuffix|StackName|StackId)$`)
	blockAttribute  = regexp.MustCompile(`^(?:module\.[\w.\[\]"-]+\.)?(?:data\.)?(aws_\w+)\.[\w-]+(?:\[[^\]]*\])?\.(\w+)$`)
	logicalName     = regexp.MustCompile(`^(?:[^${}]*[:/])?[A-Za-z0-9]+$`)
	logicalArn      = regexp.MustCompile(`^(?:[^${}]*[:/])?[A-Za-z0-9]+\.\w*Arn$`)
)

// rooted is an expression of a folder with several roots, whose addresses begin with the root's folder:
// infra/eks:data.x.y.
var rooted = regexp.MustCompile(`^[^${}:]+:((?:module|data|var|local|each|path|aws_\w+)\..*)$`)

// unrooted takes the root off an expression. Otherwise "eks:aws_iam_role.r.arn" would look like a variable of IAM's own.
func unrooted(expr string) string {
	if m := rooted.FindStringSubmatch(expr); m != nil {
		return m[1]
	}
	return expr
}

// holeOf tells what may stand in the place of an expression. Names of Terraform variables promise nothing.
func holeOf(expr string, refs []value.Ref) hole {
	switch {
	case selfAccount.MatchString(expr):
		return self
	case pseudoParameter.MatchString(expr):
		return plain
	case logicalArn.MatchString(expr):
		return arn
	case logicalName.MatchString(expr):
		if slices.ContainsFunc(refs, func(r value.Ref) bool { return r.Address == expr }) {
			return plain
		}
		return anything
	}
	m := blockAttribute.FindStringSubmatch(expr)
	if m == nil || strings.HasPrefix(m[1], "aws_route53") || strings.HasPrefix(m[1], "aws_acm") {
		return anything // the names of DNS records and certificates may hold wildcards
	}
	return attributeHole(m[2])
}

// attributeHole tells what an attribute of a block holds.
func attributeHole(attribute string) hole {
	name := strings.ToLower(attribute)
	switch name {
	case "arn", "iam_arn", "role_arn", "topic_arn", "queue_arn", "kms_key_arn", "bucket_arn":
		return arn
	case "account_id":
		return account
	case "cidr_block", "cidrblock", "ipv6_cidr_block", "id", "ref", "name", "bucket", "key_id", "unique_id", "user_name",
		"function_name", "partition", "region", "dns_suffix":
		return plain
	}
	return anything
}

// same tells whether two texts are equal.
func (t text) same(u text) answer {
	switch {
	case t.raw == u.raw && t.complete() == u.complete():
		return yes
	case t.complete() && u.complete():
		return no
	case t.complete():
		return u.is(t.raw)
	case u.complete():
		return t.is(u.raw)
	}
	return either(t.unsure(), u.unsure())
}

// suffixed returns the text with something known behind it.
func (t text) suffixed(s string) text {
	t.raw += s
	if t.complete() {
		return t
	}
	t.parts = append(slices.Clone(t.parts), part{known: s})
	return t
}

// fields cuts an ARN at its first five colons. It is false if there are fewer, or if the text is not known to be an ARN.
func (t text) fields() ([]text, bool) {
	parts := t.parts
	if t.complete() {
		parts = []part{{known: t.raw}}
	}
	out := []text{{why: t.why, refs: t.refs}}
	add := func(p part) {
		if p.hole == none && p.known == "" {
			return
		}
		last := &out[len(out)-1]
		last.parts = append(last.parts, p)
		if p.hole != none {
			last.raw += "${" + p.expr + "}"
		} else {
			last.raw += p.known
		}
	}
	for _, p := range parts {
		rest := p.known
		for p.hole == none && len(out) < 6 {
			head, tail, found := strings.Cut(rest, ":")
			if !found {
				break
			}
			add(part{known: head})
			out = append(out, text{why: t.why, refs: t.refs})
			rest = tail
		}
		if p.hole == none {
			p.known = rest
		}
		add(p)
	}
	for i := range out {
		if !slices.ContainsFunc(out[i].parts, func(p part) bool { return p.hole != none }) {
			out[i].parts = nil
		}
	}
	return out, len(out) == 6 && out[0].complete() && out[0].raw == "arn"
}
