package aws

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/elasticache/types"

	"ward.dev/ward/internal/value"
)

func cacheClusters(ctx context.Context, r *region) {
	c := elasticache.NewFromConfig(r.config("elasticache"))
	waiting := sync.OnceValue(func() *shared { return cacheUpdates(ctx, r, c, "CacheClusterId") })
	each(ctx, r, list(ctx, r, c.DescribeCacheClusters, &elasticache.DescribeCacheClustersInput{}, "CacheClusters"), func(item value.Value) {
		arn := text(item, "ARN")
		b := r.resource(arn, "DescribeCacheClusters", item)
		ask(ctx, b, c.ListTagsForResource, &elasticache.ListTagsForResourceInput{ResourceName: &arn})
		waiting().keep(b, text(item, "CacheClusterId"))
		b.add()
	})
}

func cacheReplicationGroups(ctx context.Context, r *region) {
	c := elasticache.NewFromConfig(r.config("elasticache"))
	waiting := sync.OnceValue(func() *shared { return cacheUpdates(ctx, r, c, "ReplicationGroupId") })
	groups := list(ctx, r, c.DescribeReplicationGroups, &elasticache.DescribeReplicationGroupsInput{}, "ReplicationGroups")
	each(ctx, r, groups, func(item value.Value) {
		arn := text(item, "ARN")
		b := r.resource(arn, "DescribeReplicationGroups", item)
		ask(ctx, b, c.ListTagsForResource, &elasticache.ListTagsForResourceInput{ResourceName: &arn})
		waiting().keep(b, text(item, "ReplicationGroupId"))
		b.add()
	})
}

// cacheUpdates are the updates of the service that are not yet installed.
func cacheUpdates(ctx context.Context, r *region, c *elasticache.Client, member string) *shared {
	return gather(ctx, r, c.DescribeUpdateActions, &elasticache.DescribeUpdateActionsInput{
		ServiceUpdateStatus: []types.ServiceUpdateStatus{types.ServiceUpdateStatusAvailable},
		UpdateActionStatus: []types.UpdateActionStatus{types.UpdateActionStatusNotApplied, types.UpdateActionStatusWaitingToStart,
			types.UpdateActionStatusScheduling, types.UpdateActionStatusScheduled, types.UpdateActionStatusStopped},
	}, "UpdateActions", member)
}

func cacheServerless(ctx context.Context, r *region) {
	c := elasticache.NewFromConfig(r.config("elasticache"))
	caches := list(ctx, r, c.DescribeServerlessCaches, &elasticache.DescribeServerlessCachesInput{}, "ServerlessCaches")
	each(ctx, r, caches, func(item value.Value) {
		arn := text(item, "ARN")
		b := r.resource(arn, "DescribeServerlessCaches", item)
		ask(ctx, b, c.ListTagsForResource, &elasticache.ListTagsForResourceInput{ResourceName: &arn})
		b.add()
	})
}

func cacheUsers(ctx context.Context, r *region) {
	c := elasticache.NewFromConfig(r.config("elasticache"))
	for item := range list(ctx, r, c.DescribeUsers, &elasticache.DescribeUsersInput{}, "Users") {
		r.resource(text(item, "ARN"), "DescribeUsers", item).add()
	}
}
