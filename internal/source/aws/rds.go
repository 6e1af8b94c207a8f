package aws

import (
	"context"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"ward.dev/ward/internal/value"
)

// RDS, DocumentDB and Neptune answer through one API. Each kind takes what runs the engines of its service.

// isOf tells whether an engine, or a family of parameters for it, is of a service: "docdb", "neptune" or "rds". What is
// rehearsed is of all.
func (r *region) isOf(service, engine string) bool {
	if r.run.rehearsal != nil {
		return true
	}
	for _, other := range []string{"docdb", "neptune"} {
		if strings.HasPrefix(engine, other) {
			return service == other
		}
	}
	return service == "rds"
}

// ofEngine asks for the resources of a service only; RDS has too many engines to name them.
func ofEngine(service string) []types.Filter {
	if service == "rds" {
		return nil
	}
	name := "engine"
	return []types.Filter{{Name: &name, Values: []string{service}}}
}

func dbInstances(service string) func(context.Context, *region) {
	return func(ctx context.Context, r *region) {
		c := rds.NewFromConfig(r.config("rds"))
		about := dbFacts(ctx, r, c)
		for item := range list(ctx, r, c.DescribeDBInstances, &rds.DescribeDBInstancesInput{Filters: ofEngine(service)}, "DBInstances") {
			if !r.isOf(service, text(item, "Engine")) {
				continue
			}
			b := r.resource(text(item, "DBInstanceArn"), "DescribeDBInstances", item)
			about.waiting().keep(b, text(item, "DBInstanceArn"))
			if service == "rds" { // members of the others have no backups of their own
				about.backups().keep(b, text(item, "DbiResourceId"))
				about.lifecycles().keep(b, text(item, "Engine"))
			}
			b.add()
		}
	}
}

func dbClusters(service string) func(context.Context, *region) {
	return func(ctx context.Context, r *region) {
		c := rds.NewFromConfig(r.config("rds"))
		about := dbFacts(ctx, r, c)
		for item := range list(ctx, r, c.DescribeDBClusters, &rds.DescribeDBClustersInput{Filters: ofEngine(service)}, "DBClusters") {
			if !r.isOf(service, text(item, "Engine")) {
				continue
			}
			b := r.resource(text(item, "DBClusterArn"), "DescribeDBClusters", item)
			about.waiting().keep(b, text(item, "DBClusterArn"))
			if service == "rds" {
				about.lifecycles().keep(b, text(item, "Engine"))
			}
			b.add()
		}
	}
}

// facts are what the API tells of all databases of a region at once. Each is asked when the first database needs it.
type facts struct{ waiting, backups, lifecycles func() *shared }

func dbFacts(ctx context.Context, r *region, c *rds.Client) facts {
	return facts{
		waiting: sync.OnceValue(func() *shared {
			return gather(ctx, r, c.DescribePendingMaintenanceActions, &rds.DescribePendingMaintenanceActionsInput{},
				"PendingMaintenanceActions", "ResourceIdentifier")
		}),
		backups: sync.OnceValue(func() *shared {
			return gather(ctx, r, c.DescribeDBInstanceAutomatedBackups, &rds.DescribeDBInstanceAutomatedBackupsInput{},
				"DBInstanceAutomatedBackups", "DbiResourceId")
		}),
		lifecycles: sync.OnceValue(func() *shared {
			return gather(ctx, r, c.DescribeDBMajorEngineVersions, &rds.DescribeDBMajorEngineVersionsInput{}, "DBMajorEngineVersions", "Engine")
		}),
	}
}

// dbGlobalClusters are the same asked in any region.
func dbGlobalClusters(ctx context.Context, r *region) {
	c := rds.NewFromConfig(r.config("rds"))
	for item := range list(ctx, r, c.DescribeGlobalClusters, &rds.DescribeGlobalClustersInput{}, "GlobalClusters") {
		if r.isOf("rds", text(item, "Engine")) {
			r.resource(text(item, "GlobalClusterArn"), "DescribeGlobalClusters", item).add()
		}
	}
}

// defaultGroup tells the groups that AWS keeps: they hold what the engine does by itself, and nobody can change them.
func defaultGroup(name string) bool { return strings.HasPrefix(name, "default.") }

// userSet is the Source of a parameter that somebody has set.
var userSet = "user"

func dbParameterGroups(ctx context.Context, r *region) {
	c := rds.NewFromConfig(r.config("rds"))
	each(ctx, r, list(ctx, r, c.DescribeDBParameterGroups, &rds.DescribeDBParameterGroupsInput{}, "DBParameterGroups"), func(item value.Value) {
		name, arn := text(item, "DBParameterGroupName"), text(item, "DBParameterGroupArn")
		if defaultGroup(name) || !r.isOf("rds", text(item, "DBParameterGroupFamily")) {
			return
		}
		b := r.resource(arn, "DescribeDBParameterGroups", item)
		askAll(ctx, b, c.DescribeDBParameters, &rds.DescribeDBParametersInput{DBParameterGroupName: &name, Source: &userSet}, "Parameters")
		ask(ctx, b, c.ListTagsForResource, &rds.ListTagsForResourceInput{ResourceName: &arn})
		b.add()
	})
}

func dbClusterParameterGroups(service string) func(context.Context, *region) {
	return func(ctx context.Context, r *region) {
		c := rds.NewFromConfig(r.config("rds"))
		groups := list(ctx, r, c.DescribeDBClusterParameterGroups, &rds.DescribeDBClusterParameterGroupsInput{}, "DBClusterParameterGroups")
		each(ctx, r, groups, func(item value.Value) {
			name, arn := text(item, "DBClusterParameterGroupName"), text(item, "DBClusterParameterGroupArn")
			if defaultGroup(name) || !r.isOf(service, text(item, "DBParameterGroupFamily")) {
				return
			}
			b := r.resource(arn, "DescribeDBClusterParameterGroups", item)
			askAll(ctx, b, c.DescribeDBClusterParameters,
				&rds.DescribeDBClusterParametersInput{DBClusterParameterGroupName: &name, Source: &userSet}, "Parameters")
			ask(ctx, b, c.ListTagsForResource, &rds.ListTagsForResourceInput{ResourceName: &arn})
			b.add()
		})
	}
}

func dbOptionGroups(ctx context.Context, r *region) {
	c := rds.NewFromConfig(r.config("rds"))
	groups := list(ctx, r, c.DescribeOptionGroups, &rds.DescribeOptionGroupsInput{}, "OptionGroupsList")
	each(ctx, r, groups, func(item value.Value) {
		arn := text(item, "OptionGroupArn")
		b := r.resource(arn, "DescribeOptionGroups", item)
		ask(ctx, b, c.ListTagsForResource, &rds.ListTagsForResourceInput{ResourceName: &arn})
		b.add()
	})
}

func dbProxies(ctx context.Context, r *region) {
	c := rds.NewFromConfig(r.config("rds"))
	each(ctx, r, list(ctx, r, c.DescribeDBProxies, &rds.DescribeDBProxiesInput{}, "DBProxies"), func(item value.Value) {
		arn := text(item, "DBProxyArn")
		b := r.resource(arn, "DescribeDBProxies", item)
		ask(ctx, b, c.ListTagsForResource, &rds.ListTagsForResourceInput{ResourceName: &arn})
		b.add()
	})
}

func dbEventSubscriptions(ctx context.Context, r *region) {
	c := rds.NewFromConfig(r.config("rds"))
	subscriptions := list(ctx, r, c.DescribeEventSubscriptions, &rds.DescribeEventSubscriptionsInput{}, "EventSubscriptionsList")
	each(ctx, r, subscriptions, func(item value.Value) {
		arn := text(item, "EventSubscriptionArn")
		b := r.resource(arn, "DescribeEventSubscriptions", item)
		ask(ctx, b, c.ListTagsForResource, &rds.ListTagsForResourceInput{ResourceName: &arn})
		b.add()
	})
}
