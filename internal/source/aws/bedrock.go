package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrock"
	"github.com/aws/aws-sdk-go-v2/service/bedrockagent"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"ward.dev/ward/internal/value"
)

func bedrockAgents(ctx context.Context, r *region) {
	c := bedrockagent.NewFromConfig(r.config("bedrockagent"))
	each(ctx, r, list(ctx, r, c.ListAgents, &bedrockagent.ListAgentsInput{}, "AgentSummaries"), func(item value.Value) {
		id := text(item, "AgentId")
		address := r.arn("bedrock", "agent/"+id)
		b := r.resource(address, "ListAgents", item)
		ask(ctx, b, c.GetAgent, &bedrockagent.GetAgentInput{AgentId: &id})
		ask(ctx, b, c.ListTagsForResource, &bedrockagent.ListTagsForResourceInput{ResourceArn: &address})
		b.add()
	})
}

// bedrockSources are listed for each knowledge base.
func bedrockSources(ctx context.Context, r *region) {
	c := bedrockagent.NewFromConfig(r.config("bedrockagent"))
	for base := range list(ctx, r, c.ListKnowledgeBases, &bedrockagent.ListKnowledgeBasesInput{}, "KnowledgeBaseSummaries") {
		of := text(base, "KnowledgeBaseId")
		in := &bedrockagent.ListDataSourcesInput{KnowledgeBaseId: &of}
		each(ctx, r, list(ctx, r, c.ListDataSources, in, "DataSourceSummaries"), func(item value.Value) {
			id := text(item, "DataSourceId")
			b := r.resource(r.arn("bedrock", "knowledge-base/"+of+"/data-source/"+id), "ListDataSources", item)
			ask(ctx, b, c.GetDataSource, &bedrockagent.GetDataSourceInput{KnowledgeBaseId: &of, DataSourceId: &id})
			b.add()
		})
	}
}

func bedrockGuardrails(ctx context.Context, r *region) {
	c := bedrock.NewFromConfig(r.config("bedrock"))
	each(ctx, r, list(ctx, r, c.ListGuardrails, &bedrock.ListGuardrailsInput{}, "Guardrails"), func(item value.Value) {
		id, arn := text(item, "Id"), text(item, "Arn")
		b := r.resource(arn, "ListGuardrails", item)
		ask(ctx, b, c.GetGuardrail, &bedrock.GetGuardrailInput{GuardrailIdentifier: &id})
		ask(ctx, b, c.ListTagsForResource, &bedrock.ListTagsForResourceInput{ResourceARN: &arn})
		b.add()
	})
}

// bedrockLogging makes one block for the region. CloudWatch tells whether models have been asked there in the last two
// weeks.
func bedrockLogging(ctx context.Context, r *region) {
	c := bedrock.NewFromConfig(r.config("bedrock"))
	b := r.resource(r.arn("bedrock", "model-invocation-logging"), "Configuration", value.None())
	ask(ctx, b, c.GetModelInvocationLoggingConfiguration, &bedrock.GetModelInvocationLoggingConfigurationInput{})
	in := &cloudwatch.ListMetricsInput{Namespace: aws.String("AWS/Bedrock"), MetricName: aws.String("Invocations")}
	askAll(ctx, b, cloudwatchClient(r).ListMetrics, in, "Metrics")
	b.add()
}
