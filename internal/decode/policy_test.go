package decode

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/value"
)

// A document is read whatever form it has, and what of it is not known stays so.
func TestPolicyForms(t *testing.T) {
	const one = `{"Version":"2012-10-17","Statement":{"Sid":"a","Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}`
	allow := obj{"Effect": "Allow", "Action": list{"s3:GetObject"}, "Resource": "*"}
	cases := []struct {
		why  string
		raw  any
		want any // actions by statement
	}{
		{"a JSON text with one statement", one, list{list{"s3:GetObject"}}},
		{"a URL-encoded text", "%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22a%3Ab%22%7D%7D", list{list{"a:b"}}},
		{"an object", obj{"Version": "2012-10-17", "Statement": list{allow, allow}}, list{list{"s3:GetObject"}, list{"s3:GetObject"}}},
		{"keys in another case", `{"statement":[{"effect":"allow","action":"s3:GetObject"}]}`, list{list{"s3:GetObject"}}},
		{"a list of documents", list{one, obj{"Statement": allow}, nil}, list{list{"s3:GetObject"}, list{"s3:GetObject"}}},
		{"a list with an unknown document", list{one, unknown()}, list{list{"s3:GetObject"}, "..."}},
		{"inline policies with names", list{obj{"PolicyName": "p", "PolicyDocument": obj{"Statement": allow}},
			obj{"name": "q", "policy": one}}, list{list{"s3:GetObject"}, list{"s3:GetObject"}}},
		{"statements without a document", list{allow}, list{list{"s3:GetObject"}}},
		{"an empty text is no policy", "  ", nil},
		{"a text that is no JSON", "policy.json", "?"},
		{"JSON that is no policy", `{"a":1}`, "?"},
		{"a number", 3, "?"},
		{"text behind the document", one + "x", "?"},
		{"a placeholder in a resource", template(`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"${var.b["x"]}/*"}]}`),
			list{list{"s3:*"}}},
		{"a placeholder in place of actions", template(`{"Statement":[{"Effect":"Allow","Action":${jsonencode(var.a)}}]}`), list{list{"..."}}},
		{"a placeholder among actions", template(`{"Statement":[{"Effect":"Allow","Action":["a:b", ${var.a}, "c:${var.d}"]}]}`),
			list{list{"a:b", "?c:${var.d}", "..."}}},
		{"a placeholder among statements", template(`{"Statement":[{"Effect":"Allow","Action":"a:b"},${var.more}]}`),
			list{list{"a:b"}, "..."}},
		{"a placeholder in place of the statements", template(`{"Statement":${var.s}}`), "?"},
		{"nothing but a placeholder", template(`${data.aws_iam_policy_document.d.json}`), "?"},
		{"a placeholder that does not end", template(`{"Statement":[{"Sid":"${a"}]}`), "?"},
		{"a template with directives", template(`{"Statement":[%{ for a in var.x }{}%{ endfor }]}`), "?"},
		{"an unknown statement", obj{"Statement": list{allow, unknown()}}, list{list{"s3:GetObject"}, "..."}},
		{"unknown statements", obj{"Statement": unknown()}, "?"},
		{"a statement that is a text", obj{"Statement": list{"x"}}, list{"..."}},
		{"nested too deeply", strings.Repeat("[", 70) + strings.Repeat("]", 70), "?"},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			got := policy(tree(t, c.raw))
			if got.IsUnknown() && len(got.Reasons()) == 0 {
				t.Error("it is unknown without a reason")
			}
			made := plainly(got)
			if statements, ok := made.([]any); ok {
				for i, s := range statements {
					if o, ok := s.(obj); ok {
						statements[i] = o["actions"]
					}
				}
			}
			if diff := cmp.Diff(c.want, made); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPolicyReasons(t *testing.T) {
	got := policy(value.String("{")).Reasons()
	if len(got) != 1 || !strings.HasPrefix(got[0].Why, "policy is not valid JSON: ") {
		t.Errorf("reasons are %v", got)
	}
	ref := value.Ref{Address: "aws_s3_bucket.b", Attribute: "arn"}
	other := value.Ref{Address: "aws_iam_role.r", Attribute: "arn"}
	list, _ := policy(template(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"${aws_iam_role.r.arn}"},`+
		`"Action":"s3:*","Resource":["${aws_s3_bucket.b.arn}","x${aws_s3_bucket.b.arn}"]}]}`, ref, other)).AsList()
	resources, _ := list[0].Field("resources").AsList()
	if got, ok := resources[0].ExactRef(); !ok || got != ref {
		t.Errorf("the resource refers to %v, exact %v", got, ok)
	}
	if _, ok := resources[1].ExactRef(); ok || len(resources[1].Refs()) != 1 {
		t.Errorf("a text around a reference refers to %v", resources[1].Refs())
	}
}

// One statement, normalised.
func TestPolicyStatement(t *testing.T) {
	v := policy(value.String(`{"Statement":[{"Sid":"One","Effect":"Deny",
		"NotPrincipal":{"AWS":["111122223333","arn:aws:iam::444455556666:role/r"]},
		"Principal":{"aws":"*","Service":["a.amazonaws.com"],"CanonicalUser":"79a5"},
		"NotAction":"s3:Get*","NotResource":["arn:aws:s3:::b"],
		"Condition":{"StringEqualsIfExists":{"aws:SourceVpc":["vpc-1","vpc-2"]},"Bool":{"aws:SecureTransport":false}}}]}`))
	statements, _ := v.AsList()
	got := plainly(statements[0]).(obj)
	for _, f := range facts {
		delete(got, f.name)
	}
	want := obj{
		"sid": "One", "effect": "Deny", "actions": list{}, "not_actions": list{"s3:Get*"},
		"principals":     list{"CanonicalUser:79a5", "Service:a.amazonaws.com", "*"},
		"not_principals": list{"AWS:arn:aws:iam::111122223333:root", "AWS:arn:aws:iam::444455556666:role/r"},
		"resources":      list{}, "not_resources": list{"arn:aws:s3:::b"},
		"conditions": list{
			obj{"operator": "Bool", "key": "aws:securetransport", "values": list{"false"}},
			obj{"operator": "StringEqualsIfExists", "key": "aws:sourcevpc", "values": list{"vpc-1", "vpc-2"}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// judged is one statement and what is expected of some of its facts.
type judged struct {
	why       string
	statement string // JSON, a template if it holds ${...}
	want      obj
}

func bucketAllow(condition string) string {
	return `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"` + when(condition) + `}`
}

func bucketDeny(action, condition string) string {
	return `{"Effect":"Deny","Principal":"*","Action":` + action + `,"Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]` +
		when(condition) + `}`
}

func identity(action, resource string) string {
	return `{"Effect":"Allow","Action":` + action + `,"Resource":` + resource + `}`
}

func when(condition string) string {
	if condition == "" {
		return ""
	}
	return `,"Condition":` + condition
}

var judgements = []judged{
	{"everyone may read", bucketAllow(""), obj{"public": true, "everyone": true, "conditional": false, "accounts": list{}}},
	{"everyone, in the long form", `{"Effect":"Allow","Principal":{"AWS":["111122223333","*"]},"Action":"s3:*"}`,
		obj{"public": true, "accounts": list{"111122223333"}}},
	{"NotPrincipal with Allow is everyone else", `{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"s3:*"}`,
		obj{"public": true, "everyone": false, "accounts": list{}}},
	{"Deny is never public", bucketDeny(`"s3:*"`, ""), obj{"public": false}},
	{"an identity policy is not public", identity(`"*"`, `"*"`), obj{"public": false, "everyone": false}},
	{"a service is not everyone", `{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage"}`,
		obj{"public": false, "accounts": list{}}},
	{"narrowed to an organization", bucketAllow(`{"StringEquals":{"aws:PrincipalOrgID":"o-abc"}}`),
		obj{"public": false, "everyone": true, "conditional": true}},
	{"narrowed to an endpoint", bucketAllow(`{"StringEquals":{"aws:sourceVpce":["vpce-1","vpce-2"]}}`), obj{"public": false}},
	{"a wildcard among the values", bucketAllow(`{"StringLike":{"aws:SourceVpce":["vpce-1","vpce-*"]}}`), obj{"public": true}},
	{"a variable of IAM is not fixed", bucketAllow(`{"StringLike":{"aws:SourceAccount":"${aws:PrincipalAccount}"}}`), obj{"public": true}},
	{"IfExists does not narrow", bucketAllow(`{"StringEqualsIfExists":{"aws:SourceVpc":"vpc-1"}}`), obj{"public": true}},
	{"ForAllValues does not narrow", bucketAllow(`{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-abc"}}`), obj{"public": true}},
	{"a negative operator does not narrow", bucketAllow(`{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}`), obj{"public": true}},
	{"Null does not narrow", bucketAllow(`{"Null":{"aws:SourceVpc":"false"}}`), obj{"public": true}},
	{"TLS does not narrow", bucketAllow(`{"Bool":{"aws:SecureTransport":"true"}}`), obj{"public": true}},
	{"kms:ViaService alone does not narrow", bucketAllow(`{"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}`),
		obj{"public": true}},
	{"a key policy for one account by service", bucketAllow(`{"StringEquals":{"kms:CallerAccount":"111122223333",` +
		`"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}`), obj{"public": false}},
	{"addresses of an office", bucketAllow(`{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:db8::/32"]}}`), obj{"public": false}},
	{"all addresses", bucketAllow(`{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","0.0.0.0/0"]}}`), obj{"public": true}},
	{"half of all addresses", bucketAllow(`{"IpAddress":{"aws:SourceIp":"0.0.0.0/1"}}`), obj{"public": true}},
	{"broad IPv6", bucketAllow(`{"IpAddress":{"aws:SourceIp":"2000::/16"}}`), obj{"public": true}},
	{"one address, not known which", bucketAllow(`{"IpAddress":{"aws:SourceIp":"${var.ip}/32"}}`), obj{"public": false}},
	{"addresses that are not known", bucketAllow(`{"IpAddress":{"aws:SourceIp":"${var.ip}"}}`), obj{"public": "?"}},
	{"one range known and broad, one not known", bucketAllow(`{"IpAddress":{"aws:SourceIp":["0.0.0.0/0","${var.ip}"]}}`), obj{"public": true}},
	{"a source ARN of a fixed account", bucketAllow(`{"ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:111122223333:trail/*"}}`),
		obj{"public": false}},
	{"a source ARN of any account", bucketAllow(`{"ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:*:trail/*"}}`), obj{"public": true}},
	{"notifications of one bucket", bucketAllow(`{"ArnLike":{"aws:SourceArn":"arn:aws:s3:*:*:records"}}`), obj{"public": false}},
	{"notifications of any bucket", bucketAllow(`{"ArnLike":{"aws:SourceArn":"arn:aws:s3:*:*:rec*"}}`), obj{"public": true}},
	{"notifications of a declared bucket", bucketAllow(`{"ArnLike":{"aws:SourceArn":"${aws_s3_bucket.b.arn}"}}`), obj{"public": false}},
	{"a source that a variable names", bucketAllow(`{"ArnLike":{"aws:SourceArn":"${var.source}"}}`), obj{"public": "?"}},
	{"a role's sessions", bucketAllow(`{"StringLike":{"aws:userid":"AROAEXAMPLEEXAMPLE123:*"}}`), obj{"public": false}},
	{"any user id", bucketAllow(`{"StringLike":{"aws:userid":"*:admin"}}`), obj{"public": true}},
	{"units of an organization", bucketAllow(`{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-abc/r-1/ou-2/*"}}`), obj{"public": false}},
	{"conditions that are not known", bucketAllow(`${var.c}`), obj{"public": "?", "conditional": "?"}},
	{"a key that is not known", bucketAllow(`{"StringEquals":{"${var.k}":"x"}}`), obj{"public": "?", "conditional": true}},
	{"a principal that is not known", `{"Effect":"Allow","Principal":{"AWS":"${var.p}"},"Action":"s3:*"}`,
		obj{"public": "?", "everyone": "?", "accounts": list{"..."}}},
	{"a role in an account that is not known", `{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::${var.a}:root",` +
		`"arn:aws:iam::111122223333:role/${var.r}"]},"Action":"s3:*"}`,
		obj{"public": false, "accounts": list{"111122223333", "..."}}},
	{"the own account", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::${data.aws_caller_identity.current.account_id}:root"},` +
		`"Action":"kms:*","Resource":"*"}`, obj{"accounts": list{"self"}, "wildcard_services": list{"kms"}, "public": false,
		"grants_kms_decrypt_everywhere": false}},
	{"the own account in CloudFormation", `{"Effect":"Allow","Principal":{"AWS":"arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}`,
		obj{"accounts": list{"self"}}},
	{"an origin access identity", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::cloudfront:user/CloudFront E1"},"Action":"s3:*"}`,
		obj{"accounts": list{}, "public": false}},
	{"a deleted principal", `{"Effect":"Allow","Principal":{"AWS":"AROAEXAMPLEEXAMPLE123"}}`, obj{"accounts": list{"..."}}},

	{"TLS only", bucketDeny(`"s3:*"`, `{"Bool":{"aws:SecureTransport":"false"}}`),
		obj{"denies_insecure_transport": true, "covers_all_resources": true, "denies_delete": false}},
	{"TLS only, as a boolean, every action", bucketDeny(`["*"]`, `{"BoolIfExists":{"aws:securetransport":false}}`),
		obj{"denies_insecure_transport": true}},
	{"TLS for services only", `{"Effect":"Deny","Principal":{"Service":"*"},"Action":"s3:*","Resource":"*",` +
		`"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`, obj{"denies_insecure_transport": false}},
	{"TLS for reading only", bucketDeny(`"s3:GetObject"`, `{"Bool":{"aws:SecureTransport":"false"}}`), obj{"denies_insecure_transport": false}},
	{"TLS refused", bucketDeny(`"s3:*"`, `{"Bool":{"aws:SecureTransport":"true"}}`), obj{"denies_insecure_transport": false}},
	{"TLS only from one network", bucketDeny(`"s3:*"`, `{"Bool":{"aws:SecureTransport":"false"},"StringEquals":{"aws:SourceVpc":"v"}}`),
		obj{"denies_insecure_transport": false}},
	{"TLS only but for AWS itself", bucketDeny(`"s3:*"`, `{"Bool":{"aws:SecureTransport":"false","aws:PrincipalIsAWSService":"false"}}`),
		obj{"denies_insecure_transport": true}},
	{"TLS only for one role", `{"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"s3:*","Resource":"*",` +
		`"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`, obj{"denies_insecure_transport": false}},
	{"TLS only for a topic", `{"Effect":"Deny","Principal":{"AWS":"*"},"Action":["sns:Publish"],"Resource":"arn:aws:sns:eu-west-1:1:t",` +
		`"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`, obj{"denies_insecure_transport": true, "covers_all_resources": true}},
	{"everything denied is not TLS only", bucketDeny(`"s3:*"`, ""), obj{"denies_insecure_transport": false, "denies_delete": true}},
	{"actions that are not known", bucketDeny(`["s3:GetObject","${var.a}"]`, `{"Bool":{"aws:SecureTransport":"false"}}`),
		obj{"denies_insecure_transport": "?"}},
	{"a value that is not known", bucketDeny(`"s3:*"`, `{"Bool":{"aws:SecureTransport":"${var.tls}"}}`), obj{"denies_insecure_transport": "?"}},
	{"old TLS denied", bucketDeny(`"s3:*"`, `{"NumericLessThan":{"s3:TlsVersion":1.2}}`), obj{"denies_old_tls": true}},
	{"very old TLS denied", bucketDeny(`"s3:*"`, `{"NumericLessThan":{"s3:TlsVersion":"1.1"}}`), obj{"denies_old_tls": false}},

	{"the bucket alone", `{"Effect":"Deny","Resource":"arn:aws:s3:::b"}`, obj{"covers_all_resources": false}},
	{"the objects alone", `{"Effect":"Deny","Resource":"arn:aws:s3:::b/*"}`, obj{"covers_all_resources": false}},
	{"another bucket's objects", `{"Effect":"Deny","Resource":["arn:aws:s3:::b","arn:aws:s3:::c/*"]}`, obj{"covers_all_resources": false}},
	{"some objects", `{"Effect":"Deny","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/x/*"]}`, obj{"covers_all_resources": false}},
	{"one pattern for both", `{"Effect":"Deny","Resource":"arn:aws:s3:::b*"}`, obj{"covers_all_resources": true}},
	{"everything", `{"Effect":"Deny","Resource":["*"]}`, obj{"covers_all_resources": true}},
	{"no resource", `{"Effect":"Deny","Action":"ecr:*"}`, obj{"covers_all_resources": true}},
	{"a declared bucket and its objects", `{"Effect":"Deny","Resource":["${aws_s3_bucket.b.arn}","${aws_s3_bucket.b.arn}/*"]}`,
		obj{"covers_all_resources": true}},
	{"the objects of a declared bucket", `{"Effect":"Deny","Action":"s3:*","Resource":"${aws_s3_bucket.b.arn}/*"}`,
		obj{"covers_all_resources": false}},
	{"a declared bucket", `{"Effect":"Deny","Action":"s3:*","Resource":"${aws_s3_bucket.b.arn}"}`, obj{"covers_all_resources": false}},
	{"the bucket in two words", `{"Effect":"Deny","Action":"s3:*","Resource":["${aws_s3_bucket.b.arn}","arn:aws:s3:::${var.b}/*"]}`,
		obj{"covers_all_resources": "?"}},
	{"a declared queue", `{"Effect":"Deny","Action":"*","Resource":"${aws_sqs_queue.q.arn}"}`, obj{"covers_all_resources": true}},
	{"a queue by its actions", `{"Effect":"Deny","Action":"sqs:*","Resource":"${Queue.Arn}"}`, obj{"covers_all_resources": true}},
	{"a resource that is not known", `{"Effect":"Deny","Action":"s3:*","Resource":["arn:aws:s3:::b","${var.r}"]}`,
		obj{"covers_all_resources": "?"}},

	{"encryption by key asked for", bucketDeny(`"s3:PutObject"`, `{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}`),
		obj{"denies_unencrypted_put": true}},
	{"a header asked for", bucketDeny(`"s3:Put*"`, `{"Null":{"s3:x-amz-server-side-encryption":"true"}}`), obj{"denies_unencrypted_put": true}},
	{"a wrong header only", bucketDeny(`"s3:PutObject"`, `{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"},`+
		`"Null":{"s3:x-amz-server-side-encryption":"false"}}`), obj{"denies_unencrypted_put": false}},
	{"another action", bucketDeny(`"s3:GetObject"`, `{"Null":{"s3:x-amz-server-side-encryption":"true"}}`),
		obj{"denies_unencrypted_put": false}},

	{"deleting denied", bucketDeny(`["s3:DeleteObject*","s3:DeleteBucket"]`, ""), obj{"denies_delete": true, "denies_bucket_delete": true}},
	{"versions may be deleted", bucketDeny(`["S3:deleteobject"]`, ""), obj{"denies_delete": false}},
	{"deleting denied to most", bucketDeny(`"s3:*"`, `{"StringNotEquals":{"aws:PrincipalArn":"arn:aws:iam::1:role/r"}}`),
		obj{"denies_delete": false}},
	{"a vault's points", `{"Effect":"Deny","Principal":"*","Action":["backup:DeleteRecoveryPoint"],"Resource":"*"}`,
		obj{"denies_recovery_point_delete": true}},

	{"administrator", identity(`"*"`, `"*"`), obj{"grants_admin": true, "wildcard_services": list{"*"},
		"grants_kms_decrypt_everywhere": true, "allows_any_marketplace_subscribe": true}},
	{"administrator with a second form", identity(`["s3:Get*","*:*"]`, `["arn:aws:*"]`), obj{"grants_admin": true}},
	{"administrator over TLS", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}`,
		obj{"grants_admin": true}},
	{"administrator over TLS with a second factor", `{"Effect":"Allow","Action":"*","Resource":"*",` +
		`"Condition":{"Bool":{"aws:SecureTransport":"true","aws:MultiFactorAuthPresent":"true"}}}`, obj{"grants_admin": false}},
	{"everything on a bucket", identity(`"*"`, `"arn:aws:s3:::b/*"`), obj{"grants_admin": false, "wildcard_services": list{},
		"escalations": list{}, "grants_kms_decrypt_everywhere": false}},
	{"everything on a resource that is not known", identity(`"*"`, `"${var.r}"`), obj{"grants_admin": "?",
		"grants_kms_decrypt_everywhere": "?", "wildcard_services": list{"..."}}},
	{"everything on a declared bucket", identity(`"*"`, `"${aws_s3_bucket.b.arn}/*"`), obj{"grants_admin": false, "escalations": list{}}},
	{"everything with conditions", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`,
		obj{"grants_admin": false, "conditional": true, "requires_mfa": true}},
	{"everything denied", `{"Effect":"Deny","Action":"*","Resource":"*"}`, obj{"grants_admin": false, "escalations": list{},
		"wildcard_services": list{}}},
	{"all but billing", `{"Effect":"Allow","NotAction":"aws-portal:*","Resource":"*"}`, obj{"grants_admin": true, "wildcard_services": list{"*"}}},
	{"all but IAM", `{"Effect":"Allow","NotAction":["iam:*","sts:*"],"Resource":"*"}`, obj{"grants_admin": false,
		"escalations": list{"lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration", "codebuild:UpdateProject+codebuild:StartBuild",
			"ec2:ModifyInstanceAttribute+ec2:StopInstances+ec2:StartInstances", "ec2-instance-connect:SendSSHPublicKey",
			"glue:UpdateDevEndpoint", "sagemaker:CreatePresignedNotebookInstanceUrl", "ssm:SendCommand", "ssm:StartSession"}}},
	{"whole services", identity(`["s3:*","sqs:Get*","DynamoDB:*"]`, `"*"`), obj{"wildcard_services": list{"s3", "dynamodb"}, "grants_admin": false}},
	{"decrypt with every key", identity(`"KMS:De*"`, `"arn:aws:kms:*:111122223333:key/*"`), obj{"grants_kms_decrypt_everywhere": true}},
	{"decrypt with one key", identity(`"kms:Decrypt"`, `"arn:aws:kms:eu-west-1:111122223333:key/1234"`), obj{"grants_kms_decrypt_everywhere": false}},
	{"describe every key", identity(`"kms:Describe?ey"`, `"*"`), obj{"grants_kms_decrypt_everywhere": false}},
	{"decrypt with a declared key", identity(`"kms:*"`, `["${aws_kms_key.k.arn}"]`), obj{"grants_kms_decrypt_everywhere": false}},
	{"pass any role and run", identity(`["iam:PassRole","ec2:RunInstances"]`, `"*"`),
		obj{"escalations": list{"iam:PassRole", "iam:PassRole+ec2:RunInstances"}}},
	{"pass one role", identity(`["iam:PassRole","ec2:RunInstances"]`, `"arn:aws:iam::111122223333:role/app"`), obj{"escalations": list{}}},
	{"pass any role of the account", identity(`"iam:PassRole"`, `"arn:aws:iam::${var.account}:role/*"`), obj{"escalations": list{"iam:PassRole"}}},
	{"a role that is not known", identity(`"iam:PassRole"`, `"${var.role}"`), obj{"escalations": list{"..."}}},
	{"assume any role", identity(`"sts:AssumeRole"`, `["arn:aws:iam::*:role/*"]`), obj{"escalations": list{"sts:AssumeRole"}}},
	{"a trust policy is no escalation", `{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`,
		obj{"escalations": list{}, "grants_admin": false}},
	{"new policy versions", identity(`"iam:Create*Version"`, `"*"`), obj{"escalations": list{"iam:CreatePolicyVersion"}}},
	{"MFA if there is any", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}}`,
		obj{"requires_mfa": false}},
	{"denied without MFA", `{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}`,
		obj{"denies_without_mfa": true, "requires_mfa": false}},
	{"denied without MFA but for keys", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}`,
		obj{"denies_without_mfa": false}},
	{"subscribe", identity(`"aws-marketplace:Sub*"`, `"*"`), obj{"allows_any_marketplace_subscribe": true}},
	{"an effect that is not known", `{"Effect":"${var.e}","Action":"*","Resource":"*"}`, obj{"grants_admin": "?", "effect": "?"}},
	{"an effect that does not exist", `{"Effect":"Permit","Action":"*","Resource":"*"}`, obj{"grants_admin": "?", "effect": "?"}},
	{"an action given twice", `{"Effect":"Allow","Action":"s3:Get*","Action":"*","Resource":"*"}`, obj{"grants_admin": "?"}},
}

// Each statement gets the judgement that a reader of AWS's documentation would give it.
func TestJudgements(t *testing.T) {
	for _, c := range judgements {
		t.Run(c.why, func(t *testing.T) {
			statements, _ := policy(c.document()).AsList()
			if len(statements) != 1 {
				t.Fatalf("there are %d statements", len(statements))
			}
			all := plainly(statements[0]).(obj)
			got := obj{}
			for name := range c.want {
				got[name] = all[name]
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func (c judged) document() value.Value {
	text := `{"Statement":[` + c.statement + `]}`
	if strings.Contains(c.statement, "${") && !strings.Contains(c.statement, "${aws:") {
		return template(text)
	}
	return value.String(text)
}

// Hiding a part of a statement never turns a definite judgement into the other one, nor shows a name that was not there.
func TestHidingNeverFlips(t *testing.T) {
	for _, c := range judgements {
		t.Run(c.why, func(t *testing.T) {
			whole := document(c.document(), "policy")
			elements, _ := whole.Field("Statement").AsList()
			before, _ := policy(elements[0]).AsList()
			n := 0
			hide(elements[0], func(where string, partly value.Value) {
				n++
				after, _ := policy(partly).AsList()
				if len(after) != 1 {
					return
				}
				for _, f := range facts {
					compare(t, where+": "+f.name, before[0].Field(f.name), after[0].Field(f.name))
				}
			})
			if n < 3 {
				t.Errorf("only %d parts were hidden", n)
			}
		})
	}
}

// hide calls with for every way to hide one part of v: the part unknown, an element or a member not known to be there.
func hide(v value.Value, with func(where string, v value.Value)) {
	switch d := v.Data().(type) {
	case []value.Value:
		for i := range d {
			replace := func(e ...value.Value) value.Value {
				return value.List(append(append(append([]value.Value{}, d[:i]...), e...), d[i+1:]...)...)
			}
			if v.IsOpen() {
				continue
			}
			with(fmt.Sprintf("[%d] unknown", i), replace(unknown()))
			with(fmt.Sprintf("[%d] dropped", i), replace().Open(why))
			hide(d[i], func(where string, e value.Value) { with(fmt.Sprintf("[%d]%s", i, where), replace(e)) })
		}
	case map[string]value.Value:
		for k := range d {
			replace := func(e *value.Value) value.Value {
				m := map[string]value.Value{}
				for name, x := range d {
					m[name] = x
				}
				delete(m, k)
				if e != nil {
					m[k] = *e
				}
				return value.Object(m)
			}
			if v.IsOpen() {
				continue
			}
			u := unknown()
			with("."+k+" unknown", replace(&u))
			with("."+k+" dropped", replace(nil).Open(why))
			hide(d[k], func(where string, e value.Value) { with("."+k+where, replace(&e)) })
		}
	}
}

func compare(t *testing.T, where string, before, after value.Value) {
	t.Helper()
	a, aKnown := before.AsBool()
	b, bKnown := after.AsBool()
	if aKnown && bKnown && a != b {
		t.Errorf("%s: %v became %v", where, a, b)
	}
	if !aKnown && bKnown && before.IsUnknown() {
		t.Errorf("%s: unknown became %v", where, b)
	}
	if after.IsUnknown() && len(after.Reasons()) == 0 {
		t.Errorf("%s is unknown without a reason", where)
	}
	was, wasList := plainly(before).([]any)
	now, isList := plainly(after).([]any)
	if !wasList || !isList {
		return
	}
	if !after.IsOpen() && !cmp.Equal(was, now) {
		t.Errorf("%s: %v became %v", where, was, now)
	}
	for _, name := range now {
		if name != "..." && !strings.Contains(fmt.Sprint(was), fmt.Sprint(name)) {
			t.Errorf("%s: %v is new, was %v", where, name, was)
		}
	}
}

// Any text is read in bounded time and without a panic, and its unknowns have reasons.
func FuzzPolicy(f *testing.F) {
	for _, c := range judgements {
		f.Add(`{"Statement":`+c.statement+`}`, true)
		f.Add(`{"Statement":`+c.statement+`}`, false)
	}
	f.Add(`{"Statement":[{"Effect":"Allow","Action":${a{}"}]}`, true)
	f.Fuzz(func(t *testing.T, text string, placeholders bool) {
		raw := value.String(text)
		if placeholders {
			raw = template(text)
		}
		got := policy(raw)
		if got.IsUnknown() && len(got.Reasons()) == 0 {
			t.Error("unknown without a reason")
		}
		statements, _ := got.AsList()
		for _, s := range statements {
			for _, fact := range facts {
				if v := s.Field(fact.name); v.IsUnknown() && len(v.Reasons()) == 0 {
					t.Errorf("%s is unknown without a reason", fact.name)
				}
			}
		}
		if !placeholders && json.Valid([]byte(text)) && len(text) < 1000 && got.IsUnknown() {
			for _, r := range got.Reasons() {
				if strings.HasPrefix(r.Why, "policy is not valid JSON") && !strings.Contains(r.Why, "deeper") {
					t.Errorf("valid JSON was not read: %v", r)
				}
			}
		}
	})
}

func BenchmarkPolicy(b *testing.B) {
	raw := value.String(`{"Statement":[` + identity(`["s3:*","iam:PassRole","ec2:*"]`, `"*"`) + `,` +
		bucketDeny(`"s3:*"`, `{"Bool":{"aws:SecureTransport":"false"}}`) + `]}`)
	for b.Loop() {
		policy(raw)
	}
}
