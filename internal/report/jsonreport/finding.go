package jsonreport

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
)

// findings writes findings as encoding/json does, and as element does any other list: nearly all of a report are findings, and most
// of what they hold is plain text that is looked at once here.
type findings struct {
	question *assessment.Question // of the finding before: the same check's stand together
	asked    []byte
	calls    map[*assessment.Call][]byte
}

// maxCalls bounds how many calls are kept as they are written.
const maxCalls = 1000

// finding adds a finding to what is written so far.
func (w *findings) finding(to []byte, f *assessment.Finding) ([]byte, error) {
	if f.Question != w.question {
		asked, err := plain(nil, orEmpty(f.Question))
		if err != nil {
			return to, err
		}
		w.question, w.asked = f.Question, asked[1:len(asked)-1]
	}
	to = text(append(to, `{"id":`...), f.ID)
	to = append(append(to, ','), w.asked...)
	to = text(append(to, `,"status":`...), string(f.Status))
	to = optional(to, `,"judged":`, string(f.Judged))
	to, err := w.subject(to, f.Subject)
	if err != nil {
		return to, err
	}
	to = append(to, `,"unknown":[`...)
	for i, u := range f.Unknown {
		to = text(append(comma(to, i), `{"attribute":`...), u.Attribute)
		to = text(append(to, `,"reason":`...), u.Reason)
		to = append(text(append(to, `,"grant":`...), u.Grant), '}')
	}
	to = append(to, `],"evidence":[`...)
	for i, e := range f.Evidence {
		if to, err = w.evidence(comma(to, i), e); err != nil {
			return to, err
		}
	}
	to = optional(append(to, ']'), `,"exception":`, f.Exception)
	if f.New {
		to = append(to, `,"new":true`...)
	}
	return append(to, '}'), nil
}

// orEmpty returns a question with a list of citations.
func orEmpty(q *assessment.Question) *assessment.Question {
	if q.Citations != nil {
		return q
	}
	made := *q // others share it
	made.Citations = []string{}
	return &made
}

func (w *findings) subject(to []byte, s *assessment.Subject) ([]byte, error) {
	to = text(append(to, `,"kind":`...), s.Kind)
	to = text(append(to, `,"phi":`...), s.PHI)
	to = optional(to, `,"phi_reason":`, s.PHIReason)
	to = text(append(to, `,"resource":{"id":`...), s.Resource.ID)
	to = text(append(to, `,"address":`...), s.Resource.Address)
	to = text(append(to, `,"provider":`...), s.Resource.Provider)
	to = text(append(to, `,"account":`...), s.Resource.Account)
	to = text(append(to, `,"region":`...), s.Resource.Region)
	to, err := w.location(append(to, `},"location":`...), &s.Location)
	to = optional(to, `,"conditional":`, s.Conditional)
	return optional(to, `,"owner":`, s.Owner), err
}

// evidence writes one row, without a value that is not to be shown.
func (w *findings) evidence(to []byte, e *assessment.Evidence) ([]byte, error) {
	to = append(text(append(to, `{"attribute":`...), e.Attribute), `,"value":`...)
	var err error
	if e.State == "known" || e.State == "default" {
		to, err = shown(to, e.Value)
	} else {
		to = append(to, "null"...)
	}
	if err != nil {
		return to, err
	}
	to = text(append(to, `,"state":`...), e.State)
	to, err = w.location(append(to, `,"location":`...), &e.Location)
	return append(to, '}'), err
}

func (w *findings) location(to []byte, l *assessment.Location) ([]byte, error) {
	to = text(append(to, `{"file":`...), l.File)
	to = strconv.AppendInt(append(to, `,"line":`...), int64(l.Line), 10)
	if l.Call == nil {
		return append(to, '}'), nil
	}
	call := w.calls[l.Call]
	if call == nil {
		var err error
		if call, err = plain(nil, l.Call); err != nil {
			return to, err
		}
		if w.calls == nil || len(w.calls) == maxCalls {
			w.calls = map[*assessment.Call][]byte{}
		}
		w.calls[l.Call] = call
	}
	return append(append(append(to, `,"call":`...), call...), '}'), nil
}

// shown writes the value of a row.
func shown(to []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(to, "null"...), nil
	case bool:
		return strconv.AppendBool(to, v), nil
	case int64:
		return strconv.AppendInt(to, v, 10), nil
	case string:
		return text(to, v), nil
	case []any:
		if v == nil {
			break
		}
		to = append(to, '[')
		var err error
		for i, item := range v {
			if to, err = shown(comma(to, i), item); err != nil {
				return to, err
			}
		}
		return append(to, ']'), nil
	}
	return plain(to, v)
}

// optional writes a member whose text is not empty.
func optional(to []byte, name, s string) []byte {
	if s == "" {
		return to
	}
	return text(append(to, name...), s)
}

func comma(to []byte, i int) []byte {
	if i == 0 {
		return to
	}
	return append(to, ',')
}

// text writes a text. Only one with a character that is not written as it is goes the long way.
func text(to []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c >= utf8.RuneSelf-1, c == '"', c == '\\', c == '<', c == '>', c == '&':
			to, _ = plain(to, s) // no text is an error
			return to
		}
	}
	return append(append(append(to, '"'), s...), '"')
}

// plain writes any value.
func plain(to []byte, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return to, err
	}
	return append(to, report.EscapeJSON(b)...), nil
}
