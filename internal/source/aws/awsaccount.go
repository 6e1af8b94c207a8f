package aws

import (
	"context"
	"strings"

	accounts "github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"ward.dev/ward/internal/value"
)

// accountItself is one block for what is asked of the account as a whole.
func accountItself(ctx context.Context, r *region) {
	root := r.iamARN("root")
	b := r.resource(root, "Account", value.Object(map[string]value.Value{"Id": value.String(r.account.ID)}))
	c := iam.NewFromConfig(r.config("iam"))
	ask(ctx, b, c.GetAccountSummary, &iam.GetAccountSummaryInput{})
	b.keep("GetCredentialReport", readReport(ctx, r).row(root))
	keepRootDevices(ctx, b, c, root)
	a := accounts.NewFromConfig(r.config("account"))
	ask(ctx, b, a.GetAccountInformation, &accounts.GetAccountInformationInput{})
	keepContacts(ctx, b, a)
	b.add()
}

// keepRootDevices keeps of the virtual second factors those of the root user.
func keepRootDevices(ctx context.Context, b *block, c *iam.Client, root string) {
	input := &iam.ListVirtualMFADevicesInput{AssignmentStatus: iamtypes.AssignmentStatusTypeAssigned}
	all := askAll(ctx, b, c.ListVirtualMFADevices, input, "VirtualMFADevices")
	devices, isList := all.AsList()
	if !isList {
		return
	}
	own := []value.Value{}
	for _, device := range devices {
		serial := text(device, "SerialNumber")
		if text(device, "User", "Arn") == root || strings.HasSuffix(serial, ":mfa/root-account-mfa-device") || b.region.run.rehearsal != nil {
			own = append(own, device.Field("SerialNumber"))
		}
	}
	kept := value.List(own...).At(all.Origin())
	if all.IsOpen() {
		kept = kept.Open(all.Reasons()...)
	}
	b.keep("ListVirtualMFADevices", kept)
}

// keepContacts keeps which alternate contacts there are, and nothing of who they are.
func keepContacts(ctx context.Context, b *block, c *accounts.Client) {
	var kinds []value.Value
	var why []value.Reason
	var origin *value.Origin
	for _, kind := range types.AlternateContactType("").Values() {
		input := &accounts.GetAlternateContactInput{AlternateContactType: kind}
		reply := ask(ctx, b, c.GetAlternateContact, input, none("ResourceNotFoundException"))
		origin = reply.Origin()
		switch {
		case reply.IsUnknown():
			why = reply.Reasons()
		case !reply.IsAbsent():
			kinds = append(kinds, value.String(string(kind)).At(reply.Origin()))
		}
	}
	kept := value.List(kinds...).At(origin)
	if len(why) > 0 {
		kept = kept.Open(why...)
	}
	b.keep("GetAlternateContact", kept)
}
