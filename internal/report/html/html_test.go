package html

import (
	"bytes"
	"encoding/xml"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	gohtml "html"

	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/report/reporttest"
)

func TestWriter(t *testing.T) {
	reporttest.Conform(t, reporttest.Format{Writer: Writer{}, Valid: sound,
		Read: func(b []byte) string { return gohtml.UnescapeString(string(b)) }})
	if path := os.Getenv("WARD_HTML"); path != "" { // to look at the page in a browser
		if err := os.WriteFile(path, reporttest.Write(t, Writer{}, reporttest.Clinic(), report.Options{}), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var elements = regexp.MustCompile(`<(script|iframe|object|embed|link|base|form|img)\b`)

// sound proves that the elements are balanced, that nothing runs or loads, and that the style sheet is the one that the
// policy allows.
func sound(t *testing.T, b []byte) {
	t.Helper()
	if m := elements.Find(b); m != nil {
		t.Errorf("the page has %s", m)
	}
	for _, bad := range []string{" style=", " onload=", "javascript:al\"", "@import", "src="} {
		if bytes.Contains(bytes.ToLower(b), []byte(bad+"\"")) {
			t.Errorf("the page has %s", bad)
		}
	}
	if !bytes.Contains(b, []byte("<style>"+styles+"</style>")) {
		t.Error("the style sheet differs from what its digest is of")
	}
	dec := xml.NewDecoder(strings.NewReader(strings.Replace(string(b), styles, "", 1)))
	dec.Strict, dec.AutoClose, dec.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	depth := 0
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
	if depth != 0 {
		t.Errorf("%d elements are not closed", depth)
	}
}

// TestAnchors proves that every link of the contents leads somewhere.
func TestAnchors(t *testing.T) {
	page := string(reporttest.Write(t, Writer{}, reporttest.Clinic(), report.Options{}))
	for _, m := range regexp.MustCompile(`href="#([a-z]+)"`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(page, `id="`+m[1]+`"`) {
			t.Errorf("#%s leads nowhere", m[1])
		}
	}
}
