package aws

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	events "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	schedulerapi "github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedule "github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	webacl "github.com/aws/aws-sdk-go-v2/service/wafv2/types"
	"github.com/aws/smithy-go"

	"ward.dev/ward/internal/value"
)

// TestOffIsNotDenied keeps apart that a service is off, which is an answer, and that nobody may ask, which is none: both may
// come under the same code.
func TestOffIsNotDenied(t *testing.T) {
	r := &region{run: &run{}, account: &account{ID: "123456789012"}, name: "eu-west-1"}
	const refused = "User: arn:aws:iam::123456789012:user/u is not authorized to perform: x:Y because no identity-based policy allows it"
	for _, c := range []struct {
		name      string
		absent    []absence
		code, say string
		off       bool
	}{
		{"Security Hub is off", noHub, "InvalidAccessException", "Account 123456789012 is not subscribed to AWS Security Hub", true},
		{"Security Hub is off, newer", noHub, "ResourceNotFoundException", "hub/default was not found", true},
		{"Security Hub is refused", noHub, "AccessDeniedException", refused, false},
		{"Security Hub refuses otherwise", noHub, "InvalidAccessException", "you do not have permission to do this", false},
		{"Macie is off", []absence{noMacie}, "AccessDeniedException", "Macie is not enabled.", true},
		{"Macie is refused", []absence{noMacie}, "AccessDeniedException", refused, false},
		{"Macie is refused by an organization", []absence{noMacie}, "AccessDeniedException", refused + " with an explicit deny", false},
		{"GuardDuty is refused", nil, "AccessDeniedException", refused, false},
		{"an image is still made", unready(imageIn("pending")), "InvalidAMIID.Unavailable", "The image ID is no longer available", true},
		{"an image that was available is gone", unready(imageIn("available")), "InvalidAMIID.Unavailable", "The image ID is no longer available", false},
		{"throttled", noHub, "ThrottlingException", "Rate exceeded", false},
	} {
		err := &smithy.GenericAPIError{Code: c.code, Message: c.say, Fault: smithy.FaultClient}
		told := r.told(value.Value{}, "x", "Y", err, c.absent)
		if told.IsAbsent() != c.off || told.IsUnknown() == c.off {
			t.Errorf("%s: got %s", c.name, told.State())
		}
		if answered(err) != (c.off || c.code == "InvalidAccessException" || c.code == "InvalidAMIID.Unavailable") {
			t.Errorf("%s: answered is %t", c.name, answered(err))
		}
	}
}

func imageIn(state string) value.Value {
	return value.Object(map[string]value.Value{"State": value.String(state)})
}

func TestInspectorTellsOfTheAccount(t *testing.T) {
	status := func(s string) value.Value {
		return value.Object(map[string]value.Value{"Status": value.String(s)})
	}
	account := func(ec2, ecr string) value.Value {
		states := value.Object(map[string]value.Value{"Ec2": status(ec2), "Ecr": status(ecr)})
		return value.Object(map[string]value.Value{"Accounts": value.List(value.Object(map[string]value.Value{"ResourceState": states}))})
	}
	if got := texts(scanned(account("ENABLED", "DISABLED"))); len(got) != 1 || got[0] != "EC2" {
		t.Errorf("got %v", got)
	}
	if got := scanned(account("DISABLED", "SUSPENDED")); !got.IsKnown() || len(texts(got)) != 0 {
		t.Errorf("off: got %v", got)
	}
	for name, reply := range map[string]value.Value{
		"a failed account": value.Object(map[string]value.Value{"Accounts": value.List()}),
		"no reply":         value.None(),
		"a refusal":        value.Unresolved(value.Reason{Why: "denied"}),
	} {
		if got := scanned(reply); !got.IsUnknown() {
			t.Errorf("%s: got %s", name, got.State())
		}
	}
}

func TestSubscriptionsNameNobody(t *testing.T) {
	for endpoint, kept := range map[string]string{
		"jane@example.org": leftOut, "+15550100": leftOut, "https://example.org/hook?token=s3cr3t": leftOut,
		"arn:aws:sqs:eu-west-1:123456789012:q": "arn:aws:sqs:eu-west-1:123456789012:q",
	} {
		item := value.Object(map[string]value.Value{"Protocol": value.String("x"), "Endpoint": value.String(endpoint)})
		if got := text(withoutPerson(item), "Endpoint"); got != kept {
			t.Errorf("%s: got %s", endpoint, got)
		}
	}
}

func TestFindingsKeepLittle(t *testing.T) {
	finding := value.Object(map[string]value.Value{"Id": value.String("f"), "Title": value.String("jane.doe logged in"),
		"CreatedAt": value.String("2026-01-01T00:00:00Z")})
	got := firstOf(value.Object(map[string]value.Value{"Findings": value.List(finding)}), "Findings", "Id", "CreatedAt", "Severity")
	if text(got, "Id") != "f" || !got.Field("Title").IsAbsent() || !got.Field("Severity").IsAbsent() {
		t.Errorf("got %v", got.Plain())
	}
	if none := firstOf(value.Object(map[string]value.Value{"Findings": value.List()}), "Findings", "Id"); !none.IsAbsent() {
		t.Errorf("no findings: got %s", none.State())
	}
	for name, reply := range map[string]value.Value{"cut off": value.Object(nil), "empty": value.None(), "denied": value.Unresolved()} {
		if got := firstOf(reply, "Findings", "Id"); !got.IsUnknown() {
			t.Errorf("%s: got %s", name, got.State())
		}
	}
}

// TestEveryTrailIsReadOnce reads a trail where it is at home, and in the first region if that is not asked for.
func TestEveryTrailIsReadOnce(t *testing.T) {
	for _, c := range []struct {
		asked []string
		home  string
		in    string
	}{
		{nil, "eu-west-1", "eu-west-1"}, {[]string{"eu-west-1", "us-east-1"}, "us-east-1", "us-east-1"},
		{[]string{"eu-west-1", "eu-west-2"}, "us-east-1", "eu-west-1"},
	} {
		for _, name := range []string{"eu-west-1", "eu-west-2", "us-east-1"} {
			r := &region{run: &run{options: Options{Regions: c.asked}}, name: name}
			if got := r.speaksFor(c.home); got != (name == c.in) {
				t.Errorf("%v, at home in %s: %s speaks for it: %t", c.asked, c.home, name, got)
			}
		}
	}
}

// TestContentIsLeftOut plants a secret where rules, schedules and web ACLs carry content of their makers' choice.
func TestContentIsLeftOut(t *testing.T) {
	const planted = "s3cr3t-of-jane-doe"
	for name, reply := range map[string]any{
		"target":   &events.Target{Input: aws.String(planted), InputTransformer: &events.InputTransformer{InputTemplate: aws.String(planted)}},
		"schedule": &schedulerapi.GetScheduleOutput{Target: &schedule.Target{Input: aws.String(planted)}},
		"web ACL":  &webacl.ByteMatchStatement{SearchString: []byte(planted)},
	} {
		read := reader{value.Seen(nil)}.read(reflect.ValueOf(reply), "", 0)
		hidden := base64.StdEncoding.EncodeToString([]byte(planted))
		if kept := fmt.Sprint(read.Plain()); strings.Contains(kept, planted) || strings.Contains(kept, hidden) {
			t.Errorf("%s: %s", name, kept)
		}
	}
}
