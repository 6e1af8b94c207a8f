package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/efs"

	"ward.dev/ward/internal/value"
)

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
