package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/appsync"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"ward.dev/ward/internal/value"
)

func appSyncAPIs(ctx context.Context, r *region) {
	c := appsync.NewFromConfig(r.config("appsync"))
	each(ctx, r, list(ctx, r, c.ListGraphqlApis, &appsync.ListGraphqlApisInput{}, "GraphqlApis"), func(item value.Value) {
		id := text(item, "ApiId")
		b := r.resource(text(item, "Arn"), "ListGraphqlApis", item)
		askAll(ctx, b, c.ListDataSources, &appsync.ListDataSourcesInput{ApiId: &id}, "DataSources")
		ask(ctx, b, c.GetApiCache, &appsync.GetApiCacheInput{ApiId: &id}, none("NotFoundException"))
		b.add()
	})
}

// stateMachines keep of their definition only whom it calls: what stands in its steps is not ours to hand on.
func stateMachines(ctx context.Context, r *region) {
	c := sfn.NewFromConfig(r.config("sfn"))
	all := list(ctx, r, c.ListStateMachines, &sfn.ListStateMachinesInput{MaxResults: 1000}, "StateMachines")
	each(ctx, r, all, func(item value.Value) {
		arn := text(item, "StateMachineArn")
		b := r.resource(arn, "ListStateMachines", item)
		machine := ask(ctx, b, c.DescribeStateMachine, &sfn.DescribeStateMachineInput{StateMachineArn: &arn})
		called := arnsIn(text(machine, "Definition")).At(machine.Origin())
		if machine.IsUnknown() { // who may not use the key that encrypts the definition may still read the rest
			called = machine
			machine = ask(ctx, b, c.DescribeStateMachine, &sfn.DescribeStateMachineInput{StateMachineArn: &arn,
				IncludedData: types.IncludedDataMetadataOnly})
		}
		b.keep("DescribeStateMachine", with(with(machine, "Definition", value.None()), "Calls", called))
		ask(ctx, b, c.ListTagsForResource, &sfn.ListTagsForResourceInput{ResourceArn: &arn})
		b.add()
	})
}
