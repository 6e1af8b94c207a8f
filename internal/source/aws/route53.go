package aws

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/route53domains"

	"ward.dev/ward/internal/value"
)

// zones are asked about as seldom as can be: Route 53 answers five calls a second, whoever asks in the account.
func zones(ctx context.Context, r *region) {
	c := route53.NewFromConfig(r.config("route53"))
	logs := index{of: map[string][]value.Value{}}
	for item, err := range pages(ctx, r, c.ListQueryLoggingConfigs, &route53.ListQueryLoggingConfigsInput{}, "QueryLoggingConfigs") {
		if err != nil {
			why := r.why("route53", "ListQueryLoggingConfigs", err)
			logs.err = &why
		}
		logs.add(text(item, "HostedZoneId"), item)
	}
	all := slices.Collect(list(ctx, r, c.ListHostedZones, &route53.ListHostedZonesInput{}, "HostedZones"))
	for some := range slices.Chunk(all, 10) { // so many are told the tags of at once
		tags := zoneTags(ctx, r, c, some)
		for _, item := range some {
			id := tail(text(item, "Id"), "/")
			b := r.resource("arn:"+r.account.Partition+":route53:::hostedzone/"+id, "ListHostedZones", item)
			b.keep("ZoneId", value.String(id).At(item.Origin()))
			b.keep("ListQueryLoggingConfigs", logs.get(id))
			if r.run.rehearsal != nil {
				b.keep("ListQueryLoggingConfigs", logs.get("x"))
			}
			b.keep("ListTagsForResources", tags(id))
			if private, _ := item.Field("Config").Field("PrivateZone").AsBool(); !private || r.run.rehearsal != nil {
				ask(ctx, b, c.GetDNSSEC, &route53.GetDNSSECInput{HostedZoneId: &id})
			}
			b.add()
		}
	}
}

// zoneTags asks for the tags of up to ten zones and returns how to find those of one.
func zoneTags(ctx context.Context, r *region, c *route53.Client, zones []value.Value) func(id string) value.Value {
	var ids []string
	for _, zone := range zones {
		ids = append(ids, tail(text(zone, "Id"), "/"))
	}
	reply, _, err := send(ctx, r, c.ListTagsForResources, &route53.ListTagsForResourcesInput{
		ResourceType: types.TagResourceTypeHostedzone, ResourceIds: ids})
	return func(id string) value.Value {
		if err != nil {
			return r.told(value.Value{}, "route53", "ListTagsForResources", err, nil)
		}
		for _, set := range found(reply, []string{"ResourceTagSets"}) {
			if text(set, "ResourceId") == id {
				return set
			}
		}
		return value.None().At(reply.Origin())
	}
}

// domains are registered in one region for all.
func domains(ctx context.Context, r *region) {
	r = r.in("us-east-1")
	c := route53domains.NewFromConfig(r.config("route53domains"))
	each(ctx, r, list(ctx, r, c.ListDomains, &route53domains.ListDomainsInput{}, "Domains"), func(item value.Value) {
		name := text(item, "DomainName")
		b := r.resource("arn:"+r.account.Partition+":route53domains:::domain/"+name, "ListDomains", item)
		askAll(ctx, b, c.ListTagsForDomain, &route53domains.ListTagsForDomainInput{DomainName: &name}, "TagList")
		b.add()
	})
}
