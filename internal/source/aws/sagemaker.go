package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"ward.dev/ward/internal/value"
)

func sagemakerDomains(ctx context.Context, r *region) {
	c := sagemaker.NewFromConfig(r.config("sagemaker"))
	each(ctx, r, list(ctx, r, c.ListDomains, &sagemaker.ListDomainsInput{}, "Domains"), func(item value.Value) {
		id := text(item, "DomainId")
		b := r.resource(text(item, "DomainArn"), "ListDomains", item)
		ask(ctx, b, c.DescribeDomain, &sagemaker.DescribeDomainInput{DomainId: &id})
		sagemakerTags(ctx, b, c)
	})
}

func sagemakerEndpoints(ctx context.Context, r *region) {
	c := sagemaker.NewFromConfig(r.config("sagemaker"))
	in := &sagemaker.ListEndpointConfigsInput{}
	each(ctx, r, list(ctx, r, c.ListEndpointConfigs, in, "EndpointConfigs"), func(item value.Value) {
		name := text(item, "EndpointConfigName")
		b := r.resource(text(item, "EndpointConfigArn"), "ListEndpointConfigs", item)
		ask(ctx, b, c.DescribeEndpointConfig, &sagemaker.DescribeEndpointConfigInput{EndpointConfigName: &name})
		sagemakerTags(ctx, b, c)
	})
}

func sagemakerFeatures(ctx context.Context, r *region) {
	c := sagemaker.NewFromConfig(r.config("sagemaker"))
	in := &sagemaker.ListFeatureGroupsInput{}
	each(ctx, r, list(ctx, r, c.ListFeatureGroups, in, "FeatureGroupSummaries"), func(item value.Value) {
		name := text(item, "FeatureGroupName")
		b := r.resource(text(item, "FeatureGroupArn"), "ListFeatureGroups", item)
		ask(ctx, b, c.DescribeFeatureGroup, &sagemaker.DescribeFeatureGroupInput{FeatureGroupName: &name})
		sagemakerTags(ctx, b, c)
	})
}

func sagemakerModels(ctx context.Context, r *region) {
	c := sagemaker.NewFromConfig(r.config("sagemaker"))
	each(ctx, r, list(ctx, r, c.ListModels, &sagemaker.ListModelsInput{}, "Models"), func(item value.Value) {
		name := text(item, "ModelName")
		b := r.resource(text(item, "ModelArn"), "ListModels", item)
		ask(ctx, b, c.DescribeModel, &sagemaker.DescribeModelInput{ModelName: &name})
		sagemakerTags(ctx, b, c)
	})
}

func sagemakerNotebooks(ctx context.Context, r *region) {
	c := sagemaker.NewFromConfig(r.config("sagemaker"))
	in := &sagemaker.ListNotebookInstancesInput{}
	each(ctx, r, list(ctx, r, c.ListNotebookInstances, in, "NotebookInstances"), func(item value.Value) {
		name := text(item, "NotebookInstanceName")
		b := r.resource(text(item, "NotebookInstanceArn"), "ListNotebookInstances", item)
		ask(ctx, b, c.DescribeNotebookInstance, &sagemaker.DescribeNotebookInstanceInput{NotebookInstanceName: &name})
		sagemakerTags(ctx, b, c)
	})
}

// sagemakerTags ends a block with its tags.
func sagemakerTags(ctx context.Context, b *block, c *sagemaker.Client) {
	askAll(ctx, b, c.ListTags, &sagemaker.ListTagsInput{ResourceArn: &b.address}, "Tags")
	b.add()
}
