package aws

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"ward.dev/ward/internal/value"
)

// identityCenters are listed in the region that Identity Center was set up in, to every account that people reach through it.
func identityCenters(ctx context.Context, r *region) {
	c := ssoadmin.NewFromConfig(r.config("ssoadmin"))
	each(ctx, r, list(ctx, r, c.ListInstances, &ssoadmin.ListInstancesInput{}, "Instances"), func(item value.Value) {
		owner := cmp.Or(text(item, "OwnerAccountId"), r.account.ID)
		if r.elsewhere(owner) {
			return
		}
		arn := text(item, "InstanceArn")
		b := r.guestOf(owner).resource(arn, "ListInstances", item)
		askAll(ctx, b, c.ListTagsForResource, &ssoadmin.ListTagsForResourceInput{InstanceArn: &arn, ResourceArn: &arn}, "Tags")
		b.add()
	})
}

// permissionSets are those of the instances that the account can see: its own, and the organization's.
func permissionSets(ctx context.Context, r *region) {
	c := ssoadmin.NewFromConfig(r.config("ssoadmin"))
	for instance := range list(ctx, r, c.ListInstances, &ssoadmin.ListInstancesInput{}, "Instances") {
		of, owner := text(instance, "InstanceArn"), cmp.Or(text(instance, "OwnerAccountId"), r.account.ID)
		if r.elsewhere(owner) {
			continue
		}
		r := r.guestOf(owner)
		sets := list(ctx, r, c.ListPermissionSets, &ssoadmin.ListPermissionSetsInput{InstanceArn: &of}, "PermissionSets")
		each(ctx, r, sets, func(item value.Value) {
			arn, _ := item.AsString()
			b := r.resource(arn, "ListPermissionSets", item)
			ask(ctx, b, c.DescribePermissionSet, &ssoadmin.DescribePermissionSetInput{InstanceArn: &of, PermissionSetArn: &arn})
			askAll(ctx, b, c.ListTagsForResource, &ssoadmin.ListTagsForResourceInput{InstanceArn: &of, ResourceArn: &arn}, "Tags")
			askAll(ctx, b, c.ListManagedPoliciesInPermissionSet,
				&ssoadmin.ListManagedPoliciesInPermissionSetInput{InstanceArn: &of, PermissionSetArn: &arn}, "AttachedManagedPolicies")
			inline := &ssoadmin.GetInlinePolicyForPermissionSetInput{InstanceArn: &of, PermissionSetArn: &arn}
			ask(ctx, b, c.GetInlinePolicyForPermissionSet, inline)
			b.add()
		})
	}
}
