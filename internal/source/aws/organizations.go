package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"ward.dev/ward/internal/value"
)

// noOrganization is how Organizations says that the account is in none.
var noOrganization = none("AWSOrganizationsNotInUseException")

// noSuchType is how it says that it knows no policies of a type: not all partitions have all types.
var noSuchType = none("InvalidInputException")

// organization is the one that governs the account. What its members may not see of it is unknown there: it holds for them
// all the same.
func organization(ctx context.Context, r *region) {
	c := organizations.NewFromConfig(r.config("organizations"))
	i := iam.NewFromConfig(r.config("iam"))
	for item := range ownOrganization(ctx, r, c) {
		b := r.guestOf(text(item, "MasterAccountId")).resource(text(item, "Arn"), "DescribeOrganization", item)
		askAll(ctx, b, c.ListRoots, &organizations.ListRootsInput{}, "Roots")
		access := &organizations.ListAWSServiceAccessForOrganizationInput{}
		askAll(ctx, b, c.ListAWSServiceAccessForOrganization, access, "EnabledServicePrincipals")
		askAll(ctx, b, c.ListDelegatedAdministrators, &organizations.ListDelegatedAdministratorsInput{}, "DelegatedAdministrators")
		ask(ctx, b, i.ListOrganizationsFeatures, &iam.ListOrganizationsFeaturesInput{}, none("ServiceAccessNotEnabledException"))
		b.add()
	}
}

// ownOrganization yields the organization that the account is in, or nothing: without one, or if another account tells of it.
func ownOrganization(ctx context.Context, r *region, c *organizations.Client) iter.Seq[value.Value] {
	if r.elsewhere(r.run.manager) {
		return func(func(value.Value) bool) {}
	}
	return list(ctx, r, c.DescribeOrganization, &organizations.DescribeOrganizationInput{}, "Organization", noOrganization)
}

// guestOf is the region as that of an account that asks for what another one owns. AWS refuses one that may not see it with
// the code that it has for one that may, but whose caller lacks the right. So nothing follows from that but what to do.
func (r *region) guestOf(owner string) *region {
	if owner == "" || owner == r.account.ID {
		return r
	}
	guest := *r
	guest.from = ", in the organization's management account or a delegated administrator"
	return &guest
}

// elsewhere tells whether another account of the run tells of what all accounts of an organization share: its owner, or the
// one that the run began with if the owner is not read. That one manages or administers the organization, since it could
// list the accounts.
func (r *region) elsewhere(owner string) bool {
	speaker := r.account.ID
	for i, a := range r.run.accounts {
		if i == 0 || a.ID == owner && a.fault == "" {
			speaker = a.ID
		}
	}
	return speaker != r.account.ID
}

// policyTypes are those that are read: those that bound or back up accounts, and the one on what AWS learns from content.
var policyTypes = []types.PolicyType{types.PolicyTypeServiceControlPolicy, types.PolicyTypeResourceControlPolicy,
	types.PolicyTypeBackupPolicy, types.PolicyTypeTagPolicy, types.PolicyTypeAiservicesOptOutPolicy,
	types.PolicyTypeDeclarativePolicyEc2}

func organizationPolicies(ctx context.Context, r *region) {
	c := organizations.NewFromConfig(r.config("organizations"))
	for item := range ownOrganization(ctx, r, c) {
		for _, of := range policyTypes {
			policiesOf(ctx, r.guestOf(text(item, "MasterAccountId")), c, of)
		}
	}
}

func policiesOf(ctx context.Context, r *region, c *organizations.Client, of types.PolicyType) {
	all := list(ctx, r, c.ListPolicies, &organizations.ListPoliciesInput{Filter: of}, "Policies", noSuchType)
	each(ctx, r, all, func(item value.Value) {
		id := text(item, "Id")
		b := r.resource(text(item, "Arn"), "ListPolicies", item)
		ask(ctx, b, c.DescribePolicy, &organizations.DescribePolicyInput{PolicyId: &id})
		askAll(ctx, b, c.ListTargetsForPolicy, &organizations.ListTargetsForPolicyInput{PolicyId: &id}, "Targets")
		askAll(ctx, b, c.ListTagsForResource, &organizations.ListTagsForResourceInput{ResourceId: &id}, "Tags")
		b.add()
	})
}
