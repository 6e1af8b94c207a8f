package aws

import (
	"context"
	"encoding/base64"
	"encoding/csv"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"ward.dev/ward/internal/value"
)

// report is IAM's credential report: one row for each user and one for the root user. IAM makes a new one at most every
// four hours, so what it tells may be that old.
type report struct {
	rows    map[string]value.Value // by ARN
	missing value.Value            // stands for a row that is not there
}

// columns of the report, in case there is none to look at. The two keys and certificates have a number each.
var columns = []string{"user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
	"password_next_rotation", "mfa_active", "access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date",
	"access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date", "cert_1_active", "cert_1_last_rotated",
	"cert_2_active", "cert_2_last_rotated"}

// readReport has the report made, if there is none that is fresh, and reads it.
func readReport(ctx context.Context, r *region) report {
	c := iam.NewFromConfig(r.config("iam"))
	for range 30 {
		state, _, err := send(ctx, r, c.GenerateCredentialReport, &iam.GenerateCredentialReportInput{})
		if err != nil {
			return report{missing: r.told(value.Value{}, "iam", "GenerateCredentialReport", err, nil)}
		}
		if text(state, "State") == "COMPLETE" || r.run.rehearsal != nil || !pause(ctx, time.Second) {
			break
		}
	}
	reply, _, err := send(ctx, r, c.GetCredentialReport, &iam.GetCredentialReportInput{})
	if err != nil {
		return report{missing: r.told(value.Value{}, "iam", "GetCredentialReport", err, nil)}
	}
	return parseReport(reply, r.run.rehearsal != nil)
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// parseReport reads the table. In a rehearsal there is none: every row then has everything.
func parseReport(reply value.Value, rehearsal bool) report {
	unreadable := func(why string) report {
		return report{missing: value.Unresolved(value.Reason{Why: why}).At(reply.Origin())}
	}
	if rehearsal {
		return report{missing: reportRow(columns, slices.Repeat([]string{"true"}, len(columns)), reply)}
	}
	content, err := base64.StdEncoding.DecodeString(text(reply, "Content"))
	if err != nil {
		return unreadable("the credential report is no text")
	}
	table, err := csv.NewReader(strings.NewReader(string(content))).ReadAll()
	if err != nil || len(table) == 0 || !slices.Contains(table[0], "arn") {
		return unreadable("the credential report is not the table that it should be")
	}
	made := unreadable("the credential report of " + text(reply, "GeneratedTime") + " does not know it yet")
	made.rows = make(map[string]value.Value, len(table))
	for _, row := range table[1:] {
		one := reportRow(table[0], row, reply)
		made.rows[text(one, "arn")] = one
	}
	return made
}

// row returns the row of a user, unknown if there is none.
func (p report) row(arn string) value.Value {
	if row, ok := p.rows[arn]; ok {
		return row
	}
	return p.missing
}

// reportRow makes an object of a row. Its keys and certificates become lists; what does not apply is absent.
func reportRow(head, row []string, reply value.Value) value.Value {
	cells := map[string]value.Value{}
	numbered := map[string]map[string]value.Value{} // the two keys and the two certificates
	for i, name := range head {
		text := row[i]
		if text == "N/A" || text == "not_supported" || text == "no_information" || text == "" {
			continue
		}
		cell := value.String(text).At(reply.Origin())
		if strings.EqualFold(text, "true") || strings.EqualFold(text, "false") {
			cell = value.Bool(strings.EqualFold(text, "true")).At(reply.Origin())
		}
		group, column, found := cutNumber(name)
		if !found {
			cells[name] = cell
			continue
		}
		if numbered[group] == nil {
			numbered[group] = map[string]value.Value{}
		}
		numbered[group][column] = cell
	}
	for list, groups := range twofold {
		var items []value.Value
		for _, group := range groups {
			if one := numbered[group]; exists(one) {
				items = append(items, value.Object(one).At(reply.Origin()))
			}
		}
		cells[list] = value.List(items...).At(reply.Origin())
	}
	return value.Object(cells).At(reply.Origin())
}

// twofold are the lists that are made of numbered columns.
var twofold = map[string][]string{"AccessKeys": {"access_key_1", "access_key_2"}, "Certificates": {"cert_1", "cert_2"}}

// cutNumber takes "access_key_1_last_rotated" apart into "access_key_1" and "last_rotated".
func cutNumber(column string) (group, rest string, found bool) {
	for _, group := range []string{"access_key_1", "access_key_2", "cert_1", "cert_2"} {
		if rest, found := strings.CutPrefix(column, group+"_"); found {
			return group, rest, true
		}
	}
	return "", column, false
}

// exists tells a key that is off from one that was never made: that one has no day on which it was.
func exists(key map[string]value.Value) bool {
	active, _ := key["active"].AsBool()
	return active || key["last_rotated"].IsKnown()
}
