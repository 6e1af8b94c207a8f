package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/efs"
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

func efsFileSystems(ctx context.Context, r *region) {
	c := efs.NewFromConfig(r.config("efs"))
	each(ctx, r, list(ctx, r, c.DescribeFileSystems, &efs.DescribeFileSystemsInput{}, "FileSystems"), func(item value.Value) {
		id := text(item, "FileSystemId")
		b := r.resource(text(item, "FileSystemArn"), "DescribeFileSystems", item)
		ask(ctx, b, c.DescribeBackupPolicy, &efs.DescribeBackupPolicyInput{FileSystemId: &id}, none("PolicyNotFound"))
		ask(ctx, b, c.DescribeFileSystemPolicy, &efs.DescribeFileSystemPolicyInput{FileSystemId: &id}, none("PolicyNotFound"))
		copies := askAll(ctx, b, c.DescribeReplicationConfigurations, &efs.DescribeReplicationConfigurationsInput{FileSystemId: &id},
			"Replications", none("ReplicationNotFound"))
		if items, _ := copies.AsList(); len(items) > 0 && text(items[0], "SourceFileSystemId") != id {
			b.keep("DescribeReplicationConfigurations", value.None().At(copies.Origin())) // it is the copy
		}
		b.add()
	})
}

func efsAccessPoints(ctx context.Context, r *region) {
	c := efs.NewFromConfig(r.config("efs"))
	for item := range list(ctx, r, c.DescribeAccessPoints, &efs.DescribeAccessPointsInput{}, "AccessPoints") {
		r.resource(text(item, "AccessPointArn"), "DescribeAccessPoints", item).add()
	}
}

// efsMountTargets are listed for each file system. Their network interfaces tell which groups guard them, and whether one
// of them is the network's default group.
func efsMountTargets(ctx context.Context, r *region) {
	c := efs.NewFromConfig(r.config("efs"))
	each(ctx, r, list(ctx, r, c.DescribeFileSystems, &efs.DescribeFileSystemsInput{}, "FileSystems"), func(system value.Value) {
		of := text(system, "FileSystemId")
		for item := range list(ctx, r, c.DescribeMountTargets, &efs.DescribeMountTargetsInput{FileSystemId: &of}, "MountTargets") {
			b := r.resource(r.arn("elasticfilesystem", "mount-target/"+text(item, "MountTargetId")), "DescribeMountTargets", item)
			askInterfaces(ctx, b, []string{text(item, "NetworkInterfaceId")})
			b.add()
		}
	})
}

// askInterfaces asks about network interfaces. Without their names EC2 would tell of all; that it tells of none cannot be.
func askInterfaces(ctx context.Context, b *block, names []string) {
	if len(names) == 0 {
		b.keep("DescribeNetworkInterfaces", value.Unresolved(value.Reason{Why: "its network interfaces are not named"}))
		return
	}
	c := ec2.NewFromConfig(b.region.config("ec2"))
	in := &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: names}
	told := askAll(ctx, b, c.DescribeNetworkInterfaces, in, "NetworkInterfaces")
	if items, ok := told.AsList(); ok && len(items) == 0 {
		b.keep("DescribeNetworkInterfaces", value.Unresolved(value.Reason{Why: "EC2 tells nothing of its network interfaces"}))
	}
}
