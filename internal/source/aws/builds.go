package aws

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"

	"ward.dev/ward/internal/value"
)

func codeBuildProjects(ctx context.Context, r *region) {
	c := codebuild.NewFromConfig(r.config("codebuild"))
	names := allTexts(list(ctx, r, c.ListProjects, &codebuild.ListProjectsInput{}, "Projects"))
	for some := range slices.Chunk(names, 100) {
		for item := range list(ctx, r, c.BatchGetProjects, &codebuild.BatchGetProjectsInput{Names: some}, "Projects") {
			r.resource(text(item, "Arn"), "BatchGetProjects", item).add()
		}
	}
}

func codeBuildReportGroups(ctx context.Context, r *region) {
	c := codebuild.NewFromConfig(r.config("codebuild"))
	arns := allTexts(list(ctx, r, c.ListReportGroups, &codebuild.ListReportGroupsInput{}, "ReportGroups"))
	for some := range slices.Chunk(arns, 100) {
		in := &codebuild.BatchGetReportGroupsInput{ReportGroupArns: some}
		for item := range list(ctx, r, c.BatchGetReportGroups, in, "ReportGroups") {
			r.resource(text(item, "Arn"), "BatchGetReportGroups", item).add()
		}
	}
}

func codeBuildSourceCredentials(ctx context.Context, r *region) {
	c := codebuild.NewFromConfig(r.config("codebuild"))
	for item := range list(ctx, r, c.ListSourceCredentials, &codebuild.ListSourceCredentialsInput{}, "SourceCredentialsInfos") {
		r.resource(text(item, "Arn"), "ListSourceCredentials", item).add()
	}
}

func codePipelines(ctx context.Context, r *region) {
	c := codepipeline.NewFromConfig(r.config("codepipeline"))
	each(ctx, r, list(ctx, r, c.ListPipelines, &codepipeline.ListPipelinesInput{}, "Pipelines"), func(item value.Value) {
		name := text(item, "Name")
		arn := r.arn("codepipeline", name)
		b := r.resource(arn, "ListPipelines", item)
		reply := ask(ctx, b, c.GetPipeline, &codepipeline.GetPipelineInput{Name: &name})
		b.keep("GetPipeline", with(reply, "Stores", rows(reply.Field("Pipeline").Field("ArtifactStores"), "Region")))
		askAll(ctx, b, c.ListTagsForResource, &codepipeline.ListTagsForResourceInput{ResourceArn: &arn}, "Tags")
		b.add()
	})
}
