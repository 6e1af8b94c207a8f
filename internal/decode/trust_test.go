package decode

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/value"
)

// What a trust policy or a service control policy says of itself, one statement each.
func TestTrustFacts(t *testing.T) {
	assume := func(principal any, condition any) obj {
		return obj{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": obj{"AWS": principal}, "Condition": condition}
	}
	web := func(condition any) obj {
		return obj{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
			"Principal": obj{"Federated": "arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com"}, "Condition": condition}
	}
	const sub = "token.actions.githubusercontent.com:sub"
	for _, c := range []struct {
		name, fact string
		statement  any
		want       any
	}{
		{"an account", "whole_accounts", assume("arn:aws:iam::123456789012:root", nil), list{"123456789012"}},
		{"an account by number", "whole_accounts", assume("123456789012", nil), list{"123456789012"}},
		{"a role", "whole_accounts", assume("arn:aws:iam::123456789012:role/x", nil), list{}},
		{"the own account", "whole_accounts",
			assume(template("arn:aws:iam::${data.aws_caller_identity.current.account_id}:root"), nil), list{"self"}},
		{"the own account of one of several roots", "whole_accounts",
			assume(template("arn:aws:iam::${eks:data.aws_caller_identity.current.account_id}:root"), nil), list{"self"}},
		{"a variable of one of several roots", "whole_accounts",
			assume(template("arn:aws:iam::${eks:var.account}:root"), nil), list{"..."}},
		{"a role of one of several roots", "whole_accounts",
			assume(template("${aws/eks:aws_iam_role.r.arn}"), nil), list{}},
		{"an account from elsewhere", "whole_accounts", assume(template("arn:aws:iam::${var.a}:root"), nil), list{"..."}},
		{"an own role", "whole_accounts", assume(unknown().Referring(true, value.Ref{Address: "aws_iam_role.r", Attribute: "arn"}), nil), list{}},
		{"any subject", "any_web_identity", web(nil), true},
		{"only the audience", "any_web_identity", web(obj{"StringEquals": obj{"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}), true},
		{"a repository", "any_web_identity", web(obj{"StringLike": obj{sub: "repo:clinic/app:*"}}), false},
		{"whatever repository", "any_web_identity", web(obj{"StringLike": obj{sub: "repo:*"}}), true},
		{"a branch of whatever repository", "any_web_identity", web(obj{"StringLike": obj{sub: "repo:*/*:ref:refs/heads/main"}}), true},
		{"a repository and whatever repository", "any_web_identity", web(obj{"StringLike": obj{sub: list{"repo:clinic/app:*", "repo:*"}}}), true},
		{"an organization's repositories", "any_web_identity", web(obj{"StringLike": obj{sub: "repo:clinic/*"}}), false},
		{"an unknown organization's repositories", "any_web_identity", web(obj{"StringLike": obj{sub: template("repo:${var.org}/*")}}), "?"},
		{"a star", "any_web_identity", web(obj{"StringLike": obj{sub: "*"}}), true},
		{"if there is one", "any_web_identity", web(obj{"StringLikeIfExists": obj{sub: "repo:clinic/app:*"}}), true},
		{"a cluster's account", "any_web_identity", web(obj{"StringEquals": obj{"${replace(var.url, \"https://\", \"\")}:sub": "system:serviceaccount:a:b"}}), false},
		{"an unknown subject", "any_web_identity", web(obj{"StringEquals": obj{sub: unknown()}}), "?"},
		{"leaving is denied", "denied_guards", obj{"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"},
			list{"organizations:LeaveOrganization"}},
		{"trails but to a role", "denied_guards", obj{"Effect": "Deny", "Action": list{"cloudtrail:Stop*", "cloudtrail:DeleteTrail"}, "Resource": "*",
			"Condition": obj{"ArnNotLike": obj{"aws:PrincipalArn": "arn:aws:iam::*:role/breakglass"}}},
			list{"cloudtrail:StopLogging", "cloudtrail:DeleteTrail"}},
		{"in one region", "denied_guards", obj{"Effect": "Deny", "Action": "cloudtrail:*", "Resource": "*",
			"Condition": obj{"StringEquals": obj{"aws:RequestedRegion": "eu-west-1"}}}, list{}},
		{"allowed", "denied_guards", obj{"Effect": "Allow", "Action": "*", "Resource": "*"}, list{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			statements, _ := named(t, "iam.policy")(tree(t, obj{"Statement": list{c.statement}})).AsList()
			if len(statements) != 1 {
				t.Fatal("no statement")
			}
			if d := cmp.Diff(c.want, plainly(statements[0].Field(c.fact))); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestOwnAccount proves that a policy that was read from an account calls that account self, as code does.
func TestOwnAccount(t *testing.T) {
	const document = `{"Statement": [{"Effect": "Allow", "Action": "*", "Principal": {"AWS": ["arn:aws:iam::123456789012:root", "111122223333"]}}]}`
	at := func(o *value.Origin) value.Value { return value.String(document).At(o) }
	for name, test := range map[string]struct {
		v    value.Value
		want string
	}{
		"code":        {at(&value.Origin{File: "main.tf"}), "123456789012 111122223333"},
		"the account": {at(&value.Origin{Call: &value.Call{Account: "123456789012"}}), "self 111122223333"},
	} {
		statements, _ := policy(test.v).AsList()
		for _, field := range []string{"accounts", "whole_accounts"} {
			var got []string
			accounts, _ := statements[0].Field(field).AsList()
			for _, one := range accounts {
				text, _ := one.AsString()
				got = append(got, text)
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("%s of %s: %v, want %s", field, name, got, test.want)
			}
		}
	}
}
