package decode

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strings"
	"testing"

	"ward.dev/ward/internal/value"
)

// TestSecretLines proves that names of secrets are found in scripts, that values never are shown, and that a script of
// which a part is not known leaves the list open.
func TestSecretLines(t *testing.T) {
	unknown := func(template string) value.Value {
		return value.Unresolved(value.Reason{Why: "var.x has no value"}).Text(template)
	}
	tests := []struct {
		name string
		in   value.Value
		want string
		open bool
	}{
		{"no secret", value.String("#!/bin/sh\nyum update -y\nexport STAGE=prod\n"), "", false},
		{"an exported password", value.String("export DB_PASSWORD=hunter2hunter2\n"), "DB_PASSWORD", false},
		{"a quoted token in YAML", value.String("runcmd:\n  api_token: \"abcd1234\"\n"), "api_token", false},
		{"an option", value.String("run --db-password=swordfish"), "db-password", false},
		{"an access key", value.String("aws configure set x AKIAABCDEFGHIJKLMNOP"), "(key or token)", false},
		{"a private key", value.String("-----BEGIN RSA PRIVATE KEY-----\nabc"), "(key or token)", false},
		{"base64", value.String("ZXhwb3J0IERCX1BBU1NXT1JEPWh1bnRlcjJodW50ZXIyCg=="), "DB_PASSWORD", false},
		{"fetched when it runs", value.String("PASSWORD=$(aws ssm get-parameter --name p)"), "", false},
		{"from the environment", value.String("PASSWORD=${TOKEN}"), "", false},
		{"the name of a secret", value.String("SECRET_NAME=db\nTOKEN_URL=https://a.example"), "", false},
		{"a template with an unknown part", unknown("export STAGE=${var.x}\n"), "", true},
		{"a secret beside an unknown part", unknown("export PASSWORD=swordfish ${var.x}\n"), "PASSWORD", true},
		{"nothing known", value.Unresolved(value.Reason{Why: "why"}), "?", false},
		{"another form", value.List(), "?", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := secretLines(test.in)
			items, _ := got.AsList()
			var names []string
			for _, item := range items {
				name, _ := item.AsString()
				names = append(names, name)
			}
			text := strings.Join(names, " ")
			if got.IsUnknown() {
				text = "?"
			}
			if text != test.want || got.IsOpen() != test.open {
				t.Errorf("got %q open %v", text, got.IsOpen())
			}
		})
	}
}

// TestScrubScript proves that of a script only the names of its secrets are kept, and that they are found in what is kept.
func TestScrubScript(t *testing.T) {
	for script, want := range map[string]string{
		"export DB_PASSWORD=hunter2hunter2\nmysql -u root -phunter2":                              "DB_PASSWORD",
		"aws configure set x AKIAABCDEFGHIJKLMNOP\napi_token: 'abcd1'":                            "(key or token) api_token",
		"#!/bin/sh\nyum update -y\n":                                                              "",
		"Content-Transfer-Encoding: base64\n\nZXhwb3J0IERCX1BBU1NXT1JEPWh1bnRlcjJodW50ZXIyCg==\n": "DB_PASSWORD",
	} {
		kept := ScrubScript(script)
		if text, _ := kept.AsString(); strings.Contains(text, "hunter2") || strings.Contains(text, "AKIA") || strings.Contains(text, "abcd1") {
			t.Errorf("kept %q", text)
		}
		var names []string
		items, _ := secretLines(kept).AsList()
		for _, item := range items {
			name, _ := item.AsString()
			names = append(names, name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("of %q: %q", script, got)
		}
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte("export DB_PASSWORD=hunter2hunter2\n")); err != nil {
		t.Fatal(err)
	}
	w.Close()
	text, _ := ScrubScript(base64.StdEncoding.EncodeToString(packed.Bytes())).AsString()
	if !strings.Contains(text, "DB_PASSWORD") || strings.Contains(text, "hunter2") {
		t.Errorf("of a packed script was kept %q", text)
	}
}

func FuzzSecretLines(f *testing.F) {
	f.Add("export PASSWORD=${x}\n")
	f.Add("{\"token\": \"a")
	f.Fuzz(func(t *testing.T, s string) {
		secretLines(value.String(s))
		secretLines(value.Unresolved(value.Reason{Why: "w"}).Text(s))
	})
}
