package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/docdbelastic"

	"ward.dev/ward/internal/value"
)

func docdbElasticClusters(ctx context.Context, r *region) {
	c := docdbelastic.NewFromConfig(r.config("docdbelastic"))
	each(ctx, r, list(ctx, r, c.ListClusters, &docdbelastic.ListClustersInput{}, "Clusters"), func(item value.Value) {
		arn := text(item, "ClusterArn")
		b := r.resource(arn, "ListClusters", item)
		ask(ctx, b, c.GetCluster, &docdbelastic.GetClusterInput{ClusterArn: &arn})
		ask(ctx, b, c.ListTagsForResource, &docdbelastic.ListTagsForResourceInput{ResourceArn: &arn})
		b.add()
	})
}
