package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/rds"

	"ward.dev/ward/internal/value"
)

// manualOnly asks for the snapshots that somebody took or copied. The automatic ones cannot be shared, and are encrypted as their
// database is.
var manualOnly = "manual"

func dbSnapshots(ctx context.Context, r *region) {
	c := rds.NewFromConfig(r.config("rds"))
	each(ctx, r, list(ctx, r, c.DescribeDBSnapshots, &rds.DescribeDBSnapshotsInput{SnapshotType: &manualOnly}, "DBSnapshots"), func(item value.Value) {
		id := text(item, "DBSnapshotIdentifier")
		b := r.resource(text(item, "DBSnapshotArn"), "DescribeDBSnapshots", item)
		ask(ctx, b, c.DescribeDBSnapshotAttributes, &rds.DescribeDBSnapshotAttributesInput{DBSnapshotIdentifier: &id})
		b.add()
	})
	dbClusterSnapshots("rds")(ctx, r)
}

func dbClusterSnapshots(service string) func(context.Context, *region) {
	return func(ctx context.Context, r *region) {
		c := rds.NewFromConfig(r.config("rds"))
		input := &rds.DescribeDBClusterSnapshotsInput{SnapshotType: &manualOnly, Filters: ofEngine(service)}
		each(ctx, r, list(ctx, r, c.DescribeDBClusterSnapshots, input, "DBClusterSnapshots"), func(item value.Value) {
			if !r.isOf(service, text(item, "Engine")) {
				return
			}
			id := text(item, "DBClusterSnapshotIdentifier")
			b := r.resource(text(item, "DBClusterSnapshotArn"), "DescribeDBClusterSnapshots", item)
			ask(ctx, b, c.DescribeDBClusterSnapshotAttributes, &rds.DescribeDBClusterSnapshotAttributesInput{DBClusterSnapshotIdentifier: &id})
			b.add()
		})
	}
}
