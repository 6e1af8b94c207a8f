package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"ward.dev/ward/internal/value"
)

// identityCenters are listed in the region that Identity Center was set up in.
func identityCenters(ctx context.Context, r *region) {
	c := ssoadmin.NewFromConfig(r.config("ssoadmin"))
	each(ctx, r, list(ctx, r, c.ListInstances, &ssoadmin.ListInstancesInput{}, "Instances"), func(item value.Value) {
		if r.foreign(item) != nil {
			return
		}
		arn := text(item, "InstanceArn")
		b := r.resource(arn, "ListInstances", item)
		askAll(ctx, b, c.ListTagsForResource, &ssoadmin.ListTagsForResourceInput{InstanceArn: &arn, ResourceArn: &arn}, "Tags")
		b.add()
	})
}

// foreign are the errors by which an account is told that an instance that it can see is another one's to look at.
func (r *region) foreign(instance value.Value) []absence {
	if owner := text(instance, "OwnerAccountId"); owner == "" || owner == r.account.ID || r.run.rehearsal != nil {
		return nil
	}
	return []absence{none("AccessDeniedException")}
}

// permissionSets are those of the account's own instance, and of one that it administers for the organization.
func permissionSets(ctx context.Context, r *region) {
	c := ssoadmin.NewFromConfig(r.config("ssoadmin"))
	for instance := range list(ctx, r, c.ListInstances, &ssoadmin.ListInstancesInput{}, "Instances") {
		of := text(instance, "InstanceArn")
		sets := list(ctx, r, c.ListPermissionSets, &ssoadmin.ListPermissionSetsInput{InstanceArn: &of}, "PermissionSets", r.foreign(instance)...)
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
