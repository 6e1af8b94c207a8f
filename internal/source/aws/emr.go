package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/emr"
	"github.com/aws/aws-sdk-go-v2/service/emr/types"
	"github.com/aws/aws-sdk-go-v2/service/emrserverless"

	"ward.dev/ward/internal/value"
)

// emrClusters lists those that run: EMR keeps what it knew of the others for two months.
func emrClusters(ctx context.Context, r *region) {
	c := emr.NewFromConfig(r.config("emr"))
	in := &emr.ListClustersInput{ClusterStates: []types.ClusterState{types.ClusterStateStarting,
		types.ClusterStateBootstrapping, types.ClusterStateRunning, types.ClusterStateWaiting}}
	each(ctx, r, list(ctx, r, c.ListClusters, in, "Clusters"), func(item value.Value) {
		id := text(item, "Id")
		b := r.resource(text(item, "ClusterArn"), "ListClusters", item)
		ask(ctx, b, c.DescribeCluster, &emr.DescribeClusterInput{ClusterId: &id})
		b.add()
	})
}

func emrPublicAccess(ctx context.Context, r *region) {
	c := emr.NewFromConfig(r.config("emr"))
	b := r.resource(r.arn("elasticmapreduce", "block-public-access-configuration"), "Configuration", value.None())
	ask(ctx, b, c.GetBlockPublicAccessConfiguration, &emr.GetBlockPublicAccessConfigurationInput{})
	b.add()
}

func emrSecurity(ctx context.Context, r *region) {
	c := emr.NewFromConfig(r.config("emr"))
	in := &emr.ListSecurityConfigurationsInput{}
	each(ctx, r, list(ctx, r, c.ListSecurityConfigurations, in, "SecurityConfigurations"), func(item value.Value) {
		name := text(item, "Name")
		b := r.resource(r.arn("elasticmapreduce", "security-configuration/"+name), "ListSecurityConfigurations", item)
		ask(ctx, b, c.DescribeSecurityConfiguration, &emr.DescribeSecurityConfigurationInput{Name: &name})
		b.add()
	})
}

func emrStudios(ctx context.Context, r *region) {
	c := emr.NewFromConfig(r.config("emr"))
	each(ctx, r, list(ctx, r, c.ListStudios, &emr.ListStudiosInput{}, "Studios"), func(item value.Value) {
		id := text(item, "StudioId")
		b := r.resource(r.arn("elasticmapreduce", "studio/"+id), "ListStudios", item)
		ask(ctx, b, c.DescribeStudio, &emr.DescribeStudioInput{StudioId: &id})
		b.add()
	})
}

func emrApplications(ctx context.Context, r *region) {
	c := emrserverless.NewFromConfig(r.config("emrserverless"))
	each(ctx, r, list(ctx, r, c.ListApplications, &emrserverless.ListApplicationsInput{}, "Applications"), func(item value.Value) {
		if text(item, "State") == "TERMINATED" {
			return // what is left of it is only its name
		}
		id := text(item, "Id")
		b := r.resource(text(item, "Arn"), "ListApplications", item)
		ask(ctx, b, c.GetApplication, &emrserverless.GetApplicationInput{ApplicationId: &id})
		b.add()
	})
}
