package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/kafka"
	"github.com/aws/aws-sdk-go-v2/service/kafkaconnect"

	"ward.dev/ward/internal/value"
)

func kafkaClusters(ctx context.Context, r *region) {
	c := kafka.NewFromConfig(r.config("kafka"))
	each(ctx, r, list(ctx, r, c.ListClustersV2, &kafka.ListClustersV2Input{}, "ClusterInfoList"), func(item value.Value) {
		arn := text(item, "ClusterArn")
		b := r.resource(arn, "ListClustersV2", item)
		ask(ctx, b, c.GetClusterPolicy, &kafka.GetClusterPolicyInput{ClusterArn: &arn}, none("NotFoundException"))
		b.add()
	})
}

func kafkaConnectors(ctx context.Context, r *region) {
	c := kafkaconnect.NewFromConfig(r.config("kafkaconnect"))
	each(ctx, r, list(ctx, r, c.ListConnectors, &kafkaconnect.ListConnectorsInput{}, "Connectors"), func(item value.Value) {
		arn := text(item, "ConnectorArn")
		b := r.resource(arn, "ListConnectors", item)
		ask(ctx, b, c.DescribeConnector, &kafkaconnect.DescribeConnectorInput{ConnectorArn: &arn})
		ask(ctx, b, c.ListTagsForResource, &kafkaconnect.ListTagsForResourceInput{ResourceArn: &arn})
		b.add()
	})
}
