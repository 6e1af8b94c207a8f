package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
)

func hsmClusters(ctx context.Context, r *region) {
	c := cloudhsmv2.NewFromConfig(r.config("cloudhsmv2"))
	for item := range list(ctx, r, c.DescribeClusters, &cloudhsmv2.DescribeClustersInput{}, "Clusters") {
		if text(item, "State") != "DELETED" {
			r.resource(r.arn("cloudhsm", "cluster/"+text(item, "ClusterId")), "DescribeClusters", item).add()
		}
	}
}
