package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/athena"

	"ward.dev/ward/internal/value"
)

func athenaWorkgroups(ctx context.Context, r *region) {
	c := athena.NewFromConfig(r.config("athena"))
	each(ctx, r, list(ctx, r, c.ListWorkGroups, &athena.ListWorkGroupsInput{}, "WorkGroups"), func(item value.Value) {
		name := text(item, "Name")
		address := r.arn("athena", "workgroup/"+name)
		b := r.resource(address, "ListWorkGroups", item)
		ask(ctx, b, c.GetWorkGroup, &athena.GetWorkGroupInput{WorkGroup: &name})
		askAll(ctx, b, c.ListTagsForResource, &athena.ListTagsForResourceInput{ResourceARN: &address}, "Tags")
		b.add()
	})
}
