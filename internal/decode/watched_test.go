package decode

import "testing"

// The filters that benchmarks ask for watch their topic, variations of them do too, and filters that leave something out
// do not.
func TestLogWatches(t *testing.T) {
	decodes(t, "logs.watches", []decoding{
		{"network ACLs", `{ ($.eventName = CreateNetworkAcl) || ($.eventName = CreateNetworkAclEntry) || ` +
			`($.eventName = DeleteNetworkAcl) || ($.eventName = DeleteNetworkAclEntry) || ` +
			`($.eventName = ReplaceNetworkAclEntry) || ($.eventName = ReplaceNetworkAclAssociation) }`,
			list{"network-acl-changes"}},
		{"network ACLs by wildcard", `{ $.eventName = "*NetworkAcl*" }`, list{"network-acl-changes"}},
		{"one call is left out", `{ ($.eventName = CreateNetworkAcl) || ($.eventName = DeleteNetworkAcl) }`, list{}},
		{"gateways, quoted and without spaces", `{($.eventName="CreateCustomerGateway")||($.eventName="DeleteCustomerGateway")` +
			`||($.eventName="AttachInternetGateway")||($.eventName="CreateInternetGateway")` +
			`||($.eventName="DeleteInternetGateway")||($.eventName="DetachInternetGateway")}`, list{"gateway-changes"}},
		{"routes of one service", `{($.eventSource = ec2.amazonaws.com) && (($.eventName = CreateRoute) || ($.eventName = CreateRouteTable) ` +
			`|| ($.eventName = ReplaceRoute) || ($.eventName = ReplaceRouteTableAssociation) || ($.eventName = DeleteRouteTable) ` +
			`|| ($.eventName = DeleteRoute) || ($.eventName = DisassociateRouteTable)) }`, list{"route-table-changes"}},
		{"root", `{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }`,
			list{"root-usage", "..."}},
		{"failed sign-ins", `{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }`,
			list{"console-login-failures"}},
		{"sign-ins without MFA", `{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && ` +
			`($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }`,
			list{"console-login-without-mfa"}},
		{"unauthorized calls", `{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }`,
			list{"unauthorized-calls"}},
		{"unauthorized calls but of one address", `{ (($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*")) ` +
			`&& ($.sourceIPAddress != "delivery.logs.amazonaws.com") && ($.eventName != "HeadBucket") }`,
			list{"unauthorized-calls"}},
		{"trails", `{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail) || ` +
			`($.eventName = StartLogging) || ($.eventName = StopLogging) }`, list{"trail-changes"}},
		{"keys", `{($.eventSource = kms.amazonaws.com) && (($.eventName=DisableKey)||($.eventName=ScheduleKeyDeletion)) }`,
			list{"key-deletion"}},
		{"an application's own log", `{ $.level = "ERROR" }`, list{}},
		{"of one region, which events may not be of", `{ ($.awsRegion = eu-west-1) && (($.eventName=DisableKey)||` +
			`($.eventName=ScheduleKeyDeletion)) }`, list{"..."}},
		{"a regular expression", `{ $.eventName = %NetworkAcl% }`, list{"..."}},
		{"words, not records", `ERROR -timeout`, list{"..."}},
		{"broken", `{ ($.eventName = X }`, list{"..."}},
		{"a name from elsewhere", template(`{ ($.eventName = "DisableKey") || ($.eventName = "${var.n}") }`), list{"..."}},
		{"one more name from elsewhere", template(`{ ($.eventName = StopLogging) || ($.eventName = UpdateTrail) || ` +
			`($.eventName = DeleteTrail) || ($.eventName = ${var.n}) }`), list{"trail-changes", "..."}},
		{"a number", 3, "?"},
	})
	decodes(t, "logs.words", []decoding{
		{"a role", `{ ($.eventName = "AssumeRole") && ($.requestParameters.roleArn = "*break-glass*") }`,
			list{"AssumeRole", "*break-glass*"}},
		{"what is left out does not count", `{ $.requestParameters.roleArn != "*break-glass*" }`, list{}},
		{"an unknown role", template(`{ $.requestParameters.roleArn = "${var.r}" }`), list{"..."}},
	})
}

func TestEventWatches(t *testing.T) {
	decodes(t, "events.watches", []decoding{
		{"findings", `{"source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"]}`, list{"guardduty-findings"}},
		{"severe findings", `{"source": ["aws.guardduty"], "detail": {"severity": [{"numeric": [">=", 7]}]}}`,
			list{"guardduty-findings"}},
		{"severities one by one", `{"source": ["aws.guardduty"], "detail": {"severity": [7, 7.5, 8, 8.5]}}`,
			list{"guardduty-findings"}},
		{"only harmless findings", `{"source": ["aws.guardduty"], "detail": {"severity": [{"numeric": ["<", 4]}]}}`, list{}},
		{"an object", obj{"source": list{"aws.securityhub"}, "detail-type": list{"Security Hub Findings - Imported"},
			"detail": obj{"findings": obj{"Severity": obj{"Label": list{"HIGH", "CRITICAL"}}}}}, list{"securityhub-findings"}},
		{"several services", `{"source": ["aws.guardduty", "aws.macie"]}`, list{"guardduty-findings", "macie-findings"}},
		{"root", `{"detail-type": ["AWS API Call via CloudTrail", "AWS Console Sign In via CloudTrail"],
			"detail": {"userIdentity": {"type": ["Root"]}}}`, list{"root-usage", "..."}},
		{"keys", `{"source": ["aws.kms"], "detail": {"eventName": ["DisableKey", "ScheduleKeyDeletion"]}}`,
			list{"key-deletion"}},
		{"by prefix", `{"source": [{"prefix": "aws.guard"}]}`, list{"guardduty-findings"}},
		{"all but one", `{"source": ["aws.health"], "detail-type": [{"anything-but": ["Other"]}]}`, list{"health-events"}},
		{"either", `{"source": ["aws.macie"], "$or": [{"detail-type": ["Macie Finding"]}, {"detail-type": ["x"]}]}`,
			list{"macie-findings"}},
		{"a source from elsewhere", template(`{"source": ["${var.s}"], "detail-type": ["GuardDuty Finding"]}`), list{"..."}},
		{"one account, which events may not be of", `{"source": ["aws.macie"], "account": ["1"]}`, list{"..."}},
		{"not JSON", "x", "?"},
		{"a list", `[]`, "?"},
	})
	decodes(t, "events.words", []decoding{
		{"a role", `{"detail": {"requestParameters": {"roleArn": [{"suffix": "role/break-glass"}]}}}`, list{"role/break-glass"}},
		{"what is left out does not count", `{"source": [{"anything-but": ["aws.s3"]}]}`, list{}},
	})
}

func TestDurationMinutes(t *testing.T) {
	var cases []decoding
	for text, minutes := range map[string]any{"PT1H": 60, "PT8H": 480, "PT30M": 30, "PT1H30M": 90, "PT3600S": 60, "P1D": 1440,
		"PT90S": 2, "8h": "?", "P": "?", "PT": "?", "": "?"} {
		cases = append(cases, decoding{text, text, minutes})
	}
	decodes(t, "duration.minutes", cases)
}

func TestPartition(t *testing.T) {
	decodes(t, "arn.aws", []decoding{
		{"open", template("arn:${data.aws_partition.p.partition}:iam::aws:policy/service-role/X"), "arn:aws:iam::aws:policy/service-role/X"},
		{"a list", list{template("arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess")},
			list{"arn:aws:iam::aws:policy/AdministratorAccess"}},
		{"an own policy", "arn:aws:iam::123456789012:policy/x", "arn:aws:iam::123456789012:policy/x"},
		{"an open name", template("arn:${p}:iam::aws:policy/${var.n}"), "?arn:${p}:iam::aws:policy/${var.n}"},
		{"an open account", template("arn:aws:iam::${var.a}:policy/x"), "?arn:aws:iam::${var.a}:policy/x"},
	})
}

func FuzzLogFilter(f *testing.F) {
	f.Add(`{ ($.a.b = "x*") && ($.c NOT EXISTS) || ($['d'] IS TRUE) }`)
	f.Add(`{ (((($.a != ${x}`)
	f.Add(`{ $.eventName = %a% }`)
	f.Fuzz(func(t *testing.T, pattern string) {
		logWatches(tree(t, pattern))
		logWords(template(pattern))
	})
}

func FuzzEventPattern(f *testing.F) {
	f.Add(`{"source": ["aws.s3"], "$or": [{"detail": {"severity": [{"numeric": [">", 4]}]}}]}`)
	f.Add(`{"source": 3, "$or": 4, "detail": {"a": [{"anything-but": {"prefix": "x"}}, {"exists": false}]}}`)
	f.Fuzz(func(t *testing.T, pattern string) {
		eventWatches(tree(t, pattern))
		eventWords(template(pattern))
	})
}
