package aws

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"ward.dev/ward/internal/value"
)

// details is the operation that tells nearly all of IAM in a few calls. Under its name the collectors keep the one entry that
// is about their resource.
const details = "GetAccountAuthorizationDetails"

// largest is how many entries one page of IAM may hold.
var largest int32 = 1000

func iamDetails(ctx context.Context, r *region, of types.EntityType, path string) iter.Seq2[value.Value, error] {
	return pages(ctx, r, iam.NewFromConfig(r.config("iam")).GetAccountAuthorizationDetails, detailsInput(of), path)
}

func listDetails(ctx context.Context, r *region, of types.EntityType, path string) iter.Seq[value.Value] {
	return list(ctx, r, iam.NewFromConfig(r.config("iam")).GetAccountAuthorizationDetails, detailsInput(of), path)
}

func detailsInput(of types.EntityType) *iam.GetAccountAuthorizationDetailsInput {
	return &iam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{of}, MaxItems: &largest}
}

// users come with their row of the credential report.
func users(ctx context.Context, r *region) {
	report := readReport(ctx, r)
	for item := range listDetails(ctx, r, types.EntityTypeUser, "UserDetailList") {
		arn := text(item, "Arn")
		b := r.resource(arn, details, item)
		b.keep("GetCredentialReport", report.row(arn))
		b.add()
	}
}

// groups come with the ids of their members, which only the users' entries tell.
func groups(ctx context.Context, r *region) {
	members := index{of: map[string][]value.Value{}}
	for user, err := range iamDetails(ctx, r, types.EntityTypeUser, "UserDetailList") {
		members.note(r, err)
		for _, name := range texts(user.Field("GroupList")) {
			members.add(name, user.Field("UserId"))
		}
	}
	for item := range listDetails(ctx, r, types.EntityTypeGroup, "GroupDetailList") {
		r.resource(text(item, "Arn"), details, with(item, "Members", members.get(text(item, "GroupName")))).add()
	}
}

// roles come with what only their list tells: how long a session may last.
func roles(ctx context.Context, r *region) {
	c := iam.NewFromConfig(r.config("iam"))
	listed := index{of: map[string][]value.Value{}}
	for item, err := range pages(ctx, r, c.ListRoles, &iam.ListRolesInput{MaxItems: &largest}, "Roles") {
		listed.noteAs(r, "ListRoles", err)
		listed.add(text(item, "Arn"), item.Field("MaxSessionDuration"))
	}
	for item := range listDetails(ctx, r, types.EntityTypeRole, "RoleDetailList") {
		arn := text(item, "Arn")
		b := r.resource(arn, details, item)
		b.keep("ListRoles", value.Object(map[string]value.Value{"MaxSessionDuration": listed.one(arn)}))
		b.add()
	}
}

// managedPolicies are those of the account, and those of AWS that somebody holds. Each comes with the ids of the users and
// roles that hold it, also by a group, and of those that it bounds: what they may do together is judged from there.
func managedPolicies(ctx context.Context, r *region) {
	c := iam.NewFromConfig(r.config("iam"))
	held, bounds := policyHolders(ctx, r)
	for _, of := range []types.EntityType{types.EntityTypeLocalManagedPolicy, types.EntityTypeAWSManagedPolicy} {
		each(ctx, r, listDetails(ctx, r, of, "Policies"), func(item value.Value) {
			arn := text(item, "Arn")
			manager := "CUSTOMER"
			if strings.Contains(arn, ":iam::aws:") {
				manager = "AWS"
			}
			if _, used := held.of[arn]; manager == "AWS" && !used && len(bounds.of[arn]) == 0 && held.err == nil {
				return
			}
			b := r.resource(arn, details, with(item, "Manager", value.String(manager).At(item.Origin())))
			b.keep("HeldBy", held.get(arn))
			b.keep("Bounds", bounds.get(arn))
			if manager == "CUSTOMER" {
				askAll(ctx, b, c.ListPolicyTags, &iam.ListPolicyTagsInput{PolicyArn: &arn}, "Tags")
			}
			b.add()
		})
	}
}

// policyHolders reads who holds and who is bounded by each policy, by the policies' ARNs.
func policyHolders(ctx context.Context, r *region) (held, bounds index) {
	held, bounds = index{of: map[string][]value.Value{}}, index{of: map[string][]value.Value{}}
	ofGroups := index{of: map[string][]value.Value{}}
	for item, err := range iamDetails(ctx, r, types.EntityTypeGroup, "GroupDetailList") {
		held.note(r, err)
		for _, policy := range textsOf(found(item, []string{"AttachedManagedPolicies"}), "PolicyArn") {
			ofGroups.add(text(item, "GroupName"), value.String(policy))
			held.touch(policy)
		}
	}
	for _, each := range []struct {
		of       types.EntityType
		path, id string
	}{{types.EntityTypeUser, "UserDetailList", "UserId"}, {types.EntityTypeRole, "RoleDetailList", "RoleId"}} {
		for item, err := range iamDetails(ctx, r, each.of, each.path) {
			held.note(r, err)
			bounds.note(r, err)
			policies := textsOf(found(item, []string{"AttachedManagedPolicies"}), "PolicyArn")
			for _, group := range texts(item.Field("GroupList")) {
				for _, policy := range ofGroups.of[group] {
					arn, _ := policy.AsString()
					policies = append(policies, arn)
				}
			}
			for _, policy := range policies {
				held.add(policy, item.Field(each.id))
			}
			if bound := text(item, "PermissionsBoundary", "PermissionsBoundaryArn"); bound != "" {
				bounds.add(bound, item.Field(each.id))
			}
		}
	}
	return held, bounds
}

// inlinePolicies makes one block for each user, group and role of what is written into it.
func inlinePolicies(ctx context.Context, r *region) {
	for _, each := range []struct {
		of                   types.EntityType
		path, name, policies string
	}{
		{types.EntityTypeUser, "UserDetailList", "UserName", "UserPolicyList"},
		{types.EntityTypeGroup, "GroupDetailList", "GroupName", "GroupPolicyList"},
		{types.EntityTypeRole, "RoleDetailList", "RoleName", "RolePolicyList"},
	} {
		for item := range listDetails(ctx, r, each.of, each.path) {
			r.resource(text(item, "Arn")+"#inline", details, value.Object(map[string]value.Value{
				"Name": item.Field(each.name), "Path": item.Field("Path"), "Policies": item.Field(each.policies),
			}).At(item.Origin())).add()
		}
	}
}

// index gathers values by a text, and why there may be more.
type index struct {
	of  map[string][]value.Value
	err *value.Reason
}

func (x *index) add(key string, v value.Value) {
	if key != "" && !v.IsAbsent() {
		x.of[key] = append(x.of[key], v)
	}
}

// touch makes sure that there is an entry.
func (x *index) touch(key string) { x.of[key] = append(x.of[key], nil...) }

func (x *index) note(r *region, err error) { x.noteAs(r, details, err) }

func (x *index) noteAs(r *region, operation string, err error) {
	if err != nil {
		why := r.why("iam", operation, err)
		x.err = &why
	}
}

// one returns the one value that was gathered under a text, unknown if there is none.
func (x *index) one(key string) value.Value {
	switch {
	case len(x.of[key]) > 0:
		return x.of[key][0]
	case x.err != nil:
		return value.Unresolved(*x.err)
	}
	return value.Unresolved(value.Reason{Why: "the list of roles did not have it"})
}

// get returns what was gathered under a text, as a list.
func (x *index) get(key string) value.Value {
	made := value.List(x.of[key]...)
	if x.err != nil {
		made = made.Open(*x.err)
	}
	return made
}
