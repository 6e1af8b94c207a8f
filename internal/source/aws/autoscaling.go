package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
)

func scalingGroups(ctx context.Context, r *region) {
	c := autoscaling.NewFromConfig(r.config("autoscaling"))
	input := &autoscaling.DescribeAutoScalingGroupsInput{MaxRecords: aws.Int32(100)}
	for item := range list(ctx, r, c.DescribeAutoScalingGroups, input, "AutoScalingGroups") {
		r.resource(text(item, "AutoScalingGroupARN"), "DescribeAutoScalingGroups", item).add()
	}
}

func launchConfigurations(ctx context.Context, r *region) {
	c := autoscaling.NewFromConfig(r.config("autoscaling"))
	input := &autoscaling.DescribeLaunchConfigurationsInput{MaxRecords: aws.Int32(100)}
	for item := range list(ctx, r, c.DescribeLaunchConfigurations, input, "LaunchConfigurations") {
		r.resource(text(item, "LaunchConfigurationARN"), "DescribeLaunchConfigurations", item).add()
	}
}
