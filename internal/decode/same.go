package decode

import (
	"bytes"
	"encoding/json"
	"strings"

	"ward.dev/ward/internal/value"
)

// The decoders of this file bring what is written in several ways into one, so that code and account can be compared.

// jsonText writes a JSON text without blanks and with its members in order. What is no JSON is left as it is.
func jsonText(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		text, ok := v.AsString()
		if !ok {
			return unreadable(v, "a JSON text was wanted")
		}
		in := json.NewDecoder(strings.NewReader(text))
		in.UseNumber()
		var tree any
		if err := in.Decode(&tree); err != nil || in.More() {
			return v
		}
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(tree); err != nil {
			return v
		}
		return from(v, value.String(strings.TrimSpace(out.String())))
	})
}

// bareURL is an address as IAM keeps that of an identity provider.
func bareURL(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		url, ok := v.AsString()
		if !ok {
			return unreadable(v, "an address was wanted")
		}
		return from(v, value.String(strings.TrimPrefix(url, "https://")))
	})
}
