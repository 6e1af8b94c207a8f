package terraform

import (
	"testing"

	"ward.dev/ward/internal/source"
)

// TestNestedLifecycle proves that only a resource's own lifecycle is for Terraform: that of a backup rule is read.
func TestNestedLifecycle(t *testing.T) {
	reading := read(t, map[string]string{"main.tf": `
resource "aws_backup_plan" "p" {
  lifecycle { prevent_destroy = true }
  rule {
    lifecycle { delete_after = 35 }
  }
}`}, source.Options{})
	if len(reading.Blocks) != 1 {
		t.Fatalf("got %d blocks, wanted one", len(reading.Blocks))
	}
	body := reading.Blocks[0].Body
	if !body.Field("lifecycle").IsAbsent() {
		t.Error("the resource's own lifecycle is read as a part of it")
	}
	rules, _ := body.Field("rule").AsList()
	if len(rules) != 1 {
		t.Fatalf("got %d rules, wanted one", len(rules))
	}
	lifecycles, _ := rules[0].Field("lifecycle").AsList()
	if len(lifecycles) != 1 || lifecycles[0].Field("delete_after").Data() != int64(35) {
		t.Errorf("got lifecycle %v, wanted delete_after 35", lifecycles)
	}
}
