package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/neptunegraph"

	"ward.dev/ward/internal/value"
)

func neptuneGraphs(ctx context.Context, r *region) {
	c := neptunegraph.NewFromConfig(r.config("neptunegraph"))
	each(ctx, r, list(ctx, r, c.ListGraphs, &neptunegraph.ListGraphsInput{}, "Graphs"), func(item value.Value) {
		arn := text(item, "Arn")
		b := r.resource(arn, "ListGraphs", item)
		ask(ctx, b, c.ListTagsForResource, &neptunegraph.ListTagsForResourceInput{ResourceArn: &arn})
		b.add()
	})
}
