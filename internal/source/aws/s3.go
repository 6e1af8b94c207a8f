package aws

import (
	"cmp"
	"context"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"ward.dev/ward/internal/value"
)

// buckets are listed once for all regions; each is asked about in its own.
func buckets(ctx context.Context, r *region) {
	home := s3Client(r)
	clients := s3Clients{made: map[string]*s3.Client{r.where(): home}}
	each(ctx, r, list(ctx, r, home.ListBuckets, &s3.ListBucketsInput{MaxBuckets: aws.Int32(1000)}, "Buckets"), func(item value.Value) {
		name := text(item, "Name")
		b := r.resource("arn:"+r.account.Partition+":s3:::"+name, "ListBuckets", item)
		b.region = r.in(bucketRegion(ctx, b, home, item))
		c := clients.in(b.region)
		ask(ctx, b, c.GetBucketEncryption,
			&s3.GetBucketEncryptionInput{Bucket: &name}, none("ServerSideEncryptionConfigurationNotFoundError"))
		ask(ctx, b, c.GetBucketVersioning, &s3.GetBucketVersioningInput{Bucket: &name})
		ask(ctx, b, c.GetPublicAccessBlock, &s3.GetPublicAccessBlockInput{Bucket: &name}, none("NoSuchPublicAccessBlockConfiguration"))
		ask(ctx, b, c.GetBucketOwnershipControls,
			&s3.GetBucketOwnershipControlsInput{Bucket: &name}, none("OwnershipControlsNotFoundError"))
		ask(ctx, b, c.GetBucketAcl, &s3.GetBucketAclInput{Bucket: &name})
		ask(ctx, b, c.GetBucketPolicy, &s3.GetBucketPolicyInput{Bucket: &name}, none("NoSuchBucketPolicy"))
		ask(ctx, b, c.GetBucketLogging, &s3.GetBucketLoggingInput{Bucket: &name})
		ask(ctx, b, c.GetBucketReplication, &s3.GetBucketReplicationInput{Bucket: &name}, none("ReplicationConfigurationNotFoundError"))
		ask(ctx, b, c.GetObjectLockConfiguration,
			&s3.GetObjectLockConfigurationInput{Bucket: &name}, none("ObjectLockConfigurationNotFoundError"))
		ask(ctx, b, c.GetBucketLifecycleConfiguration,
			&s3.GetBucketLifecycleConfigurationInput{Bucket: &name}, none("NoSuchLifecycleConfiguration"))
		ask(ctx, b, c.GetBucketNotificationConfiguration, &s3.GetBucketNotificationConfigurationInput{Bucket: &name})
		ask(ctx, b, c.GetBucketWebsite, &s3.GetBucketWebsiteInput{Bucket: &name}, none("NoSuchWebsiteConfiguration"))
		ask(ctx, b, c.GetBucketTagging, &s3.GetBucketTaggingInput{Bucket: &name}, none("NoSuchTagSet"))
		b.add()
	})
}

// s3Clients has one client for each region: to make one anew costs more than a call.
type s3Clients struct {
	mu   sync.Mutex
	made map[string]*s3.Client
}

func (s *s3Clients) in(r *region) *s3.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.made[r.where()]
	if c == nil {
		c = s3Client(r)
		s.made[r.where()] = c
	}
	return c
}

// s3Client asks by path rather than by host where another endpoint than AWS's is set: it has no names for buckets.
func s3Client(r *region) *s3.Client {
	return s3.NewFromConfig(r.config("s3"), func(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil })
}

// s3ControlClient leaves the account out of the host's name where another endpoint than AWS's is set.
func s3ControlClient(r *region) *s3control.Client {
	return s3control.NewFromConfig(r.config("s3control"), func(o *s3control.Options) {
		if o.BaseEndpoint != nil {
			o.APIOptions = append(o.APIOptions, plainHost(r.account.ID))
		}
	})
}

func plainHost(account string) func(*middleware.Stack) error {
	plain := middleware.FinalizeMiddlewareFunc("PlainHost", func(ctx context.Context, in middleware.FinalizeInput,
		next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		if request, ok := in.Request.(*smithyhttp.Request); ok {
			request.URL.Host = strings.TrimPrefix(request.URL.Host, account+".")
		}
		return next.HandleFinalize(ctx, in)
	})
	return func(stack *middleware.Stack) error {
		return stack.Finalize.Insert(plain, "ResolveEndpointV2", middleware.After)
	}
}

// bucketRegion is where a bucket is: newer replies of the list say it, older ones are asked once more.
func bucketRegion(ctx context.Context, b *block, c *s3.Client, item value.Value) string {
	if name := text(item, "BucketRegion"); name != "" && b.region.run.rehearsal == nil {
		return name
	}
	bucket := text(item, "Name")
	switch where := ask(ctx, b, c.GetBucketLocation, &s3.GetBucketLocationInput{Bucket: &bucket}); {
	case where.IsUnknown():
		return b.region.name
	case text(where, "LocationConstraint") == "":
		return "us-east-1"
	case text(where, "LocationConstraint") == "EU":
		return "eu-west-1"
	default:
		return text(where, "LocationConstraint")
	}
}

// accessPoints are asked for in each region.
func accessPoints(ctx context.Context, r *region) {
	c := s3ControlClient(r)
	own := &r.account.ID
	each(ctx, r, list(ctx, r, c.ListAccessPoints,
		&s3control.ListAccessPointsInput{AccountId: own, MaxResults: 1000}, "AccessPointList"), func(item value.Value) {
		name := text(item, "Name")
		b := r.resource(cmp.Or(text(item, "AccessPointArn"), r.arn("s3", "accesspoint/"+name)), "ListAccessPoints", item)
		ask(ctx, b, c.GetAccessPoint, &s3control.GetAccessPointInput{AccountId: own, Name: &name})
		ask(ctx, b, c.GetAccessPointPolicy,
			&s3control.GetAccessPointPolicyInput{AccountId: own, Name: &name}, none("NoSuchAccessPointPolicy"))
		b.add()
	})
}

// s3Account is what S3 does for all buckets of the account.
func s3Account(ctx context.Context, r *region) {
	c := s3ControlClient(r)
	b := r.resource(r.arn("s3", "account"), "Account", value.String(r.account.ID))
	ask(ctx, b, c.GetPublicAccessBlock,
		&s3control.GetPublicAccessBlockInput{AccountId: &r.account.ID}, none("NoSuchPublicAccessBlockConfiguration"))
	b.add()
}
