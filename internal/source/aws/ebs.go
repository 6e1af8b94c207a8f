package aws

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"ward.dev/ward/internal/value"
)

func ebsVolumes(ctx context.Context, r *region) {
	items := list(ctx, r, ec2Client(r).DescribeVolumes, &ec2.DescribeVolumesInput{MaxResults: thousand}, "Volumes")
	wholly(r, items, "DescribeVolumes", "volume", "VolumeId")
}

// snapshots are the account's own. With whom one is shared only a call for each tells; one that is encrypted with the key
// aws/ebs cannot be shared and is not asked about.
func ebsSnapshots(ctx context.Context, r *region) {
	c := ec2Client(r)
	left := lookUp(ctx, r, c.DescribeVolumes, &ec2.DescribeVolumesInput{MaxResults: thousand}, "Volumes", "VolumeId")
	own := ownersKey(ctx, r)
	public := sync.OnceValue(func() lookup {
		return lookUp(ctx, r, c.DescribeSnapshots, publicSnapshots(), "Snapshots", "SnapshotId")
	})
	input := &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}, MaxResults: thousand}
	each(ctx, r, list(ctx, r, c.DescribeSnapshots, input, "Snapshots"), func(item value.Value) {
		id := text(item, "SnapshotId")
		b := r.resource(r.arn("ec2", "snapshot/"+id), "DescribeSnapshots", item)
		b.keep("DescribeVolumes", brief(left.one(text(item, "VolumeId")), "VolumeId"))
		b.keep("RestorableByAll", value.None())
		if key := text(item, "KmsKeyId"); r.run.rehearsal != nil || key == "" || tail(key, "/") != own {
			shared := ask(ctx, b, c.DescribeSnapshotAttribute,
				&ec2.DescribeSnapshotAttributeInput{SnapshotId: &id, Attribute: types.SnapshotAttributeNameCreateVolumePermission})
			if shared.IsUnknown() { // then one list at least tells which are shared with everyone
				b.keep("RestorableByAll", isThere(public().one(id)))
			}
		}
		b.add()
	})
}

func publicSnapshots() *ec2.DescribeSnapshotsInput {
	return &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}, RestorableByUserIds: []string{"all"}, MaxResults: thousand}
}

// isThere tells whether there is any.
func isThere(v value.Value) value.Value {
	if v.IsUnknown() {
		return v
	}
	return value.Bool(!v.IsAbsent()).At(v.Origin())
}

// brief keeps one member of an object: that it is there is all that is wanted.
func brief(v value.Value, name string) value.Value {
	if _, ok := v.AsObject(); !ok {
		return v
	}
	return value.Object(map[string]value.Value{name: v.Field(name)}).At(v.Origin())
}

// ownersKey is the id of the key aws/ebs in this region, "" if there is none or that is not known.
func ownersKey(ctx context.Context, r *region) string {
	c := kms.NewFromConfig(r.config("kms"))
	aliases := lookUp(ctx, r, c.ListAliases, &kms.ListAliasesInput{}, "Aliases", "AliasName")
	return text(aliases.one("alias/aws/ebs"), "TargetKeyId")
}

func ebsAccount(ctx context.Context, r *region) {
	c := ec2Client(r)
	b := regionBlock(r, "ec2", "ebs")
	ask(ctx, b, c.GetEbsEncryptionByDefault, &ec2.GetEbsEncryptionByDefaultInput{})
	ask(ctx, b, c.GetEbsDefaultKmsKeyId, &ec2.GetEbsDefaultKmsKeyIdInput{})
	ask(ctx, b, c.GetSnapshotBlockPublicAccessState, &ec2.GetSnapshotBlockPublicAccessStateInput{})
	b.add()
}
