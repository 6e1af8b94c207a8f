package decode

import "strings"

// fresh is a character that no policy holds. A pattern that matches it matches anything in its place.
const fresh = "\x00"

// maxPattern bounds a pattern: no ARN and no action is longer. A longer one is not judged.
const maxPattern = 2048

type token struct {
	kind tokenKind
	char byte
}

type tokenKind uint8

const (
	oneChar tokenKind = iota // exactly char
	anyChar                  // any one character
	anyRun                   // any characters, or none
	nameRun                  // one or more characters that are neither wildcards nor fresh
	oneDigit
)

// matches tells whether the text, as a pattern with IAM's wildcards * and ?, matches s. Case counts unless fold.
func (t text) matches(s string, fold bool) answer {
	return t.compare(s, true, fold)
}

// is tells whether the text equals s; wildcards stand for themselves.
func (t text) is(s string) answer { return t.compare(s, false, false) }

// isFold is is without regard to case.
func (t text) isFold(s string) answer { return t.compare(s, false, true) }

func (t text) compare(s string, wildcards, fold bool) answer {
	if t.complete() {
		if len(t.raw) > maxPattern {
			return unsure(reason("a pattern is longer than any that AWS accepts"))
		}
		return is(glob(t.raw, s, wildcards, fold))
	}
	if t.parts[0].hole == none && !startsLike(t.parts[0].known, s, wildcards, fold) {
		return no // nearly all actions and resources differ in their first characters
	}
	if len(t.raw) > maxPattern {
		return unsure(append(reason("a pattern is longer than any that AWS accepts"), t.why...), t.refs...)
	}
	if fold {
		s = strings.ToLower(s)
	}
	if match(t.tokens(wildcards, fold), s) {
		return t.unsure()
	}
	return no
}

// glob matches a known pattern. It goes back to the last * only, so that its time is bounded by len(pattern) x len(s).
func glob(pattern, s string, wildcards, fold bool) bool {
	p, i := 0, 0
	star, from := -1, 0
	for i < len(s) {
		switch {
		case wildcards && p < len(pattern) && pattern[p] == '*':
			star, from = p, i
			p++
		case p < len(pattern) && (wildcards && pattern[p] == '?' || equal(pattern[p], s[i], fold)):
			p++
			i++
		case star >= 0:
			from++
			p, i = star+1, from
		default:
			return false
		}
	}
	for wildcards && p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// startsLike tells whether s may begin as the pattern does up to its first *.
func startsLike(pattern, s string, wildcards, fold bool) bool {
	for i := range len(pattern) {
		switch {
		case wildcards && pattern[i] == '*':
			return true
		case i >= len(s):
			return false
		case !(wildcards && pattern[i] == '?') && !equal(pattern[i], s[i], fold):
			return false
		}
	}
	return true
}

func equal(a, b byte, fold bool) bool {
	if fold {
		a, b = lowerByte(a), lowerByte(b)
	}
	return a == b
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func (t text) tokens(wildcards, fold bool) []token {
	parts := t.parts
	if t.complete() {
		parts = []part{{known: t.raw}}
	}
	var out []token
	chars := func(s string) {
		if fold {
			s = strings.ToLower(s)
		}
		for i := range len(s) {
			switch {
			case wildcards && s[i] == '*':
				out = append(out, token{kind: anyRun})
			case wildcards && s[i] == '?':
				out = append(out, token{kind: anyChar})
			default:
				out = append(out, token{kind: oneChar, char: s[i]})
			}
		}
	}
	for _, p := range parts {
		switch p.hole {
		case none:
			chars(p.known)
		case anything:
			out = append(out, token{kind: anyRun})
		case plain:
			out = append(out, token{kind: nameRun})
		case arn:
			chars("arn:")
			out = append(out, token{kind: nameRun})
		case account, self:
			for range 12 {
				out = append(out, token{kind: oneDigit})
			}
		}
	}
	return out
}

// match walks all ways through the pattern at once, so that its time is bounded by len(pattern) x len(s).
func match(pattern []token, s string) bool {
	at := make([]bool, len(pattern)+1)
	at[0] = true
	skipRuns(pattern, at)
	for i := range len(s) {
		next := make([]bool, len(pattern)+1)
		alive := false
		for j, tok := range pattern {
			if !at[j] || !tok.accepts(s[i]) {
				continue
			}
			alive = true
			switch tok.kind {
			case anyRun:
				next[j] = true
			case nameRun:
				next[j], next[j+1] = true, true
			default:
				next[j+1] = true
			}
		}
		if !alive {
			return false
		}
		skipRuns(pattern, next)
		at = next
	}
	return at[len(pattern)]
}

// skipRuns lets every run that is reached be empty.
func skipRuns(pattern []token, at []bool) {
	for j, tok := range pattern {
		if at[j] && tok.kind == anyRun {
			at[j+1] = true
		}
	}
}

func (t token) accepts(c byte) bool {
	switch t.kind {
	case oneChar:
		return c == t.char
	case nameRun:
		return c != '*' && c != '?' && c != fresh[0]
	case oneDigit:
		return '0' <= c && c <= '9'
	}
	return true
}
