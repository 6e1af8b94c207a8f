package aws

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"ward.dev/ward/internal/value"
)

func topics(ctx context.Context, r *region) {
	c := sns.NewFromConfig(r.config("sns"))
	tags := tagged(ctx, r, "sns")
	each(ctx, r, list(ctx, r, c.ListTopics, &sns.ListTopicsInput{}, "Topics"), func(item value.Value) {
		arn := text(item, "TopicArn")
		b := r.resource(arn, "ListTopics", item)
		b.keep("Name", value.String(tail(arn, ":")).At(item.Origin()))
		ask(ctx, b, c.GetTopicAttributes, &sns.GetTopicAttributesInput{TopicArn: &arn})
		ask(ctx, b, c.GetDataProtectionPolicy, &sns.GetDataProtectionPolicyInput{ResourceArn: &arn}, noneIf("InvalidParameter", "fifo"))
		tags.label(b, arn)
		b.add()
	})
}

// Where a subscription has no ARN, one of these stands in its place: nobody has confirmed it so far, or it is no longer one.
const (
	pending = "PendingConfirmation"
	deleted = "Deleted"
)

func subscriptions(ctx context.Context, r *region) {
	c := sns.NewFromConfig(r.config("sns"))
	each(ctx, r, list(ctx, r, c.ListSubscriptions, &sns.ListSubscriptionsInput{}, "Subscriptions"), func(item value.Value) {
		arn := text(item, "SubscriptionArn")
		if arn == deleted {
			return
		}
		address := arn
		if !strings.Contains(arn, ":") {
			sum := sha256.Sum256([]byte(text(item, "Protocol") + " " + text(item, "Endpoint")))
			address = text(item, "TopicArn") + ":pending-" + hex.EncodeToString(sum[:4])
		}
		b := r.resource(address, "ListSubscriptions", withoutPerson(item))
		if arn != pending {
			reply := ask(ctx, b, c.GetSubscriptionAttributes, &sns.GetSubscriptionAttributesInput{SubscriptionArn: &arn})
			if reply.IsKnown() {
				b.keep("GetSubscriptionAttributes", only(reply.Field("Attributes"), "RedrivePolicy"))
			}
		}
		b.add()
	})
}

// withoutPerson takes out of a subscription whom it reaches, unless that is a resource: mail boxes and telephones belong to
// people, and the address of a web hook may be all that guards it.
func withoutPerson(item value.Value) value.Value {
	members, _ := item.AsObject()
	kept := make(map[string]value.Value, len(members))
	for name, v := range members {
		if to, _ := v.AsString(); name == "Endpoint" && !strings.HasPrefix(to, "arn:") {
			v = value.String(leftOut).At(v.Origin())
		}
		kept[name] = v
	}
	return value.Object(kept).At(item.Origin())
}
