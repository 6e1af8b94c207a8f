package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

// WriteJSON writes a document as JSON, indented by one space.
func WriteJSON(w io.Writer, v any) error {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	if _, err := w.Write(EscapeJSON(b)); err != nil {
		return err
	}
	_, err = io.WriteString(w, "\n")
	return err
}

// EscapeJSON writes the characters that a terminal or an editor would act on, and that JSON allows raw in strings, as
// \u escapes. The document means the same. What stands for bytes that are no UTF-8 is escaped too, so that a document that is
// read and written again stays the same bytes.
func EscapeJSON(b []byte) []byte {
	at := bytes.IndexFunc(b, acts)
	if at < 0 {
		return b
	}
	out := make([]byte, at, len(b)+64)
	copy(out, b)
	for at < len(b) {
		r, size := utf8.DecodeRune(b[at:])
		switch {
		case !acts(r):
			out = append(out, b[at:at+size]...)
		case r > 0xffff:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		at += size
	}
	return out
}

func acts(r rune) bool {
	return r >= 0x7f && (r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp))
}
