package aws

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"ward.dev/ward/internal/value"
)

// queues sets how many are wanted at once: only then does the list go on after the first thousand.
func queues(ctx context.Context, r *region) {
	c := sqs.NewFromConfig(r.config("sqs"))
	tags := tagged(ctx, r, "sqs")
	each(ctx, r, list(ctx, r, c.ListQueues, &sqs.ListQueuesInput{MaxResults: aws.Int32(1000)}, "QueueUrls"), func(item value.Value) {
		url, _ := item.AsString()
		name := tail(url, "/")
		arn := r.arn("sqs", name)
		b := r.resource(arn, "ListQueues", item)
		b.keep("Name", value.String(name).At(item.Origin()))
		reply := ask(ctx, b, c.GetQueueAttributes, &sqs.GetQueueAttributesInput{QueueUrl: &url,
			AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
		b.keep("DeadLetterQueue", deadLetterQueue(reply.Field("Attributes").Field("RedrivePolicy")))
		tags.label(b, arn)
		b.add()
	})
}

// deadLetterQueue is the ARN that a redrive policy, a JSON text, names.
func deadLetterQueue(policy value.Value) value.Value {
	written, ok := policy.AsString()
	if !ok {
		return policy
	}
	var read struct{ DeadLetterTargetArn string }
	if json.Unmarshal([]byte(written), &read) != nil {
		return value.Unresolved(value.Reason{Why: "the redrive policy cannot be read"}).At(policy.Origin())
	}
	return value.String(read.DeadLetterTargetArn).At(policy.Origin())
}
