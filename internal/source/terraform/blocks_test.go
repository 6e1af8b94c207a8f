package terraform

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/source"
)

// TestBlocks proves how declarations become blocks: instances, nested blocks, meta arguments, origins, providers.
func TestBlocks(t *testing.T) {
	reading := read(t, map[string]string{"main.tf": `
provider "aws" {
  region = "us-east-1"
  default_tags {
    tags = { team = "ehr", env = "prod" }
  }
}
provider "aws" {
  alias  = "west"
  region = var.west
}
variable "west" { default = "us-west-2" }
variable "rules" {}
resource "aws_s3_bucket" "b" {
  count      = 2
  provider   = aws.west
  depends_on = [aws_s3_bucket.other]
  tags       = { env = "test" }
  lifecycle { prevent_destroy = true }
}
resource "aws_security_group" "g" {
  name = "g"
  ingress {
    from_port = 22
    cidr_blocks = ["0.0.0.0/0"]
  }
  dynamic "ingress" {
    for_each = { https = 443 }
    iterator = rule
    content {
      description = rule.key
      from_port   = rule.value
      dynamic "inner" {
        for_each = [1, 2]
        content { n = inner.value + rule.value }
      }
    }
  }
  dynamic "none" {
    for_each = []
    content { n = none.value }
  }
  dynamic "egress" {
    for_each = var.rules
    content { from_port = egress.value }
  }
}
resource "aws_s3_bucket" "other" {
  tags = var.rules
}
resource "aws_s3_bucket" "perhaps" {
  count = var.rules
  bucket = "b-${count.index}"
}
data "aws_kms_key" "k" { key_id = "alias/x" }
module "m" {
  source    = "./m"
  providers = { aws = aws.west }
}
`, "m/main.tf": `resource "aws_sns_topic" "t" {}`}, source.Options{})
	if diff := cmp.Diff([]string{"aws_s3_bucket.b[0]", "aws_s3_bucket.b[1]", "aws_security_group.g",
		"aws_s3_bucket.other", "aws_s3_bucket.perhaps[*]", "data.aws_kms_key.k", "module.m.aws_sns_topic.t"},
		addresses(reading)); diff != "" {
		t.Fatalf("addresses: -want +got\n%s", diff)
	}
	b := byAddress(reading.Blocks)
	for address, want := range map[string]string{
		"aws_s3_bucket.b[0]":   `{tags: {env: "test"}}`,
		"aws_security_group.g": `{egress: […] (var.rules has no value), ingress: [{cidr_blocks: ["0.0.0.0/0"], from_port: 22}, {description: "https", from_port: 443, inner: [{n: 444}, {n: 445}]}], name: "g", tags: {env: "prod", team: "ehr"}}`,
		"aws_s3_bucket.other":  `{tags: {env: ? (var.rules has no value), team: ? (var.rules has no value), …} (var.rules has no value)}`,
		"aws_s3_bucket.perhaps[*]": "{bucket: ? (count of aws_s3_bucket.perhaps is not known: var.rules has no value) `b-${count.index}`, " +
			`tags: {env: "prod", team: "ehr"}}`,
		"data.aws_kms_key.k":       `{key_id: "alias/x"}`,
		"module.m.aws_sns_topic.t": `{}`,
	} {
		if diff := cmp.Diff(want, describe(b[address].Body)); diff != "" {
			t.Errorf("%s: -want +got\n%s", address, diff)
		}
	}
	for address, want := range map[string]string{"aws_s3_bucket.b[0]": "us-west-2", "aws_s3_bucket.other": "us-east-1",
		"module.m.aws_sns_topic.t": "us-west-2"} {
		if got := b[address].Region; got != want {
			t.Errorf("%s: region %q, want %q", address, got, want)
		}
	}
	if b["aws_s3_bucket.other"].Maybe != nil || b["aws_s3_bucket.perhaps[*]"].Maybe == nil {
		t.Error("Maybe is set where the block exists, or not set where nobody knows")
	}
	if !b["data.aws_kms_key.k"].Data || b["aws_s3_bucket.other"].Data {
		t.Error("Data does not tell data sources from resources")
	}
	origin := field(t, reading, "aws_security_group.g", "ingress.0.cidr_blocks").Origin()
	if got := origin.String() + " " + origin.Path; got != "main.tf:25 ingress.cidr_blocks" {
		t.Errorf("origin %q", got)
	}
	if got := b["aws_security_group.g"].Origin.String(); got != "main.tf:21" {
		t.Errorf("block's origin %q", got)
	}
}

// TestModules proves that references, keys and reasons pass through modules in both directions.
func TestModules(t *testing.T) {
	reading := read(t, map[string]string{
		"main.tf": `
variable "nothing" {}
resource "aws_kms_key" "k" {}
module "logs" {
  source   = "./modules/bucket"
  for_each = toset(["a", "b"])
  name     = each.key
  key      = aws_kms_key.k
  note     = var.nothing
}
module "perhaps" {
  source = "./modules/bucket"
  count  = var.nothing ? 1 : 0
  name   = "p"
  key    = { arn = "arn" }
}
module "fetched" {
  source = "example.org/bucket/aws"
  name   = "f"
}
resource "aws_s3_bucket_policy" "p" { bucket = module.logs["a"].id }
resource "aws_s3_bucket_policy" "q" { bucket = module.perhaps[0].id }
resource "aws_s3_bucket_policy" "r" { bucket = module.fetched.id }
resource "aws_s3_bucket_policy" "s" { ids = values(module.logs)[*].id }
`,
		"modules/bucket/main.tf": `
variable "name" { type = string }
variable "note" { default = null }
variable "key" { type = object({ arn = string }) }
resource "aws_s3_bucket" "this" {
  bucket  = var.name
  kms_key = var.key.arn
  note    = var.note
  where   = path.module
}
output "id" { value = aws_s3_bucket.this.id }
`,
		".terraform/modules/modules.json":    `{"Modules":[{"Key":"","Dir":"."},{"Key":"fetched","Source":"x","Dir":".terraform/modules/fetched"}]}`,
		".terraform/modules/fetched/main.tf": `output "id" { value = aws_s3_bucket.f.id }` + "\n" + `resource "aws_s3_bucket" "f" {}` + "\nvariable \"name\" {}\n",
	}, source.Options{})
	if len(reading.Gaps) > 0 {
		t.Errorf("gaps: %v", gaps(reading))
	}
	for place, want := range map[string]string{
		"aws_s3_bucket_policy.p|bucket":                 `? (module.logs["a"].aws_s3_bucket.this.id is known after apply) =module.logs["a"].aws_s3_bucket.this.id`,
		"aws_s3_bucket_policy.q|bucket":                 `? (count of module.perhaps is not known: var.nothing has no value) =module.perhaps[*].aws_s3_bucket.this.id`,
		"aws_s3_bucket_policy.r|bucket":                 `? (module.fetched.aws_s3_bucket.f.id is known after apply) =module.fetched.aws_s3_bucket.f.id`,
		"aws_s3_bucket_policy.s|ids":                    `[? (module.logs["a"].aws_s3_bucket.this.id is known after apply) =module.logs["a"].aws_s3_bucket.this.id, ? (module.logs["b"].aws_s3_bucket.this.id is known after apply) =module.logs["b"].aws_s3_bucket.this.id]`,
		`module.logs["b"].aws_s3_bucket.this|bucket`:    `"b"`,
		`module.logs["b"].aws_s3_bucket.this|kms_key`:   `? (aws_kms_key.k.arn is known after apply) =aws_kms_key.k.arn`,
		`module.logs["b"].aws_s3_bucket.this|note`:      `? (var.nothing has no value)`,
		`module.logs["b"].aws_s3_bucket.this|where`:     `"modules/bucket"`,
		`module.perhaps[*].aws_s3_bucket.this|kms_key`:  `"arn"`,
		`module.fetched.aws_s3_bucket.f|does_not_exist`: `absent`,
	} {
		address, path, _ := strings.Cut(place, "|")
		if diff := cmp.Diff(want, describe(field(t, reading, address, path))); diff != "" {
			t.Errorf("%s: -want +got\n%s", place, diff)
		}
	}
	if byAddress(reading.Blocks)["module.perhaps[*].aws_s3_bucket.this"].Maybe == nil {
		t.Error("a block in a module that may not exist may not exist itself")
	}
}

// TestRoots proves which folders are root modules and what their addresses begin with.
func TestRoots(t *testing.T) {
	resource := `resource "aws_s3_bucket" "b" {}` + "\n"
	tests := map[string]struct {
		files map[string]string
		want  []string
	}{
		"folders without one above": {map[string]string{
			"envs/prod/main.tf": resource + `module "m" { source = "../../modules/m" }`, "envs/test/main.tf": resource,
			"modules/m/main.tf": resource, "node_modules/x/main.tf": resource, ".git/x/main.tf": resource},
			[]string{"envs/prod:aws_s3_bucket.b", "envs/prod:module.m.aws_s3_bucket.b", "envs/test:aws_s3_bucket.b"}},
		"a module with its examples": {map[string]string{
			"main.tf": resource, "examples/one/main.tf": `module "m" { source = "../../" }`},
			[]string{"aws_s3_bucket.b", "examples/one:module.m.aws_s3_bucket.b"}},
		"a circle": {map[string]string{
			"a/main.tf": resource + `module "b" { source = "../b" }`, "b/main.tf": resource + `module "a" { source = "../a" }`},
			[]string{"a:aws_s3_bucket.b", "a:module.b.aws_s3_bucket.b"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, addresses(read(t, test.files, source.Options{}))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestInputs proves the order in which values of variables win, and how --var is read.
func TestInputs(t *testing.T) {
	dir := write(t, map[string]string{
		"main.tf": `
variable "a" { default = "default" }
variable "b" { default = "default" }
variable "c" { default = "default" }
variable "d" { default = "default" }
variable "e" { default = "default" }
variable "list" { type = list(string) }
variable "any" {}
variable "none" { type = number }
resource "t" "t" {
  v = [var.a, var.b, var.c, var.d, var.e]
  list = var.list
  any = var.any
  none = var.none
  workspace = terraform.workspace
}
`,
		"terraform.tfvars":      "b = \"tfvars\"\nc = \"tfvars\"\nd = \"tfvars\"\ne = \"tfvars\"\n",
		"terraform.tfvars.json": `{"c": "json", "d": "json", "e": "json"}`,
		"x.auto.tfvars":         "d = \"auto\"\ne = \"auto\"\n",
	})
	file := filepath.Join(t.TempDir(), "given.tfvars")
	if err := os.WriteFile(file, []byte("e = \"file\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	reading, err := Directory{}.Read(context.Background(), dir, source.Options{VarFiles: []string{file},
		Vars: map[string]string{"list": `["x", "y"]`, "any": `["x"]`}, Workspace: "prod"})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{any: "[\"x\"]", list: ["x", "y"], none: ? (var.none has no value), ` +
		`v: ["default", "tfvars", "json", "auto", "file"], workspace: "prod"}`
	if diff := cmp.Diff(want, describe(reading.Blocks[0].Body)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got := reading.Blocks[0].Body.Field("none").Reasons()[0].Grant; got != "--var none=VALUE" {
		t.Errorf("grant %q", got)
	}
}

// TestPolicyDocument proves that a policy written as a data source is read as the JSON that it stands for.
func TestPolicyDocument(t *testing.T) {
	reading := read(t, map[string]string{"main.tf": `
variable "unknown" {}
resource "aws_s3_bucket" "b" {}
data "aws_iam_policy_document" "base" {
  statement {
    sid       = "Replace"
    actions   = ["s3:GetObject"]
    resources = ["*"]
  }
  statement {
    not_actions   = ["iam:*"]
    not_resources = ["arn:aws:s3:::x/&{aws:username}"]
    not_principals {
      type        = "AWS"
      identifiers = ["a"]
    }
  }
}
data "aws_iam_policy_document" "d" {
  source_policy_documents = [data.aws_iam_policy_document.base.json]
  statement {
    sid       = "Replace"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.b.arn, "${aws_s3_bucket.b.arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}
data "aws_iam_policy_document" "open" {
  source_policy_documents = [var.unknown]
  dynamic "statement" {
    for_each = var.unknown
    content { actions = ["x"] }
  }
}
data "aws_iam_policy_document" "overridden" {
  override_policy_documents = [var.unknown]
  statement { actions = ["x"] }
}
resource "p" "p" {
  base = data.aws_iam_policy_document.base.json
  d    = data.aws_iam_policy_document.d.json
  open = data.aws_iam_policy_document.open.json
  overridden = data.aws_iam_policy_document.overridden.json
}
`}, source.Options{})
	const other = `{"Effect":"Allow","NotAction":["iam:*"],"NotPrincipal":{"AWS":["a"]},"NotResource":["arn:aws:s3:::x/${aws:username}"]}`
	for path, want := range map[string]string{
		"base": `{"Version":"2012-10-17","Statement":[{"Action":["s3:GetObject"],"Effect":"Allow","Resource":["*"],"Sid":"Replace"},` + other + `]}`,
		"d": `{"Version":"2012-10-17","Statement":[{"Action":["s3:*"],"Condition":{"Bool":{"aws:SecureTransport":["false"]}},` +
			`"Effect":"Deny","Principal":"*","Resource":["${aws_s3_bucket.b.arn}","${aws_s3_bucket.b.arn}/*"],"Sid":"Replace"},` + other + `]}`,
		"open": `{"Version":"2012-10-17","Statement":["${var.unknown}","${var.unknown}"]}`,
	} {
		v := field(t, reading, "p.p", path)
		got, ok := v.AsString()
		if !ok {
			got, _ = v.Template()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", path, diff)
		}
	}
	if _, ok := field(t, reading, "p.p", "overridden").Template(); ok {
		t.Error("a document that something unknown overrides has a template, which may be wrong in any statement")
	}
}

// TestRoot proves that files are named from where the user stands if the user's folder is known.
func TestRoot(t *testing.T) {
	reading := read(t, map[string]string{"a/main.tf": "resource \"a\" \"b\" {\n  x = file(\"../../y\")\n}\n", "a/bad.tf": "x = \n",
		"a/terraform.tfvars": "= 1\n"}, source.Options{Root: "infra/aws"})
	if got := reading.Blocks[0].Origin.String(); got != "infra/aws/a/main.tf:1" {
		t.Errorf("origin %s", got)
	}
	for _, gap := range reading.Gaps {
		if !strings.HasPrefix(gap.What, "infra/aws/a/") {
			t.Errorf("gap at %s", gap.What)
		}
	}
}
