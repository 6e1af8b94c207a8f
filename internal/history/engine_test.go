package history_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/assess"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/scope"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/terraform"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const code = `
variable "prefix" {}
locals { tags = { data = "phi" } }
resource "aws_kms_key" "k" {
  enable_key_rotation = true
}
resource "aws_s3_bucket" "b" {
  count  = 3
  bucket = "${var.prefix}-${count.index}"
  tags   = local.tags
}
resource "aws_db_instance" "d" {
  identifier          = "records"
  engine              = "postgres"
  publicly_accessible = true
  kms_key_id          = aws_kms_key.k.arn
}
resource "aws_security_group" "g" {
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
`

// TestEngine proves that an assessment of code by the whole catalog comes back as it was, in the order that it was in, and costs nothing
// a second time.
func TestEngine(t *testing.T) {
	if testing.Short() {
		t.Skip("loads the whole catalog; make test runs it")
	}
	a := assessed(t)
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := history.New(db, history.Options{})
		store(t, db, h, "e", a)
		got, err := h.Reassemble(context.Background(), "e", 0)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if r := store(t, db, h, "e", a); r.Stored != (history.Stored{}) {
			t.Errorf("a second time it cost %+v", r.Stored)
		}
	})
}

func assessed(t *testing.T) *assessment.Assessment {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Load(builtin.Files)
	if err != nil {
		t.Fatal(err)
	}
	services, err := scope.LoadServices(builtin.Files)
	if err != nil {
		t.Fatal(err)
	}
	reading, err := terraform.Directory{}.Read(context.Background(), dir, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := assess.Assess(context.Background(), assess.Request{Catalog: c, Framework: c.Framework("hipaa-security-rule"),
		Inventory: mapping.Map(c.Kinds, []source.Reading{reading}), Services: services, Now: firstDay})
	if err != nil {
		t.Fatal(err)
	}
	return a
}
