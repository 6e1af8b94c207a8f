package aws

import (
	"testing"

	"ward.dev/ward/internal/value"
)

func object(pairs ...string) value.Value {
	members := map[string]value.Value{}
	for i := 0; i < len(pairs); i += 2 {
		members[pairs[i]] = value.String(pairs[i+1])
	}
	return value.Object(members)
}

func TestEnclaveImage(t *testing.T) {
	event := func(text string) value.Value { return enclaveImage(object("CloudTrailEvent", text)) }
	used := event(`{"requestParameters": {"encryptionContext": {"patient": "7"}},
		"additionalEventData": {"recipient": {"attestationDocumentEnclaveImageDigest": "AB12"}}}`)
	if image, _ := used.AsString(); image != "ab12" {
		t.Errorf("the image is %v", used.Plain())
	}
	if other := event(`{"additionalEventData": {"keyMaterialId": "1"}}`); !other.IsAbsent() {
		t.Errorf("no enclave: %v", other.Plain())
	}
	if cut := event(`{"additional`); !cut.IsUnknown() {
		t.Errorf("an event that is cut off: %v", cut.Plain())
	}
}

func TestKnowsNoEnclaves(t *testing.T) {
	for policy, want := range map[string]bool{
		`{"Statement": []}`: true,
		`{"Statement": [{"Condition": {"StringEquals": {"kms:RecipientAttestation:PCR0": "a"}}}]}`: false,
		"": false, // it could not be read
	} {
		if got := knowsNoEnclaves(object("Policy", policy)); got != want {
			t.Errorf("%s: %v", policy, got)
		}
	}
}

func TestSpelled(t *testing.T) {
	one := value.Object(map[string]value.Value{"Table": object("Name", "a", "DatabaseName", "b"), "Names": value.Strings("x", "y")})
	if got, want := spelled(one), `{Names:["x","y"],Table:{DatabaseName:"b",Name:"a"}}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestEndedJobs(t *testing.T) {
	for state, want := range map[string]bool{"RUNNING": false, "PENDING": false, "COMPLETED": true, "FAILED": true} {
		if got := ended(object("State", state)); got != want {
			t.Errorf("%s: %v", state, got)
		}
	}
}

func TestClusterPasswordIsNotKept(t *testing.T) {
	if !neverKept["PreCoPassword"] {
		t.Error("the password of a new cluster would be kept")
	}
}
