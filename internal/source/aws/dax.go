package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dax"

	"ward.dev/ward/internal/value"
)

func daxClusters(ctx context.Context, r *region) {
	c := dax.NewFromConfig(r.config("dax"))
	each(ctx, r, list(ctx, r, c.DescribeClusters, &dax.DescribeClustersInput{}, "Clusters"), func(item value.Value) {
		arn := text(item, "ClusterArn")
		b := r.resource(arn, "DescribeClusters", item)
		askAll(ctx, b, c.ListTags, &dax.ListTagsInput{ResourceName: &arn}, "Tags")
		b.add()
	})
}
