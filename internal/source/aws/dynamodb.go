package aws

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"ward.dev/ward/internal/value"
)

func dynamoTables(ctx context.Context, r *region) {
	c := dynamodb.NewFromConfig(r.config("dynamodb"))
	scaling := sync.OnceValue(func() *shared { return tableScaling(ctx, r) })
	each(ctx, r, list(ctx, r, c.ListTables, &dynamodb.ListTablesInput{}, "TableNames"), func(item value.Value) {
		name, _ := item.AsString()
		arn := r.arn("dynamodb", "table/"+name)
		b := r.resource(arn, "ListTables", item)
		table := ask(ctx, b, c.DescribeTable, &dynamodb.DescribeTableInput{TableName: &name})
		ask(ctx, b, c.DescribeContinuousBackups, &dynamodb.DescribeContinuousBackupsInput{TableName: &name})
		ask(ctx, b, c.ListTagsOfResource, &dynamodb.ListTagsOfResourceInput{ResourceArn: &arn})
		ask(ctx, b, c.GetResourcePolicy, &dynamodb.GetResourcePolicyInput{ResourceArn: &arn}, none("PolicyNotFoundException"))
		scaling().keep(b, "table/"+name)
		inner := table.Field("Table")
		b.keep("DescribeTable", with(table, "Table", with(inner, "Replicas", replicasOf(ctx, r, name, inner.Field("Replicas")))))
		b.keep("Account", value.String(dynamoAddress(r)).At(item.Origin()))
		b.add()
	})
}

// tableScaling is what of all tables scales by itself.
func tableScaling(ctx context.Context, r *region) *shared {
	c := applicationautoscaling.NewFromConfig(r.config("applicationautoscaling"))
	return gather(ctx, r, c.DescribeScalableTargets,
		&applicationautoscaling.DescribeScalableTargetsInput{ServiceNamespace: types.ServiceNamespaceDynamodb}, "ScalableTargets", "ResourceId")
}

// replicasOf are the table's copies in other regions, each with what its own region says of its backups.
func replicasOf(ctx context.Context, r *region, table string, replicas value.Value) value.Value {
	items, isList := replicas.AsList()
	if !isList {
		return replicas
	}
	all := make([]value.Value, len(items))
	for i, replica := range items {
		all[i] = with(replica, "DescribeContinuousBackups", askReplica(ctx, r, replica, table).body["DescribeContinuousBackups"])
	}
	return value.List(all...).At(replicas.Origin())
}

// askReplica asks about a table in the region of one of its replicas.
func askReplica(ctx context.Context, r *region, replica value.Value, table string) *block {
	there := r.in(text(replica, "RegionName"))
	c := dynamodb.NewFromConfig(there.config("dynamodb"))
	b := there.resource("", "Replica", replica)
	ask(ctx, b, c.DescribeContinuousBackups, &dynamodb.DescribeContinuousBackupsInput{TableName: &table})
	return b
}

// dynamoGlobalTables are those of the first version, of 2017. The tables of the second are listed in each region.
func dynamoGlobalTables(ctx context.Context, r *region) {
	c := dynamodb.NewFromConfig(r.config("dynamodb"))
	for item := range list(ctx, r, c.ListGlobalTables, &dynamodb.ListGlobalTablesInput{RegionName: &r.name}, "GlobalTables") {
		name := text(item, "GlobalTableName")
		replicas, _ := item.Field("ReplicationGroup").AsList()
		var all []value.Value
		first := ""
		for _, replica := range replicas {
			if where := text(replica, "RegionName"); first == "" || where < first {
				first = where
			}
			about := askReplica(ctx, r, replica, name)
			there := dynamodb.NewFromConfig(about.region.config("dynamodb"))
			ask(ctx, about, there.DescribeTable, &dynamodb.DescribeTableInput{TableName: &name})
			all = append(all, value.Object(about.body).At(replica.Origin()))
		}
		if first != r.name && r.run.rehearsal == nil {
			continue // each of its regions lists it
		}
		b := r.resource("arn:"+r.account.Partition+":dynamodb::"+r.account.ID+":global-table/"+name, "ListGlobalTables",
			with(item, "ReplicationGroup", value.List(all...).At(item.Origin())))
		b.add()
	}
}

func dynamoAddress(r *region) string { return r.arn("dynamodb", "account") }

// dynamoAccount is how much all tables of a region may take. What they take is found from the tables, which name it.
func dynamoAccount(ctx context.Context, r *region) {
	c := dynamodb.NewFromConfig(r.config("dynamodb"))
	b := r.resource(dynamoAddress(r), "Account", value.None())
	ask(ctx, b, c.DescribeLimits, &dynamodb.DescribeLimitsInput{})
	b.add()
}
