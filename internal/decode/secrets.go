package decode

import (
	"regexp"
	"strings"
	"unicode"

	"ward.dev/ward/internal/value"
)

var (
	// secretValue is what is a secret whatever its name: access keys, private keys, known tokens, URLs with a password.
	secretValue = regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY|` +
		`\bgh[pousr]_[A-Za-z0-9]{30,}|\bxox[abpr]-[A-Za-z0-9-]{10,}|\b[sr]k_live_[A-Za-z0-9]{16,}|` +
		`://[^/\s:@]+:[^/\s:@$<{]+@`)
	secretName = regexp.MustCompile(`(?i)passw(or)?d|passphrase|(^|[_.-])(pass|pwd|creds?)($|[_.-])|secret|token|` +
		`api[_.-]?key|access[_.-]?key|private[_.-]?key|signing[_.-]?key|encryption[_.-]?key|auth[_.-]?key|credential`)
	// metaName are names of things about a secret, not of the secret.
	metaName = regexp.MustCompile(`(?i)[_.-]?(arn|name|id|path|url|uri|endpoint|file|ttl|expiry|expires?|expiration|` +
		`length|enabled|disabled|version|region|type|algorithm|issuer|header|audience|timeout|policy|limit|prefix)$`)
	// elsewhere are values that say where a secret is.
	elsewhere = regexp.MustCompile(`^(arn:|/|\{\{resolve:|ssm:|vault:|secretsmanager:|\$\{|\$\(|%\()`)
	// placeholders are values that stand for a secret.
	placeholders = regexp.MustCompile(`(?i)^(<.*>|\*+|x{3,}|change[_-]?me|replace[_-]?me|placeholder|dummy|none|null|` +
		`true|false|to-?do)?$`)
	digitsOnly = regexp.MustCompile(`^\d+$`)
	// clearAttribute are attributes of blocks that hold a secret in clear.
	clearAttribute = regexp.MustCompile(`(^random_password\..*\.result|\.(password|master_password|secret_string|secret|` +
		`plaintext|private_key_pem|private_key|encrypted_password))$`)
	blockReference = regexp.MustCompile(`^(data\.)?[a-z][a-z0-9]*_\w+\.[\w-]+(\[[^\]]*\])?\.[\w.\[\]]+$`)
)

// secretNames reads an environment: a map of variables, an object that holds one as variables, or a list of objects with
// name and value. It returns the names of the variables that hold a secret in clear. It never returns a value.
func secretNames(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		var out found
		readEnvironment(v, &out)
		return out.value(v)
	})
}

func readEnvironment(v value.Value, out *found) {
	switch {
	case v.IsAbsent():
		return
	case v.IsUnknown():
		out.add("", v.Reasons())
		return
	case v.IsOpen():
		out.add("", v.Reasons())
	}
	if elements, ok := v.AsList(); ok {
		for _, element := range elements {
			readEnvironment(element, out)
		}
		return
	}
	if !v.IsObject() {
		out.add("", reason("the environment is neither a map nor a list of names and values"))
		return
	}
	if inner := first(v, "variables", "environment_variable", "EnvironmentVariables"); !inner.IsAbsent() {
		if _, text := inner.AsString(); !text && !v.IsOpen() {
			readEnvironment(inner, out)
			return
		}
	}
	name, content := member(v, "name"), member(v, "value")
	if n, ok := name.AsString(); ok && !content.IsAbsent() && isVariable(v) {
		judgeVariable(n, content, member(v, "type"), out)
		return
	}
	if name.IsUnknown() && isVariable(v) {
		out.add("", name.Reasons())
		return
	}
	for _, key := range v.Keys() {
		judgeVariable(key, v.Field(key), value.None(), out)
	}
}

// isVariable tells one variable, an object of name and value, from a map of variables.
func isVariable(v value.Value) bool {
	for key := range v.Members() {
		switch strings.ToLower(key) {
		case "name", "value", "type":
		default:
			return false
		}
	}
	return true
}

func judgeVariable(name string, content, kind value.Value, out *found) {
	// CodeBuild reads variables of any type but plain text from a store of secrets.
	if t, ok := kind.AsString(); ok && !strings.EqualFold(t, "PLAINTEXT") {
		return
	}
	a := holdsSecret(name, content)
	if kind.IsUnknown() && !a.no() {
		a = unsure(merge(kind.Reasons(), a.why))
	}
	out.judge(name, a)
}

// holdsSecret tells whether a variable holds a secret in clear. A value that only refers to an attribute of a declared
// block does not, unless that attribute is itself a secret in clear.
func holdsSecret(name string, content value.Value) answer {
	if content.IsAbsent() {
		return no
	}
	s, ok := content.Spelled()
	if ok {
		return is(s == LeftOut || formed(s) || namesSecret(name) && looksSecret(name, s))
	}
	if !content.IsUnknown() {
		return unsure(reason("a variable's value is not a text"))
	}
	t, ok := textOf(content)
	if !ok {
		if ref, exact := content.ExactRef(); exact && ref.Address != "" && ref.Attribute != "" {
			expr := ref.Address + "." + ref.Attribute
			t = text{parts: []part{{hole: plain, expr: expr}}}
		} else {
			return unsure(content.Reasons(), content.Refs()...)
		}
	}
	out := no
	for _, p := range t.parts {
		switch {
		case p.hole == none && formed(p.known), clearAttribute.MatchString(p.expr):
			return yes
		case p.hole == anything && !blockReference.MatchString(p.expr):
			out = unsure(content.Reasons(), content.Refs()...)
		}
	}
	return out
}

// formed tells of a text that it is a secret by its form. Nearly all are not, which is cheaper to see without the expression.
func formed(s string) bool {
	for _, mark := range []string{"://", "AKIA", "ASIA", "-----BEGIN ", "gh", "xox", "k_live_"} { // one of which each alternative has
		if strings.Contains(s, mark) {
			return secretValue.MatchString(s)
		}
	}
	return false
}

// namesSecret tells whether a variable is named like a secret.
func namesSecret(name string) bool {
	return mayName(name) && secretName.MatchString(name) && !metaName.MatchString(name)
}

// mayName sees cheaply that secretName does not match: each of its alternatives has one of these words.
func mayName(name string) bool {
	lower := strings.ToLower(name)
	for _, word := range []string{"pass", "pwd", "cred", "secret", "token", "key"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII }) // such as the long s, which is an s to an expression
}

// looksSecret tells whether the value of a variable that is named like a secret is one.
func looksSecret(name, s string) bool {
	s = strings.TrimSpace(s)
	if elsewhere.MatchString(s) || placeholders.MatchString(s) {
		return false
	}
	return !digitsOnly.MatchString(s) || strings.Contains(strings.ToLower(name), "pass")
}

// LeftOut stands where a live source left out a secret. The decoders here take it for one.
const LeftOut = "(a secret, left out)"

// Scrub returns what may be kept of a variable's value: LeftOut in place of what secret.names would take for a secret.
func Scrub(name, content string) string {
	if holdsSecret(name, value.String(content)).no() {
		return content
	}
	return LeftOut
}
