package aws

import (
	"regexp"
	"strings"

	"ward.dev/ward/internal/decode"
	"ward.dev/ward/internal/value"
)

// leftOut stands where a reply held a secret. Nothing of the secret stays: not in memory, not in a snapshot.
const leftOut = decode.LeftOut

// neverKept are members of replies that are secrets themselves, in any service.
var neverKept = map[string]bool{
	"ClientSecret": true, "SecretString": true, "SecretBinary": true, "Password": true, "MasterUserPassword": true,
	"AuthToken": true, "PrivateKey": true, "PreSharedKey": true, "SecretAccessKey": true, "SessionToken": true,
	"CustomerGatewayConfiguration": true, "Plaintext": true, "AuthorizationToken": true, "KeyMaterial": true,
	"BindPassword": true, "MasterPassword": true, "AdminPassword": true, "SharedSecret": true, "PASSWORD": true,
	"PreCoPassword": true, "HeaderValue": true,
	"HECToken": true, "KdcAdminPassword": true, "CrossRealmTrustPrincipalPassword": true, "ADDomainJoinPassword": true,
	"Base32StringSeed": true, "QRCodePNG": true, "RegistrationCode": true, "MasterAccountEmail": true,
	"Input": true, "InputTemplate": true, "SearchString": true, // messages of rules and schedules; what web ACLs look for
	"Secret": true, "Command": true, "EntryPoint": true, "Args": true, "Buildspec": true,
	"SaslPassword": true, "SslClientKeyPassword": true, "AuthPassword": true, "AsmPassword": true, "SecurityDbEncryption": true,
	"ExtraConnectionAttributes": true, "AfterConnectScript": true, // of DMS, which hold passwords among other things
	"LastFailureMessage": true, "TableMappings": true, "TaskData": true, // and what may hold records
}

// isEnvironment tells whether a map of texts is an environment of some program or the properties of a connection, which
// may hold secrets under any name.
func isEnvironment(name string) bool {
	return strings.Contains(name, "Environment") || strings.HasSuffix(name, "Properties") ||
		strings.HasSuffix(name, "Parameters") || strings.HasSuffix(name, "Variables") || strings.HasSuffix(name, "Options") || name == "DriverOpts" ||
		name == "DockerLabels" || strings.HasSuffix(name, "Configuration") || strings.HasSuffix(name, "Arguments")
}

// isScript tells whether a member is a script that may hold secrets in any line.
func isScript(name string) bool { return name == "UserData" }

// within is what a member is called for the sake of its secrets: some scripts stand in an object of one value.
func within(object, name string) string {
	if isScript(object) && name == "Value" {
		return object
	}
	return name
}

// scrubbed is what is kept of a variable.
func scrubbed(name, content string) string { return decode.Scrub(name, content) }

// scrubPair scrubs the value of an object that is a variable: one with a name and a value.
func scrubPair(fields map[string]value.Value) {
	if name, _ := fields["OptionName"].AsString(); name == "EnvironmentVariables" { // all of them in one text
		fields["Value"] = value.String(leftOut).At(fields["OptionName"].Origin())
	}
	for _, pair := range [][2]string{{"Name", "Value"}, {"OptionName", "Value"}} {
		name, isName := fields[pair[0]].AsString()
		content, isText := fields[pair[1]].AsString()
		if isName && isText {
			if kept := scrubbed(name, content); kept != content {
				fields[pair[1]] = value.String(kept).At(fields[pair[1]].Origin())
			}
		}
	}
}

var loginInAddress = regexp.MustCompile(`^([a-z+]+://)[^/\s@]+@`)

// withoutLogin is an address without the login that may stand in it, which CodeBuild's sources have.
func withoutLogin(address string) string {
	return loginInAddress.ReplaceAllString(address, "${1}"+leftOut+"@")
}
