package cloudformation

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

func addresses(reading source.Reading) []string {
	var found []string
	for _, b := range reading.Blocks {
		found = append(found, b.Type+" "+b.Address)
	}
	return found
}

// Every value remembers the line and the path it stands at, in YAML and in JSON.
func TestOrigins(t *testing.T) {
	const yamlTemplate = `Resources:
  Bucket:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties:
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault:
              SSEAlgorithm: aws:kms
`
	const jsonTemplate = `{
  "Resources": {
    "Bucket": {
      "Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain",
      "Properties": {
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [
          {"ServerSideEncryptionByDefault": {
            "SSEAlgorithm": "aws:kms"}}]},
        "Emoji": "\ud83d\ude00 \/"
      }}}}
`
	for _, test := range []struct {
		file, content   string
		line, retention int
	}{{"a.yaml", yamlTemplate, 9, 4}, {"a.json", jsonTemplate, 8, 4}} {
		b := blocks(t, files{test.file: test.content}.read(t, nil))["Bucket"]
		v := b.Body.Field("BucketEncryption").Field("ServerSideEncryptionConfiguration")
		list, _ := v.AsList()
		if len(list) != 1 {
			t.Fatalf("%s: got %s", test.file, show(b.Body))
		}
		v = list[0].Field("ServerSideEncryptionByDefault").Field("SSEAlgorithm")
		want := value.Origin{File: test.file, Line: test.line,
			Path: "BucketEncryption.ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault.SSEAlgorithm"}
		if diff := cmp.Diff(want, *v.Origin()); diff != "" {
			t.Errorf("%s: %s", test.file, diff)
		}
		if v := b.Body.Field("DeletionPolicy"); show(v) != `"Retain"` || v.Origin().Line != test.retention {
			t.Errorf("%s: DeletionPolicy is %s at %s", test.file, show(v), v.Origin())
		}
	}
}

// A nested stack's blocks have addresses below it, its parameters are passed with their references, and its outputs
// lead to its own resources. Its template is not read once more as a root.
func TestNestedStacks(t *testing.T) {
	reading := files{
		"main.yaml": `Parameters: {Prefix: {Type: String}}
Resources:
  Key: {Type: AWS::KMS::Key}
  SubnetA: {Type: AWS::EC2::Subnet}
  SubnetB: {Type: AWS::EC2::Subnet}
  Storage:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: !Sub "https://${AWS::Region}.example/${Prefix}/sub/storage.yaml"
      Parameters:
        KeyArn: !GetAtt Key.Arn
        Name: clinic
        Subnets: !Join [",", [!Ref SubnetA, !Ref SubnetB]]
        Fallback: !Ref AWS::NoValue
  Trail:
    Type: AWS::CloudTrail::Trail
    Properties:
      S3BucketName: !GetAtt Storage.Outputs.Bucket
      Name: !GetAtt Storage.Outputs.Name
      Key: !GetAtt Storage.Outputs.Key
      Nothing: !GetAtt Storage.Outputs.Nothing
      Text: !Sub "${Storage.Outputs.Bucket}/logs"
`,
		"sub/storage.yaml": `Parameters:
  KeyArn: {Type: String}
  Name: {Type: String, Default: other}
  Subnets: {Type: "List<AWS::EC2::Subnet::Id>"}
  Fallback: {Type: String, Default: used}
  Unpassed: {Type: String}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {Key: !Ref KeyArn, Name: !Ref Name, Subnets: !Ref Subnets, Fallback: !Ref Fallback, Unpassed: !Ref Unpassed}
Outputs:
  Bucket: {Value: !Ref Bucket}
  Name: {Value: !Ref Name}
  Key: {Value: !Ref KeyArn}
`}.read(t, nil)
	found := blocks(t, reading)
	want := []string{"AWS::KMS::Key Key", "AWS::EC2::Subnet SubnetA", "AWS::EC2::Subnet SubnetB",
		"AWS::CloudFormation::Stack Storage", "AWS::S3::Bucket Storage/Bucket", "AWS::CloudTrail::Trail Trail"}
	if diff := cmp.Diff(want, addresses(reading)); diff != "" {
		t.Error(diff)
	}
	if got, want := show(found["Trail"].Body), `{Key:?->Key.Arn! Name:"clinic" Nothing:?->* `+
		`S3BucketName:?->Storage/Bucket! Text:?~${Storage/Bucket}/logs~->Storage/Bucket}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	bucket := found["Storage/Bucket"]
	if got, want := show(bucket.Body), `{Fallback:"used" Key:?->Key.Arn! Name:"clinic" Subnets:[?->SubnetA! ?->SubnetB!] Unpassed:?->*}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := whys(bucket.Body.Field("Unpassed")), "the parameter Unpassed has no value and Storage passes none"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if bucket.Origin.File != "sub/storage.yaml" {
		t.Errorf("the origin is %s", bucket.Origin)
	}
	if len(reading.Gaps) > 0 {
		t.Errorf("gaps: %s", gapTexts(reading))
	}
}

const nesting = `Resources:
  %s:
    Type: AWS::CloudFormation::Stack
    %s
    Properties: {TemplateURL: %s}
  User: {Type: Custom::U, Properties: {P: !GetAtt %[1]s.Outputs.X}}
Parameters: {Maybe: {Type: String}}
Conditions: {C: !Equals [!Ref Maybe, a], Never: !Equals [a, b]}
`

// What cannot be found or never ends is a gap, and its outputs are unknown; the rest is read.
func TestNestedStacksInTrouble(t *testing.T) {
	leaf := "Resources: {Leaf: {Type: AWS::S3::Bucket}}\n"
	tests := []struct {
		name  string
		files files
		want  []string // addresses
		gap   string
	}{
		{"not there", files{"a.yaml": fmt.Sprintf(nesting, "N", "", "https://x.example/missing.yaml")},
			[]string{"N", "User"}, "a.yaml: nested stack N"},
		{"circle", files{"a.yaml": fmt.Sprintf(nesting, "N", "", "./b.yaml"), "b.yaml": fmt.Sprintf(nesting, "M", "", "./a.yaml")},
			[]string{"N", "N/M", "N/User", "User"}, "a.yaml nests itself: the circle was cut here"},
		{"itself", files{"a.yaml": fmt.Sprintf(nesting, "N", "", "a.yaml")}, []string{"N", "User"}, "a.yaml nests itself"},
		{"URL not known", files{"a.yaml": fmt.Sprintf(nesting, "N", "", "!Ref Maybe")}, []string{"N", "User"}, "its template is not known"},
		{"NoValue", files{"a.yaml": fmt.Sprintf(nesting, "N", "", "!Ref AWS::NoValue")}, []string{"N", "User"}, "its template is not known"},
		{"two of a name", files{"a.yaml": fmt.Sprintf(nesting, "N", "", "https://x.example/leaf.yaml"), "p/leaf.yaml": leaf, "q/leaf.yaml": leaf},
			[]string{"a.yaml:N", "a.yaml:User", "p/leaf.yaml:Leaf", "q/leaf.yaml:Leaf"}, "several templates are named leaf.yaml"},
		{"two of a name, one fits the URL", files{"a.yaml": fmt.Sprintf(nesting, "N", "", "https://x.example/q/leaf.yaml"), "p/leaf.yaml": leaf, "q/leaf.yaml": leaf},
			[]string{"a.yaml:N", "a.yaml:N/Leaf", "a.yaml:User", "p/leaf.yaml:Leaf"}, ""},
		{"dropped", files{"a.yaml": fmt.Sprintf(nesting, "N", "Condition: Never", "leaf.yaml"), "leaf.yaml": leaf}, []string{"User"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reading := test.files.read(t, nil)
			found := blocks(t, reading)
			var got []string
			for _, b := range reading.Blocks {
				got = append(got, b.Address)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if gaps := gapTexts(reading); (test.gap == "") != (gaps == "") || !strings.Contains(gaps, strings.TrimPrefix(test.gap, "a.yaml: ")) {
				t.Errorf("gaps: %s\nwant: %s", gaps, test.gap)
			}
			for _, b := range found {
				if p := b.Body.Field("P"); strings.HasSuffix(b.Address, "User") && !p.IsUnknown() {
					t.Errorf("%s: the output is %s", b.Address, show(p))
				}
			}
		})
	}
}

// If it is not known whether a nested stack exists, the same is true of everything in it.
func TestNestedStackMaybe(t *testing.T) {
	found := blocks(t, files{
		"a.yaml":    fmt.Sprintf(nesting, "N", "Condition: C", "leaf.yaml"),
		"leaf.yaml": "Resources: {Leaf: {Type: AWS::S3::Bucket}}\n"}.read(t, nil))
	for _, address := range []string{"N", "N/Leaf"} {
		want := value.Reason{Why: "the condition C is not known: the parameter Maybe has no value", Grant: "--parameter Maybe=VALUE"}
		if m := found[address].Maybe; m == nil || *m != want {
			t.Errorf("%s: maybe is %v", address, m)
		}
	}
	if found["User"].Maybe != nil {
		t.Error("User exists")
	}
}

// Exports lead from one template of the target to another, and references carry the file before the logical ID.
func TestExports(t *testing.T) {
	reading := files{
		"net/vpc.yaml": `Resources: {Vpc: {Type: AWS::EC2::VPC}}
Outputs:
  Vpc: {Value: !Ref Vpc, Export: {Name: !Sub "${Env}-vpc"}}
  Cidr: {Value: 10.0.0.0/16, Export: {Name: cidr}}
  Twice: {Value: a, Export: {Name: twice}}
Parameters: {Env: {Type: String, Default: prod}}
`,
		"app.json": `{"Resources": {"G": {"Type": "AWS::EC2::SecurityGroup", "Properties": {
  "VpcId": {"Fn::ImportValue": "prod-vpc"}, "Cidr": {"Fn::ImportValue": "cidr"}, "Twice": {"Fn::ImportValue": "twice"},
  "Own": {"Ref": "G"}}}},
  "Outputs": {"T": {"Value": "b", "Export": {"Name": "twice"}}}}`,
		"values.yaml":  "resources: {limits: {cpu: 1}}\nResources: none\n",
		"package.json": `{"name": "Resources"}`,
		"k8s.yaml":     "kind: A\n---\nkind: B\n",
	}.read(t, nil)
	found := blocks(t, reading)
	if diff := cmp.Diff([]string{"AWS::EC2::SecurityGroup app.json:G", "AWS::EC2::VPC net/vpc.yaml:Vpc"}, addresses(reading)); diff != "" {
		t.Error(diff)
	}
	if got, want := show(found["app.json:G"].Body), `{Cidr:"10.0.0.0/16" Own:?->app.json:G! Twice:?->* VpcId:?->net/vpc.yaml:Vpc!}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(reading.Gaps) > 0 {
		t.Errorf("gaps: %s", gapTexts(reading))
	}
}

// Fn::ForEach makes resources; if its collection is unknown, so is whether they exist.
func TestForEachResources(t *testing.T) {
	found := blocks(t, files{"a.yaml": `Transform: AWS::LanguageExtensions
Parameters: {Names: {Type: CommaDelimitedList, Default: "a,b"}, Missing: {Type: CommaDelimitedList}}
Resources:
  Fn::ForEach::Buckets:
    - Name
    - !Ref Names
    - Bucket${Name}: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "clinic-${Name}", Also: !Ref Name}}
      Policy${Name}: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: !Ref "Bucket${Name}"}}
  Fn::ForEach::Unknown: [N, !Ref Missing, {"Topic${N}": {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref N}}}]
`}.read(t, nil))
	for address, want := range map[string]string{
		"Bucketa": `{Also:"a" BucketName:"clinic-a"}`, "Bucketb": `{Also:"b" BucketName:"clinic-b"}`,
		"Policya": `{Bucket:?->Bucketa!}`, "Policyb": `{Bucket:?->Bucketb!}`, "Topic${N}": `{TopicName:?->*}`,
	} {
		if got := show(found[address].Body); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
		if maybe := found[address].Maybe != nil; maybe != (address == "Topic${N}") {
			t.Errorf("%s: maybe is %v", address, maybe)
		}
	}
}

// Macros are said to be macros: SAM resources come with their Globals, and under a macro of the user's nothing is
// certain to be absent.
func TestTransforms(t *testing.T) {
	reading := files{"sam.yaml": `Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Timeout: 3, Runtime: go, Environment: {Variables: {A: 1}}, Layers: [x]}}
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {Runtime: python, Environment: {Variables: {B: 2}}, Layers: [y]}}
  R: {Type: Custom::R, Properties: {Role: !GetAtt FRole.Arn, F: !GetAtt F.Arn}}
`}.read(t, nil)
	found := blocks(t, reading)
	if got, want := show(found["F"].Body), `{Environment:{Variables:{A:1 B:2}} Layers:["x" "y"] Runtime:"python" Timeout:3}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := show(found["R"].Body), `{F:?->F.Arn! Role:?->*}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := gapTexts(reading); !strings.Contains(got, "resources made by the AWS::Serverless transform are not expanded") {
		t.Errorf("gaps: %s", got)
	}
	reading = files{"macro.yaml": "Transform: [AWS::LanguageExtensions, Mine]\nResources: {B: {Type: AWS::S3::Bucket, Properties: {A: {B: 1}}}, " +
		"C: {Type: AWS::S3::Bucket}, \"Fn::Transform\": {Name: AWS::Include}, M: {Type: My::Own::Thing::MODULE}}\n"}.read(t, nil)
	found = blocks(t, reading)
	if got, want := show(found["B"].Body), `{A:{B:1 ...} ...}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := show(found["C"].Body); got != `{...}` {
		t.Errorf("a body without properties is %s", got)
	}
	for _, want := range []string{"the macro Mine may change every value", "what Fn::Transform adds to Resources is not read", "module My::Own::Thing::MODULE"} {
		if !strings.Contains(gapTexts(reading), want) {
			t.Errorf("no gap says %q:\n%s", want, gapTexts(reading))
		}
	}
}

// A broken file is a gap with file and line, and the others are still read.
func TestBroken(t *testing.T) {
	good := "Resources: {Good: {Type: AWS::S3::Bucket}}\n"
	tests := []struct{ name, file, content, want string }{
		{"YAML", "bad.yaml", "AWSTemplateFormatVersion: 2010-09-09\nResources:\n  B:\n   Type: AWS::S3::Bucket\n  - x\n", "bad.yaml:"},
		{"YAML tab", "bad.yaml", "AWSTemplateFormatVersion: 2010-09-09\nResources:\n\tB: 1\n", "bad.yaml:3"},
		{"JSON", "bad.json", "{\"Resources\": {\n\"B\": {\"Type\": \"AWS::S3::Bucket\"\n", "bad.json:"},
		{"no Resources", "bad.yaml", "AWSTemplateFormatVersion: 2010-09-09\n", "bad.yaml:1: the template has no Resources"},
		{"Resources a list", "bad.yaml", "AWSTemplateFormatVersion: 2010-09-09\nResources: [a]\n", "bad.yaml:1: the template has no Resources"},
		{"no Type", "bad.yaml", "AWSTemplateFormatVersion: 2010-09-09\nResources:\n  B: {}\n", "bad.yaml:3: the resource B has no Type"},
		{"resource a text", "bad.yaml", "AWSTemplateFormatVersion: 2010-09-09\nResources:\n  B: text\n", "bad.yaml:3: the resource B has no Type"},
		{"duplicate key", "bad.yaml", "Resources:\n  B:\n    Type: AWS::S3::Bucket\n  B:\n    Type: AWS::S3::Bucket\n", `bad.yaml:4: the key "B" is given twice, first in line 2`},
		{"duplicate key in JSON", "bad.json", "{\"Resources\":\n{\"B\": {\"Type\": \"AWS::S3::Bucket\"},\n\"B\": {\"Type\": \"AWS::S3::Bucket\"}}}", `bad.json:3: the key "B" is given twice, first in line 2`},
		{"several documents", "bad.yaml", "Resources: {B: {Type: AWS::S3::Bucket}}\n---\na: b\n", "several documents"},
		{"unknown anchor", "bad.yaml", "AWSTemplateFormatVersion: 2010-09-09\nResources: *x\n", "bad.yaml"},
		{"circular alias", "bad.yaml", "Resources: {B: {Type: AWS::S3::Bucket, Properties: &a {P: *a}}}\n", "bad.yaml:1"},
		{"too deep", "bad.yaml", "Resources: {B: {Type: AWS::S3::Bucket, Properties: {P: " + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}}}\n",
			"nested more than 100 levels deep"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reading := files{"good.yaml": good, test.file: test.content}.read(t, nil)
			if got := gapTexts(reading); !strings.Contains(got, test.want) {
				t.Errorf("gaps are %q, want %q", got, test.want)
			}
			if !slices.ContainsFunc(addresses(reading), func(a string) bool { return strings.HasSuffix(a, "Good") }) {
				t.Error("the good template was not read")
			}
			for _, b := range blocks(t, reading) {
				if strings.HasPrefix(test.name, "duplicate") && strings.HasSuffix(b.Address, "B") && !b.Body.IsUnknown() {
					t.Errorf("%s is given twice, but known: %s", b.Address, show(b.Body))
				}
			}
		})
	}
}

// If nothing can be read, that is an error which names file and line.
func TestNothingToRead(t *testing.T) {
	dir := files{"bad.yaml": "AWSTemplateFormatVersion: 1\nResources:\n\tB: 1\n", "empty/x.txt": "", "pipe/a.yaml": "a: 1\n"}.write(t)
	for _, test := range []struct{ path, want string }{
		{dir, "bad.yaml:3"}, {filepath.Join(dir, "bad.yaml"), "bad.yaml:3"}, {filepath.Join(dir, "empty"), "no CloudFormation template"},
		{filepath.Join(dir, "empty/x.txt"), "no CloudFormation template"}, {filepath.Join(dir, "nowhere"), "no such file"},
	} {
		_, err := Templates{}.Read(context.Background(), test.path, source.Options{})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.path, err, test.want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (Templates{}).Read(ctx, dir, source.Options{}); err == nil {
		t.Error("a read that was cancelled is no error")
	}
}

// What expands without end is cut, and what was cut is unknown.
func TestBounds(t *testing.T) {
	var laughs strings.Builder
	laughs.WriteString("Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      A0: &a0 [x, x]\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&laughs, "      A%d: &a%d [*a%d, *a%d, *a%[3]d, *a%[3]d]\n", i, i, i-1, i-1)
	}
	laughs.WriteString("  C: {Type: AWS::S3::Bucket, Properties: {P: 1}}\n")
	var loops strings.Builder
	loops.WriteString("Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      ")
	for i := range 9 {
		fmt.Fprintf(&loops, "{\"Fn::ForEach::L%d\": [V%d, [a,b,c,d,e,f,g,h,i,j], ", i, i)
	}
	loops.WriteString(`{"k${V0}${V1}${V2}${V3}${V4}${V5}${V6}${V7}${V8}": 1}` + strings.Repeat("]}", 9) + "\n")
	var merges strings.Builder
	merges.WriteString("Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      A0: &a0 {x: 1}\n")
	for i := 1; i < 200; i++ {
		fmt.Fprintf(&merges, "      A%d: &a%d {<<: [*a%d, *a%d, *a%[3]d]}\n", i, i, i-1, i-1)
	}
	var chain strings.Builder
	chain.WriteString("Resources: {B: {Type: AWS::S3::Bucket, Condition: C9999}}\nConditions:\n  C0: !Equals [a, a]\n")
	for i := 1; i < 10000; i++ {
		fmt.Fprintf(&chain, "  C%d: !Not [!Condition C%d]\n", i, i-1)
	}
	tests := []struct{ name, content, gap string }{
		{"billion laughs", laughs.String(), "grow far beyond its size"},
		{"loops in loops", loops.String(), "grow far beyond its size"},
		{"merges", merges.String(), ""},
		{"chain of conditions", chain.String(), ""},
		{"deep flow", "AWSTemplateFormatVersion: 1\nResources: " + strings.Repeat("[", 20000), "a.yaml"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			reading := files{"a.yaml": test.content, "good.yaml": "Resources: {Good: {Type: AWS::S3::Bucket}}\n"}.read(t, nil)
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
			if got := gapTexts(reading); (got == "") != (test.gap == "") || !strings.Contains(got, test.gap) {
				t.Errorf("gaps are %.300q, want %q", got, test.gap)
			}
			if test.name == "chain of conditions" && reading.Blocks[0].Maybe == nil {
				t.Error("the end of a chain that was cut is certain")
			}
		})
	}
}

// A file larger than any template is not read; one that claims to be a template is a gap. Nothing outside the target is.
func TestConfinement(t *testing.T) {
	outside := files{"secret.yaml": "Resources: {Secret: {Type: AWS::S3::Bucket}}\n"}.write(t)
	dir := files{
		"a.yaml":                "Resources: {A: {Type: AWS::S3::Bucket}, N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ../secret.yaml}}}\n",
		".git/b.yaml":           "Resources: {B: {Type: AWS::S3::Bucket}}\n",
		"node_modules/x/c.yaml": "Resources: {C: {Type: AWS::S3::Bucket}}\n",
		"huge.yaml":             "AWSTemplateFormatVersion: 2010-09-09\nResources: {}\n",
		"data.json":             "[",
	}.write(t)
	for _, name := range []string{"huge.yaml", "data.json"} {
		if err := os.Truncate(filepath.Join(dir, name), 1<<30); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"out.yaml": filepath.Join(outside, "secret.yaml"), "out": outside, "in.yaml": "a.yaml", "out.txt": outside} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	reading, err := Templates{}.Read(context.Background(), dir, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"AWS::S3::Bucket A", "AWS::CloudFormation::Stack N"}, addresses(reading)); diff != "" {
		t.Error(diff)
	}
	var what []string
	for _, g := range reading.Gaps {
		what = append(what, g.What)
	}
	if diff := cmp.Diff([]string{"huge.yaml", "out", "out.yaml", "nested stack N"}, what); diff != "" {
		t.Errorf("%s\n%s", diff, gapTexts(reading))
	}
}

// One file is a target of its own: what lies beside it is not read.
func TestOneFile(t *testing.T) {
	dir := files{"a.template": fmt.Sprintf(nesting, "N", "", "leaf.yaml"), "leaf.yaml": "Resources: {Leaf: {Type: AWS::S3::Bucket}}\n"}.write(t)
	name := filepath.Join(dir, "a.template")
	reading, err := Templates{}.Read(context.Background(), name, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"AWS::CloudFormation::Stack N", "Custom::U User"}, addresses(reading)); diff != "" {
		t.Error(diff)
	}
	if len(reading.Gaps) != 1 || reading.Gaps[0].Grant != "assess the directory, not the one file" || reading.Gaps[0].Target != name {
		t.Errorf("gaps: %+v", reading.Gaps)
	}
	if b := reading.Blocks[0]; b.Origin.File != "a.template" || b.Origin.Line != 2 || b.Target != name {
		t.Errorf("the block is at %s of %s", b.Origin, b.Target)
	}
}

// Detect tells templates from other files, broken or not.
func TestDetect(t *testing.T) {
	dir := files{
		"yes/sub/a.yml": "Resources:\n  B:\n    Type: AWS::S3::Bucket\n", "yes/x.json": "{}",
		"json/a.json": `{"Resources":{"B":{"Type":"AWS::S3::Bucket"}}}`, "broken/a.yaml": "\"AWSTemplateFormatVersion\" : x\n\t",
		"no/a.yaml": "resources: [x]\nkind: Resources\n", "no/main.tf": "Resources: AWSTemplateFormatVersion:", "hidden/.x/a.yaml": "AWSTemplateFormatVersion: 1\n",
	}.write(t)
	for path, want := range map[string]bool{"yes": true, "yes/sub/a.yml": true, "json": true, "broken": true, "no": false, "hidden": false, "nowhere": false, "yes/x.json": false} {
		if got := (Templates{}).Detect(filepath.Join(dir, path)); got != want {
			t.Errorf("%s: got %v", path, got)
		}
	}
	if (Templates{}).Kind() != "cloudformation" {
		t.Error("the kind is wrong")
	}
}

// A property that has the name of what CloudFormation writes beside Properties stays what it is.
func TestRetention(t *testing.T) {
	found := blocks(t, files{"a.yaml": "Resources:\n  A: {Type: Custom::A, DeletionPolicy: Delete, UpdateReplacePolicy: Snapshot, Properties: {DeletionPolicy: own}}\n" +
		"  B: {Type: Custom::B, Properties: null}\n"}.read(t, nil))
	if got, want := show(found["A"].Body), `{DeletionPolicy:"own" UpdateReplacePolicy:"Snapshot"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := show(found["B"].Body); got != "{}" {
		t.Errorf("got %s", got)
	}
}

// Merged mappings give what a mapping does not have itself.
func TestMerge(t *testing.T) {
	found := blocks(t, files{"a.yaml": `X: &x {A: 1, B: 2}
Resources:
  R: {Type: Custom::R, Properties: {<<: *x, B: 3, C: &c [*x]}}
  S: {Type: Custom::S, Properties: {C: *x}}
`}.read(t, nil))
	if got, want := show(found["R"].Body)+show(found["S"].Body), `{A:1 B:3 C:[{A:1 B:2}]}{C:{A:1 B:2}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// No input makes the reader panic, hang, or give an unknown without a reason or a block without an origin.
func FuzzTemplate(f *testing.F) {
	f.Add(around + "        !Sub '${Bucket.Arn}/*'\n")
	f.Add(`{"Resources":{"A":{"Type":"AWS::CloudFormation::Stack","Properties":{"TemplateURL":"a.yaml","Parameters":{"P":{"Ref":"A"}}}}}}`)
	f.Add("Resources: {A: {Type: 'A::B', Properties: &a {<<: *a, P: !If [C, !Ref A, *a]}}}\nConditions: {C: !Not [!Condition C]}\n")
	f.Add("Transform: [A, AWS::Serverless-2016-10-31]\nGlobals: {Function: [1]}\nResources: {F: {Type: AWS::Serverless::Function, Properties: !Ref F}}")
	f.Add("Resources: {? [a] : b, A: {Type: 'A::B', Properties: {? {x: y} : z, Fn::ForEach::L: [V, !Ref P, !GetAZs '']}}}")
	f.Add("Resources: {A: {Type: 'A::B', Properties: {P: !Join [!Cidr [], !Select [!Split]], Q: !FindInMap [], R: !Sub [], S: !GetAtt [], T: !Ref , U: !If }}}")
	f.Fuzz(func(t *testing.T, content string) {
		dir := files{"a.yaml": content, "b.yaml": "Resources: {B: {Type: AWS::S3::Bucket, Properties: {I: !ImportValue x}}}\n"}.write(t)
		reading, err := Templates{}.Read(context.Background(), dir, source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		blocks(t, reading)
	})
}
