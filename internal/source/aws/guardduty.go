package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/guardduty/types"

	"ward.dev/ward/internal/value"
)

func detectors(ctx context.Context, r *region) {
	c := guardduty.NewFromConfig(r.config("guardduty"))
	for item := range list(ctx, r, c.ListDetectors, &guardduty.ListDetectorsInput{}, "DetectorIds") {
		id, _ := item.AsString()
		b := r.resource(r.arn("guardduty", "detector/"+id), "ListDetectors", item)
		ask(ctx, b, c.GetDetector, &guardduty.GetDetectorInput{DetectorId: &id})
		askAll(ctx, b, c.ListPublishingDestinations, &guardduty.ListPublishingDestinationsInput{DetectorId: &id}, "Destinations")
		b.keep("OldestHigh", oldestThreat(ctx, b, c, id, types.Condition{GreaterThanOrEqual: aws.Int64(7)}))
		b.keep("OldestMedium", oldestThreat(ctx, b, c, id, types.Condition{GreaterThanOrEqual: aws.Int64(4), LessThan: aws.Int64(7)}))
		b.add()
	}
}

// oldestThreat returns the oldest finding of a severity about this account that nobody has archived.
func oldestThreat(ctx context.Context, b *block, c *guardduty.Client, detector string, severity types.Condition) value.Value {
	in := &guardduty.ListFindingsInput{DetectorId: &detector, MaxResults: aws.Int32(1),
		SortCriteria: &types.SortCriteria{AttributeName: aws.String("createdAt"), OrderBy: types.OrderByAsc},
		FindingCriteria: &types.FindingCriteria{Criterion: map[string]types.Condition{
			"service.archived": {Equals: []string{"false"}}, "accountId": {Equals: []string{b.region.account.ID}}, "severity": severity}}}
	reply, _, err := send(ctx, b.region, c.ListFindings, in)
	if err != nil {
		return b.region.told(reply, "guardduty", "ListFindings", err, nil)
	}
	id, found := firstOf(reply, "FindingIds").AsString()
	if !found {
		return firstOf(reply, "FindingIds")
	}
	reply, _, err = send(ctx, b.region, c.GetFindings, &guardduty.GetFindingsInput{DetectorId: &detector, FindingIds: []string{id}})
	reply = b.region.told(reply, "guardduty", "GetFindings", err, nil)
	return firstOf(reply, "Findings", "Id", "Type", "Severity", "CreatedAt")
}
