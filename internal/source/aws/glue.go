package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/glue"

	"ward.dev/ward/internal/value"
)

// glueCatalog makes one block for the catalog of the region, with the names of what is kept in it.
func glueCatalog(ctx context.Context, r *region) {
	c := glue.NewFromConfig(r.config("glue"))
	b := r.resource(r.arn("glue", "catalog"), "Catalog", value.None())
	ask(ctx, b, c.GetDataCatalogEncryptionSettings, &glue.GetDataCatalogEncryptionSettingsInput{})
	askAll(ctx, b, c.GetDatabases, &glue.GetDatabasesInput{}, "DatabaseList.Name", none("EntityNotFoundException"))
	askAll(ctx, b, c.ListJobs, &glue.ListJobsInput{}, "JobNames", none("EntityNotFoundException"))
	askAll(ctx, b, c.ListCrawlers, &glue.ListCrawlersInput{}, "CrawlerNames", none("EntityNotFoundException"))
	in := &glue.GetConnectionsInput{HidePassword: true}
	askAll(ctx, b, c.GetConnections, in, "ConnectionList.Name", none("EntityNotFoundException"))
	b.add()
}

func glueConnections(ctx context.Context, r *region) {
	c := glue.NewFromConfig(r.config("glue"))
	in := &glue.GetConnectionsInput{HidePassword: true}
	each(ctx, r, list(ctx, r, c.GetConnections, in, "ConnectionList", none("EntityNotFoundException")), func(item value.Value) {
		glueResource(ctx, r, c, "connection/"+text(item, "Name"), "GetConnections", item)
	})
}

func glueCrawlers(ctx context.Context, r *region) {
	c := glue.NewFromConfig(r.config("glue"))
	each(ctx, r, list(ctx, r, c.GetCrawlers, &glue.GetCrawlersInput{}, "Crawlers"), func(item value.Value) {
		glueResource(ctx, r, c, "crawler/"+text(item, "Name"), "GetCrawlers", item)
	})
}

func glueEndpoints(ctx context.Context, r *region) {
	c := glue.NewFromConfig(r.config("glue"))
	each(ctx, r, list(ctx, r, c.GetDevEndpoints, &glue.GetDevEndpointsInput{}, "DevEndpoints"), func(item value.Value) {
		glueResource(ctx, r, c, "devEndpoint/"+text(item, "EndpointName"), "GetDevEndpoints", item)
	})
}

func glueJobs(ctx context.Context, r *region) {
	c := glue.NewFromConfig(r.config("glue"))
	each(ctx, r, list(ctx, r, c.GetJobs, &glue.GetJobsInput{}, "Jobs"), func(item value.Value) {
		glueResource(ctx, r, c, "job/"+text(item, "Name"), "GetJobs", item)
	})
}

func glueTransforms(ctx context.Context, r *region) {
	c := glue.NewFromConfig(r.config("glue"))
	each(ctx, r, list(ctx, r, c.GetMLTransforms, &glue.GetMLTransformsInput{}, "Transforms"), func(item value.Value) {
		glueResource(ctx, r, c, "mlTransform/"+text(item, "TransformId"), "GetMLTransforms", item)
	})
}

// glueResource adds what a list tells, with the tags.
func glueResource(ctx context.Context, r *region, c *glue.Client, name, operation string, item value.Value) {
	address := r.arn("glue", name)
	b := r.resource(address, operation, item)
	ask(ctx, b, c.GetTags, &glue.GetTagsInput{ResourceArn: &address})
	b.add()
}

func gluePolicies(ctx context.Context, r *region) {
	c := glue.NewFromConfig(r.config("glue"))
	for item := range list(ctx, r, c.GetResourcePolicy, &glue.GetResourcePolicyInput{}, "", none("EntityNotFoundException")) {
		r.resource(r.arn("glue", "catalog/policy"), "GetResourcePolicy", item).add()
	}
}

func glueSecurity(ctx context.Context, r *region) {
	c := glue.NewFromConfig(r.config("glue"))
	for item := range list(ctx, r, c.GetSecurityConfigurations, &glue.GetSecurityConfigurationsInput{}, "SecurityConfigurations") {
		r.resource(r.arn("glue", "securityConfiguration/"+text(item, "Name")), "GetSecurityConfigurations", item).add()
	}
}
