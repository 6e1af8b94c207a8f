package decode

import (
	"testing"

	"ward.dev/ward/internal/value"
)

func TestTransferStore(t *testing.T) {
	for uri, want := range map[string]string{
		"s3://records/in/":                           "records",
		"s3://arn:aws:s3:eu-west-1:1:accesspoint/a/": "arn:aws:s3:eu-west-1:1:accesspoint/a",
		"efs://eu-west-1.fs-0123/in/":                "fs-0123",
		"fsxw://eu-west-1.fs-0456/share":             "fs-0456",
		"nfs://files.clinic.example/export":          "",
	} {
		if got, _ := transferStore(value.String(uri)).AsString(); got != want {
			t.Errorf("%s: %q, want %q", uri, got, want)
		}
	}
	if !transferStore(value.String("efs://odd/")).IsUnknown() {
		t.Error("a URI that cannot be read must be unknown")
	}
}
