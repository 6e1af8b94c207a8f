package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/appstream"

	"ward.dev/ward/internal/value"
)

func appFleets(ctx context.Context, r *region) {
	c := appstream.NewFromConfig(r.config("appstream"))
	each(ctx, r, list(ctx, r, c.DescribeFleets, &appstream.DescribeFleetsInput{}, "Fleets"), func(item value.Value) {
		arn := text(item, "Arn")
		b := r.resource(arn, "DescribeFleets", item)
		ask(ctx, b, c.ListTagsForResource, &appstream.ListTagsForResourceInput{ResourceArn: &arn})
		b.add()
	})
}

func appStacks(ctx context.Context, r *region) {
	c := appstream.NewFromConfig(r.config("appstream"))
	each(ctx, r, list(ctx, r, c.DescribeStacks, &appstream.DescribeStacksInput{}, "Stacks"), func(item value.Value) {
		arn := text(item, "Arn")
		b := r.resource(arn, "DescribeStacks", item)
		ask(ctx, b, c.ListTagsForResource, &appstream.ListTagsForResourceInput{ResourceArn: &arn})
		b.add()
	})
}
