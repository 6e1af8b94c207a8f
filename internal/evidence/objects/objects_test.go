package objects_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"ward.dev/ward/internal/emulator"
	"ward.dev/ward/internal/evidence/objects"
	"ward.dev/ward/internal/evidence/storetest"
)

// TestStore proves that a bucket with object lock keeps evidence as a folder does, that one without is refused, and that what is kept
// cannot be deleted around Ward either.
func TestStore(t *testing.T) {
	cloud := emulator.Start(t)
	var c aws.Config
	cloud.Config(&c)
	client := s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true })
	ctx := context.Background()
	for bucket, lock := range map[string]bool{"locked": true, "plain": false} {
		_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket, ObjectLockEnabledForBucket: &lock,
			CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: emulator.Region}})
		if err != nil {
			t.Fatal(err)
		}
	}
	o := objects.Options{Bucket: "plain", Prefix: "ward/", Region: emulator.Region, Configure: cloud.Config, Now: time.Now}
	if _, err := objects.Open(ctx, o); err == nil || !strings.Contains(err.Error(), "no object lock") {
		t.Errorf("a bucket without object lock: %v", err)
	}
	o.Bucket = "locked"
	store, err := objects.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	storetest.Run(t, store, nil)
	head, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &o.Bucket, Key: aws.String("ward/two")})
	if err != nil || head.ObjectLockMode != types.ObjectLockModeCompliance {
		t.Fatalf("%+v, %v; want compliance mode", head, err)
	}
	if _, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &o.Bucket, Key: aws.String("ward/two"), VersionId: head.VersionId}); err == nil {
		t.Error("what is kept could be deleted")
	}
}
