package aws

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"ward.dev/ward/internal/value"
)

// trails are listed with those of other regions and of the organization that write here too, since a member account finds
// the organization's trail only so. Each is read once, where it is at home.
func trails(ctx context.Context, r *region) {
	c := cloudtrail.NewFromConfig(r.config("cloudtrail"))
	each(ctx, r, list(ctx, r, c.DescribeTrails, &cloudtrail.DescribeTrailsInput{}, "TrailList"), func(item value.Value) {
		home, arn := text(item, "HomeRegion"), text(item, "TrailARN")
		if !r.speaksFor(home) {
			return
		}
		b := r.in(home).resource(arn, "DescribeTrails", item)
		b.keep("Apart", apart(ctx, b.region, arn, text(item, "S3BucketName")))
		c := cloudtrail.NewFromConfig(b.region.config("cloudtrail"))
		ask(ctx, b, c.GetTrailStatus, &cloudtrail.GetTrailStatusInput{Name: &arn})
		ask(ctx, b, c.GetEventSelectors, &cloudtrail.GetEventSelectorsInput{TrailName: &arn})
		ask(ctx, b, c.GetInsightSelectors, &cloudtrail.GetInsightSelectorsInput{TrailName: &arn}, none("InsightNotEnabledException"))
		ask(ctx, b, c.ListTags, &cloudtrail.ListTagsInput{ResourceIdList: []string{arn}})
		b.add()
	})
}

// apart tells whether a trail writes to a bucket of another account than its own, where whoever takes over the account cannot
// remove the files. Of the trail of another account that is not known, unless the bucket is here.
func apart(ctx context.Context, r *region, trail, bucket string) value.Value {
	service, name := named[*s3.ListBucketsOutput]()
	here := false
	for item, err := range pages(ctx, r, s3Client(r).ListBuckets, &s3.ListBucketsInput{Prefix: &bucket, MaxBuckets: aws.Int32(1000)}, "Buckets") {
		if err != nil {
			return r.told(value.Value{}, service, name, err, nil)
		}
		here = here || text(item, "Name") == bucket
	}
	own := strings.Contains(trail, ":"+r.account.ID+":")
	if !own && !here {
		return value.Unresolved(value.Reason{Why: "the trail belongs to another account, and its bucket is not in this one",
			Grant: "assess the account of the trail too"}).At(r.origin(service, name))
	}
	return value.Bool(own != here).At(r.origin(service, name))
}

// speaksFor tells whether what belongs to a region is read in this one: it is that region, or the first one if that is not
// to be read.
func (r *region) speaksFor(home string) bool {
	only := r.run.options.Regions
	switch {
	case r.run.rehearsal != nil:
		return true
	case len(only) == 0 || slices.Contains(only, home):
		return r.name == home
	}
	return r.name == only[0]
}

func eventDataStores(ctx context.Context, r *region) {
	c := cloudtrail.NewFromConfig(r.config("cloudtrail"))
	in, unsupported := &cloudtrail.ListEventDataStoresInput{}, none("UnsupportedOperationException")
	each(ctx, r, list(ctx, r, c.ListEventDataStores, in, "EventDataStores", unsupported), func(item value.Value) {
		arn := text(item, "EventDataStoreArn")
		b := r.resource(arn, "ListEventDataStores", item)
		ask(ctx, b, c.GetEventDataStore, &cloudtrail.GetEventDataStoreInput{EventDataStore: &arn})
		ask(ctx, b, c.ListTags, &cloudtrail.ListTagsInput{ResourceIdList: []string{arn}})
		b.add()
	})
}
