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
