package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/networkfirewall"

	"ward.dev/ward/internal/value"
)

func firewalls(ctx context.Context, r *region) {
	c := networkfirewall.NewFromConfig(r.config("networkfirewall"))
	input := &networkfirewall.ListFirewallsInput{MaxResults: aws.Int32(100)}
	each(ctx, r, list(ctx, r, c.ListFirewalls, input, "Firewalls"), func(item value.Value) {
		arn := text(item, "FirewallArn")
		b := r.resource(arn, "ListFirewalls", item)
		ask(ctx, b, c.DescribeFirewall, &networkfirewall.DescribeFirewallInput{FirewallArn: &arn})
		ask(ctx, b, c.DescribeLoggingConfiguration, &networkfirewall.DescribeLoggingConfigurationInput{FirewallArn: &arn})
		b.add()
	})
}

func firewallPolicies(ctx context.Context, r *region) {
	c := networkfirewall.NewFromConfig(r.config("networkfirewall"))
	input := &networkfirewall.ListFirewallPoliciesInput{MaxResults: aws.Int32(100)}
	each(ctx, r, list(ctx, r, c.ListFirewallPolicies, input, "FirewallPolicies"), func(item value.Value) {
		arn := text(item, "Arn")
		b := r.resource(arn, "ListFirewallPolicies", item)
		ask(ctx, b, c.DescribeFirewallPolicy, &networkfirewall.DescribeFirewallPolicyInput{FirewallPolicyArn: &arn})
		b.add()
	})
}
