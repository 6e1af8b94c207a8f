package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/vpclattice"

	"ward.dev/ward/internal/value"
)

func latticeServices(ctx context.Context, r *region) {
	c := vpclattice.NewFromConfig(r.config("vpclattice"))
	each(ctx, r, list(ctx, r, c.ListServices, &vpclattice.ListServicesInput{MaxResults: aws.Int32(100)}, "Items"), func(item value.Value) {
		arn := text(item, "Arn")
		b := r.resource(arn, "ListServices", item)
		ask(ctx, b, c.GetService, &vpclattice.GetServiceInput{ServiceIdentifier: &arn})
		askAll(ctx, b, c.ListListeners, &vpclattice.ListListenersInput{ServiceIdentifier: &arn, MaxResults: aws.Int32(100)}, "Items")
		askAll(ctx, b, c.ListAccessLogSubscriptions,
			&vpclattice.ListAccessLogSubscriptionsInput{ResourceIdentifier: &arn, MaxResults: aws.Int32(100)}, "Items")
		ask(ctx, b, c.ListTagsForResource, &vpclattice.ListTagsForResourceInput{ResourceArn: &arn})
		b.add()
	})
}
