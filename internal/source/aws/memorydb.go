package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/memorydb"

	"ward.dev/ward/internal/value"
)

func memorydbClusters(ctx context.Context, r *region) {
	c := memorydb.NewFromConfig(r.config("memorydb"))
	shards := true
	each(ctx, r, list(ctx, r, c.DescribeClusters, &memorydb.DescribeClustersInput{ShowShardDetails: &shards}, "Clusters"), func(item value.Value) {
		arn := text(item, "ARN")
		b := r.resource(arn, "DescribeClusters", item)
		ask(ctx, b, c.ListTags, &memorydb.ListTagsInput{ResourceArn: &arn})
		b.add()
	})
}

func memorydbUsers(ctx context.Context, r *region) {
	c := memorydb.NewFromConfig(r.config("memorydb"))
	for item := range list(ctx, r, c.DescribeUsers, &memorydb.DescribeUsersInput{}, "Users") {
		r.resource(text(item, "ARN"), "DescribeUsers", item).add()
	}
}
