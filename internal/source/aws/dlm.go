package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dlm"

	"ward.dev/ward/internal/value"
)

// snapshotPolicies are those of the Data Lifecycle Manager.
func snapshotPolicies(ctx context.Context, r *region) {
	c := dlm.NewFromConfig(r.config("dlm"))
	each(ctx, r, list(ctx, r, c.GetLifecyclePolicies, &dlm.GetLifecyclePoliciesInput{}, "Policies"), func(item value.Value) {
		id := text(item, "PolicyId")
		b := r.resource(r.arn("dlm", "policy/"+id), "GetLifecyclePolicies", item)
		ask(ctx, b, c.GetLifecyclePolicy, &dlm.GetLifecyclePolicyInput{PolicyId: &id})
		b.add()
	})
}
