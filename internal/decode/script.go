package decode

import (
	"compress/gzip"
	"encoding/base64"
	"io"
	"regexp"
	"strings"

	"ward.dev/ward/internal/value"
)

// maxScript bounds the script that is looked through: EC2 accepts 16 KiB of user data, which base64 makes longer.
const maxScript = 64 << 10

var (
	// assignment is a line's setting of a name: export NAME=value, name: value, "name": "value", --name value.
	assignment = regexp.MustCompile(`(?m)(?:^|[\s;"'{,])(?:export\s+|set\s+|ENV\s+|-e\s+|--)?["']?([A-Za-z_][A-Za-z0-9_.-]*)["']?` +
		`[ \t]*(?:=|:[ \t]|:=)[ \t]*("[^"\n]*"|'[^'\n]*'|[^\s;,"'\n]+)`)
	base64Lines = regexp.MustCompile(`(?m)(?:^[A-Za-z0-9+/]{4,76}={0,2}\r?$\n?)+`)
	base64Text  = regexp.MustCompile(`^[A-Za-z0-9+/\r\n]{16,}={0,2}\s*$`)
	// fromElsewhere are values that a shell fetches when it runs.
	fromElsewhere = regexp.MustCompile("^[$`]|^<<")
)

// valueName stands for a secret that was known by its form, not by its name.
const valueName = "(key or token)"

// secretLines reads a script or a cloud-init document, also in base64. It returns the names of what it holds in clear:
// passwords and tokens that are set to fixed texts, access keys, private keys. It never returns a value.
func secretLines(v value.Value) value.Value {
	if v.IsAbsent() {
		return v
	}
	if _, known := v.Spelled(); v.IsKnown() && !known {
		if function, ok := v.AsObject(); ok && len(function) == 1 {
			for _, inner := range function { // CloudFormation's Fn::Base64, if it was left in place
				return secretLines(inner)
			}
		}
		return unreadable(v, "the script is not a text")
	}
	_, template := v.Template()
	t, ok := textOf(v)
	if !ok || v.IsUnknown() && !template {
		return hidden(v)
	}
	if len(t.raw) > maxScript {
		return unreadable(v, "the script is longer than any that AWS accepts")
	}
	var out found
	if t.complete() {
		out.script(unpacked(t.raw))
		return out.value(v)
	}
	script := &strings.Builder{}
	for _, p := range t.parts {
		switch {
		case p.hole == none:
			script.WriteString(p.known)
		case clearAttribute.MatchString(p.expr):
			out.add(p.expr, nil)
			script.WriteString("$")
		default:
			script.WriteString("$") // judged by what stands around it: a hole is no fixed text
			if p.hole == anything && !blockReference.MatchString(p.expr) {
				out.add("", t.why)
			}
		}
	}
	out.script(script.String())
	return out.value(v)
}

// unpacked undoes base64, in which the API and some code give scripts, and gzip, which cloud-init undoes too. The parts of
// a message of several parts stand behind it as what they hold.
func unpacked(s string) string {
	if base64Text.MatchString(s) {
		if decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), "")); err == nil {
			s = string(decoded)
		}
	}
	if strings.HasPrefix(s, "\x1f\x8b") {
		s = inflated(s)
	}
	if strings.Contains(s, "base64") { // the encoding of some part
		for _, lines := range base64Lines.FindAllString(s, -1) {
			if decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(lines), "")); err == nil {
				s += "\n" + string(decoded)
			}
		}
	}
	return s
}

// inflated undoes gzip, as far as a script may be long.
func inflated(s string) string {
	reader, err := gzip.NewReader(strings.NewReader(s))
	if err != nil {
		return s
	}
	plain, err := io.ReadAll(io.LimitReader(reader, 16*maxScript))
	if err != nil {
		return s
	}
	return string(plain)
}

// ScrubScript returns what may be kept of a script: nothing but the names of the secrets that it holds in clear, in a form in
// which secret.lines finds them again. It is unknown where the script cannot be looked through.
func ScrubScript(script string) value.Value {
	found := secretLines(value.String(script))
	names, ok := found.AsList()
	if !ok {
		return found
	}
	kept := "# a start script, left out"
	for _, one := range names {
		if name, _ := one.AsString(); name == valueName {
			kept += "\n" + LeftOut
		} else {
			kept += "\n" + name + "=\"" + LeftOut + "\""
		}
	}
	return value.String(kept)
}

// script notes what a known text holds.
func (f *found) script(s string) {
	if secretValue.MatchString(s) || strings.Contains("\n"+s+"\n", "\n"+LeftOut+"\n") {
		f.add(valueName, nil)
	}
	for _, m := range assignment.FindAllStringSubmatch(s, -1) {
		name, content := m[1], strings.Trim(m[2], `"'`)
		if secretName.MatchString(name) && !metaName.MatchString(name) && !fromElsewhere.MatchString(content) &&
			looksSecret(name, content) {
			f.add(name, nil)
		}
	}
}
