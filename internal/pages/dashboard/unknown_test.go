package dashboard_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/grants"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/pages/dashboard"
)

// TestUnknown proves that the page tells which grant closes how many findings, those on PHI among them, with a policy to copy and to take away,
// that the API tells the same, and that the policy is asked for with what is missing.
func TestUnknown(t *testing.T) {
	h := open(t, season(t)...)
	for path, want := range map[string]string{
		"/unknown":                         `<code>s3:GetEncryptionConfiguration</code>`,
		"/unknown/policy?name=aws-missing": `"Version": "2012-10-17"`,
		"/":                                `give <code>s3:GetEncryptionConfiguration</code></a> <span class="fine">for 7 findings, 3 on PHI`,
	} {
		if status, text := h.get(t, path); status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s answers %d without %s:\n%s", path, status, want, text)
		}
	}
	if status, _ := h.get(t, "/unknown/policy?name=other"); status != http.StatusNotFound {
		t.Errorf("a policy that is not there: %d", status)
	}
	_, page := h.get(t, "/unknown")
	for _, want := range []string{"Nothing is known to help with 2 findings", "ward-aws-missing.json", "IAM policy that closes what is missing"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if _, past := h.get(t, "/unknown?date=2026-01-20"); strings.Contains(past, "ward-aws-missing.json") {
		t.Error("the page of a date offers a policy of today")
	}
	var told []grants.Missing
	_, text := h.get(t, "/api/v1/missing-grants?estate=e1")
	if err := json.Unmarshal([]byte(text), &told); err != nil || len(told) != 2 || told[0].Findings != 7 {
		t.Errorf("the API tells %s, %v", text, err)
	}
	var policies []dashboard.Policy
	_, text = h.get(t, "/api/v1/read-policies?estate=e1")
	if err := json.Unmarshal([]byte(text), &policies); err != nil || len(policies) != 1 || policies[0].Form != "json" {
		t.Errorf("the API tells %s, %v", text, err)
	}
}

// TestUnknownBefore proves that a run from before grants were summed up tells of its gaps, and says that findings are not counted.
func TestUnknownBefore(t *testing.T) {
	a := clinic(t)
	a.Gaps = []assessment.Gap{{Target: "production", What: "keys", Reason: "kms:ListKeys in eu-west-1 was denied", Grant: "kms:ListKeys"}}
	h := open(t, a)
	h.unsummed = history.ErrNone
	_, page := h.get(t, "/unknown")
	for _, want := range []string{"<code>kms:ListKeys</code>", "was denied", "made before grants were counted by finding"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

// TestOverviewPieces proves that the overview tells how encryption and backups stand, who owns what got worse, and of what is due a little of each
// sort, so that many of one do not hide another.
func TestOverviewPieces(t *testing.T) {
	h := open(t, season(t)...)
	for n := range 9 {
		h.due = append(h.due, dashboard.Due{What: "risk", Title: "Risk number " + strconv.Itoa(n), State: "proposed"})
	}
	h.due = append(h.due, dashboard.Due{What: "agreement", Title: "The agreement with the cloud", State: "due"})
	_, page := h.get(t, "/")
	for _, want := range []string{"Encryption and backups", "Encrypted at rest", "Restoring is tested", "any more, by owner:", "Risk number 1", "The agreement with the cloud"} {
		if !strings.Contains(page, want) {
			t.Errorf("the overview has no %q", want)
		}
	}
	if strings.Contains(page, "Risk number 2") {
		t.Error("the overview has more than two risks")
	}
}
