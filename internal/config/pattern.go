package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Pattern matches a whole text without regard to case: * stands for any characters, everything else for itself.
type Pattern string

// Match tells whether the pattern matches the text.
func (p Pattern) Match(text string) bool {
	return match(strings.ToLower(string(p)), strings.ToLower(text))
}

// PathPattern matches the path of a file: * stands for any characters of one name, ** for any number of folders. A
// pattern that matches a folder matches everything below it.
type PathPattern string

// Match tells whether the pattern matches the slash-separated path.
func (p PathPattern) Match(path string) bool {
	return matchPath(strings.Split(strings.Trim(string(p), "/"), "/"), strings.Split(path, "/"))
}

func matchPath(pattern, path []string) bool {
	if len(pattern) > 0 && pattern[0] == "**" {
		for i := range path {
			if matchPath(pattern[1:], path[i:]) {
				return true
			}
		}
		return false
	}
	switch {
	case len(pattern) == 0:
		return true
	case len(path) == 0:
		return false
	}
	return match(pattern[0], path[0]) && matchPath(pattern[1:], path[1:])
}

// match goes back to the last star only, so its time is bounded by the product of the two lengths.
func match(pattern, text string) bool {
	p, t, star, resume := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, t
			p++
		case p < len(pattern) && pattern[p] == text[t]:
			p++
			t++
		case star >= 0:
			resume++
			p, t = star+1, resume
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// Patterns may be written as one pattern or as a list of them.
type Patterns []Pattern

// YAMLShape implements yamlfile.Shaped.
func (p *Patterns) YAMLShape(*yaml.Node) any { return nil }

// UnmarshalYAML reads one pattern or a list of them.
func (p *Patterns) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*p = Patterns{Pattern(node.Value)}
		return nil
	}
	return node.Decode((*[]Pattern)(p))
}

// Match tells whether any of the patterns matches.
func (p Patterns) Match(text string) bool {
	for _, one := range p {
		if one.Match(text) {
			return true
		}
	}
	return false
}

// MatchesAny tells whether a tag's value is one of those wanted; "*" is any. Case is not regarded: people write PHI and
// phi and mean the same.
func MatchesAny(wanted []string, text string) bool {
	for _, w := range wanted {
		if w == "*" || strings.EqualFold(w, text) {
			return true
		}
	}
	return false
}

func located(line int, format string, args ...any) error {
	return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: ", line) + fmt.Sprintf(format, args...)}}
}
