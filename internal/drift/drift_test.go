package drift_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/drift"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/terraform"
	"ward.dev/ward/internal/value"
)

func code(t *testing.T, c *catalog.Catalog, text string) *inventory.Inventory {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	reading, err := terraform.Directory{}.Read(context.Background(), dir, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	reading.Name = "code"
	return mapping.Map(c.Kinds, []source.Reading{reading})
}

// bucket is what a collector makes of a bucket of which only the versioning is known.
func bucket(name, versioning string) resource.Block {
	body := map[string]value.Value{"ListBuckets": value.Object(map[string]value.Value{"Name": value.String(name)})}
	for _, operation := range []string{"GetBucketEncryption", "GetPublicAccessBlock", "GetBucketPolicy"} {
		body[operation] = value.Unresolved(value.Reason{Why: "denied"})
	}
	body["GetBucketVersioning"] = value.None()
	if versioning != "" {
		body["GetBucketVersioning"] = value.Object(map[string]value.Value{"Status": value.String(versioning)})
	}
	return resource.Block{Dialect: resource.AWS, Type: "aws.s3.bucket", Address: "arn:aws:s3:::" + name, Target: "aws:1", Account: "1",
		Region: "eu-west-1", Global: true, Origin: &value.Origin{}, Body: value.Object(body)}
}

func live(c *catalog.Catalog, gaps []resource.Gap, blocks ...resource.Block) *inventory.Inventory {
	return mapping.Map(c.Kinds, []source.Reading{{Kind: "aws", Name: "aws:1", Dialect: resource.AWS, Kinds: []string{"aws.s3.bucket"}, Blocks: blocks, Gaps: gaps}})
}

// TestOf proves that resources are paired by name, that what differs is told by attribute, and that what one side does not
// know is no difference.
func TestOf(t *testing.T) {
	c, err := catalog.Load(builtin.Files)
	if err != nil {
		t.Fatal(err)
	}
	declared := code(t, c, `
variable "unnamed" {}
resource "aws_s3_bucket" "same" { bucket = "same" }
resource "aws_s3_bucket_versioning" "same" {
  bucket = aws_s3_bucket.same.id
  versioning_configuration { status = "Enabled" }
}
resource "aws_s3_bucket" "changed" { bucket = "changed" }
resource "aws_s3_bucket_versioning" "changed" {
  bucket = aws_s3_bucket.changed.id
  versioning_configuration { status = "Enabled" }
}
resource "aws_s3_bucket" "gone" { bucket = "gone" }
resource "aws_s3_bucket" "unnamed" { bucket = var.unnamed }
`)
	d := drift.Of(declared, live(c, nil, bucket("same", "Enabled"), bucket("changed", "Suspended"), bucket("by-hand", "")))
	addresses := func(items []drift.Item) string {
		var all []string
		for _, i := range items {
			all = append(all, i.Address)
		}
		return strings.Join(all, " ")
	}
	for what, pair := range map[string][2]string{
		"in no code": {addresses(d.Undeclared), "arn:aws:s3:::by-hand"},
		"missing":    {addresses(d.Missing), "aws_s3_bucket.gone"},
		"unclear":    {addresses(d.Unclear), "aws_s3_bucket.unnamed"},
		"differing":  {fmt.Sprint(d.Differing[0].Code, d.Differing[0].Differences), "aws_s3_bucket.changed[{versioning.status Enabled Suspended}]"},
		"the same":   {fmt.Sprint(d.Same, len(d.Differing)), "1 1"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %s, want %s", what, pair[0], pair[1])
		}
	}
	var out bytes.Buffer
	if err := d.WriteText(&out); err != nil || !strings.Contains(out.String(), `versioning.status: "Enabled" in code, "Suspended" in the account`) {
		t.Errorf("%v\n%s", err, &out)
	}
}

// TestPartial proves that nothing is called missing while the account was not read whole.
func TestPartial(t *testing.T) {
	c, err := catalog.Load(builtin.Files)
	if err != nil {
		t.Fatal(err)
	}
	declared := code(t, c, `resource "aws_s3_bucket" "b" { bucket = "b" }`)
	d := drift.Of(declared, live(c, []resource.Gap{{Kind: "aws.s3.bucket", Reason: "s3:ListBuckets was denied"}}))
	if len(d.Missing) != 0 || len(d.Unclear) != 1 || !strings.Contains(d.Unclear[0].Why, "denied") {
		t.Errorf("missing %v, unclear %v", d.Missing, d.Unclear)
	}
}

// block is what a collector makes of a resource: replies by operation.
func block(kind, address string, replies map[string]any) resource.Block {
	return resource.Block{Dialect: resource.AWS, Type: kind, Address: address, Target: "aws:1", Account: "1", Region: "eu-west-1",
		Origin: &value.Origin{}, Body: tree(replies)}
}

func tree(data any) value.Value {
	switch d := data.(type) {
	case string:
		return value.String(d)
	case bool:
		return value.Bool(d)
	case int:
		return value.Int(int64(d))
	case []any:
		items := make([]value.Value, len(d))
		for i, x := range d {
			items[i] = tree(x)
		}
		return value.List(items...)
	case map[string]any:
		fields := map[string]value.Value{}
		for name, x := range d {
			fields[name] = tree(x)
		}
		return value.Object(fields)
	}
	return value.None()
}

// TestSame proves that what code and account say in other words is no difference, and that what they say otherwise is one.
func TestSame(t *testing.T) {
	c, err := catalog.Load(builtin.Files)
	if err != nil {
		t.Fatal(err)
	}
	type obj = map[string]any
	type list = []any
	own := obj{"Grantee": obj{"ID": "me"}, "Permission": "FULL_CONTROL"}
	everyone := obj{"Grantee": obj{"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}
	acl := func(grants ...any) resource.Block {
		return block("aws.s3.bucket", "arn:aws:s3:::b", obj{"ListBuckets": obj{"Name": "b"}, "GetBucketAcl": obj{"Owner": obj{"ID": "me"}, "Grants": grants}})
	}
	bucket := func(acl string) string {
		return "resource \"aws_s3_bucket\" \"b\" { bucket = \"b\" }\nresource \"aws_s3_bucket_acl\" \"b\" {\n bucket = aws_s3_bucket.b.id\n acl = \"" + acl + "\"\n}"
	}
	policy := `resource "aws_efs_file_system" "f" { creation_token = "f" }
resource "aws_efs_file_system_policy" "f" {
  file_system_id = aws_efs_file_system.f.id
  policy = jsonencode({ Statement = [{ Effect = "Allow", Principal = { AWS = "arn:aws:iam::1:role/app" }, Action = "*", Resource = "*" }] })
}`
	files := func(account string) resource.Block {
		return block("aws.efs.file_system", "arn:aws:elasticfilesystem:eu-west-1:1:file-system/fs-1", obj{"DescribeFileSystems": obj{"Name": "f", "CreationToken": "f",
			"FileSystemId": "fs-1"}, "DescribeFileSystemPolicy": obj{"Policy": `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + account + `:role/app"},"Action":"*","Resource":"*"}]}`}})
	}
	alarming := "resource \"aws_cloudwatch_metric_alarm\" \"a\" {\n alarm_name = \"a\"\n alarm_actions = [\"arn:aws:sns:eu-west-1:1:t\"]\n}"
	alarm := block("aws.cloudwatch.alarm", "arn:aws:cloudwatch:eu-west-1:1:alarm:a", obj{"DescribeAlarms": obj{"AlarmName": "a", "ActionsEnabled": true, "AlarmActions": list{"arn:aws:sns:eu-west-1:1:t"}}})
	for _, one := range []struct {
		name, code string
		live       resource.Block
		differ     string
	}{
		{"the owner's own right", bucket("private"), acl(own), ""},
		{"a canned ACL", bucket("public-read"), acl(own, everyone), ""},
		{"an ACL that was opened", bucket("private"), acl(own, everyone), "acl.grants"},
		{"an ACL that was closed", bucket("public-read"), acl(own), "acl.grants"},
		{"the account by its number", policy, files("1"), ""},
		{"another account", policy, files("2"), "policy.statements"},
		{"what nobody asks code for", alarming, alarm, ""},
	} {
		d := drift.Of(code(t, c, one.code), mapping.Map(c.Kinds, []source.Reading{{Kind: "aws", Name: "aws:1", Dialect: resource.AWS,
			Kinds: []string{one.live.Type}, Blocks: []resource.Block{one.live}}}))
		var names []string
		for _, p := range d.Differing {
			for _, x := range p.Differences {
				names = append(names, x.Attribute)
			}
		}
		if got := strings.Join(names, " "); got != one.differ || d.Same+len(d.Differing) != 1 {
			t.Errorf("%s: %q differs, want %q; %d are the same", one.name, got, one.differ, d.Same)
		}
	}
}

// TestProvided proves that what AWS makes by itself is not said to be in no code, and what people make is.
func TestProvided(t *testing.T) {
	c, err := catalog.Load(builtin.Files)
	if err != nil {
		t.Fatal(err)
	}
	network := func(id string, byItself bool) resource.Block {
		return block("aws.ec2.vpc", "arn:aws:ec2:eu-west-1:1:vpc/"+id, map[string]any{"DescribeVpcs": map[string]any{"VpcId": id, "IsDefault": byItself}})
	}
	d := drift.Of(code(t, c, `resource "aws_s3_bucket" "b" { bucket = "b" }`), live(c, nil, network("vpc-own", false), network("vpc-default", true)))
	if len(d.Undeclared) != 1 || !strings.HasSuffix(d.Undeclared[0].Address, "vpc-own") {
		t.Errorf("in no code: %v", d.Undeclared)
	}
}
