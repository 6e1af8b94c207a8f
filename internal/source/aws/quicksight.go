package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/quicksight"

	"ward.dev/ward/internal/value"
)

// unsubscribed are the errors that say that an account does not use QuickSight at all.
var unsubscribed = []absence{none("ResourceNotFoundException"), noneIf("UnsupportedUserEditionException", "not subscribed")}

// quicksightAccounts makes a block in the region that keeps the account's users; the others refuse and say which it is.
func quicksightAccounts(ctx context.Context, r *region) {
	c := quicksight.NewFromConfig(r.config("quicksight"))
	id := &r.account.ID
	absent := append([]absence{noneIf("AccessDeniedException", "identity region")}, unsubscribed...)
	in := &quicksight.DescribeAccountSettingsInput{AwsAccountId: id}
	for item := range list(ctx, r, c.DescribeAccountSettings, in, "", absent...) {
		b := r.resource(r.arn("quicksight", "account"), "DescribeAccountSettings", item)
		ask(ctx, b, c.DescribeAccountSubscription, &quicksight.DescribeAccountSubscriptionInput{AwsAccountId: id})
		ask(ctx, b, c.DescribeIpRestriction, &quicksight.DescribeIpRestrictionInput{AwsAccountId: id})
		b.add()
	}
}

// quicksightSources are the data sources of QuickSight. An account that has not signed up for it has none.
func quicksightSources(ctx context.Context, r *region) {
	c := quicksight.NewFromConfig(r.config("quicksight"))
	in := &quicksight.ListDataSourcesInput{AwsAccountId: &r.account.ID}
	each(ctx, r, list(ctx, r, c.ListDataSources, in, "DataSources", unsubscribed...), func(item value.Value) {
		arn := text(item, "Arn")
		b := r.resource(arn, "ListDataSources", item)
		ask(ctx, b, c.ListTagsForResource, &quicksight.ListTagsForResourceInput{ResourceArn: &arn})
		b.add()
	})
}
