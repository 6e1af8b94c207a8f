package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/inspector2"
	"github.com/aws/aws-sdk-go-v2/service/inspector2/types"

	"ward.dev/ward/internal/value"
)

// inspector makes one block for each region, whether Inspector is on there or not.
func inspector(ctx context.Context, r *region) {
	c := inspector2.NewFromConfig(r.config("inspector2"))
	own := value.String(r.account.ID).At(r.origin("inspector2", "BatchGetAccountStatus"))
	b := r.resource(r.arn("inspector2", "account"), "Account", own)
	askInspector(ctx, b)
	b.keep("OldestCritical", oldestHole(ctx, b, c, types.SeverityCritical))
	b.keep("OldestHigh", oldestHole(ctx, b, c, types.SeverityHigh))
	b.add()
}

// askInspector asks what Inspector scans here and keeps, besides the reply, the types under Scanned, as lists of them name
// them. An account of which the reply does not tell is not known.
func askInspector(ctx context.Context, b *block) {
	c := inspector2.NewFromConfig(b.region.config("inspector2"))
	reply := ask(ctx, b, c.BatchGetAccountStatus, &inspector2.BatchGetAccountStatusInput{AccountIds: []string{b.region.account.ID}})
	b.keep("Scanned", scanned(reply))
}

func scanned(reply value.Value) value.Value {
	if reply.IsUnknown() {
		return reply
	}
	accounts := found(reply, []string{"Accounts"})
	if len(accounts) == 0 {
		return value.Unresolved(value.Reason{Why: "inspector2:BatchGetAccountStatus does not tell of the account",
			Grant: "inspector2:BatchGetAccountStatus"}).At(reply.Origin())
	}
	var on []value.Value
	for _, each := range [][2]string{{"Ec2", "EC2"}, {"Ecr", "ECR"}, {"Lambda", "LAMBDA"}, {"LambdaCode", "LAMBDA_CODE"}} {
		switch text(accounts[0], "ResourceState", each[0], "Status") {
		case "ENABLED", "ENABLING":
			on = append(on, value.String(each[1]).At(reply.Origin()))
		}
	}
	return value.List(on...).At(reply.Origin())
}

// oldestHole returns the oldest finding of a severity about this account that is still there.
func oldestHole(ctx context.Context, b *block, c *inspector2.Client, severity types.Severity) value.Value {
	is := func(text string) []types.StringFilter {
		return []types.StringFilter{{Comparison: types.StringComparisonEquals, Value: &text}}
	}
	reply, _, err := send(ctx, b.region, c.ListFindings, &inspector2.ListFindingsInput{MaxResults: aws.Int32(1),
		SortCriteria: &types.SortCriteria{Field: types.SortFieldFirstObservedAt, SortOrder: types.SortOrderAsc},
		FilterCriteria: &types.FilterCriteria{AwsAccountId: is(b.region.account.ID), FindingStatus: is(string(types.FindingStatusActive)),
			Severity: is(string(severity))}})
	reply = b.region.told(reply, "inspector2", "ListFindings", err, nil)
	return firstOf(reply, "Findings", "FindingArn", "Severity", "FirstObservedAt")
}
