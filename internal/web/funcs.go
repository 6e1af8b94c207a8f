package web

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"ward.dev/ward/internal/access"
)

// Funcs are what all templates may call, besides those that Pages is given.
var funcs = template.FuncMap{
	"when":    when,
	"static":  func(name string) string { return "/static/" + name + "?v=" + version },
	"day":     func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
	"may":     func(f frame, need string) bool { return f.Actor.May(access.Permission(need)) },
	"args":    args,
	"at":      at,
	"slug":    slug,
	"choices": choices,
	"number":  Number,
	"plural":  Plural,
}

// when is a time in UTC that the script of the pages turns into that of the reader.
func when(t time.Time) template.HTML {
	if t.IsZero() {
		return "never"
	}
	u := t.UTC()
	return template.HTML(`<time datetime="` + u.Format(time.RFC3339) + `" title="` + u.Format("2006-01-02 15:04:05") + ` UTC">` +
		u.Format("2006-01-02 15:04") + ` UTC</time>`)
}

// args makes a map of names and values, for a part that takes several.
func args(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("args takes pairs of name and value, not %d values", len(pairs))
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("args: %v is no name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// at is the text under a name in a map that may be missing, such as the message for a field.
func at(m any, name string) string {
	switch m := m.(type) {
	case map[string]string:
		return m[name]
	case map[string]any:
		if text, ok := m[name].(string); ok {
			return text
		}
	}
	return ""
}

// slug is a word as the name of a class: "not met" is "not-met".
func slug(word any) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, fmt.Sprint(word))
}

// choices turns words into options of a choice.
func choices(options any) ([]Choice, error) {
	switch options := options.(type) {
	case nil:
		return nil, nil
	case []Choice:
		return options, nil
	case []string:
		list := make([]Choice, len(options))
		for i, word := range options {
			list[i] = Choice{Value: word, Label: word}
		}
		return list, nil
	}
	return nil, fmt.Errorf("a choice is made of []web.Choice or []string, not of %T", options)
}

// Number writes a number with thousands apart: 12,345.
func Number(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Plural writes a number with its noun, which takes an s for all but one: "1 finding", "1,204 findings".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Number(n) + " " + noun + "s"
}
