// Package contents says what the evidence of an assessment is made of: its result, what was read, and the rules and decisions in force.
//
// It must not know how evidence is kept. It leaves out what may hold secrets: code, of which only digests are kept, and the values that
// ward.yaml gives to the variables of code.
package contents

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/evidence"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/snapshot"
	"ward.dev/ward/internal/source"
)

// Bounds of the user's own catalogs.
const (
	maxFile  = 4 << 20 // bytes
	maxFiles = 10_000
)

// Contents are what an assessment was made of.
type Contents struct {
	Assessment *assessment.Assessment // whose tool names the built-in catalog by its digest
	Readings   []source.Reading
	Config     *config.Config // ward.yaml as it took effect; nil without one
	// Catalogs are the user's own, which lie on top of the built-in one, in their order.
	Catalogs []fs.FS
	// Decisions are those in force, as JSON has them; nil if all of them are in Config.
	Decisions any
}

// Parts are the parts of a bundle: assessment.json, readings.jsonl, times.jsonl, config.json, decisions.json and catalog/N/...
func (c Contents) Parts() ([]evidence.Part, error) {
	if c.Assessment == nil {
		return nil, fmt.Errorf("the evidence of an assessment wants the assessment")
	}
	parts := []evidence.Part{
		inJSON("assessment.json", c.Assessment),
		{Name: "readings.jsonl", Write: func(w io.Writer) error { return snapshot.WriteLines(w, c.Readings) }},
		{Name: "times.jsonl", Write: func(w io.Writer) error { return snapshot.WriteTimes(w, c.Readings) }},
	}
	if c.Config != nil {
		parts = append(parts, inJSON("config.json", withoutValues(*c.Config)))
	}
	if c.Decisions != nil {
		parts = append(parts, inJSON("decisions.json", c.Decisions))
	}
	for i, files := range c.Catalogs {
		own, err := catalog(i, files)
		if err != nil {
			return nil, fmt.Errorf("keep the own catalog %d: %w", i+1, err)
		}
		parts = append(parts, own...)
	}
	return parts, nil
}

// inJSON is a part with a value, over many lines so that what did not change can be told from what did.
func inJSON(name string, v any) evidence.Part {
	return evidence.Part{Name: name, Write: func(w io.Writer) error {
		lines := json.NewEncoder(w)
		lines.SetIndent("", " ")
		lines.SetEscapeHTML(false)
		return lines.Encode(v)
	}}
}

// withoutValues leaves out the values of variables, which may be secrets, and keeps their names.
func withoutValues(c config.Config) config.Config {
	hidden := func(all map[string]string) map[string]string {
		names := make(map[string]string, len(all))
		for name := range all {
			names[name] = "(not kept)"
		}
		return names
	}
	c.Vars, c.Parameters = hidden(c.Vars), hidden(c.Parameters)
	return c
}

// plain is a name that a part can have.
var plain = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@+-]*(/[A-Za-z0-9][A-Za-z0-9._@+-]*)*$`)

// catalog are the files of an own catalog. One whose name no part can have is called by its digest.
func catalog(number int, files fs.FS) ([]evidence.Part, error) {
	var parts []evidence.Part
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !slices.Contains([]string{"yaml", "yml"}, path[strings.LastIndex(path, ".")+1:]) {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Size() > maxFile || len(parts) == maxFiles {
			return fmt.Errorf("%s: it has more than %d files, or one of more than %d bytes", path, maxFiles, maxFile)
		}
		content, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("catalog/%d/%s", number+1, path)
		if !plain.MatchString(name) || len(name) > 200 {
			name = fmt.Sprintf("catalog/%d/%s.yaml", number+1, strings.ReplaceAll(record.Digest([]byte(path)), ":", "-"))
		}
		parts = append(parts, evidence.Bytes(name, content))
		return nil
	})
	return parts, err
}
