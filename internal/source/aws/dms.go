package aws

import (
	"context"

	dms "github.com/aws/aws-sdk-go-v2/service/databasemigrationservice"

	"ward.dev/ward/internal/value"
)

// noDMS is what DMS says for an empty list.
var noDMS = none("ResourceNotFoundFault")

func dmsEndpoints(ctx context.Context, r *region) {
	c := dms.NewFromConfig(r.config("databasemigrationservice"))
	endpoints := list(ctx, r, c.DescribeEndpoints, &dms.DescribeEndpointsInput{}, "Endpoints", noDMS)
	each(ctx, r, endpoints, func(item value.Value) { addDMS(ctx, r, c, text(item, "EndpointArn"), "DescribeEndpoints", item) })
}

func dmsInstances(ctx context.Context, r *region) {
	c := dms.NewFromConfig(r.config("databasemigrationservice"))
	instances := list(ctx, r, c.DescribeReplicationInstances, &dms.DescribeReplicationInstancesInput{}, "ReplicationInstances", noDMS)
	each(ctx, r, instances, func(item value.Value) {
		addDMS(ctx, r, c, text(item, "ReplicationInstanceArn"), "DescribeReplicationInstances", item)
	})
}

func dmsTasks(ctx context.Context, r *region) {
	c := dms.NewFromConfig(r.config("databasemigrationservice"))
	tasks := list(ctx, r, c.DescribeReplicationTasks, &dms.DescribeReplicationTasksInput{}, "ReplicationTasks", noDMS)
	each(ctx, r, tasks, func(item value.Value) {
		addDMS(ctx, r, c, text(item, "ReplicationTaskArn"), "DescribeReplicationTasks", item)
	})
}

// addDMS adds what was listed, with its tags.
func addDMS(ctx context.Context, r *region, c *dms.Client, arn, operation string, item value.Value) {
	b := r.resource(arn, operation, item)
	ask(ctx, b, c.ListTagsForResource, &dms.ListTagsForResourceInput{ResourceArn: &arn})
	b.add()
}
