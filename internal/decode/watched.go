package decode

import (
	"slices"
	"strings"

	"ward.dev/ward/internal/value"
)

// topic is something that ought to be watched, told by what its events look like. A filter or an event pattern watches
// the topic if it matches every one of its events.
type topic struct {
	name   string
	events []event
}

// event is a typical event: the fields by their paths, nil for one that such an event surely does not have. Of a field
// that is not named nothing is known.
type event map[string]any

// trailFields are the members that a record of CloudTrail may have. A record surely has no others.
var trailFields = []string{"eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion",
	"sourceIPAddress", "userAgent", "errorCode", "errorMessage", "requestParameters", "responseElements",
	"additionalEventData", "requestID", "eventID", "eventType", "apiVersion", "managementEvent", "readOnly", "resources",
	"recipientAccountId", "serviceEventDetails", "sharedEventID", "vpcEndpointId", "vpcEndpointAccountId",
	"eventCategory", "addendum", "sessionCredentialFromConsole", "edgeDeviceDetails", "tlsDetails", "insightDetails"}

// field returns a field of a record of CloudTrail, nil if it surely has none, and whether that is known.
func (e event) field(path string) (any, bool) {
	if v, ok := e[path]; ok {
		return v, true
	}
	top, _, _ := strings.Cut(path, ".")
	top, _, _ = strings.Cut(top, "[")
	return nil, !slices.Contains(trailFields, top)
}

// calls makes the records of successful calls of a service's API.
func calls(service string, names ...string) []event {
	events := make([]event, len(names))
	for i, name := range names {
		events[i] = event{"eventSource": service + ".amazonaws.com", "eventName": name, "eventType": "AwsApiCall",
			"sourceIPAddress": "203.0.113.7", "errorCode": nil, "errorMessage": nil, "userIdentity.invokedBy": nil,
			"eventCategory": "Management"}
	}
	return events
}

// with returns the events with more fields.
func with(events []event, more event) []event {
	for _, e := range events {
		for path, v := range more {
			e[path] = v
		}
	}
	return events
}

// signIn makes the record of a sign-in to the console.
func signIn(more event) []event {
	return with(with(calls("signin", "ConsoleLogin"), event{"eventType": "AwsConsoleSignIn"}), more)
}

// trailTopics are what CloudTrail's records tell of.
var trailTopics = []topic{
	{"network-acl-changes", calls("ec2", "CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl",
		"DeleteNetworkAclEntry", "ReplaceNetworkAclEntry", "ReplaceNetworkAclAssociation")},
	{"gateway-changes", calls("ec2", "CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway",
		"CreateInternetGateway", "DeleteInternetGateway", "DetachInternetGateway")},
	{"route-table-changes", calls("ec2", "CreateRoute", "CreateRouteTable", "ReplaceRoute",
		"ReplaceRouteTableAssociation", "DeleteRouteTable", "DeleteRoute", "DisassociateRouteTable")},
	{"vpc-changes", calls("ec2", "CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection",
		"CreateVpcPeeringConnection", "DeleteVpcPeeringConnection", "RejectVpcPeeringConnection")},
	{"security-group-changes", calls("ec2", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress",
		"RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress", "CreateSecurityGroup", "DeleteSecurityGroup")},
	{"iam-policy-changes", calls("iam", "DeleteGroupPolicy", "DeleteRolePolicy", "DeleteUserPolicy", "PutGroupPolicy",
		"PutRolePolicy", "PutUserPolicy", "CreatePolicy", "DeletePolicy", "CreatePolicyVersion", "DeletePolicyVersion",
		"AttachRolePolicy", "DetachRolePolicy", "AttachUserPolicy", "DetachUserPolicy", "AttachGroupPolicy",
		"DetachGroupPolicy")},
	{"trail-changes", calls("cloudtrail", "UpdateTrail", "DeleteTrail", "StopLogging")},
	{"config-changes", calls("config", "StopConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel",
		"PutConfigurationRecorder")},
	{"key-deletion", calls("kms", "DisableKey", "ScheduleKeyDeletion")},
	{"bucket-policy-changes", calls("s3", "PutBucketAcl", "PutBucketPolicy", "DeleteBucketPolicy")},
	{"organization-changes", calls("organizations", "AttachPolicy", "DetachPolicy", "UpdatePolicy", "DisablePolicyType",
		"LeaveOrganization", "RemoveAccountFromOrganization", "MoveAccount")},
	{"unauthorized-calls", append(
		with(calls("s3", "GetBucketPolicy"), event{"errorCode": "AccessDenied"}),
		with(calls("ec2", "RunInstances"), event{"errorCode": "Client.UnauthorizedOperation"})...)},
	{"console-login-failures", signIn(event{"errorMessage": "Failed authentication",
		"responseElements.ConsoleLogin": "Failure"})},
	{"console-login-without-mfa", signIn(event{"additionalEventData.MFAUsed": "No",
		"responseElements.ConsoleLogin": "Success", "userIdentity.type": "IAMUser"})},
	{"root-usage", append(
		with(calls("iam", "CreateAccessKey"), event{"userIdentity.type": "Root", "userIdentity.userName": nil}),
		signIn(event{"userIdentity.type": "Root", "responseElements.ConsoleLogin": "Success"})...)},
}

// findingTopics are what the security services tell of.
var findingTopics = []topic{
	{"guardduty-findings", finding("aws.guardduty", "GuardDuty Finding", event{"detail.severity": 8.0})},
	{"securityhub-findings", finding("aws.securityhub", "Security Hub Findings - Imported", event{
		"detail.findings.Severity.Label": "CRITICAL", "detail.findings.Workflow.Status": "NEW",
		"detail.findings.RecordState": "ACTIVE", "detail.findings.Compliance.Status": "FAILED"})},
	{"inspector-findings", finding("aws.inspector2", "Inspector2 Finding", event{"detail.severity": "CRITICAL",
		"detail.status": "ACTIVE"})},
	{"macie-findings", finding("aws.macie", "Macie Finding", event{"detail.severity.description": "High"})},
	{"access-analyzer-findings", finding("aws.access-analyzer", "Access Analyzer Finding", event{
		"detail.status": "ACTIVE", "detail.isPublic": true})},
	{"health-events", finding("aws.health", "AWS Health Event", nil)},
}

func finding(source, typ string, more event) []event {
	return with([]event{{"source": source, "detail-type": typ}}, more)
}

// watched lists the topics of which every event matches.
func watched(raw value.Value, matches func(event) answer, topics ...topic) value.Value {
	var out found
	for _, t := range topics {
		out.judge(t.name, every(t.events, matches))
	}
	return out.value(raw)
}

// openNames is a list of which nothing is known but why.
func openNames(raw value.Value, why []value.Reason) value.Value {
	return listOf(raw, nil, why)
}
