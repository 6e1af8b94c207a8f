package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"ward.dev/ward/internal/value"
)

func connectInstances(ctx context.Context, r *region) {
	c := connect.NewFromConfig(r.config("connect"))
	each(ctx, r, list(ctx, r, c.ListInstances, &connect.ListInstancesInput{}, "InstanceSummaryList"), func(item value.Value) {
		id := text(item, "Id")
		b := r.resource(text(item, "Arn"), "ListInstances", item)
		ask(ctx, b, c.DescribeInstance, &connect.DescribeInstanceInput{InstanceId: &id})
		askAll(ctx, b, c.ListInstanceAttributes, &connect.ListInstanceAttributesInput{InstanceId: &id}, "Attributes")
		b.add()
	})
}

// connectStorage is listed for each contact centre and type of what is kept.
func connectStorage(ctx context.Context, r *region) {
	c := connect.NewFromConfig(r.config("connect"))
	each(ctx, r, list(ctx, r, c.ListInstances, &connect.ListInstancesInput{}, "InstanceSummaryList"), func(instance value.Value) {
		id := text(instance, "Id")
		for _, typ := range types.InstanceStorageResourceType("").Values() {
			in := &connect.ListInstanceStorageConfigsInput{InstanceId: &id, ResourceType: typ}
			for item := range list(ctx, r, c.ListInstanceStorageConfigs, in, "StorageConfigs") {
				address := text(instance, "Arn") + "/storage-config/" + string(typ) + "/" + text(item, "AssociationId")
				b := r.resource(address, "ListInstanceStorageConfigs", item)
				b.keep("ListInstances", instance)
				b.add()
			}
		}
	})
}
