// Package jsonreport writes an assessment as JSON, version 1, and reads it back. docs/format/assessment.md describes it.
//
// The output is the assessment itself, with one element of a list to a line: it can be searched and compared by lines,
// and writing needs no more memory than one finding does. The package must not know how an assessment comes about.
package jsonreport

import (
	"bufio"
	"fmt"
	"io"
	"reflect"
	"strings"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
)

// Writer writes JSON.
type Writer struct{}

// Name is "json".
func (Writer) Name() string { return "json" }

// Write implements report.Writer. It writes every finding whatever the options are.
func (Writer) Write(w io.Writer, a *assessment.Assessment, _ report.Options) error {
	out := bufio.NewWriterSize(w, 64<<10)
	v := reflect.ValueOf(a).Elem()
	separator := "{\n"
	for i := range v.NumField() {
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		field := v.Field(i)
		if options == "omitempty" && (field.IsZero() || field.Kind() == reflect.Slice && field.Len() == 0) {
			continue
		}
		fmt.Fprintf(out, "%s%q: ", separator, name)
		separator = ",\n"
		if err := member(out, field); err != nil {
			return fmt.Errorf("write %s as JSON: %w", name, err)
		}
	}
	out.WriteString("\n}\n")
	return out.Flush()
}

// member writes a list with one element to a line and anything else on one line. A failed write is kept by out, which
// refuses all later ones.
func member(out *bufio.Writer, v reflect.Value) error {
	if v.Kind() != reflect.Slice {
		return element(out, v.Interface())
	}
	if v.Len() == 0 {
		_, err := out.WriteString("[]")
		return err
	}
	all, _ := v.Interface().([]assessment.Finding)
	var w findings
	var line []byte
	for i := range v.Len() {
		separator := ",\n "
		if i == 0 {
			separator = "[\n "
		}
		out.WriteString(separator)
		var err error
		if all != nil {
			if line, err = w.finding(line[:0], &all[i]); err == nil {
				_, err = out.Write(line)
			}
		} else {
			err = element(out, v.Index(i).Interface())
		}
		if err != nil {
			return err
		}
	}
	_, err := out.WriteString("\n]")
	return err
}

func element(out *bufio.Writer, v any) error {
	b, err := plain(out.AvailableBuffer(), complete(v))
	if err != nil {
		return err
	}
	_, err = out.Write(b)
	return err
}

// complete returns v with empty lists where there are none, since the format promises lists and never null.
func complete(v any) any {
	switch v := v.(type) {
	case assessment.Summary:
		v.Findings, v.Safeguards, v.Failing = counts(v.Findings), counts(v.Safeguards), counts(v.Failing)
		return v
	case assessment.Safeguard:
		v.Reasons, v.Findings = list(v.Reasons), counts(v.Findings)
		v.Checks, v.Attestations = list(v.Checks), list(v.Attestations)
		return v
	case assessment.View:
		v.Rows = append([]assessment.ViewRow{}, v.Rows...)
		for i := range v.Rows {
			v.Rows[i].Citations = list(v.Rows[i].Citations)
		}
		return v
	}
	return v
}

func list[E any](s []E) []E {
	if s == nil {
		return []E{}
	}
	return s
}

func counts[K comparable](m map[K]int) map[K]int {
	if m == nil {
		return map[K]int{}
	}
	return m
}
