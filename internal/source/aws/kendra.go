package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/kendra"

	"ward.dev/ward/internal/value"
)

func kendraIndexes(ctx context.Context, r *region) {
	c := kendra.NewFromConfig(r.config("kendra"))
	each(ctx, r, list(ctx, r, c.ListIndices, &kendra.ListIndicesInput{}, "IndexConfigurationSummaryItems"), func(item value.Value) {
		id := text(item, "Id")
		address := r.arn("kendra", "index/"+id)
		b := r.resource(address, "ListIndices", item)
		ask(ctx, b, c.DescribeIndex, &kendra.DescribeIndexInput{Id: &id})
		ask(ctx, b, c.ListTagsForResource, &kendra.ListTagsForResourceInput{ResourceARN: &address})
		b.add()
	})
}
