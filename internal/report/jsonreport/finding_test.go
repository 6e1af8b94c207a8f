package jsonreport

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/report/reporttest"
)

// TestFinding proves that findings are written just as encoding/json writes them: with every field that they have, and with texts
// that cannot be written as they are.
func TestFinding(t *testing.T) {
	all := append(reporttest.Clinic().Findings, reporttest.Hostile().Findings...)
	for _, s := range []string{"x", "", "\"\\<>&\x00\x1f\x7f\u0085\u2028\u202e\ufeff\xff \U000e0001 ü 😀"} {
		for _, v := range []any{nil, true, int64(-7), 1.5, 1e300, s, []any{}, []any(nil), []any{s, int64(1), nil, []any{s}}, map[string]any{"<b>": s, "a": 1},
			json.Number("9007199254740993")} {
			var f assessment.Finding
			fillAll(reflect.ValueOf(&f).Elem(), s, v)
			all = append(all, f)
		}
	}
	var w findings
	for i := range all {
		f := all[i]
		f.Unknown, f.Question = list(f.Unknown), orEmpty(f.Question)
		f.Evidence = list(f.Evidence)
		for i, e := range f.Evidence {
			if e.State != "known" && e.State != "default" {
				hidden := *e
				hidden.Value = nil
				f.Evidence[i] = &hidden
			}
		}
		want, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.finding(nil, &all[i])
		if err != nil || string(got) != string(report.EscapeJSON(want)) {
			t.Errorf("%v\n%s\n%s", err, got, report.EscapeJSON(want))
		}
	}
}

// fillAll sets everything below v that can be set.
func fillAll(v reflect.Value, s string, shown any) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		v.SetBool(s != "")
	case reflect.Int:
		v.SetInt(int64(len(s)))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillAll(v.Elem(), s, shown)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fillAll(v.Index(0), s, shown)
		fillAll(v.Index(1), "known", shown)
	case reflect.Interface:
		if shown != nil {
			v.Set(reflect.ValueOf(shown))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)))
			return
		}
		for i := range v.NumField() {
			fillAll(v.Field(i), s, shown)
		}
	}
}
