package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"

	"ward.dev/ward/internal/value"
)

// noHub is how Security Hub says that it is off in a region. The same code without these words is a refusal.
var noHub = []absence{noneIf("InvalidAccessException", "not subscribed to"), none("ResourceNotFoundException")}

func hubs(ctx context.Context, r *region) {
	c := securityhub.NewFromConfig(r.config("securityhub"))
	for item := range list(ctx, r, c.DescribeHub, &securityhub.DescribeHubInput{}, "", noHub...) {
		arn := text(item, "HubArn")
		b := r.resource(arn, "DescribeHub", item)
		askAll(ctx, b, c.GetEnabledStandards, &securityhub.GetEnabledStandardsInput{}, "StandardsSubscriptions")
		ask(ctx, b, c.ListTagsForResource, &securityhub.ListTagsForResourceInput{ResourceArn: &arn})
		b.keep("OldestCritical", oldestHubFinding(ctx, b, c, types.SeverityLabelCritical))
		b.keep("OldestHigh", oldestHubFinding(ctx, b, c, types.SeverityLabelHigh))
		b.add()
	}
}

// oldestHubFinding returns the oldest finding of a severity about this account and region that nobody has resolved or
// suppressed.
func oldestHubFinding(ctx context.Context, b *block, c *securityhub.Client, severity types.SeverityLabel) value.Value {
	is := func(text string) types.StringFilter {
		return types.StringFilter{Comparison: types.StringFilterComparisonEquals, Value: &text}
	}
	reply, _, err := send(ctx, b.region, c.GetFindings, &securityhub.GetFindingsInput{MaxResults: aws.Int32(1),
		SortCriteria: []types.SortCriterion{{Field: aws.String("CreatedAt"), SortOrder: types.SortOrderAscending}},
		Filters: &types.AwsSecurityFindingFilters{
			AwsAccountId:   []types.StringFilter{is(b.region.account.ID)},
			Region:         []types.StringFilter{is(b.region.where())},
			RecordState:    []types.StringFilter{is("ACTIVE")},
			WorkflowStatus: []types.StringFilter{is("NEW"), is("NOTIFIED")},
			SeverityLabel:  []types.StringFilter{is(string(severity))},
		}})
	reply = b.region.told(reply, "securityhub", "GetFindings", err, nil)
	return firstOf(reply, "Findings", "Id", "Severity", "CreatedAt")
}
