package csvreport

import (
	"bytes"
	"encoding/csv"
	"flag"
	"strings"
	"testing"

	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/report/reporttest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestWriter(t *testing.T) {
	reporttest.Conform(t, reporttest.Format{Writer: Writer{}, CRLF: true,
		Valid: func(t *testing.T, b []byte) { rows(t, b) },
		Read:  func(b []byte) string { return strings.ReplaceAll(string(b), `""`, `"`) }})
	reporttest.Golden(t, "clinic.csv", reporttest.Write(t, Writer{}, reporttest.Clinic(), report.Options{}), *update)
}

func rows(t *testing.T, b []byte) [][]string {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestEveryFindingIsARow proves that there is one row for each finding and that no cell can run as a formula.
func TestEveryFindingIsARow(t *testing.T) {
	a := reporttest.Hostile()
	all := rows(t, reporttest.Write(t, Writer{}, a, report.Options{}))
	if len(all) != len(a.Findings)+1 {
		t.Errorf("%d rows for %d findings", len(all)-1, len(a.Findings))
	}
	for _, row := range all {
		for i, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("%s can run: %.40q", header[i], cell)
			}
		}
	}
}

func TestGuard(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "a=b": "a=b", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a", " =1": "' =1", "＝1": "'＝1", `\t=1`: `\t=1`,
	} {
		if got := guard(cell); got != want {
			t.Errorf("guard(%q) = %q, want %q", cell, got, want)
		}
	}
}
