package vulndb

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// record is what Ward reads of an advisory in the OSV format, https://ossf.github.io/osv-schema/.
type record struct {
	SchemaVersion    string                     `json:"schema_version"`
	ID               string                     `json:"id"`
	Modified         time.Time                  `json:"modified"`
	Published        time.Time                  `json:"published"`
	Withdrawn        *time.Time                 `json:"withdrawn"`
	Aliases          []string                   `json:"aliases"`
	Upstream         []string                   `json:"upstream"`
	Related          []string                   `json:"related"`
	Summary          string                     `json:"summary"`
	Details          string                     `json:"details"`
	Severity         []rating                   `json:"severity"`
	Affected         []affected                 `json:"affected"`
	References       []reference                `json:"references"`
	DatabaseSpecific map[string]json.RawMessage `json:"database_specific"`
}

type rating struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

type reference struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

type affected struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Severity          []rating                   `json:"severity"`
	Ranges            []osvRange                 `json:"ranges"`
	Versions          []string                   `json:"versions"`
	EcosystemSpecific map[string]json.RawMessage `json:"ecosystem_specific"`
	DatabaseSpecific  map[string]json.RawMessage `json:"database_specific"`
}

type osvRange struct {
	Type   string     `json:"type"`
	Events []osvEvent `json:"events"`
}

type osvEvent struct {
	Introduced   *string `json:"introduced"`
	Fixed        *string `json:"fixed"`
	LastAffected *string `json:"last_affected"`
	Limit        *string `json:"limit"`
}

// Bounds of one record, beyond which it is refused.
const (
	maxIDs      = 20_000
	maxAffected = 100_000
	maxEvents   = 10_000
	maxVersions = 200_000
)

var identifier = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9:._+-]{0,127}$`)

// parseRecord reads and validates one advisory.
func parseRecord(data []byte) (*record, error) {
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		var syntax *json.SyntaxError
		var kind *json.UnmarshalTypeError
		switch { // the messages of other errors quote the text
		case errors.As(err, &syntax):
			return nil, fmt.Errorf("not JSON: at byte %d", syntax.Offset)
		case errors.As(err, &kind):
			return nil, fmt.Errorf("%s is a %s", kind.Field, kind.Value)
		}
		return nil, errors.New("a time is not as in RFC 3339")
	}
	if major, _, _ := strings.Cut(r.SchemaVersion, "."); major != "" && major != "0" && major != "1" {
		return nil, fmt.Errorf("schema version %s is not known", clip(r.SchemaVersion, 20))
	}
	if !identifier.MatchString(r.ID) {
		return nil, errors.New("id is missing, or is not an identifier")
	}
	if r.Modified.IsZero() && !strings.Contains(string(data), `"modified"`) {
		return nil, errors.New("modified is missing")
	}
	if len(r.Aliases)+len(r.Upstream)+len(r.Related) > maxIDs || len(r.Affected) > maxAffected {
		return nil, errors.New("it lists more than an advisory can")
	}
	r.Aliases, r.Upstream, r.Related = identifiers(r.Aliases), identifiers(r.Upstream), identifiers(r.Related)
	for i := range r.Affected {
		if err := r.Affected[i].check(); err != nil {
			return nil, fmt.Errorf("affected[%d]: %w", i, err)
		}
	}
	return &r, nil
}

// identifiers leaves out what is not one, which could neither be looked up nor shown.
func identifiers(all []string) []string {
	return slices.DeleteFunc(all, func(id string) bool { return !identifier.MatchString(id) })
}

func (a *affected) check() error {
	p := a.Package
	if (p.Ecosystem == "") != (p.Name == "") {
		return errors.New("a package has ecosystem and name")
	}
	if strings.ContainsRune(p.Ecosystem, 0) || len(p.Ecosystem) > 256 || len(p.Name) > 1024 {
		return errors.New("package is not a name")
	}
	if len(a.Versions) > maxVersions {
		return errors.New("it lists more versions than an advisory can")
	}
	for i, r := range a.Ranges {
		if err := r.check(); err != nil {
			return fmt.Errorf("ranges[%d]: %w", i, err)
		}
	}
	return nil
}

func (r *osvRange) check() error {
	if r.Type != "SEMVER" && r.Type != "ECOSYSTEM" && r.Type != "GIT" {
		return fmt.Errorf("type %q is not SEMVER, ECOSYSTEM or GIT", clip(r.Type, 20))
	}
	if len(r.Events) > maxEvents {
		return errors.New("it has more events than a range can")
	}
	introduced := false
	for i, e := range r.Events {
		set := 0
		for _, at := range []*string{e.Introduced, e.Fixed, e.LastAffected, e.Limit} {
			if at != nil {
				set++
				if *at == "" {
					return fmt.Errorf("events[%d] has an empty version", i)
				}
			}
		}
		if set != 1 {
			return fmt.Errorf("events[%d] is not one of introduced, fixed, last_affected and limit", i)
		}
		introduced = introduced || e.Introduced != nil
	}
	if !introduced {
		return errors.New("no event says where it was introduced")
	}
	return nil
}

// clip shortens a text to a number of bytes, and takes out what a terminal would obey.
func clip(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text[:min(len(text), 4*most)])
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= most {
		return text
	}
	cut := most - len("...")
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}
