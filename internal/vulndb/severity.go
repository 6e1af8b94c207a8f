package vulndb

import (
	"encoding/json"
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"
)

// Level is how severe a flaw is, in the words of CVSS 3 and 4. Greater is worse; the zero value is that nobody has said.
type Level int

const (
	Unrated Level = iota
	None
	Low
	Medium
	High
	Critical
)

var levels = []string{"unknown", "none", "low", "medium", "high", "critical"}

func (l Level) String() string { return levels[l] }

// MarshalText writes the word.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Severity is how severe a flaw is said to be.
type Severity struct {
	Level Level `json:"level"`
	// Score is CVSS's, from 0.0 to 10.0, and Vector what it was computed of; 0 and "" if only a word was given.
	Score  float64 `json:"score,omitempty"`
	Vector string  `json:"vector,omitempty"`
}

// worse returns the worse of two. A score counts before a word, since words of different authors do not mean the same.
func (s Severity) worse(o Severity) Severity {
	switch {
	case (s.Vector == "") != (o.Vector == ""):
		if s.Vector == "" {
			return o
		}
		return s
	case o.Score > s.Score || o.Score == s.Score && o.Level > s.Level:
		return o
	}
	return s
}

// severityOf takes a record's ratings of a package, else of the record. CVSS 4 counts before 3, and 3 before 2, and all before a word.
func severityOf(r *record, a *affected) Severity {
	for _, ratings := range [][]rating{a.Severity, r.Severity} {
		if s := best(ratings); s.Vector != "" {
			return s
		}
	}
	words := []string{}
	for _, ratings := range [][]rating{a.Severity, r.Severity} {
		for _, one := range ratings {
			words = append(words, one.Score) // Ubuntu's are words
		}
	}
	for _, object := range []map[string]json.RawMessage{a.EcosystemSpecific, a.DatabaseSpecific, r.DatabaseSpecific} {
		words = append(words, text(object["severity"]), text(object["urgency"]))
	}
	if lead, _, found := strings.Cut(r.Summary, ":"); found {
		words = append(words, lead) // as AlmaLinux does
	}
	for _, word := range words {
		if l := levelOf(word); l != Unrated {
			return Severity{Level: l}
		}
	}
	return Severity{}
}

func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// levelOf knows the words of GitHub, Red Hat, Debian, Ubuntu and SUSE. Others, such as "not yet assigned", say nothing.
func levelOf(word string) Level {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "critical":
		return Critical
	case "high", "important":
		return High
	case "medium", "moderate":
		return Medium
	case "low", "negligible", "unimportant":
		return Low
	}
	return Unrated
}

// best returns the rating of the newest CVSS among them; the worst if there are several.
func best(ratings []rating) Severity {
	var s Severity
	newest := 0
	for _, one := range ratings {
		generation, score, ok := cvss(one.Score)
		if !ok || generation < newest {
			continue
		}
		rated := Severity{Level: band(generation, score), Score: score, Vector: one.Score}
		if generation > newest {
			newest, s = generation, rated
			continue
		}
		s = s.worse(rated)
	}
	return s
}

// cvss computes the base score of a vector; with threat and environment for CVSS 4, whose score has them always.
func cvss(vector string) (generation int, score float64, ok bool) {
	if len(vector) > 512 {
		return 0, 0, false
	}
	switch {
	case strings.HasPrefix(vector, "CVSS:4.0/"):
		if v, err := gocvss40.ParseVector(vector); err == nil {
			return 4, v.Score(), true
		}
	case strings.HasPrefix(vector, "CVSS:3.1/"):
		if v, err := gocvss31.ParseVector(vector); err == nil {
			return 3, v.BaseScore(), true
		}
	case strings.HasPrefix(vector, "CVSS:3.0/"):
		if v, err := gocvss30.ParseVector(vector); err == nil {
			return 3, v.BaseScore(), true
		}
	case strings.HasPrefix(vector, "AV:"):
		if v, err := gocvss20.ParseVector(vector); err == nil {
			return 2, v.BaseScore(), true
		}
	}
	return 0, 0, false
}

// band is the qualitative rating: CVSS 3.1 section 5 and CVSS 4.0 section 6, and the NVD's for CVSS 2.
func band(generation int, score float64) Level {
	switch {
	case generation > 2 && score >= 9:
		return Critical
	case score >= 7:
		return High
	case score >= 4:
		return Medium
	case score > 0:
		return Low
	}
	return None
}
