package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/lightsail"
)

func lightsailClient(r *region) *lightsail.Client {
	return lightsail.NewFromConfig(r.config("lightsail"))
}

func lightsailBuckets(ctx context.Context, r *region) {
	for item := range list(ctx, r, lightsailClient(r).GetBuckets, &lightsail.GetBucketsInput{}, "Buckets") {
		r.resource(text(item, "Arn"), "GetBuckets", item).add()
	}
}

func lightsailContainers(ctx context.Context, r *region) {
	input := &lightsail.GetContainerServicesInput{}
	for item := range list(ctx, r, lightsailClient(r).GetContainerServices, input, "ContainerServices") {
		r.resource(text(item, "Arn"), "GetContainerServices", item).add()
	}
}

func lightsailDatabases(ctx context.Context, r *region) {
	input := &lightsail.GetRelationalDatabasesInput{}
	for item := range list(ctx, r, lightsailClient(r).GetRelationalDatabases, input, "RelationalDatabases") {
		r.resource(text(item, "Arn"), "GetRelationalDatabases", item).add()
	}
}

func lightsailDisks(ctx context.Context, r *region) {
	for item := range list(ctx, r, lightsailClient(r).GetDisks, &lightsail.GetDisksInput{}, "Disks") {
		r.resource(text(item, "Arn"), "GetDisks", item).add()
	}
}

func lightsailInstances(ctx context.Context, r *region) {
	for item := range list(ctx, r, lightsailClient(r).GetInstances, &lightsail.GetInstancesInput{}, "Instances") {
		r.resource(text(item, "Arn"), "GetInstances", item).add()
	}
}
