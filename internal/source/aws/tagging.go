package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"

	"ward.dev/ward/internal/value"
)

// labels are the tags of all resources of some types in a region.
type labels struct {
	of   map[string]value.Value // by ARN
	rest value.Value            // what holds for the others: none, or unknown
}

// tagged reads the tags of all resources of some types: "events:rule". It takes a few calls, where the service itself has
// to be asked about each resource.
func tagged(ctx context.Context, r *region, types ...string) labels {
	c := tagging.NewFromConfig(r.config("resourcegroupstaggingapi"))
	service, name := named[*tagging.GetResourcesOutput]()
	all := labels{of: map[string]value.Value{}, rest: value.None().At(r.origin(service, name))}
	in := &tagging.GetResourcesInput{ResourceTypeFilters: types, ResourcesPerPage: aws.Int32(100)}
	for item, err := range pages(ctx, r, c.GetResources, in, "ResourceTagMappingList") {
		if err != nil {
			all.rest = r.told(value.Value{}, service, name, err, nil)
			break
		}
		all.of[text(item, "ResourceARN")] = item
		if r.run.rehearsal != nil {
			all.rest = item
		}
	}
	return all
}

// label keeps a resource's tags in its block.
func (l labels) label(b *block, arn string) {
	if item, ok := l.of[arn]; ok {
		b.keep("GetResources", item)
		return
	}
	b.keep("GetResources", l.rest)
}
