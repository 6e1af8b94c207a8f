package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/iot"

	"ward.dev/ward/internal/value"
)

func iotPolicies(ctx context.Context, r *region) {
	c := iot.NewFromConfig(r.config("iot"))
	each(ctx, r, list(ctx, r, c.ListPolicies, &iot.ListPoliciesInput{}, "Policies"), func(item value.Value) {
		name, arn := text(item, "PolicyName"), text(item, "PolicyArn")
		b := r.resource(arn, "ListPolicies", item)
		ask(ctx, b, c.GetPolicy, &iot.GetPolicyInput{PolicyName: &name})
		askAll(ctx, b, c.ListTagsForResource, &iot.ListTagsForResourceInput{ResourceArn: &arn}, "Tags")
		b.add()
	})
}
