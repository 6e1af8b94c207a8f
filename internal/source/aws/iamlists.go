package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"ward.dev/ward/internal/value"
)

// passwordPolicy is one for the account, or none.
func passwordPolicy(ctx context.Context, r *region) {
	c := iam.NewFromConfig(r.config("iam"))
	input := &iam.GetAccountPasswordPolicyInput{}
	for item := range list(ctx, r, c.GetAccountPasswordPolicy, input, "PasswordPolicy", none("NoSuchEntity")) {
		r.resource(r.iamARN("account-password-policy"), "GetAccountPasswordPolicy", item).add()
	}
}

// iamARN makes the ARN of something in IAM, which knows no regions.
func (r *region) iamARN(rest string) string {
	return "arn:" + r.account.Partition + ":iam::" + r.account.ID + ":" + rest
}

func oidcProviders(ctx context.Context, r *region) {
	c := iam.NewFromConfig(r.config("iam"))
	all := list(ctx, r, c.ListOpenIDConnectProviders, &iam.ListOpenIDConnectProvidersInput{}, "OpenIDConnectProviderList")
	each(ctx, r, all, func(item value.Value) {
		arn := text(item, "Arn")
		b := r.resource(arn, "ListOpenIDConnectProviders", item)
		ask(ctx, b, c.GetOpenIDConnectProvider, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
		b.add()
	})
}

// samlProviders are not asked for their metadata: it is long, and what matters of it the list tells.
func samlProviders(ctx context.Context, r *region) {
	c := iam.NewFromConfig(r.config("iam"))
	each(ctx, r, list(ctx, r, c.ListSAMLProviders, &iam.ListSAMLProvidersInput{}, "SAMLProviderList"), func(item value.Value) {
		arn := text(item, "Arn")
		b := r.resource(arn, "ListSAMLProviders", with(item, "Name", value.String(tail(arn, "/")).At(item.Origin())))
		askAll(ctx, b, c.ListSAMLProviderTags, &iam.ListSAMLProviderTagsInput{SAMLProviderArn: &arn}, "Tags")
		b.add()
	})
}
