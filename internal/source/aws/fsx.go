package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"ward.dev/ward/internal/value"
)

// fsxFileSystems asks the network interfaces of each for the security groups that guard it, which FSx does not tell.
func fsxFileSystems(ctx context.Context, r *region) {
	c := fsx.NewFromConfig(r.config("fsx"))
	each(ctx, r, list(ctx, r, c.DescribeFileSystems, &fsx.DescribeFileSystemsInput{}, "FileSystems"), func(item value.Value) {
		b := r.resource(text(item, "ResourceARN"), "DescribeFileSystems", item)
		askInterfaces(ctx, b, texts(item.Field("NetworkInterfaceIds")))
		of := types.Filter{Name: types.FilterNameFileSystemId, Values: []string{text(item, "FileSystemId")}}
		askAll(ctx, b, c.DescribeBackups, &fsx.DescribeBackupsInput{Filters: []types.Filter{of}}, "Backups")
		b.add()
	})
}
