package aws

import (
	"context"
	"slices"

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
		versions := askAll(ctx, b, c.ListSecretVersionIds,
			&secretsmanager.ListSecretVersionIdsInput{SecretId: &arn, MaxResults: aws.Int32(100)}, "Versions")
		b.keep("ListSecretVersionIds", currentVersion(r, versions))
		b.add()
	})
}

// currentVersion is the version that readers of a secret get, absent if there is none. Its day is that of the value: what a
// list of secrets calls changed may have been a word of the description.
func currentVersion(r *region, versions value.Value) value.Value {
	items, isList := versions.AsList()
	if !isList {
		return versions
	}
	for _, item := range items {
		if slices.Contains(texts(item.Field("VersionStages")), "AWSCURRENT") || r.run.rehearsal != nil {
			return item
		}
	}
	if versions.IsOpen() {
		return value.Unresolved(versions.Reasons()...).At(versions.Origin())
	}
	return value.None().At(versions.Origin())
}
