package aws

import (
	"encoding/base64"
	"testing"

	"ward.dev/ward/internal/value"
)

func TestParseReport(t *testing.T) {
	const table = `user,arn,user_creation_time,password_enabled,password_last_used,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active,access_key_2_last_rotated,cert_1_active
<root_account>,arn:aws:iam::123456789012:root,2020-01-01T00:00:00+00:00,not_supported,2026-11-01T10:00:00+00:00,true,false,N/A,N/A,false,N/A,false
ana,arn:aws:iam::123456789012:user/ana,2026-01-01T00:00:00+00:00,true,no_information,false,true,2026-01-01T00:00:10+00:00,N/A,false,2025-01-01T00:00:00+00:00,false
`
	reply := func(content string) value.Value {
		return value.Object(map[string]value.Value{"Content": value.String(base64.StdEncoding.EncodeToString([]byte(content)))})
	}
	made := parseReport(reply(table), false)
	ana := made.row("arn:aws:iam::123456789012:user/ana")
	keys, _ := ana.Field("AccessKeys").AsList()
	if len(keys) != 2 || text(keys[0], "last_rotated") != "2026-01-01T00:00:10+00:00" || !keys[0].Field("last_used_date").IsAbsent() {
		t.Errorf("keys of ana: %v", ana.Plain())
	}
	if off, ok := keys[1].Field("active").AsBool(); off || !ok {
		t.Errorf("the key that is off: %v", keys[1].Plain())
	}
	if !ana.Field("password_last_used").IsAbsent() || !ana.Field("password_enabled").IsKnown() {
		t.Errorf("password of ana: %v", ana.Plain())
	}
	root := made.row("arn:aws:iam::123456789012:root")
	if none, _ := root.Field("AccessKeys").AsList(); len(none) != 0 || root.Field("password_enabled").IsKnown() {
		t.Errorf("root: %v", root.Plain())
	}
	if row := made.row("arn:aws:iam::123456789012:user/new"); !row.IsUnknown() {
		t.Errorf("a user that is newer than the report: %v", row.Plain())
	}
	for name, content := range map[string]string{"empty": "", "another table": "a,b\n1,2\n", "rows of another length": "user,arn\n1\n"} {
		if row := parseReport(reply(content), false).row("arn"); !row.IsUnknown() {
			t.Errorf("%s: %v", name, row.Plain())
		}
	}
}

func TestRootDeviceIsNoSecret(t *testing.T) {
	for _, member := range []string{"Base32StringSeed", "QRCodePNG", "RegistrationCode"} {
		if !neverKept[member] {
			t.Errorf("%s would be kept", member)
		}
	}
}
