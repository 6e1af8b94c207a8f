package decode

import (
	"strings"

	"ward.dev/ward/internal/value"
)

func bucketGrantFields() []Field {
	return []Field{
		{Name: "group", Type: "string", Doc: "The URI of a predefined group that may do it, such as all users; absent for one grantee."},
		{Name: "grantee", Type: "string", Doc: "The canonical id or mail address of the account that may do it; absent for a group."},
		{Name: "rights", Type: "list string", Doc: "READ, WRITE, READ_ACP, WRITE_ACP or FULL_CONTROL."},
	}
}

const (
	groups      = "http://acs.amazonaws.com/groups/"
	everyone    = groups + "global/AllUsers"
	everyUser   = groups + "global/AuthenticatedUsers"
	logDelivery = groups + "s3/LogDelivery"
)

// cannedGrants are the grants that canned ACLs of a bucket stand for, besides the owner's own.
var cannedGrants = map[string][][2]string{
	"private": {}, "bucketownerread": {}, "bucketownerfullcontrol": {}, // the last two mean objects
	"publicread":        {{everyone, "READ"}},
	"publicreadwrite":   {{everyone, "READ"}, {everyone, "WRITE"}},
	"authenticatedread": {{everyUser, "READ"}},
	"logdeliverywrite":  {{logDelivery, "WRITE"}, {logDelivery, "READ_ACP"}},
}

// bucketGrants reads what the ACL of a bucket grants to others than the bucket's owner, each right by itself, however it is
// said: a canned ACL, a list of grants, or the owner and the grants.
func bucketGrants(v value.Value) value.Value {
	v = block(v)
	return known(v, func(v value.Value) value.Value {
		if name, ok := v.AsString(); ok {
			return cannedACL(v, name)
		}
		rows, owner := v, value.None()
		if _, whole := v.AsObject(); whole && member(v, "permissions").IsAbsent() {
			rows, owner = first(v, "Grants", "grant"), member(block(member(v, "owner")), "ID")
		}
		switch items, isList := rows.AsList(); {
		case rows.IsUnknown():
			return hidden(rows)
		case isList:
			return grantsToOthers(rows, items, owner)
		case rows.IsAbsent():
			return from(v, value.List())
		}
		return grantsToOthers(rows, []value.Value{rows}, owner)
	})
}

func cannedACL(v value.Value, name string) value.Value {
	grants, ok := cannedGrants[strings.ToLower(strings.ReplaceAll(name, "-", ""))] // CloudFormation writes PublicRead
	if !ok {
		return unreadable(v, "what the canned ACL grants is not known")
	}
	made := make([]value.Value, len(grants))
	for i, g := range grants {
		made[i] = from(v, value.Object(map[string]value.Value{"group": value.String(g[0]), "rights": value.List(value.String(g[1]))}))
	}
	return from(v, value.List(made...))
}

func grantsToOthers(rows value.Value, items []value.Value, owner value.Value) value.Value {
	var made []value.Value
	var more []value.Reason
	if rows.IsOpen() {
		more = rows.Reasons()
	}
	for _, row := range items {
		if row.IsUnknown() {
			more = append(more, row.Reasons()...)
			continue
		}
		who := block(member(row, "Grantee"))
		if who.IsAbsent() {
			who = row
		}
		group, grantee := filled(who, "URI"), filled(who, "ID", "EmailAddress", "email_address")
		rights, isList := first(row, "Permission", "permissions").AsList()
		if !isList {
			rights = []value.Value{first(row, "Permission", "permissions")}
		}
		for _, right := range rights {
			if text, _ := right.AsString(); text == "FULL_CONTROL" && isOwner(grantee, owner) {
				continue
			}
			made = append(made, from(row, value.Object(map[string]value.Value{"group": group, "grantee": grantee, "rights": value.List(right)})))
		}
	}
	return listOf(rows, made, more)
}

// filled returns the first member of the names that is neither absent nor an empty text, as plans write what is not set.
func filled(v value.Value, names ...string) value.Value {
	for _, name := range names {
		f := member(v, name)
		if s, ok := f.AsString(); !f.IsAbsent() && (!ok || s != "") {
			return f
		}
	}
	return value.None()
}

// isOwner tells whether a grantee is the bucket's owner: by its id, or as the account that the code runs in.
func isOwner(grantee, owner value.Value) bool {
	if ref, ok := grantee.ExactRef(); ok {
		same, exact := owner.ExactRef()
		return strings.Contains(ref.Address, "data.aws_canonical_user_id.") || exact && same == ref
	}
	id, ok := grantee.AsString()
	other, known := owner.AsString()
	return ok && known && id == other
}
