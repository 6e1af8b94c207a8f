// Package citation reads the structure of the Security Rule out of its citations: which implementation specification
// belongs to which standard.
//
// It knows 45 CFR part 164 subpart C and nothing of frameworks, checks or findings.
package citation

import "strings"

// Above returns the citations that c may stand below, the nearest first: those that it is nested in, and the standard
// whose implementation specification it is. The first of them that a framework has is its standard there.
//
// In § 164.308(a) the standard is paragraph (i) and its specifications are (ii)(A), (B) and so on. Elsewhere the standard
// is paragraph (1) and its specifications stand in (2); in § 164.308(b) they stand in (3), and (2) is a standard of its own.
func Above(c string) []string {
	section, parts := split(c)
	var above []string
	for n := len(parts); n > 0; n-- {
		if n < len(parts) {
			above = append(above, join(section, parts[:n]))
		}
		if standard, ok := standardOf(section, parts[:n]); ok {
			above = append(above, standard)
		}
	}
	if len(parts) > 0 {
		above = append(above, section)
	}
	return above
}

// standardOf returns the standard of a paragraph that holds implementation specifications.
func standardOf(section string, parts []string) (string, bool) {
	last := len(parts) - 1
	switch section {
	case "164.308":
		if len(parts) == 3 && parts[0] == "a" && parts[2] == "ii" {
			return join(section, append(append([]string(nil), parts[:last]...), "i")), true
		}
		if len(parts) == 2 && parts[0] == "b" && parts[1] == "3" {
			return join(section, []string{"b", "1"}), true
		}
	case "164.310", "164.312", "164.314", "164.316":
		if len(parts) == 2 && parts[1] == "2" {
			return join(section, []string{parts[0], "1"}), true
		}
	}
	return "", false
}

// split takes "164.308(a)(1)" apart into its section and its paragraphs.
func split(c string) (section string, parts []string) {
	section, rest, found := strings.Cut(c, "(")
	if !found || !strings.HasSuffix(rest, ")") {
		return c, nil
	}
	return section, strings.Split(strings.TrimSuffix(rest, ")"), ")(")
}

func join(section string, parts []string) string {
	if len(parts) == 0 {
		return section
	}
	return section + "(" + strings.Join(parts, ")(") + ")"
}
