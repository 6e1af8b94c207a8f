package dashboard

import (
	"slices"
	"strings"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/chart"
	"ward.dev/ward/internal/report"
)

// section is a section of the rule with its standards: a row of the map.
type section struct {
	Name, Number string
	Tiles        []tile
}

// tile is a standard with its specifications.
type tile struct {
	Name     string
	Citation string // of the standard, or of its first specification where the standard is none of its own
	Status   assessment.Outcome
	Marks    []assessment.Safeguard
}

// sectionNames are what the sections of 45 CFR part 164 subpart C are called.
var sectionNames = map[string]string{
	"164.306": "General", "164.308": "Administrative", "164.310": "Physical", "164.312": "Technical", "164.314": "Organizational", "164.316": "Documentation",
}

// ruleMap puts safeguards into sections and standards, by their citations and in their order.
func ruleMap(all []assessment.Safeguard) []section {
	var sections []section
	for _, s := range all {
		number, standard := standardOf(s.Citation)
		i := slices.IndexFunc(sections, func(x section) bool { return x.Number == number })
		if i < 0 {
			sections = append(sections, section{Name: sectionNames[number], Number: number})
			i = len(sections) - 1
		}
		tiles := sections[i].Tiles
		if n := len(tiles); n == 0 || !sameStandard(tiles[n-1].Citation, standard) {
			tiles = append(tiles, tile{Name: s.Name, Citation: s.Citation})
		}
		last := &tiles[len(tiles)-1]
		last.Marks = append(last.Marks, s)
		last.Status = worse(last.Status, s.Status)
		sections[i].Tiles = tiles
	}
	return sections
}

func sameStandard(citation, standard string) bool {
	_, other := standardOf(citation)
	return other == standard
}

// standardOf is the section and the standard that a citation belongs to: 164.308(a)(1)(ii)(A) is of the standard 164.308(a)(1), and
// 164.312(a)(2)(i) of 164.312(a). The standards of 164.308(a) are numbered, all others are lettered.
func standardOf(citation string) (section, standard string) {
	section, rest, _ := strings.Cut(citation, "(")
	paragraphs := strings.SplitAfter("("+rest, ")")
	levels := 1
	if section == "164.308" && strings.HasPrefix(rest, "a)") {
		levels = 2
	}
	return strings.TrimSpace(section), section + strings.Join(paragraphs[:min(levels, len(paragraphs))], "")
}

// worse is the outcome that stands for both, as the map tells it.
func worse(a, b assessment.Outcome) assessment.Outcome {
	if a == "" || slices.Index(report.Outcomes(), b) < slices.Index(report.Outcomes(), a) {
		return b
	}
	return a
}

// outcomeBar draws how many safeguards have which outcome, each with the way to those.
func outcomeParts(v *view, count map[assessment.Outcome]int) []chart.Part {
	var parts []chart.Part
	order := []assessment.Outcome{assessment.Met, assessment.Inherited, assessment.OutcomeNotNeeded, assessment.Manual, assessment.OutcomeUnknown, assessment.NotMet}
	for _, o := range order {
		parts = append(parts, chart.Part{Name: string(o), Class: outcomeClass(o), Count: count[o], Path: v.URL("/safeguards", "status", string(o))})
	}
	return parts
}
