package decode

import (
	"testing"

	"ward.dev/ward/internal/value"
)

// TestBucketGrants proves that what the same ACL grants reads the same however it is said, and that the owner's own right,
// which every bucket has, is none.
func TestBucketGrants(t *testing.T) {
	const all, other = "http://acs.amazonaws.com/groups/global/AllUsers", "c0ffee"
	public := list{obj{"group": all, "rights": list{"READ"}}}
	publicRow := list{obj{"group": all, "grantee": nil, "rights": list{"READ"}}}
	owner := obj{"ID": "me", "DisplayName": "me"}
	own := obj{"Grantee": obj{"ID": "me", "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}
	caller := value.Unresolved(value.Reason{Why: "it is looked up"}).Referring(true, value.Ref{Address: "data.aws_canonical_user_id.me", Attribute: "id"})
	decodes(t, "s3.grants", []decoding{
		{"private", "private", list{}},
		{"public", "public-read", public},
		{"public, in a template", "PublicRead", public},
		{"a canned ACL that does not exist", "open", "?"},
		{"for services", "aws-exec-read", "?"},
		{"the owner's own", obj{"Owner": owner, "Grants": list{own}}, list{}},
		{"a reply without grants", obj{"Owner": owner}, list{}},
		{"public, by the API", obj{"Owner": owner, "Grants": list{own, obj{"Grantee": obj{"URI": all, "Type": "Group"}, "Permission": "READ"}}}, publicRow},
		{"public, in Terraform", obj{"owner": list{obj{"id": "me"}}, "grant": list{
			obj{"grantee": list{obj{"id": "me", "uri": ""}}, "permission": "FULL_CONTROL"},
			obj{"grantee": list{obj{"id": "", "uri": all}}, "permission": "READ"}}}, publicRow},
		{"the owner may only read", obj{"Owner": owner, "Grants": list{obj{"Grantee": obj{"ID": "me"}, "Permission": "READ"}}},
			list{obj{"group": nil, "grantee": "me", "rights": list{"READ"}}}},
		{"another account", obj{"Owner": owner, "Grants": list{own, obj{"Grantee": obj{"ID": other}, "Permission": "FULL_CONTROL"}}},
			list{obj{"group": nil, "grantee": other, "rights": list{"FULL_CONTROL"}}}},
		{"who applies the code", list{obj{"id": caller, "permissions": list{"FULL_CONTROL"}}, obj{"uri": all, "permissions": list{"READ", "WRITE"}}},
			list{obj{"group": all, "grantee": nil, "rights": list{"READ"}}, obj{"group": all, "grantee": nil, "rights": list{"WRITE"}}}},
		{"somebody", list{obj{"id": unknown(), "permissions": list{"FULL_CONTROL"}}},
			list{obj{"group": nil, "grantee": "?", "rights": list{"FULL_CONTROL"}}}},
		{"what is not known", unknown(), "?"},
		{"a row that is not known", list{obj{"uri": all, "permissions": list{"READ"}}, unknown()}, append(publicRow, "...")},
		{"one row", list{obj{"uri": all, "permissions": list{"READ"}}}, publicRow},
	})
}
