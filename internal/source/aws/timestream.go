package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/timestreaminfluxdb"
	"github.com/aws/aws-sdk-go-v2/service/timestreamwrite"

	"ward.dev/ward/internal/value"
)

// notACustomer is what Timestream says to accounts that had no database when it closed its doors: they have none.
var notACustomer = noneIf("AccessDeniedException", "only existing timestream")

func timestreamDatabases(ctx context.Context, r *region) {
	c := timestreamwrite.NewFromConfig(r.config("timestreamwrite"), func(o *timestreamwrite.Options) {
		if o.BaseEndpoint != nil { // another endpoint than AWS's is asked itself
			o.EndpointDiscovery.EnableEndpointDiscovery = aws.EndpointDiscoveryDisabled
		}
	})
	databases := list(ctx, r, c.ListDatabases, &timestreamwrite.ListDatabasesInput{}, "Databases", notACustomer)
	each(ctx, r, databases, func(item value.Value) {
		arn := text(item, "Arn")
		b := r.resource(arn, "ListDatabases", item)
		ask(ctx, b, c.ListTagsForResource, &timestreamwrite.ListTagsForResourceInput{ResourceARN: &arn})
		b.add()
	})
}

func influxInstances(ctx context.Context, r *region) {
	c := timestreaminfluxdb.NewFromConfig(r.config("timestreaminfluxdb"))
	each(ctx, r, list(ctx, r, c.ListDbInstances, &timestreaminfluxdb.ListDbInstancesInput{}, "Items"), func(item value.Value) {
		id, arn := text(item, "Id"), text(item, "Arn")
		b := r.resource(arn, "ListDbInstances", item)
		ask(ctx, b, c.GetDbInstance, &timestreaminfluxdb.GetDbInstanceInput{Identifier: &id})
		ask(ctx, b, c.ListTagsForResource, &timestreaminfluxdb.ListTagsForResourceInput{ResourceArn: &arn})
		b.add()
	})
}
