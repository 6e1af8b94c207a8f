package cloudformation

import (
	"strings"
	"testing"
)

// around is a template with something of everything; the expression under test is the property P of X.
const around = `AWSTemplateFormatVersion: 2010-09-09
Transform: AWS::LanguageExtensions
Parameters:
  Name: {Type: String, Default: clinic}
  Given: {Type: String, Default: unused}
  Missing: {Type: String}
  Count: {Type: Number, Default: 3}
  Flag: {Type: String, Default: true}
  Plain: {Type: String, Default: Yes}
  Account: {Type: String, Default: 012345678901}
  Empty: {Type: String, Default: ""}
  Secret: {Type: String, NoEcho: true, Default: hunter2}
  Image: {Type: "AWS::SSM::Parameter::Value<String>", Default: /aws/service/ami}
  ParameterName: {Type: AWS::SSM::Parameter::Name, Default: /a/b}
  Subnets: {Type: "List<AWS::EC2::Subnet::Id>", Default: "subnet-1, subnet-2"}
  Words: {Type: CommaDelimitedList, Default: "a,b,c"}
  MissingList: {Type: CommaDelimitedList}
  Resolved: {Type: String, Default: "{{resolve:ssm:/x/y}}"}
Mappings:
  Regions:
    us-east-1: {Ami: ami-1, Same: "yes", Zones: [a, b]}
    us-west-2: {Ami: ami-2, Same: "yes", Zones: [c]}
Conditions:
  IsClinic: !Equals [!Ref Name, clinic]
  IsOther: !Not [!Condition IsClinic]
  IsUnknown: !Equals [!Ref Missing, x]
  IsUnknownToo: !And [!Condition IsClinic, !Condition IsUnknown]
  Circular: !Not [!Condition Circular]
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Other: {Type: AWS::S3::Bucket}
  Dropped: {Type: AWS::S3::Bucket, Condition: IsOther}
  X:
    Type: Custom::X
    Properties:
      P:
`

// Each intrinsic gives what CloudFormation would give where that is certain, and otherwise an unknown that keeps its
// references; a reference is exact only if the value is nothing else.
func TestFunctions(t *testing.T) {
	const missing = `the parameter Missing has no value (--parameter Missing=VALUE)`
	tests := []struct{ name, give, want, why string }{
		{"plain", `text`, `"text"`, ""},
		{"bool", `true`, `true`, ""},
		{"bool of YAML 1.1", `yes`, `true`, ""},
		{"quoted bool", `"true"`, `"true"`, ""},
		{"int", `42`, `42`, ""},
		{"date", `2012-10-17`, `"2012-10-17"`, ""},
		{"number that prints otherwise", `[5.10, 5.7, 0644, 1e3, 012345678901, 1_000, 0x10]`,
			`["5.10" 5.7 "0644" "1e3" "012345678901" "1_000" "0x10"]`, ""},
		{"null", `~`, `none`, ""},
		{"object", `{A: {B: 1}, C: !Ref AWS::NoValue}`, `{A:{B:1}}`, ""},
		{"Condition is a key in policies", `{Condition: {Bool: {"aws:SecureTransport": "false"}}}`,
			`{Condition:{Bool:{aws:SecureTransport:"false"}}}`, ""},

		{"parameter default", `!Ref Name`, `"clinic"`, ""},
		{"parameter given", `!Ref Given`, `"from the user"`, ""},
		{"parameter long", `{Ref: Name}`, `"clinic"`, ""},
		{"parameter number", `!Ref Count`, `3`, ""},
		{"parameter bool is a text", `!Ref Flag`, `"true"`, ""},
		{"parameter keeps zeros", `!Ref Account`, `"012345678901"`, ""},
		{"parameter empty", `!Ref Empty`, `""`, ""},
		{"parameter list", `!Ref Subnets`, `["subnet-1" "subnet-2"]`, ""},
		{"parameter missing", `!Ref Missing`, `?->*`, missing},
		{"parameter NoEcho", `!Ref Secret`, `?->*`, "the parameter Secret is NoEcho: its value is not shown"},
		{"parameter NoEcho in a text", `!Sub "p=${Secret}"`, `?~p=${Secret}~->*`, "the parameter Secret is NoEcho: its value is not shown"},
		{"parameter of SSM", `!Ref Image`, `?->*`, "the parameter Image is read from Systems Manager at deployment"},
		{"parameter that names an SSM parameter", `!Ref ParameterName`, `"/a/b"`, ""},
		{"parameter with a dynamic reference", `!Ref Resolved`, `?~${Resolve.ssm}~->*`, "a dynamic reference is resolved by ssm at deployment"},
		{"pseudo parameter", `!Ref AWS::AccountId`, `?~${AWS::AccountId}~`,
			"AWS::AccountId is known only in the account (--parameter AWS::AccountId=VALUE)"},
		{"pseudo parameter given", `!Ref AWS::Partition`, `"aws"`, ""},
		{"undeclared", `!Ref Nobody`, `?->*`, "Nobody is neither a parameter nor a resource of the template"},
		{"tag unknown", `!Frob x`, `?->*`, "Fn::Frob is not a function of CloudFormation that is understood here"},
		{"function unknown", `{"Fn::Frob": x}`, `?->*`, "Fn::Frob is not a function of CloudFormation that is understood here"},
		{"function beside keys", `{"Fn::If": [IsClinic, 1, 2], A: 1}`, `{A:1 ...}`, "Fn::If stands beside other keys"},

		{"Ref to a resource", `!Ref Bucket`, `?->Bucket!`, "Bucket is known after deployment"},
		{"Ref to a dropped resource", `!Ref Dropped`, `?`, "Dropped is not created: its condition is false"},
		{"GetAtt short", `!GetAtt Bucket.Arn`, `?->Bucket.Arn!`, "Bucket.Arn is known after deployment"},
		{"GetAtt short list", `!GetAtt [Bucket, Arn]`, `?->Bucket.Arn!`, "Bucket.Arn is known after deployment"},
		{"GetAtt long", `{"Fn::GetAtt": [Bucket, Arn]}`, `?->Bucket.Arn!`, "Bucket.Arn is known after deployment"},
		{"GetAtt long text", `{"Fn::GetAtt": Bucket.Arn}`, `?->Bucket.Arn!`, "Bucket.Arn is known after deployment"},
		{"GetAtt deep", `!GetAtt Bucket.Endpoint.Address`, `?->Bucket.Endpoint.Address!`, "Bucket.Endpoint.Address is known after deployment"},
		{"GetAtt broken", `!GetAtt Bucket`, `?->*`, "Fn::GetAtt: the resource or the attribute is not known"},

		{"Sub known", `!Sub "a-${Name}-${Count}"`, `"a-clinic-3"`, ""},
		{"Sub long", `{"Fn::Sub": "${Name}"}`, `"clinic"`, ""},
		{"Sub literal", `!Sub "${!aws:username}/${Name}"`, `"${aws:username}/clinic"`, ""},
		{"Sub exact", `!Sub "${Bucket}"`, `?->Bucket!`, "Bucket is known after deployment"},
		{"Sub exact attribute", `!Sub "${Bucket.Arn}"`, `?->Bucket.Arn!`, "Bucket.Arn is known after deployment"},
		{"Sub text around", `!Sub "${Bucket.Arn}/*"`, `?~${Bucket.Arn}/*~->Bucket.Arn`, "Bucket.Arn is known after deployment"},
		{"Sub two", `!Sub "${Bucket}${Other}"`, `?~${Bucket}${Other}~->Bucket,Other`,
			"Bucket is known after deployment; Other is known after deployment"},
		{"Sub pseudo", `!Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"`, `?~arn:aws:iam::${AWS::AccountId}:root~`,
			"AWS::AccountId is known only in the account (--parameter AWS::AccountId=VALUE)"},
		{"Sub variables", `!Sub ["${A}/${Name}", {A: !GetAtt Bucket.Arn}]`, `?~${Bucket.Arn}/clinic~->Bucket.Arn`, "Bucket.Arn is known after deployment"},
		{"Sub exact variable", `!Sub ["${A}", {A: !Ref Bucket}]`, `?->Bucket!`, "Bucket is known after deployment"},
		{"Sub unclosed", `!Sub "a${b"`, `"a${b"`, ""},
		{"Sub of a list", `!Sub "a-${Words}"`, `?~a-${Words}~`, "a part of the text is not a text"},

		{"Join known", `!Join ["-", [a, !Ref Name, 3]]`, `"a-clinic-3"`, ""},
		{"Join one", `!Join ["", [!Ref Bucket]]`, `?->Bucket!`, "Bucket is known after deployment"},
		{"Join text around", `!Join ["", ["arn:aws:s3:::", !Ref Bucket, "/*"]]`, `?~arn:aws:s3:::${Bucket}/*~->Bucket`, "Bucket is known after deployment"},
		{"Join unknown", `!Join [":", [a, !Ref Missing]]`, `?~a:${Missing}~->*`, missing},
		{"Join list parameter", `!Join [",", !Ref Words]`, `"a,b,c"`, ""},
		{"Join leaves NoValue out", `!Join [",", [a, !Ref AWS::NoValue, b]]`, `"a,b"`, ""},
		{"Join open list", `!Join [",", [a, !If [IsUnknown, b, !Ref AWS::NoValue]]]`, `?->*`,
			"the condition IsUnknown is not known: " + missing},

		{"Select", `!Select [1, [a, b]]`, `"b"`, ""},
		{"Select text index", `!Select ["0", !Ref Words]`, `"a"`, ""},
		{"Select exact", `!Select [0, [!Ref Bucket, !Ref Other]]`, `?->Bucket!`, "Bucket is known after deployment"},
		{"Select beyond", `!Select [7, [a]]`, `?->*`, `Fn::Select asks for element "7" of 1`},
		{"Select of unknown", `!Select [0, !Ref MissingList]`, `?->*`, "the parameter MissingList has no value (--parameter MissingList=VALUE)"},
		{"Select of zones", `!Select [0, !GetAZs ""]`, `?`, "Fn::GetAZs: the availability zones of a region are known only in the account"},
		{"Select of open list", `!Select [0, [!If [IsUnknown, !Ref Bucket, !Ref AWS::NoValue], !Ref Other]]`, `?->*,Bucket,Other`, ""},
		{"Split", `!Split [",", "a,b"]`, `["a" "b"]`, ""},
		{"Select of Split", `!Select [1, !Split [":", !GetAtt Bucket.Arn]]`, `?->Bucket.Arn`, "Bucket.Arn is known after deployment"},

		{"FindInMap", `!FindInMap [Regions, us-east-1, Ami]`, `"ami-1"`, ""},
		{"FindInMap list", `!FindInMap [Regions, us-east-1, Zones]`, `["a" "b"]`, ""},
		{"FindInMap unknown key", `!FindInMap [Regions, !Ref AWS::Region, Ami]`, `?->*`,
			"AWS::Region is known only at deployment (--parameter AWS::Region=VALUE)"},
		{"FindInMap unknown key, all the same", `!FindInMap [Regions, !Ref AWS::Region, Same]`, `"yes"`, ""},
		{"FindInMap missing", `!FindInMap [Regions, eu-north-1, Ami]`, `?->*`, "the mapping Regions has no eu-north-1.Ami"},
		{"FindInMap default", `!FindInMap [Regions, eu-north-1, Ami, {DefaultValue: !Ref Name}]`, `"clinic"`, ""},
		{"FindInMap unknown map", `!FindInMap [Nothing, a, b]`, `?->*`, "the mapping Nothing is not declared"},

		{"If true", `!If [IsClinic, 1, 2]`, `1`, ""},
		{"If false", `{"Fn::If": [IsOther, 1, !Ref Bucket]}`, `?->Bucket!`, "Bucket is known after deployment"},
		{"If unknown, the same", `!If [IsUnknown, a, !Sub "a"]`, `"a"`, ""},
		{"If unknown, the same block", `!If [IsUnknown, !Ref Bucket, !Sub "${Bucket}"]`, `?->Bucket!`, "Bucket is known after deployment"},
		{"If unknown", `!If [IsUnknown, a, b]`, `?->*`, "the condition IsUnknown is not known: " + missing},
		{"If unknown, two blocks", `!If [IsUnknownToo, !Ref Bucket, !Ref Other]`, `?->Bucket,Other`,
			"the condition IsUnknownToo is not known: " + missing + "; Bucket is known after deployment; Other is known after deployment"},
		{"If unknown, or nothing", `!If [IsUnknown, !Ref Bucket, !Ref AWS::NoValue]`, `?->Bucket`,
			"the condition IsUnknown is not known: " + missing + "; Bucket is known after deployment"},
		{"If NoValue", `!If [IsClinic, !Ref AWS::NoValue, 1]`, `none`, ""},
		{"If objects", `!If [IsUnknown, {A: 1, B: 2}, {A: 1, B: 3, C: 4}]`, `{A:1 B:? C:?}`, ""},
		{"If lists of one length", `!If [IsUnknown, [a, b], [a, c]]`, `["a" ?->*]`, ""},
		{"If lists", `!If [IsUnknown, [a, b], [b]]`, `["b" ...]->*`, "the condition IsUnknown is not known: " + missing},
		{"If in a list, true", `[a, !If [IsClinic, b, c]]`, `["a" "b"]`, ""},
		{"If in a list, perhaps", `[a, !If [IsUnknown, !Ref Bucket, !Ref AWS::NoValue]]`, `["a" ...]->Bucket`, ""},
		{"If in a list, one of two", `[a, !If [IsUnknown, !Ref Bucket, !Ref Other]]`, `["a" ?->Bucket,Other]`, ""},
		{"If in If in a list", `[!If [IsUnknown, !If [IsUnknown, a, !Ref AWS::NoValue], b]]`, `[...]->*`, ""},
		{"If circular", `!If [Circular, a, b]`, `?->*`, "the condition Circular depends on itself"},
		{"If undeclared", `!If [Nowhere, a, b]`, `?->*`, "the condition Nowhere is not declared"},
		{"If broken", `!If [IsClinic, a]`, `?->*`, "Fn::If wants a condition and two values"},

		{"ImportValue", `!ImportValue other-vpc`, `?->*`,
			"no template of the target exports other-vpc (assess the template that exports it in the same directory)"},
		{"ImportValue unknown", `!ImportValue {"Fn::Sub": "${Missing}-vpc"}`, `?->*`, "the export ${Missing}-vpc is not known; " + missing},
		{"Base64", `{"Fn::Base64": "ab"}`, `"YWI="`, ""},
		{"Base64 of unknown", `{"Fn::Base64": !Sub "x ${Bucket}"}`, `?->Bucket`, "Bucket is known after deployment"},
		{"Cidr", `!Cidr ["10.0.0.0/16", 3, 8]`, `["10.0.0.0/24" "10.0.1.0/24" "10.0.2.0/24"]`, ""},
		{"Cidr of IPv6", `!Cidr ["2001:db8::/56", 2, 64]`, `["2001:db8::/64" "2001:db8:0:1::/64"]`, ""},
		{"Cidr does not fit", `!Cidr ["10.0.0.0/24", 2, 8]`, `?`, "Fn::Cidr: 10.0.0.0/24 does not hold 2 blocks of 8 host bits"},
		{"Cidr of everything", `!Cidr ["128.0.0.0/1", 3, 30]`, `?`, "Fn::Cidr: 128.0.0.0/1 does not hold 3 blocks of 30 host bits"},
		{"Cidr of unknown", `!Cidr [!GetAtt Bucket.Block, 3, 8]`, `?->Bucket.Block`, "Bucket.Block is known after deployment"},
		{"Transform", `{"Fn::Transform": {Name: Frob, Parameters: {A: 1}}}`, `?->*`,
			"Frob is a macro, which only CloudFormation can run (assess the processed template)"},
		{"Transform beside keys", `{A: 1, "Fn::Transform": {Name: AWS::Include}}`, `?->*`,
			"AWS::Include is a macro, which only CloudFormation can run (assess the processed template)"},
		{"Length", `{"Fn::Length": !Ref Words}`, `3`, ""},
		{"Length of unknown", `{"Fn::Length": !Ref MissingList}`, `?->*`, "the parameter MissingList has no value (--parameter MissingList=VALUE)"},
		{"ToJsonString", `{"Fn::ToJsonString": {A: [1, true, !Ref Name]}}`, `"{\"A\":[1,true,\"clinic\"]}"`, ""},
		{"ToJsonString with unknown", `{"Fn::ToJsonString": {A: !GetAtt Bucket.Arn}}`, `?~{"A":"${Bucket.Arn}"}~->Bucket.Arn`, ""},
		{"ToJsonString of open list", `{"Fn::ToJsonString": [!If [IsUnknown, a, !Ref AWS::NoValue]]}`, `?->*`, ""},
		{"ForEach", `{"Fn::ForEach::L": [V, [x, y], {"K${V}": "v-${V}"}], B: 1}`, `{B:1 Kx:"v-x" Ky:"v-y"}`, ""},
		{"ForEach strips", `{"Fn::ForEach::L": [V, [a.b], {"K&{V}": !Ref V}]}`, `{Kab:"a.b"}`, ""},
		{"ForEach of unknown", `{"Fn::ForEach::L": [V, !Ref MissingList, {"K${V}": 1}], B: 1}`, `{B:1 ...}`, ""},
		{"ForEach broken", `{"Fn::ForEach::L": x, B: 1}`, `{B:1 ...}`, "Fn::ForEach::L was not read whole"},

		{"dynamic reference", `"{{resolve:secretsmanager:clinic/db:SecretString:password}}"`, `?~${Resolve.secretsmanager}~->*`,
			"a dynamic reference is resolved by secretsmanager at deployment"},
		{"dynamic reference in a text", `"a{{resolve:ssm:/x:1}}b"`, `?~a${Resolve.ssm}b~->*`, "a dynamic reference is resolved by ssm at deployment"},
		{"dynamic reference in Sub", `!Sub "{{resolve:secretsmanager:${Bucket}}}"`, `?~${Resolve.secretsmanager}~->*,Bucket`, ""},
		{"dynamic reference not closed", `"{{resolve:ssm:/x"`, `"{{resolve:ssm:/x"`, ""},

		{"key given twice", `{A: 1, A: 2}`, `{A:?->*}`, ""},
	}
	given := map[string]string{"Given": "from the user", "AWS::Partition": "aws"}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reading := files{"t.yaml": around + indent(test.give, "        ") + "\n"}.read(t, given)
			v := blocks(t, reading)["X"].Body.Field("P")
			if got := show(v); got != test.want {
				t.Errorf("%s\n got %s\nwant %s\n(%s)", test.give, got, test.want, whys(v))
			}
			if got := whys(v); test.why != "" && got != test.why {
				t.Errorf("%s\n got reasons %q\nwant         %q", test.give, got, test.why)
			}
		})
	}
}

// Conditions are three-valued: one decisive operand decides, and an unknown never does.
func TestConditions(t *testing.T) {
	tests := []struct{ give, want string }{
		{`!Equals [a, a]`, "yes"},
		{`!Equals [a, b]`, "no"},
		{`!Equals [!Ref Flag, true]`, "yes"},
		{`!Equals [3, "3"]`, "yes"},
		{`!Equals [!Ref Missing, a]`, "maybe"},
		{`!Equals [!Sub "a-${Missing}", b]`, "maybe"},
		{`!Equals [!Join [",", !Ref Words], "a,b,c"]`, "yes"},
		{`!Equals [!Ref Secret, hunter2]`, "maybe"},
		{`!Not [!Equals [a, a]]`, "no"},
		{`!Not [!Equals [!Ref Missing, a]]`, "maybe"},
		{`!And [!Condition IsClinic, !Equals [a, a]]`, "yes"},
		{`!And [!Condition IsUnknown, !Equals [a, b]]`, "no"},
		{`!And [!Condition IsUnknown, !Condition IsClinic]`, "maybe"},
		{`!Or [!Condition IsUnknown, !Condition IsClinic]`, "yes"},
		{`!Or [!Condition IsUnknown, !Condition IsOther]`, "maybe"},
		{`{"Fn::Or": [{Condition: IsOther}, {"Fn::Not": [{Condition: IsClinic}]}]}`, "no"},
		{`!Equals [!FindInMap [Regions, us-east-1, Ami], ami-1]`, "yes"},
		{`!Equals [!Ref Flag, True]`, "maybe"},
		{`!Equals [!Ref Plain, Yes]`, "yes"},
		{`!Equals [!Ref Plain, No]`, "no"},
		{`!Equals [!Ref Plain, "Yes"]`, "maybe"},
		{`!Equals [!Ref Plain, "other"]`, "no"},
		{`!Condition Nowhere`, "maybe"},
		{`!Frob x`, "maybe"},
		{`!And []`, "maybe"},
		{`~`, "maybe"},
	}
	for _, test := range tests {
		t.Run(test.give, func(t *testing.T) {
			template := around + "        1\n  Y: {Type: AWS::S3::Bucket, Condition: C}\n"
			template += "  Z: {Type: Custom::Z, Properties: {Y: !Ref Y}}\n"
			const conditions = "Conditions:\n"
			at := strings.Index(around, conditions) + len(conditions)
			template = template[:at] + "  C: " + test.give + "\n" + template[at:]
			found := blocks(t, files{"t.yaml": template}.read(t, nil))
			y, there := found["Y"]
			got := "no"
			if there {
				got = "yes"
			}
			if y.Maybe != nil {
				got = "maybe"
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if want := map[bool]string{true: "?->Y!", false: "?"}[there]; show(found["Z"].Body.Field("Y")) != want {
				t.Errorf("the reference is %s, want %s", show(found["Z"].Body.Field("Y")), want)
			}
		})
	}
}
