package aws

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"ward.dev/ward/internal/value"
)

// distributions are everywhere, and Virginia alone answers for them.
func distributions(ctx context.Context, r *region) {
	r = r.in("us-east-1")
	c := cloudfront.NewFromConfig(r.config("cloudfront"))
	recorded := deliveredSources(ctx, r)
	each(ctx, r, list(ctx, r, c.ListDistributions, &cloudfront.ListDistributionsInput{}, "DistributionList.Items"), func(item value.Value) {
		id, arn := text(item, "Id"), text(item, "ARN")
		b := r.resource(arn, "ListDistributions", brief(item, "Id")) // the rest is told again, and more of it, by the next
		ask(ctx, b, c.GetDistribution, &cloudfront.GetDistributionInput{Id: &id})
		ask(ctx, b, c.ListTagsForResource, &cloudfront.ListTagsForResourceInput{Resource: &arn})
		b.keep("DescribeDeliverySources", recorded(arn))
		b.add()
	})
}

// deliveredSources tells of each resource which of its logs the newer way of CloudWatch hands on to some place.
func deliveredSources(ctx context.Context, r *region) func(arn string) value.Value {
	c := cloudwatchlogs.NewFromConfig(r.config("cloudwatchlogs"))
	deliveries := lookUp(ctx, r, c.DescribeDeliveries, &cloudwatchlogs.DescribeDeliveriesInput{}, "Deliveries", "DeliverySourceName")
	sources := lookUp(ctx, r, c.DescribeDeliverySources, &cloudwatchlogs.DescribeDeliverySourcesInput{}, "DeliverySources", "Name")
	return func(arn string) value.Value {
		for name, rows := range sources.rows {
			if !slices.Contains(texts(rows[0].Field("ResourceArns")), arn) && r.run.rehearsal == nil {
				continue
			}
			if to := deliveries.of(name); !to.IsAbsent() {
				return changedTo(rows[0], "Deliveries", to)
			}
		}
		return sources.rest
	}
}
