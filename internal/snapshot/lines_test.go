package snapshot_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/snapshot"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// later is a block as it was read at another time.
func later(b resource.Block) resource.Block {
	call := *listed.Call
	call.At = call.At.Add(time.Hour)
	at := &value.Origin{Call: &call}
	b.Origin, b.Body = at, value.Object(map[string]value.Value{"Name": value.Seen(at).On(value.String("x"))})
	return b
}

// TestLines proves that what was read is written as the same bytes whenever and in whatever order it was read, that the times are told
// beside it, and that nothing of code is written but where it stands.
func TestLines(t *testing.T) {
	early := func(address string) resource.Block {
		b := block(partA, address)
		b.Body = value.Object(map[string]value.Value{"Name": value.Seen(listed).On(value.String("x"))})
		return b
	}
	secret := resource.Block{Dialect: resource.Terraform, Type: "aws_db_instance", Address: "aws_db_instance.a", Target: "code",
		Body: value.Object(map[string]value.Value{"password": value.String("hunter2")}), Origin: &value.Origin{File: "main.tf", Line: 7}}
	gap := resource.Gap{Target: "aws:1", What: "x", Reason: "closed"}
	reading := func(blocks ...resource.Block) []source.Reading {
		return []source.Reading{{Kind: "aws", Name: "aws:1", Blocks: blocks, Gaps: []resource.Gap{gap}}, {Kind: "terraform", Name: "code", Blocks: []resource.Block{secret}}}
	}
	write := func(readings []source.Reading) (lines, times string) {
		var a, b bytes.Buffer
		if err := snapshot.WriteLines(&a, readings); err != nil {
			t.Fatal(err)
		}
		if err := snapshot.WriteTimes(&b, readings); err != nil {
			t.Fatal(err)
		}
		return a.String(), b.String()
	}
	first, when := write(reading(early("one"), early("two")))
	second, whenLater := write(reading(later(block(partA, "two")), later(block(partA, "one"))))
	if first != second {
		t.Errorf("the same was read, and written as\n%s\nand as\n%s", first, second)
	}
	if when == whenLater || !strings.Contains(when, `"at":"1970-01-01T00:00:00Z"`) || !strings.Contains(whenLater, `"at":"1970-01-01T01:00:00Z"`) || strings.Contains(first, "1970") {
		t.Errorf("times: %s and %s", when, whenLater)
	}
	if strings.Contains(first, "hunter2") || !strings.Contains(first, `"file":"main.tf","line":7`) || !strings.Contains(first, `"body_sha256":"`) {
		t.Errorf("code is written as\n%s", first)
	}
	lines := strings.Split(strings.TrimSpace(first), "\n")
	if len(lines) != 7 || !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, `"gap"`) }) || !strings.Contains(lines[0], snapshot.LinesFormat) {
		t.Errorf("%d lines:\n%s", len(lines), first)
	}
}
