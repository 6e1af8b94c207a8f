package aws

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/opensearchserverless"
	"github.com/aws/aws-sdk-go-v2/service/opensearchserverless/types"

	"ward.dev/ward/internal/value"
)

// domainsAtOnce is how many domains one call describes.
const domainsAtOnce = 5

func opensearchDomains(ctx context.Context, r *region) {
	c := opensearch.NewFromConfig(r.config("opensearch"))
	var names []string
	for item := range list(ctx, r, c.ListDomainNames, &opensearch.ListDomainNamesInput{}, "DomainNames") {
		names = append(names, text(item, "DomainName"))
	}
	for some := range slices.Chunk(names, domainsAtOnce) {
		in := &opensearch.DescribeDomainsInput{DomainNames: some}
		each(ctx, r, list(ctx, r, c.DescribeDomains, in, "DomainStatusList"), func(item value.Value) {
			arn := text(item, "ARN")
			b := r.resource(arn, "DescribeDomains", item)
			ask(ctx, b, c.ListTags, &opensearch.ListTagsInput{ARN: &arn})
			b.add()
		})
	}
}

func opensearchPolicies(ctx context.Context, r *region) {
	c := opensearchserverless.NewFromConfig(r.config("opensearchserverless"))
	for _, typ := range types.SecurityPolicyType("").Values() {
		in := &opensearchserverless.ListSecurityPoliciesInput{Type: typ}
		each(ctx, r, list(ctx, r, c.ListSecurityPolicies, in, "SecurityPolicySummaries"), func(item value.Value) {
			name := text(item, "Name")
			b := r.resource(r.arn("aoss", "security-policy/"+string(typ)+"/"+name), "ListSecurityPolicies", item)
			ask(ctx, b, c.GetSecurityPolicy, &opensearchserverless.GetSecurityPolicyInput{Name: &name, Type: typ})
			b.add()
		})
	}
}
