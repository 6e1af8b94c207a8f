package aws

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"

	"ward.dev/ward/internal/value"
)

func storageGateways(ctx context.Context, r *region) {
	c := storagegateway.NewFromConfig(r.config("storagegateway"))
	each(ctx, r, list(ctx, r, c.ListGateways,
		&storagegateway.ListGatewaysInput{Limit: aws.Int32(100)}, "Gateways"), func(item value.Value) {
		arn := text(item, "GatewayARN")
		b := r.resource(arn, "ListGateways", item)
		ask(ctx, b, c.DescribeGatewayInformation, &storagegateway.DescribeGatewayInformationInput{GatewayARN: &arn})
		if !blockGateway[text(item, "GatewayType")] {
			ask(ctx, b, c.DescribeSMBSettings, &storagegateway.DescribeSMBSettingsInput{GatewayARN: &arn})
		}
		b.add()
	})
}

// blockGateway are the types of storageGateways that know no SMB and refuse the question.
var blockGateway = map[string]bool{"STORED": true, "CACHED": true, "VTL": true, "VTL_SNOW": true}

// shareBatch is how many file shares one call describes.
const shareBatch = 10

func fileShares(ctx context.Context, r *region) {
	c := storagegateway.NewFromConfig(r.config("storagegateway"))
	var smb, nfs []string
	for item := range list(ctx, r, c.ListFileShares,
		&storagegateway.ListFileSharesInput{Limit: aws.Int32(100)}, "FileShareInfoList") {
		arn, protocol := text(item, "FileShareARN"), text(item, "FileShareType")
		if protocol != "NFS" {
			smb = append(smb, arn)
		}
		if protocol != "SMB" {
			nfs = append(nfs, arn)
		}
	}
	for batch := range slices.Chunk(smb, shareBatch) {
		in := &storagegateway.DescribeSMBFileSharesInput{FileShareARNList: batch}
		for item := range list(ctx, r, c.DescribeSMBFileShares, in, "SMBFileShareInfoList") {
			r.resource(text(item, "FileShareARN"), "DescribeSMBFileShares", item).add()
		}
	}
	for batch := range slices.Chunk(nfs, shareBatch) {
		in := &storagegateway.DescribeNFSFileSharesInput{FileShareARNList: batch}
		for item := range list(ctx, r, c.DescribeNFSFileShares, in, "NFSFileShareInfoList") {
			r.resource(text(item, "FileShareARN"), "DescribeNFSFileShares", item).add()
		}
	}
}

// gatewayVolumes are described one by one: a volume that is not attached makes the reply for a batch an error.
func gatewayVolumes(ctx context.Context, r *region) {
	c := storagegateway.NewFromConfig(r.config("storagegateway"))
	each(ctx, r, list(ctx, r, c.ListVolumes,
		&storagegateway.ListVolumesInput{Limit: aws.Int32(100)}, "VolumeInfos"), func(item value.Value) {
		arn, made := text(item, "VolumeARN"), text(item, "VolumeType")
		b := r.resource(arn, "ListVolumes", item)
		if !strings.HasPrefix(made, "STORED") {
			ask(ctx, b, c.DescribeCachediSCSIVolumes, &storagegateway.DescribeCachediSCSIVolumesInput{VolumeARNs: []string{arn}})
		}
		if !strings.HasPrefix(made, "CACHED") {
			ask(ctx, b, c.DescribeStorediSCSIVolumes, &storagegateway.DescribeStorediSCSIVolumesInput{VolumeARNs: []string{arn}})
		}
		askAll(ctx, b, c.ListTagsForResource, &storagegateway.ListTagsForResourceInput{ResourceARN: &arn}, "Tags")
		b.add()
	})
}
