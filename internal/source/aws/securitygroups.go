package aws

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"ward.dev/ward/internal/value"
)

// securityGroups are all groups, those that AWS makes in every network too: they are used alike.
func securityGroups(ctx context.Context, r *region) {
	c := ec2Client(r)
	ranges := prefixLists(ctx, r, c)
	for item := range list(ctx, r, c.DescribeSecurityGroups, &ec2.DescribeSecurityGroupsInput{MaxResults: thousand}, "SecurityGroups") {
		r.resource(r.arn("ec2", "security-group/"+text(item, "GroupId")), "DescribeSecurityGroups", ranges.in(item)).add()
	}
}

// defaultGroups are the groups that AWS makes, as what stands for their network: apart from the group as a group.
func defaultGroups(ctx context.Context, r *region) {
	c := ec2Client(r)
	ranges := prefixLists(ctx, r, c)
	input := &ec2.DescribeSecurityGroupsInput{MaxResults: thousand, Filters: filters("group-name", "default")}
	for item := range list(ctx, r, c.DescribeSecurityGroups, input, "SecurityGroups") {
		r.resource(r.arn("ec2", "security-group/"+text(item, "GroupId")+"#default"), "DescribeSecurityGroups", ranges.in(item)).add()
	}
}

// addressRanges are the ranges in the prefix lists of this and other accounts. AWS's own hold AWS's services only.
type addressRanges struct {
	cidrs map[string]value.Value
	rest  value.Value
}

func prefixLists(ctx context.Context, r *region, c *ec2.Client) addressRanges {
	lists := lookUp(ctx, r, c.DescribeManagedPrefixLists,
		&ec2.DescribeManagedPrefixListsInput{MaxResults: aws.Int32(100)}, "PrefixLists", "PrefixListId")
	all := addressRanges{cidrs: map[string]value.Value{}, rest: lists.rest}
	for _, id := range slices.Sorted(maps.Keys(lists.rows)) {
		if text(lists.one(id), "OwnerId") == "AWS" {
			continue
		}
		entries := lookUp(ctx, r, c.GetManagedPrefixListEntries,
			&ec2.GetManagedPrefixListEntriesInput{PrefixListId: &id, MaxResults: aws.Int32(100)}, "Entries", "Cidr")
		known := value.Strings(slices.Sorted(maps.Keys(entries.rows))...)
		if entries.rest.IsUnknown() {
			known = known.Open(entries.rest.Reasons()...)
		}
		all.cidrs[id] = known
	}
	return all
}

// in writes the ranges of prefix lists beside their ids in the rules of a group, as Cidrs.
func (a addressRanges) in(group value.Value) value.Value {
	for _, direction := range []string{"IpPermissions", "IpPermissionsEgress"} {
		group = changed(group, direction, func(rule value.Value) value.Value {
			return changed(rule, "PrefixListIds", func(listed value.Value) value.Value {
				cidrs, ok := a.cidrs[text(listed, "PrefixListId")]
				if !ok {
					cidrs = a.rest
				}
				return changedTo(listed, "Cidrs", cidrs)
			})
		})
	}
	return group
}
