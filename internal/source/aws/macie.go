package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	"github.com/aws/aws-sdk-go-v2/service/macie2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"ward.dev/ward/internal/value"
)

// noMacie is how Macie says that it is off in a region. The same code without these words is a refusal.
var noMacie = noneIf("AccessDeniedException", "Macie is not enabled")

// macieSession is whether Macie is on in a region, and whether there is a bucket to look at.
func macieSession(ctx context.Context, r *region) {
	c := macie2.NewFromConfig(r.config("macie2"))
	b := r.resource(r.arn("macie2", "session"), "Account", value.String(r.account.ID))
	ask(ctx, b, c.GetMacieSession, &macie2.GetMacieSessionInput{}, noMacie)
	ask(ctx, b, c.GetAutomatedDiscoveryConfiguration, &macie2.GetAutomatedDiscoveryConfigurationInput{}, noMacie)
	ask(ctx, b, s3Client(r).ListBuckets, &s3.ListBucketsInput{BucketRegion: aws.String(r.where()), MaxBuckets: aws.Int32(1)})
	b.add()
}

// countedBuckets is how many buckets Macie counts findings for at most; there is no second page.
const countedBuckets = 1000

// severeFindings counts, for each bucket, the findings of high severity that nobody has put aside.
var severeFindings = macie2.GetFindingStatisticsInput{GroupBy: types.GroupByResourcesAffectedS3BucketName, Size: aws.Int32(countedBuckets),
	FindingCriteria: &types.FindingCriteria{Criterion: map[string]types.CriterionAdditionalProperties{
		"archived": {Eq: []string{"false"}}, "severity.description": {Eq: []string{"High"}}}}}

// macieBuckets are the buckets as Macie sees them: when it looked last, and what it found.
func macieBuckets(ctx context.Context, r *region) {
	c := macie2.NewFromConfig(r.config("macie2"))
	in, others := severeFindings, value.None()
	byBucket := map[string]value.Value{}
	for item, err := range pages(ctx, r, c.GetFindingStatistics, &in, "CountsByGroup") {
		if err != nil {
			others = r.told(value.Value{}, "macie2", "GetFindingStatistics", err, []absence{noMacie})
			break
		}
		byBucket[text(item, "GroupKey")] = item
	}
	if len(byBucket) >= countedBuckets {
		others = value.Unresolved(value.Reason{Why: "Macie counts the findings of no more buckets"}).At(r.origin("macie2", "GetFindingStatistics"))
	}
	for item := range list(ctx, r, c.DescribeBuckets, &macie2.DescribeBucketsInput{MaxResults: aws.Int32(50)}, "Buckets", noMacie) {
		name := text(item, "BucketName")
		b := r.resource(r.arn("macie2", "bucket/"+name), "DescribeBuckets", item)
		b.keep("GetFindingStatistics", others)
		if count, ok := byBucket[name]; ok {
			b.keep("GetFindingStatistics", count)
		}
		b.add()
	}
}
