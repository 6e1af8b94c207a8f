package decode

import (
	"slices"
	"strings"

	"ward.dev/ward/internal/value"
)

// grants reads permissions that are given one by one, as blocks of their own beside a function or an event bus, into
// statements as if they stood in one policy. What is a policy document already is read like iam.policy.
func grants(v value.Value) value.Value {
	if elements, ok := v.AsList(); ok {
		return concatenate(v, elements, grants)
	}
	if _, ok := v.AsObject(); !ok || !member(v, "Statement").IsAbsent() || !member(v, "Effect").IsAbsent() {
		return policy(v)
	}
	statement := map[string]value.Value{
		"Effect":    value.String("Allow"),
		"Principal": grantee(member(v, "Principal")),
		"Action":    member(v, "Action"),
		"Resource":  value.String("*"),
		"Sid":       first(v, "StatementId", "statement_id"),
		"Condition": grantConditions(v),
	}
	made := policy(from(v, value.Object(map[string]value.Value{"Statement": value.Object(statement)})))
	statements, _ := made.AsList()
	statements = slices.Clone(statements)
	for i, s := range statements {
		if s.IsKnown() { // AWS writes the ARN of what the permission stands at, which code need not know
			statements[i] = put(s, "resources", from(v, value.Unresolved(value.Reason{Why: "the ARN of what may be used is not said"})))
		}
	}
	return reopened(made, value.List(statements...))
}

// grantee is the principal of a permission as policies write it: a service under its own kind.
func grantee(v value.Value) value.Value {
	name, ok := v.AsString()
	switch {
	case ok && name == "*", v.IsAbsent():
		return v
	case ok && (strings.HasSuffix(name, ".amazonaws.com") || strings.HasSuffix(name, ".amazonaws.com.cn")):
		return from(v, value.Object(map[string]value.Value{"Service": v}))
	}
	return from(v, value.Object(map[string]value.Value{"AWS": v}))
}

// grantConditions are the limits that a permission names beside its principal.
func grantConditions(v value.Value) value.Value {
	equals, like := map[string]value.Value{}, map[string]value.Value{}
	put := func(into map[string]value.Value, key string, limit value.Value) {
		if !limit.IsAbsent() {
			into[key] = limit
		}
	}
	put(equals, "aws:SourceAccount", first(v, "SourceAccount", "source_account"))
	put(equals, "aws:PrincipalOrgID", first(v, "PrincipalOrgID", "principal_org_id", "OrganizationId", "organization_id"))
	put(equals, "lambda:FunctionUrlAuthType", first(v, "FunctionUrlAuthType", "function_url_auth_type"))
	put(like, "aws:SourceArn", first(v, "SourceArn", "source_arn"))
	conditions := map[string]value.Value{"StringEquals": value.Object(equals), "ArnLike": value.Object(like)}
	own := block(member(v, "Condition"))
	switch key, known := member(own, "Key").AsString(); {
	case own.IsAbsent():
	case own.IsUnknown():
		return own
	case known && strings.EqualFold(key, "aws:PrincipalOrgID"):
		equals["aws:PrincipalOrgID"] = member(own, "Value")
	default:
		return unreadable(v, "the permission has a condition other than on the organization")
	}
	return from(v, value.Object(conditions))
}
