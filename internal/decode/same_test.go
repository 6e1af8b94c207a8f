package decode

import "testing"

func TestJSONText(t *testing.T) {
	decodes(t, "json.text", []decoding{
		{"blanks and order", "{ \"b\": [1, 2.50],\n \"a\": \"<x>\" }", `{"a":"<x>","b":[1,2.50]}`},
		{"as it should be", `{"a":1}`, `{"a":1}`},
		{"no JSON", "optOut", "optOut"},
		{"two texts", `{} {}`, `{} {}`},
		{"a number", 1, "?"},
		{"unknown", unknown(), "?"},
		{"absent", nil, nil},
	})
}

func TestBareURL(t *testing.T) {
	decodes(t, "url.bare", []decoding{
		{"as code has it", "https://token.example.org/a", "token.example.org/a"},
		{"as IAM has it", "token.example.org/a", "token.example.org/a"},
		{"a list", list{}, "?"},
		{"unknown", unknown(), "?"},
	})
}
