package aws

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"

	"ward.dev/ward/internal/value"
)

func elbClient(r *region) *elasticloadbalancingv2.Client {
	return elasticloadbalancingv2.NewFromConfig(r.config("elasticloadbalancingv2"))
}

func allBalancers(ctx context.Context, r *region, c *elasticloadbalancingv2.Client) []value.Value {
	input := &elasticloadbalancingv2.DescribeLoadBalancersInput{PageSize: aws.Int32(400)}
	return slices.Collect(list(ctx, r, c.DescribeLoadBalancers, input, "LoadBalancers"))
}

// eachTagged works on what load balancing lists, with the tags of each: one call tells those of twenty.
func eachTagged(ctx context.Context, r *region, c *elasticloadbalancingv2.Client, all []value.Value, arn string,
	work func(item, tags value.Value)) {
	for some := range slices.Chunk(all, perTags) {
		tags := lookUp(ctx, r, c.DescribeTags, &elasticloadbalancingv2.DescribeTagsInput{ResourceArns: textsOf(some, arn)},
			"TagDescriptions", "ResourceArn")
		each(ctx, r, slices.Values(some), func(item value.Value) { work(item, tags.one(text(item, arn))) })
	}
}

func elbBalancers(ctx context.Context, r *region) {
	c, waf := elbClient(r), wafv2.NewFromConfig(r.config("wafv2"))
	eachTagged(ctx, r, c, allBalancers(ctx, r, c), "LoadBalancerArn", func(item, tags value.Value) {
		arn := text(item, "LoadBalancerArn")
		b := r.resource(arn, "DescribeLoadBalancers", item)
		b.keep("DescribeTags", tags)
		attributes := ask(ctx, b, c.DescribeLoadBalancerAttributes,
			&elasticloadbalancingv2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &arn})
		b.keep("DescribeLoadBalancerAttributes", changedTo(attributes, "logs_bucket", logsBucket(attributes)))
		b.keep("GetWebACLForResource", value.None().At(item.Origin()))
		if kind := text(item, "Type"); kind != "network" && kind != "gateway" { // these can have none
			acl := ask(ctx, b, waf.GetWebACLForResource, &wafv2.GetWebACLForResourceInput{ResourceArn: &arn}, none("WAFNonexistentItemException"))
			if held := acl.Field("WebACL"); acl.IsKnown() { // its rules may hold what only the origin should know
				b.keep("GetWebACLForResource", value.Object(map[string]value.Value{"WebACL": brief(held, "ARN")}).At(acl.Origin()))
			}
		}
		b.add()
	})
}

// logsBucket is the bucket that a load balancer writes its access logs to, so that the bucket can find it.
func logsBucket(attributes value.Value) value.Value {
	for _, one := range found(attributes, []string{"Attributes"}) {
		if text(one, "Key") == "access_logs.s3.bucket" {
			return one.Field("Value")
		}
	}
	return value.None().At(attributes.Origin())
}

func elbListeners(ctx context.Context, r *region) {
	c := elbClient(r)
	for _, balancer := range allBalancers(ctx, r, c) {
		arn := text(balancer, "LoadBalancerArn")
		input := &elasticloadbalancingv2.DescribeListenersInput{LoadBalancerArn: &arn, PageSize: aws.Int32(400)}
		all := slices.Collect(list(ctx, r, c.DescribeListeners, input, "Listeners", none("LoadBalancerNotFound")))
		eachTagged(ctx, r, c, all, "ListenerArn", func(item, tags value.Value) {
			own := text(item, "ListenerArn")
			b := r.resource(own, "DescribeListeners", item)
			b.keep("DescribeTags", tags)
			askAll(ctx, b, c.DescribeRules,
				&elasticloadbalancingv2.DescribeRulesInput{ListenerArn: &own, PageSize: aws.Int32(400)}, "Rules", none("UnsupportedFeature"))
			askAll(ctx, b, c.DescribeListenerCertificates,
				&elasticloadbalancingv2.DescribeListenerCertificatesInput{ListenerArn: &own, PageSize: aws.Int32(400)}, "Certificates")
			b.add()
		})
	}
}

func elbTargetGroups(ctx context.Context, r *region) {
	c := elbClient(r)
	input := &elasticloadbalancingv2.DescribeTargetGroupsInput{PageSize: aws.Int32(400)}
	all := slices.Collect(list(ctx, r, c.DescribeTargetGroups, input, "TargetGroups"))
	eachTagged(ctx, r, c, all, "TargetGroupArn", func(item, tags value.Value) {
		arn := text(item, "TargetGroupArn")
		b := r.resource(arn, "DescribeTargetGroups", item)
		b.keep("DescribeTags", tags)
		ask(ctx, b, c.DescribeTargetHealth, &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: &arn})
		b.add()
	})
}
