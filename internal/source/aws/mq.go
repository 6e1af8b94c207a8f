package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/mq"
	"github.com/aws/aws-sdk-go-v2/service/mwaa"

	"ward.dev/ward/internal/value"
)

func mqBrokers(ctx context.Context, r *region) {
	c := mq.NewFromConfig(r.config("mq"))
	each(ctx, r, list(ctx, r, c.ListBrokers, &mq.ListBrokersInput{}, "BrokerSummaries"), func(item value.Value) {
		id := text(item, "BrokerId")
		b := r.resource(text(item, "BrokerArn"), "ListBrokers", item)
		ask(ctx, b, c.DescribeBroker, &mq.DescribeBrokerInput{BrokerId: &id})
		b.add()
	})
}

// mwaaEnvironments are the environments of Managed Airflow.
func mwaaEnvironments(ctx context.Context, r *region) {
	c := mwaa.NewFromConfig(r.config("mwaa"))
	each(ctx, r, list(ctx, r, c.ListEnvironments, &mwaa.ListEnvironmentsInput{}, "Environments"), func(item value.Value) {
		name, _ := item.AsString()
		b := r.resource(r.arn("airflow", "environment/"+name), "ListEnvironments", item)
		ask(ctx, b, c.GetEnvironment, &mwaa.GetEnvironmentInput{Name: &name})
		b.add()
	})
}
