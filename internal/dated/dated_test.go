package dated_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"ward.dev/ward/internal/dated"
)

type table struct {
	dated.Head `yaml:",inline"`
	Names      []string `yaml:"names"`
}

func (t *table) Faults() []string {
	if len(t.Names) == 0 {
		return []string{"names are wanted"}
	}
	return nil
}

func files(text string) fs.FS { return fstest.MapFS{"names/aws.yaml": {Data: []byte(text)}} }

const whole = "provider: aws\nsource: a page\nas_of: 2026-01-31\n"

// TestLoad proves that a later layer's table stands for the whole of an earlier one.
func TestLoad(t *testing.T) {
	all, err := dated.Load[table]("names", []fs.FS{files(whole + "names: [a, b]\n"), files(whole + "names: [c]\n")})
	if err != nil {
		t.Fatal(err)
	}
	if got := all["aws"]; len(all) != 1 || got.AsOf != "2026-01-31" || strings.Join(got.Names, " ") != "c" {
		t.Errorf("read %v", got)
	}
}

// TestLoadFaults proves that a table without its day, its source, its name or its rows is refused, and why.
func TestLoadFaults(t *testing.T) {
	for text, why := range map[string]string{
		"provider: aws\nsource: a page\nnames: [a]\n":                         "as_of",
		"provider: aws\nas_of: 2026-01-31\nnames: [a]\n":                      "source",
		"provider: gcp\nsource: a page\nas_of: 2026-01-31\nnames: [a]\n":      "named aws.yaml",
		"provider: aws\nsource: a page\nas_of: 31 January 2026\nnames: [a]\n": "as_of",
		whole:                 "names are wanted",
		whole + "nmes: [a]\n": `unknown key "nmes"`,
	} {
		if _, err := dated.Load[table]("names", []fs.FS{files(text)}); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, wanted a word of %s", text, err, why)
		}
	}
}
