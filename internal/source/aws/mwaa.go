package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/mwaa"

	"ward.dev/ward/internal/value"
)

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
