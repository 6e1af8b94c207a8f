package config_test

import (
	"strings"
	"testing"

	"ward.dev/ward/internal/config"
)

// TestOwners proves that rules about owners are read in their order, and that each fault in one is told with its line.
func TestOwners(t *testing.T) {
	c, err := config.Parse("ward.yaml", []byte(`owners:
  - {owner: cardiology@clinic.example, kinds: aws.rds.*, phi: "yes"}
  - owner: platform
    accounts: ["1234*"]
    tags: {team: [platform, core]}
  - {owner: everybody, paths: "**"}
`))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Owners) != 3 || c.Owners[0].PHI[0] != "yes" || c.Owners[1].Line != 3 || len(c.Owners[1].Tags["team"]) != 2 || c.Owners[2].Empty() {
		t.Errorf("read %+v", c.Owners)
	}
	for text, want := range map[string]string{
		`[{kinds: "*"}]`:                                            "ward.yaml:1: owners: owner wanted",
		`[{owner: a}]`:                                              "accounts, kinds, addresses, paths, tags or phi wanted",
		`[{owner: a, kinds: "*", phi: maybe}]`:                      "phi is yes, no or unknown",
		`[{owner: a, kinds: [""]}]`:                                 "a pattern is empty",
		`[{owner: a, tags: {team: []}}]`:                            "tag team",
		`[{owner: a, kind: "*"}]`:                                   "kind",
		"[{owner: \"a\\nb\", kinds: \"*\"}]":                        "in one line",
		"[{owner: " + strings.Repeat("x", 300) + ", kinds: \"*\"}]": "200 characters",
	} {
		if _, err := config.Parse("ward.yaml", []byte("owners: "+text+"\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
