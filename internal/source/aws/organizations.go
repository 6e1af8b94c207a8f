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

// organization is the one that the account manages, or administers for others. To its other members it is not told what
// holds for them, so it is no resource of theirs.
func organization(ctx context.Context, r *region) {
	c := organizations.NewFromConfig(r.config("organizations"))
	i := iam.NewFromConfig(r.config("iam"))
	for item := range ownOrganization(ctx, r, c) {
		b := r.resource(text(item, "Arn"), "DescribeOrganization", item)
		roots := askAll(ctx, b, c.ListRoots, &organizations.ListRootsInput{}, "Roots", r.hidden(item)...)
		if roots.IsAbsent() && r.run.rehearsal == nil {
			continue
		}
		access := &organizations.ListAWSServiceAccessForOrganizationInput{}
		askAll(ctx, b, c.ListAWSServiceAccessForOrganization, access, "EnabledServicePrincipals")
		askAll(ctx, b, c.ListDelegatedAdministrators, &organizations.ListDelegatedAdministratorsInput{}, "DelegatedAdministrators")
		ask(ctx, b, i.ListOrganizationsFeatures, &iam.ListOrganizationsFeaturesInput{}, none("ServiceAccessNotEnabledException"))
		b.add()
	}
}

// ownOrganization yields the organization that the account is in, or nothing.
func ownOrganization(ctx context.Context, r *region, c *organizations.Client) iter.Seq[value.Value] {
	return list(ctx, r, c.DescribeOrganization, &organizations.DescribeOrganizationInput{}, "Organization", noOrganization)
}

// hidden are the errors by which a member that administers nothing is told that the organization is not its own to look at.
func (r *region) hidden(organization value.Value) []absence {
	if manager := text(organization, "MasterAccountId"); manager == "" || manager == r.account.ID {
		return nil
	}
	return []absence{none("AccessDeniedException")}
}

// policyTypes are those that are read: those that bound or back up accounts, and the one on what AWS learns from content.
var policyTypes = []types.PolicyType{types.PolicyTypeServiceControlPolicy, types.PolicyTypeResourceControlPolicy,
	types.PolicyTypeBackupPolicy, types.PolicyTypeTagPolicy, types.PolicyTypeAiservicesOptOutPolicy,
	types.PolicyTypeDeclarativePolicyEc2}

func organizationPolicies(ctx context.Context, r *region) {
	c := organizations.NewFromConfig(r.config("organizations"))
	for item := range ownOrganization(ctx, r, c) {
		for _, of := range policyTypes {
			policiesOf(ctx, r, c, of, append(r.hidden(item), noSuchType))
		}
	}
}

func policiesOf(ctx context.Context, r *region, c *organizations.Client, of types.PolicyType, absent []absence) {
	all := list(ctx, r, c.ListPolicies, &organizations.ListPoliciesInput{Filter: of}, "Policies", absent...)
	each(ctx, r, all, func(item value.Value) {
		id := text(item, "Id")
		b := r.resource(text(item, "Arn"), "ListPolicies", item)
		ask(ctx, b, c.DescribePolicy, &organizations.DescribePolicyInput{PolicyId: &id})
		askAll(ctx, b, c.ListTargetsForPolicy, &organizations.ListTargetsForPolicyInput{PolicyId: &id}, "Targets")
		askAll(ctx, b, c.ListTagsForResource, &organizations.ListTagsForResourceInput{ResourceId: &id}, "Tags")
		b.add()
	})
}
