package aws

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/datasync"

	"ward.dev/ward/internal/value"
)

// locations are described each by the call for what it is, which its URI tells: efs://REGION.FILESYSTEM/FOLDER.
func locations(ctx context.Context, r *region) {
	c := datasync.NewFromConfig(r.config("datasync"))
	each(ctx, r, list(ctx, r, c.ListLocations,
		&datasync.ListLocationsInput{MaxResults: aws.Int32(100)}, "Locations"), func(item value.Value) {
		arn := text(item, "LocationArn")
		b := r.resource(arn, "ListLocations", item)
		scheme, _, _ := strings.Cut(text(item, "LocationUri"), "://")
		for _, describe := range locationTypes(ctx, b, c, &arn) {
			if strings.HasPrefix(scheme, describe.scheme) || scheme == text(item, "LocationUri") {
				describe.ask()
			}
		}
		ask(ctx, b, c.ListTagsForResource, &datasync.ListTagsForResourceInput{ResourceArn: &arn})
		b.add()
	})
}

// locationType is what asks about a location whose URI begins so.
type locationType struct {
	scheme string
	ask    func()
}

func locationTypes(ctx context.Context, b *block, c *datasync.Client, arn *string) []locationType {
	return []locationType{
		{"efs", func() { ask(ctx, b, c.DescribeLocationEfs, &datasync.DescribeLocationEfsInput{LocationArn: arn}) }},
		{"nfs", func() { ask(ctx, b, c.DescribeLocationNfs, &datasync.DescribeLocationNfsInput{LocationArn: arn}) }},
		{"smb", func() { ask(ctx, b, c.DescribeLocationSmb, &datasync.DescribeLocationSmbInput{LocationArn: arn}) }},
		{"s3", func() { ask(ctx, b, c.DescribeLocationS3, &datasync.DescribeLocationS3Input{LocationArn: arn}) }},
		{"hdfs", func() { ask(ctx, b, c.DescribeLocationHdfs, &datasync.DescribeLocationHdfsInput{LocationArn: arn}) }},
		{"object-storage", func() {
			ask(ctx, b, c.DescribeLocationObjectStorage, &datasync.DescribeLocationObjectStorageInput{LocationArn: arn})
		}},
		{"fsxw", func() {
			ask(ctx, b, c.DescribeLocationFsxWindows, &datasync.DescribeLocationFsxWindowsInput{LocationArn: arn})
		}},
		{"fsxl", func() {
			ask(ctx, b, c.DescribeLocationFsxLustre, &datasync.DescribeLocationFsxLustreInput{LocationArn: arn})
		}},
		{"fsxn", func() {
			ask(ctx, b, c.DescribeLocationFsxOntap, &datasync.DescribeLocationFsxOntapInput{LocationArn: arn})
		}},
		{"fsxz", func() {
			ask(ctx, b, c.DescribeLocationFsxOpenZfs, &datasync.DescribeLocationFsxOpenZfsInput{LocationArn: arn})
		}},
		{"azure-blob", func() {
			ask(ctx, b, c.DescribeLocationAzureBlob, &datasync.DescribeLocationAzureBlobInput{LocationArn: arn})
		}},
	}
}

func transferTasks(ctx context.Context, r *region) {
	c := datasync.NewFromConfig(r.config("datasync"))
	each(ctx, r, list(ctx, r, c.ListTasks, &datasync.ListTasksInput{MaxResults: aws.Int32(100)}, "Tasks"), func(item value.Value) {
		arn := text(item, "TaskArn")
		b := r.resource(arn, "ListTasks", item)
		ask(ctx, b, c.DescribeTask, &datasync.DescribeTaskInput{TaskArn: &arn})
		ask(ctx, b, c.ListTagsForResource, &datasync.ListTagsForResourceInput{ResourceArn: &arn})
		b.add()
	})
}
