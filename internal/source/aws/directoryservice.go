package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/directoryservice"

	"ward.dev/ward/internal/value"
)

func directories(ctx context.Context, r *region) {
	c := directoryservice.NewFromConfig(r.config("directoryservice"))
	all := list(ctx, r, c.DescribeDirectories, &directoryservice.DescribeDirectoriesInput{}, "DirectoryDescriptions")
	each(ctx, r, all, func(item value.Value) {
		id := text(item, "DirectoryId")
		b := r.resource(r.arn("ds", "directory/"+id), "DescribeDirectories", item)
		askAll(ctx, b, c.ListTagsForResource, &directoryservice.ListTagsForResourceInput{ResourceId: &id}, "Tags")
		askAll(ctx, b, c.ListLogSubscriptions, &directoryservice.ListLogSubscriptionsInput{DirectoryId: &id}, "LogSubscriptions",
			none("UnsupportedOperationException"))
		askAll(ctx, b, c.DescribeLDAPSSettings, &directoryservice.DescribeLDAPSSettingsInput{DirectoryId: &id}, "LDAPSSettingsInfo",
			none("UnsupportedOperationException"))
		askAll(ctx, b, c.ListCertificates, &directoryservice.ListCertificatesInput{DirectoryId: &id}, "CertificatesInfo",
			none("UnsupportedOperationException"))
		b.add()
	})
}
