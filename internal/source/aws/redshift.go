package aws

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/redshift"
	"github.com/aws/aws-sdk-go-v2/service/redshiftserverless"

	"ward.dev/ward/internal/value"
)

func redshiftClusters(ctx context.Context, r *region) {
	c := redshift.NewFromConfig(r.config("redshift"))
	since := time.Now().Add(-lately)
	each(ctx, r, list(ctx, r, c.DescribeClusters, &redshift.DescribeClustersInput{}, "Clusters"), func(item value.Value) {
		id := text(item, "ClusterIdentifier")
		b := r.resource(r.arn("redshift", "cluster:"+id), "DescribeClusters", item)
		ask(ctx, b, c.DescribeLoggingStatus, &redshift.DescribeLoggingStatusInput{ClusterIdentifier: &id})
		askAll(ctx, b, c.DescribeClusterSnapshots, &redshift.DescribeClusterSnapshotsInput{ClusterIdentifier: &id, StartTime: &since}, "Snapshots")
		b.add()
	})
}

// lately is how far back a cluster's snapshots are asked for. All of them may be thousands.
const lately = 7 * 24 * time.Hour

func redshiftParameterGroups(ctx context.Context, r *region) {
	c := redshift.NewFromConfig(r.config("redshift"))
	groups := list(ctx, r, c.DescribeClusterParameterGroups, &redshift.DescribeClusterParameterGroupsInput{}, "ParameterGroups")
	each(ctx, r, groups, func(item value.Value) {
		name := text(item, "ParameterGroupName")
		if defaultGroup(name) {
			return
		}
		b := r.resource(r.arn("redshift", "parametergroup:"+name), "DescribeClusterParameterGroups", item)
		askAll(ctx, b, c.DescribeClusterParameters,
			&redshift.DescribeClusterParametersInput{ParameterGroupName: &name, Source: &userSet}, "Parameters")
		b.add()
	})
}

// redshiftSnapshots are those that somebody took. Their replies say with whom they are shared.
func redshiftSnapshots(ctx context.Context, r *region) {
	c := redshift.NewFromConfig(r.config("redshift"))
	for item := range list(ctx, r, c.DescribeClusterSnapshots, &redshift.DescribeClusterSnapshotsInput{SnapshotType: &manualOnly}, "Snapshots") {
		address := text(item, "SnapshotArn")
		if address == "" {
			address = r.arn("redshift", "snapshot:"+text(item, "ClusterIdentifier")+"/"+text(item, "SnapshotIdentifier"))
		}
		r.resource(address, "DescribeClusterSnapshots", item).add()
	}
}

func redshiftNamespaces(ctx context.Context, r *region) {
	c := redshiftserverless.NewFromConfig(r.config("redshiftserverless"))
	each(ctx, r, list(ctx, r, c.ListNamespaces, &redshiftserverless.ListNamespacesInput{}, "Namespaces"), func(item value.Value) {
		arn := text(item, "NamespaceArn")
		b := r.resource(arn, "ListNamespaces", item)
		ask(ctx, b, c.ListTagsForResource, &redshiftserverless.ListTagsForResourceInput{ResourceArn: &arn})
		b.add()
	})
}

func redshiftWorkgroups(ctx context.Context, r *region) {
	c := redshiftserverless.NewFromConfig(r.config("redshiftserverless"))
	each(ctx, r, list(ctx, r, c.ListWorkgroups, &redshiftserverless.ListWorkgroupsInput{}, "Workgroups"), func(item value.Value) {
		arn := text(item, "WorkgroupArn")
		b := r.resource(arn, "ListWorkgroups", item)
		ask(ctx, b, c.ListTagsForResource, &redshiftserverless.ListTagsForResourceInput{ResourceArn: &arn})
		b.add()
	})
}
