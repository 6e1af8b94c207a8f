package aws

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"ward.dev/ward/internal/value"
)

// documents are the account's own. Only of the preferences of sessions the content is read: that of others is what people
// wrote into scripts.
func documents(ctx context.Context, r *region) {
	c := ssm.NewFromConfig(r.config("ssm"))
	add := func(item value.Value, more func(*block, *string)) {
		name := text(item, "Name")
		b := r.resource(r.arn("ssm", "document/"+name), "ListDocuments", item)
		ask(ctx, b, c.DescribeDocumentPermission,
			&ssm.DescribeDocumentPermissionInput{Name: &name, PermissionType: types.DocumentPermissionTypeShare})
		more(b, &name)
		b.add()
	}
	each(ctx, r, list(ctx, r, c.ListDocuments, ownDocuments(), "DocumentIdentifiers"), func(item value.Value) {
		if text(item, "DocumentType") != "Session" {
			add(item, func(*block, *string) {})
		}
	})
	each(ctx, r, list(ctx, r, c.ListDocuments, ownDocuments("Session"), "DocumentIdentifiers"), func(item value.Value) {
		add(item, func(b *block, name *string) {
			ask(ctx, b, c.GetDocument, &ssm.GetDocumentInput{Name: name, DocumentFormat: types.DocumentFormatJson})
		})
	})
}

func ownDocuments(kinds ...string) *ssm.ListDocumentsInput {
	in := &ssm.ListDocumentsInput{MaxResults: aws.Int32(50),
		Filters: []types.DocumentKeyValuesFilter{{Key: aws.String("Owner"), Values: []string{"Self"}}}}
	if len(kinds) > 0 {
		in.Filters = append(in.Filters, types.DocumentKeyValuesFilter{Key: aws.String("DocumentType"), Values: kinds})
	}
	return in
}

// parameters are what is known about parameters; never their values.
func parameters(ctx context.Context, r *region) {
	c := ssm.NewFromConfig(r.config("ssm"))
	each(ctx, r, list(ctx, r, c.DescribeParameters,
		&ssm.DescribeParametersInput{MaxResults: aws.Int32(50)}, "Parameters"), func(item value.Value) {
		name := text(item, "Name")
		arn := cmp.Or(text(item, "ARN"), r.arn("ssm", "parameter/"+strings.TrimPrefix(name, "/")))
		b := r.resource(arn, "DescribeParameters", item)
		ask(ctx, b, c.ListTagsForResource,
			&ssm.ListTagsForResourceInput{ResourceId: &name, ResourceType: types.ResourceTypeForTaggingParameter})
		b.add()
	})
}

// patchBaselines are the account's own; those of AWS hold for machines that no other is for.
func patchBaselines(ctx context.Context, r *region) {
	c := ssm.NewFromConfig(r.config("ssm"))
	own := &ssm.DescribePatchBaselinesInput{
		Filters: []types.PatchOrchestratorFilter{{Key: aws.String("OWNER"), Values: []string{"Self"}}}}
	each(ctx, r, list(ctx, r, c.DescribePatchBaselines, own, "BaselineIdentities"), func(item value.Value) {
		id := text(item, "BaselineId")
		b := r.resource(r.arn("ssm", "patchbaseline/"+id), "DescribePatchBaselines", item)
		ask(ctx, b, c.GetPatchBaseline, &ssm.GetPatchBaselineInput{BaselineId: &id})
		ask(ctx, b, c.ListTagsForResource,
			&ssm.ListTagsForResourceInput{ResourceId: &id, ResourceType: types.ResourceTypeForTaggingPatchBaseline})
		b.add()
	})
}

// patchBatch is how many machines the patch state of one call may name.
const patchBatch = 50

// managedInstances are the machines that Systems Manager reaches, each with the state of its patches and of what is kept
// up on it by associations.
func managedInstances(ctx context.Context, r *region) {
	c := ssm.NewFromConfig(r.config("ssm"))
	all := slices.Collect(list(ctx, r, c.DescribeInstanceInformation,
		&ssm.DescribeInstanceInformationInput{MaxResults: aws.Int32(50)}, "InstanceInformationList"))
	for batch := range slices.Chunk(all, patchBatch) {
		states, told := patchStates(ctx, r, c, textsOf(batch, "InstanceId"))
		for _, item := range batch {
			id := text(item, "InstanceId")
			b := r.resource(r.arn("ssm", "managed-instance/"+id), "DescribeInstanceInformation", item)
			b.keep("DescribeInstancePatchStates", told)
			if state, ok := states[id]; ok {
				b.keep("DescribeInstancePatchStates", state)
			}
			b.add()
		}
	}
}

// patchStates are the states of patches by the machine that has them. What is told of the others is none, or unknown.
func patchStates(ctx context.Context, r *region, c *ssm.Client, ids []string) (
	states map[string]value.Value, others value.Value) {
	states = map[string]value.Value{}
	in := &ssm.DescribeInstancePatchStatesInput{InstanceIds: ids}
	for item, err := range pages(ctx, r, c.DescribeInstancePatchStates, in, "InstancePatchStates") {
		if err != nil {
			return states, r.told(value.Value{}, "ssm", "DescribeInstancePatchStates", err, nil)
		}
		states[text(item, "InstanceId")] = item
	}
	return states, value.None().At(r.origin("ssm", "DescribeInstancePatchStates"))
}

// sessionPreferences are what holds for all sessions of a region.
const sessionPreferences = "SSM-SessionManagerRunShell"

// ssmAccount is what Systems Manager does in a region as a whole.
func ssmAccount(ctx context.Context, r *region) {
	c := ssm.NewFromConfig(r.config("ssm"))
	b := r.resource(r.arn("ssm", "account"), "Account", value.String(r.account.ID))
	ask(ctx, b, c.GetServiceSetting,
		&ssm.GetServiceSettingInput{SettingId: aws.String("/ssm/documents/console/public-sharing-permission")})
	ask(ctx, b, c.DescribeDocument, &ssm.DescribeDocumentInput{Name: aws.String(sessionPreferences)}, none("InvalidDocument"))
	b.add()
}
