package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"

	"ward.dev/ward/internal/value"
)

// everyRegion makes one block for the region: what guards it, and whether there is anything for Inspector and Macie to look
// at. What is on in one region must not count for another.
func everyRegion(ctx context.Context, r *region) {
	name := value.String(r.name).At(r.origin("ec2", "DescribeRegions"))
	b := r.resource(r.arn("account", "region/"+r.name), "Name", name)
	askAll(ctx, b, guardduty.NewFromConfig(r.config("guardduty")).ListDetectors, &guardduty.ListDetectorsInput{}, "DetectorIds")
	ask(ctx, b, securityhub.NewFromConfig(r.config("securityhub")).DescribeHub, &securityhub.DescribeHubInput{}, noHub...)
	ask(ctx, b, configservice.NewFromConfig(r.config("configservice")).DescribeConfigurationRecorders,
		&configservice.DescribeConfigurationRecordersInput{})
	ask(ctx, b, cloudtrail.NewFromConfig(r.config("cloudtrail")).DescribeTrails, &cloudtrail.DescribeTrailsInput{})
	analyzers := accessanalyzer.NewFromConfig(r.config("accessanalyzer"))
	askAll(ctx, b, analyzers.ListAnalyzers, &accessanalyzer.ListAnalyzersInput{}, "Analyzers")
	ask(ctx, b, macie2.NewFromConfig(r.config("macie2")).GetMacieSession, &macie2.GetMacieSessionInput{}, noMacie)
	ask(ctx, b, ec2.NewFromConfig(r.config("ec2")).GetEbsEncryptionByDefault, &ec2.GetEbsEncryptionByDefaultInput{})
	askInspector(ctx, b)
	askUse(ctx, b)
	b.add()
}

// askUse keeps whether there are machines, images, functions and buckets in the region, from one page of each list.
func askUse(ctx context.Context, b *block) {
	r := b.region
	machines, images, functions := ec2.NewFromConfig(r.config("ec2")), ecr.NewFromConfig(r.config("ecr")), lambda.NewFromConfig(r.config("lambda"))
	some(ctx, b, machines.DescribeInstances, &ec2.DescribeInstancesInput{MaxResults: aws.Int32(5)}, "Reservations")
	some(ctx, b, images.DescribeRepositories, &ecr.DescribeRepositoriesInput{MaxResults: aws.Int32(1)}, "Repositories")
	some(ctx, b, functions.ListFunctions, &lambda.ListFunctionsInput{MaxItems: aws.Int32(1)}, "Functions")
	some(ctx, b, s3Client(r).ListBuckets, &s3.ListBucketsInput{BucketRegion: aws.String(r.where()), MaxBuckets: aws.Int32(1)}, "Buckets")
}

// some keeps under an operation's name whether its list holds anything, not what.
func some[I, O, F any](ctx context.Context, b *block, call operation[I, O, F], input I, path string) {
	service, name := named[O]()
	reply, _, err := send(ctx, b.region, call, input)
	if told := b.region.told(reply, service, name, err, nil); told.IsUnknown() {
		b.keep(name, told)
		return
	}
	b.keep(name, value.Bool(len(found(reply, []string{path})) > 0).At(b.region.origin(service, name)))
}
