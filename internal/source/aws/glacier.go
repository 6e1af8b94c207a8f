package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glacier"

	"ward.dev/ward/internal/value"
)

// glacierVaults are those of the older archive service.
func glacierVaults(ctx context.Context, r *region) {
	c := glacier.NewFromConfig(r.config("glacier"))
	own := aws.String("-") // the account that asks
	each(ctx, r, list(ctx, r, c.ListVaults, &glacier.ListVaultsInput{AccountId: own}, "VaultList"), func(item value.Value) {
		name := text(item, "VaultName")
		b := r.resource(text(item, "VaultARN"), "ListVaults", item)
		ask(ctx, b, c.GetVaultAccessPolicy,
			&glacier.GetVaultAccessPolicyInput{AccountId: own, VaultName: &name}, none("ResourceNotFoundException"))
		ask(ctx, b, c.GetVaultLock, &glacier.GetVaultLockInput{AccountId: own, VaultName: &name}, none("ResourceNotFoundException"))
		ask(ctx, b, c.ListTagsForVault, &glacier.ListTagsForVaultInput{AccountId: own, VaultName: &name})
		b.add()
	})
}
