package dashboard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/web"
)

// formats are how the formats of reports are sent: the type of their content and how their files' names end.
var formats = map[string][2]string{
	"html": {"text/html; charset=utf-8", ".html"}, "json": {"application/json", ".json"}, "sarif": {"application/sarif+json", ".sarif"},
	"csv": {"text/csv; charset=utf-8", ".csv"}, "markdown": {"text/markdown; charset=utf-8", ".md"}, "text": {"text/plain; charset=utf-8", ".txt"},
	"junit": {"application/xml", ".junit.xml"}, "oscal": {"application/json", ".oscal.json"},
}

// report sends the report of a run in a format. It is written whole to a file first, and what is taken away is recorded with its digest.
func (d *dashboard) report(v *view, w http.ResponseWriter, r *http.Request) error {
	format := r.FormValue("format")
	if d.Report == nil || !slices.Contains(d.Formats, format) {
		return web.Faultf(http.StatusBadRequest, "There is no such format. Reports are written as %s.", strings.Join(d.Formats, ", "))
	}
	writer, err := d.Report(format)
	if err != nil {
		return err
	}
	file, digest, err := d.write(r.Context(), v, writer)
	if err != nil {
		return err
	}
	defer func() {
		_ = file.Close()
		_ = os.Remove(file.Name())
	}()
	run := strconv.FormatInt(v.Run.Number, 10)
	_, err = d.Keeper.Act(r.Context(), record.Entry{Kind: record.Evidence, Verb: "export", Estate: v.Estate.ID, Subject: "run/" + run,
		Facts: map[string]string{"format": format}, Digests: map[string]string{"report": digest}}, nil)
	if err != nil {
		return err
	}
	as, ok := formats[format]
	if !ok {
		as = [2]string{"application/octet-stream", "." + format}
	}
	name := fmt.Sprintf("%s-%s-run-%s%s", slugged(v.Estate.Name), v.Run.AssessedAt.UTC().Format("2006-01-02"), run, as[1])
	w.Header().Set("Content-Type", as[0])
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Ward-Digest", digest)
	_, _ = io.Copy(w, file) // a reader who has gone is no fault
	return nil
}

// write writes the report to a temporary file, which is at its beginning again.
func (d *dashboard) write(ctx context.Context, v *view, writer report.Writer) (*os.File, string, error) {
	reassemble := d.Reassemble
	if reassemble == nil {
		reassemble = d.History.Reassemble
	}
	a, err := reassemble(ctx, v.Estate.ID, v.Run.Number)
	if err != nil {
		return nil, "", notThere(err, "Run "+strconv.FormatInt(v.Run.Number, 10))
	}
	file, err := os.CreateTemp("", "ward-report-*")
	if err != nil {
		return nil, "", fmt.Errorf("make room for the report: %w", err)
	}
	sum := sha256.New()
	err = writer.Write(io.MultiWriter(file, sum), a, report.Options{})
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = file.Close()
		_ = os.Remove(file.Name())
		return nil, "", fmt.Errorf("write the report as %s: %w", writer.Name(), err)
	}
	return file, "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// slugged is a name as a part of a file's name.
func slugged(name string) string {
	s := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(name), "-"), "-")
	return or(report.Short(s, 60), "estate")
}
