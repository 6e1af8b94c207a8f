package terraform

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"ward.dev/ward/internal/source"
)

// estateOf makes an estate of about this many lines: buckets, keys, groups and policies in modules, as they are
// written by hand.
func estateOf(lines int) map[string]string {
	files := map[string]string{
		"variables.tf": "variable \"env\" { default = \"prod\" }\nvariable \"owner\" {}\nlocals {\n  tags = { env = var.env, owner = var.owner }\n}\n",
		"modules/bucket/main.tf": `
variable "name" { type = string }
variable "key" { type = object({ arn = string }) }
variable "tags" { type = map(string) }
resource "aws_s3_bucket" "this" {
  bucket = var.name
  tags   = merge(var.tags, { Name = var.name })
}
resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.key.arn
    }
  }
}
output "arn" { value = aws_s3_bucket.this.arn }
`}
	for n := 0; n*44 < lines; n++ {
		files[fmt.Sprintf("part%d.tf", n)] = strings.ReplaceAll(`
resource "aws_kms_key" "kN" {
  description         = "key N of ${var.env}"
  enable_key_rotation = true
  tags                = local.tags
}

module "bucketN" {
  source = "./modules/bucket"
  name   = "records-N-${var.env}"
  key    = aws_kms_key.kN
  tags   = local.tags
}

resource "aws_security_group" "gN" {
  name = "g-N"
  dynamic "ingress" {
    for_each = toset(["443", "8443"])
    content {
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = [cidrsubnet("10.0.0.0/8", 8, N)]
    }
  }
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
  tags = merge(local.tags, { part = "N" })
}

resource "aws_s3_bucket_policy" "pN" {
  bucket = "records-N"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Deny", Principal = "*", Action = "s3:*"
      Resource = [module.bucketN.arn, "${module.bucketN.arn}/*"]
    }]
  })
}
`, "N", fmt.Sprint(n))
	}
	return files
}

// BenchmarkRead reads an estate of 3,000 lines.
func BenchmarkRead(b *testing.B) {
	dir := write(b, estateOf(3_000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (Directory{}).Read(context.Background(), dir, source.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
