package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/globalaccelerator"

	"ward.dev/ward/internal/value"
)

// accelerators are everywhere, and Oregon alone answers for them.
func accelerators(ctx context.Context, r *region) {
	r = r.in("us-west-2")
	c := globalaccelerator.NewFromConfig(r.config("globalaccelerator"))
	input := &globalaccelerator.ListAcceleratorsInput{MaxResults: aws.Int32(100)}
	each(ctx, r, list(ctx, r, c.ListAccelerators, input, "Accelerators"), func(item value.Value) {
		arn := text(item, "AcceleratorArn")
		b := r.resource(arn, "ListAccelerators", item)
		ask(ctx, b, c.DescribeAcceleratorAttributes, &globalaccelerator.DescribeAcceleratorAttributesInput{AcceleratorArn: &arn})
		ask(ctx, b, c.ListTagsForResource, &globalaccelerator.ListTagsForResourceInput{ResourceArn: &arn})
		b.add()
	})
}
