package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"ward.dev/ward/internal/value"
)

// secrets are what is known about secrets; never what they are.
func secrets(ctx context.Context, r *region) {
	c := secretsmanager.NewFromConfig(r.config("secretsmanager"))
	each(ctx, r, list(ctx, r, c.ListSecrets,
		&secretsmanager.ListSecretsInput{MaxResults: aws.Int32(100)}, "SecretList"), func(item value.Value) {
		arn := text(item, "ARN")
		b := r.resource(arn, "ListSecrets", item)
		ask(ctx, b, c.GetResourcePolicy, &secretsmanager.GetResourcePolicyInput{SecretId: &arn})
		b.add()
	})
}
