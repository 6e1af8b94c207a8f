package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/waf"
	"github.com/aws/aws-sdk-go-v2/service/wafregional"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"ward.dev/ward/internal/value"
)

// northVirginia is where the web ACLs of CloudFront are asked for. They are read once, with those of one region.
const northVirginia = "us-east-1"

// noLogs is how all three of these services say that a web ACL writes no logs.
var noLogs = none("WAFNonexistentItemException")

// worldwide is the part that answers for what has no region.
func (r *region) worldwide() *region {
	other := r.in(northVirginia)
	other.global = true
	return other
}

func webACLs(ctx context.Context, r *region) {
	webACLsOf(ctx, r, types.ScopeRegional)
	if r.account.Partition == "aws" && r.speaksFor(northVirginia) {
		webACLsOf(ctx, r.worldwide(), types.ScopeCloudfront)
	}
}

func webACLsOf(ctx context.Context, r *region, scope types.Scope) {
	c := wafv2.NewFromConfig(r.config("wafv2"))
	in := &wafv2.ListWebACLsInput{Scope: scope, Limit: aws.Int32(100)}
	each(ctx, r, list(ctx, r, c.ListWebACLs, in, "WebACLs"), func(item value.Value) {
		id, name, arn := text(item, "Id"), text(item, "Name"), text(item, "ARN")
		b := r.resource(arn, "ListWebACLs", item)
		ask(ctx, b, c.GetWebACL, &wafv2.GetWebACLInput{Id: &id, Name: &name, Scope: scope})
		ask(ctx, b, c.GetLoggingConfiguration, &wafv2.GetLoggingConfigurationInput{ResourceArn: &arn}, noLogs)
		ask(ctx, b, c.ListTagsForResource, &wafv2.ListTagsForResourceInput{ResourceARN: &arn, Limit: aws.Int32(100)})
		b.add()
	})
}

// classicACLs reads web ACLs of the first generation: those of a region, and with one region those of CloudFront.
func classicACLs(ctx context.Context, r *region) {
	c := wafregional.NewFromConfig(r.config("wafregional"))
	all := list(ctx, r, c.ListWebACLs, &wafregional.ListWebACLsInput{Limit: 100}, "WebACLs")
	each(ctx, r, all, func(item value.Value) {
		id := text(item, "WebACLId")
		arn := r.arn("waf-regional", "webacl/"+id)
		b := r.resource(arn, "ListWebACLs", item)
		ask(ctx, b, c.GetWebACL, &wafregional.GetWebACLInput{WebACLId: &id})
		ask(ctx, b, c.GetLoggingConfiguration, &wafregional.GetLoggingConfigurationInput{ResourceArn: &arn}, noLogs)
		ask(ctx, b, c.ListTagsForResource, &wafregional.ListTagsForResourceInput{ResourceARN: &arn, Limit: 100})
		b.add()
	})
	if r.account.Partition == "aws" && r.speaksFor(northVirginia) {
		classicWorldwide(ctx, r.worldwide())
	}
}

func classicWorldwide(ctx context.Context, r *region) {
	c := waf.NewFromConfig(r.config("waf"))
	each(ctx, r, list(ctx, r, c.ListWebACLs, &waf.ListWebACLsInput{Limit: 100}, "WebACLs"), func(item value.Value) {
		id := text(item, "WebACLId")
		arn := "arn:" + r.account.Partition + ":waf::" + r.account.ID + ":webacl/" + id
		b := r.resource(arn, "ListWebACLs", item)
		ask(ctx, b, c.GetWebACL, &waf.GetWebACLInput{WebACLId: &id})
		ask(ctx, b, c.GetLoggingConfiguration, &waf.GetLoggingConfigurationInput{ResourceArn: &arn}, noLogs)
		ask(ctx, b, c.ListTagsForResource, &waf.ListTagsForResourceInput{ResourceARN: &arn, Limit: 100})
		b.add()
	})
}
