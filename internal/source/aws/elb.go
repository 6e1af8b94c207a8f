package aws

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"

	"ward.dev/ward/internal/value"
)

// perTags is how many load balancers one call tells the tags of.
const perTags = 20

func classicBalancers(ctx context.Context, r *region) {
	c := elasticloadbalancing.NewFromConfig(r.config("elasticloadbalancing"))
	input := &elasticloadbalancing.DescribeLoadBalancersInput{PageSize: aws.Int32(400)}
	all := slices.Collect(list(ctx, r, c.DescribeLoadBalancers, input, "LoadBalancerDescriptions"))
	for some := range slices.Chunk(all, perTags) {
		tags := lookUp(ctx, r, c.DescribeTags,
			&elasticloadbalancing.DescribeTagsInput{LoadBalancerNames: textsOf(some, "LoadBalancerName")}, "TagDescriptions", "LoadBalancerName")
		each(ctx, r, slices.Values(some), func(item value.Value) {
			name := text(item, "LoadBalancerName")
			b := r.resource(r.arn("elasticloadbalancing", "loadbalancer/"+name), "DescribeLoadBalancers", item)
			b.keep("DescribeTags", tags.one(name))
			classicDetails(ctx, b, c, name, item)
			b.add()
		})
	}
}

func classicDetails(ctx context.Context, b *block, c *elasticloadbalancing.Client, name string, item value.Value) {
	attributes := ask(ctx, b, c.DescribeLoadBalancerAttributes,
		&elasticloadbalancing.DescribeLoadBalancerAttributesInput{LoadBalancerName: &name})
	b.keep("DescribeLoadBalancerAttributes", attributes.Field("LoadBalancerAttributes"))
	ask(ctx, b, c.DescribeInstanceHealth, &elasticloadbalancing.DescribeInstanceHealthInput{LoadBalancerName: &name})
	b.keep("DescribeLoadBalancerPolicies", value.None().At(item.Origin()))
	var used []string // only policies that a listener has count
	for _, listed := range found(item, []string{"ListenerDescriptions", "PolicyNames"}) {
		if policy, ok := listed.AsString(); ok && !slices.Contains(used, policy) {
			used = append(used, policy)
		}
	}
	if len(used) > 0 {
		ask(ctx, b, c.DescribeLoadBalancerPolicies,
			&elasticloadbalancing.DescribeLoadBalancerPoliciesInput{LoadBalancerName: &name, PolicyNames: used})
	}
}
