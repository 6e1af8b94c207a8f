package decode

import (
	"regexp"
	"time"

	"ward.dev/ward/internal/value"
)

// moment is a time as AWS writes it into sentences: "User initiated (2026-01-31 12:00:00 GMT)".
var moment = regexp.MustCompile(`\b(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.\d+)? ?(?:GMT|UTC|Z)`)

// timeWithin finds the first time in a text and writes it as RFC 3339 does. A text without a time has none.
func timeWithin(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		s, ok := v.Spelled()
		if !ok {
			return unreadable(v, "the value is not a text")
		}
		m := moment.FindStringSubmatch(s)
		if m == nil {
			return from(v, value.None())
		}
		at, err := time.Parse(time.DateTime, m[1]+" "+m[2])
		if err != nil {
			return unreadable(v, "the text holds a time that is none")
		}
		return from(v, value.String(at.UTC().Format(time.RFC3339)))
	})
}
