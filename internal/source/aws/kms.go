package aws

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"ward.dev/ward/internal/value"
)

// keys are all keys of a region, those that AWS made for its services too: other resources name them.
func keys(ctx context.Context, r *region) {
	c := kms.NewFromConfig(r.config("kms"))
	aliases, told := aliasesOf(ctx, r, c)
	each(ctx, r, list(ctx, r, c.ListKeys, &kms.ListKeysInput{Limit: aws.Int32(1000)}, "Keys"), func(item value.Value) {
		id := text(item, "KeyId")
		b := r.resource(text(item, "KeyArn"), "ListKeys", item)
		b.keep("ListAliases", value.List(aliases[id]...).At(item.Origin()))
		if told.IsUnknown() {
			b.keep("ListAliases", told)
		}
		ask(ctx, b, c.DescribeKey, &kms.DescribeKeyInput{KeyId: &id})
		ask(ctx, b, c.GetKeyRotationStatus, &kms.GetKeyRotationStatusInput{KeyId: &id}, none("UnsupportedOperationException"))
		if policy := ask(ctx, b, c.GetKeyPolicy,
			&kms.GetKeyPolicyInput{KeyId: &id, PolicyName: aws.String("default")}); !knowsNoEnclaves(policy) {
			b.keep("LookupEvents", enclaves(ctx, r, text(item, "KeyArn")))
		}
		askAll(ctx, b, c.ListResourceTags, &kms.ListResourceTagsInput{KeyId: &id}, "Tags")
		b.add()
	})
}

// aliasesOf are the aliases of a region by the key that they lead to. told is unknown if they could not all be read.
func aliasesOf(ctx context.Context, r *region, c *kms.Client) (byKey map[string][]value.Value, told value.Value) {
	byKey = map[string][]value.Value{}
	for item, err := range pages(ctx, r, c.ListAliases, &kms.ListAliasesInput{Limit: aws.Int32(100)}, "Aliases") {
		if err != nil {
			return nil, value.Unresolved(r.why("kms", "ListAliases", err)).At(r.origin("kms", "ListAliases"))
		}
		key := text(item, "TargetKeyId")
		byKey[key] = append(byKey[key], item)
	}
	return byKey, value.None()
}

// knowsNoEnclaves tells that a key's policy asks for no enclave's attestation, so that its log needs no reading.
func knowsNoEnclaves(policy value.Value) bool {
	words := strings.ToLower(text(policy, "Policy"))
	return strings.Contains(words, "statement") && !strings.Contains(words, "recipientattestation")
}

const (
	enclaveHistory = 7 * 24 * time.Hour
	enclaveEvents  = 500 // the log is read two pages a second at most
)

// enclaves are the images of the enclaves that used a key lately. Nothing else of the log is kept: it holds what people
// put into encryption contexts.
func enclaves(ctx context.Context, r *region, key string) value.Value {
	c := cloudtrail.NewFromConfig(r.config("cloudtrail"))
	in := &cloudtrail.LookupEventsInput{StartTime: aws.Time(time.Now().Add(-enclaveHistory)), MaxResults: aws.Int32(50),
		LookupAttributes: []types.LookupAttribute{{AttributeKey: types.LookupAttributeKeyResourceName, AttributeValue: &key}}}
	var images []value.Value
	read, origin := 0, r.origin("cloudtrail", "LookupEvents")
	for item, err := range pages(ctx, r, c.LookupEvents, in, "Events") {
		switch read++; {
		case err != nil:
			return value.List(images...).Open(r.why("cloudtrail", "LookupEvents", err)).At(origin)
		case read > enclaveEvents:
			return value.List(images...).Open(value.Reason{Why: "the log holds more uses of the key than are read"}).At(origin)
		}
		if image := enclaveImage(item); !image.IsAbsent() {
			images = append(images, value.Object(map[string]value.Value{"Image": image}))
		}
	}
	return value.List(images...).At(origin)
}

// enclaveImage is the digest of the image of the enclave that a key was used by; absent if it was no enclave.
func enclaveImage(event value.Value) value.Value {
	var told struct {
		AdditionalEventData struct {
			Recipient struct {
				Image string `json:"attestationDocumentEnclaveImageDigest"`
			} `json:"recipient"`
		} `json:"additionalEventData"`
	}
	if err := json.Unmarshal([]byte(text(event, "CloudTrailEvent")), &told); err != nil {
		return value.Unresolved(value.Reason{Why: "an event of the log cannot be read"}).At(event.Origin())
	}
	if told.AdditionalEventData.Recipient.Image == "" {
		return value.None()
	}
	return value.String(strings.ToLower(told.AdditionalEventData.Recipient.Image)).At(event.Origin())
}
