package terraform

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// write puts files into a new folder.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// read reads a folder of these files.
func read(t testing.TB, files map[string]string, options source.Options) source.Reading {
	t.Helper()
	reading, err := Directory{}.Read(context.Background(), write(t, files), options)
	if err != nil {
		t.Fatal(err)
	}
	return reading
}

// describe writes a value on one line: JSON for what is known; "?" with reasons in brackets, then the references, "="
// before an exact one and "~" before others, then the template.
func describe(v value.Value) string {
	var out strings.Builder
	switch {
	case v.IsAbsent():
		return "absent"
	case v.IsUnknown():
		out.WriteString("?")
	default:
		switch data := v.Data().(type) {
		case []value.Value:
			parts := []string{}
			for _, item := range data {
				parts = append(parts, describe(item))
			}
			if v.IsOpen() {
				parts = append(parts, "…")
			}
			out.WriteString("[" + strings.Join(parts, ", ") + "]")
		case map[string]value.Value:
			parts := []string{}
			for _, key := range v.Keys() {
				parts = append(parts, key+": "+describe(data[key]))
			}
			if v.IsOpen() {
				parts = append(parts, "…")
			}
			out.WriteString("{" + strings.Join(parts, ", ") + "}")
		default:
			text, _ := json.Marshal(data)
			out.Write(text)
		}
	}
	if v.IsUnknown() || v.IsOpen() {
		var why []string
		for _, reason := range v.Reasons() {
			why = append(why, reason.Why)
		}
		fmt.Fprintf(&out, " (%s)", strings.Join(why, "; "))
	}
	if ref, ok := v.ExactRef(); ok {
		out.WriteString(" =" + join(ref))
	} else {
		for _, ref := range v.Refs() {
			out.WriteString(" ~" + join(ref))
		}
	}
	if template, ok := v.Template(); ok {
		out.WriteString(" `" + template + "`")
	}
	return out.String()
}

// field returns an attribute of a block, by dotted path; numbers index lists.
func field(t testing.TB, reading source.Reading, address, path string) value.Value {
	t.Helper()
	for _, b := range reading.Blocks {
		if b.Address != address {
			continue
		}
		v := b.Body
		for step := range strings.SplitSeq(path, ".") {
			if list, ok := v.AsList(); ok {
				var i int
				if _, err := fmt.Sscan(step, &i); err != nil || i >= len(list) {
					t.Fatalf("%s: no %s in %s", address, step, path)
				}
				v = list[i]
				continue
			}
			v = v.Field(step)
		}
		return v
	}
	t.Fatalf("no block %s among %v", address, addresses(reading))
	return value.Value{}
}

func addresses(reading source.Reading) []string {
	var out []string
	for _, b := range reading.Blocks {
		out = append(out, b.Address)
	}
	return out
}

func gaps(reading source.Reading) []string {
	var out []string
	for _, g := range reading.Gaps {
		out = append(out, g.What+": "+g.Reason)
	}
	return out
}

// surroundings is what the expressions of TestExpressions are read with.
const surroundings = `
variable "nothing" {}
variable "flag" { type = bool }
variable "list" { type = list(string) }
variable "map" { type = map(string) }
variable "password" {
  sensitive = true
  default   = "hunter2"
}
variable "secrets" {
  sensitive = true
  default   = { key = "k", size = 5 }
}
locals {
  id    = aws_s3_bucket.b.id
  ring  = local.ring2
  ring2 = local.ring
}
data "aws_caller_identity" "me" {}
data "aws_ami" "a" { owners = ["self"] }
resource "aws_s3_bucket" "b" {
  tags = { Name = "b" }
  versioning { enabled = true }
}
resource "aws_s3_bucket" "named" { bucket = "logs" }
resource "aws_s3_bucket" "open" { bucket = var.nothing }
resource "aws_s3_bucket" "text" { bucket = "${var.nothing}-logs" }
resource "aws_s3_bucket_versioning" "chain" { bucket = aws_s3_bucket.b.id }
resource "aws_s3_bucket" "none" { count = 0 }
resource "aws_s3_bucket" "two" { count = 2 }
resource "aws_s3_bucket" "maybe" { count = var.flag ? 1 : 0 }
resource "aws_s3_bucket" "each" { for_each = { x = 1, y = 2 } }
resource "aws_s3_bucket" "stranger" { for_each = toset([aws_s3_bucket.b.id]) }
module "away" { source = "example.org/away/aws" }
`

// TestExpressions proves what becomes of references, reasons and partly known values on their way through expressions.
func TestExpressions(t *testing.T) {
	const noValue = "(var.nothing has no value)"
	tests := map[string]struct{ expr, want string }{
		"reference":               {`aws_s3_bucket.b.id`, `? (aws_s3_bucket.b.id is known after apply) =aws_s3_bucket.b.id`},
		"through a local":         {`local.id`, `? (aws_s3_bucket.b.id is known after apply) =aws_s3_bucket.b.id`},
		"template of one":         {`"${aws_s3_bucket.b.id}"`, `? (aws_s3_bucket.b.id is known after apply) =aws_s3_bucket.b.id`},
		"chain":                   {`aws_s3_bucket_versioning.chain.bucket`, `? (aws_s3_bucket.b.id is known after apply) =aws_s3_bucket.b.id`},
		"known argument":          {`aws_s3_bucket.named.bucket`, `"logs" =aws_s3_bucket.named.bucket`},
		"argument without value":  {`aws_s3_bucket.open.bucket`, `? ` + noValue + ` =aws_s3_bucket.open.bucket`},
		"argument with a text":    {`aws_s3_bucket.text.bucket`, "? " + noValue + " `${var.nothing}-logs`"},
		"deeper":                  {`aws_s3_bucket.b.website[0].host`, `? (aws_s3_bucket.b.website.0.host is known after apply) =aws_s3_bucket.b.website.0.host`},
		"nested block":            {`aws_s3_bucket.b.versioning[0].enabled`, `true`},
		"member of a map":         {`aws_s3_bucket.b.tags.Name`, `"b"`},
		"whole block":             {`aws_s3_bucket.b`, `? (aws_s3_bucket.b is a whole block) =aws_s3_bucket.b`},
		"text around":             {`"${aws_s3_bucket.b.arn}/*"`, "? (aws_s3_bucket.b.arn is known after apply) ~aws_s3_bucket.b.arn `${aws_s3_bucket.b.arn}/*`"},
		"text around a known one": {`"${aws_s3_bucket.named.bucket}-x"`, `"logs-x" ~aws_s3_bucket.named.bucket`},
		"function":                {`upper(aws_s3_bucket.b.id)`, `? (aws_s3_bucket.b.id is known after apply) ~aws_s3_bucket.b.id`},
		"either of two":           {`var.flag ? aws_s3_bucket.b.id : aws_s3_bucket.named.id`, `? (var.flag has no value) ~aws_s3_bucket.b.id ~aws_s3_bucket.named.id`},
		"either of the same":      {`var.flag ? "x" : "x"`, `"x"`},
		"either of two objects":   {`var.flag ? { a = 1, b = 2 } : { a = 1, b = 3 }`, `{a: 1, b: ? (var.flag has no value)}`},
		"condition decided":       {`true ? aws_s3_bucket.b.id : "x"`, `? (aws_s3_bucket.b.id is known after apply) =aws_s3_bucket.b.id`},
		"coalesce with unknown":   {`coalesce(var.nothing, aws_s3_bucket.b.id)`, `? ` + noValue + ` ~aws_s3_bucket.b.id`},
		"coalesce":                {`coalesce("", aws_s3_bucket.b.id, "x")`, `? (aws_s3_bucket.b.id is known after apply) =aws_s3_bucket.b.id`},
		"try of what is there":    {`try(aws_s3_bucket.b.id, "")`, `? (aws_s3_bucket.b.id is known after apply) =aws_s3_bucket.b.id`},
		"try of nothing":          {`try(aws_s3_bucket.none[0].id, "none")`, `"none"`},
		"try of what may be":      {`try(aws_s3_bucket.maybe[0].id, "none")`, `? (count of aws_s3_bucket.maybe is not known: var.flag has no value) ~aws_s3_bucket.maybe[*].id`},
		"can of what may be":      {`can(aws_s3_bucket.maybe[0].id)`, `? (count of aws_s3_bucket.maybe is not known: var.flag has no value) ~aws_s3_bucket.maybe[*].id`},
		"what may be":             {`aws_s3_bucket.maybe[0].id`, `? (count of aws_s3_bucket.maybe is not known: var.flag has no value) =aws_s3_bucket.maybe[*].id`},
		"one of what may be":      {`one(aws_s3_bucket.maybe[*].id)`, `? (count of aws_s3_bucket.maybe is not known: var.flag has no value) =aws_s3_bucket.maybe[*].id`},
		"splat of what may be":    {`aws_s3_bucket.maybe[*].id`, `[…] (count of aws_s3_bucket.maybe is not known: var.flag has no value) ~aws_s3_bucket.maybe[*]`},
		"index past the end":      {`aws_s3_bucket.none[0].id`, `? (the index is not in the collection (main.tf:1))`},
		"splat":                   {`aws_s3_bucket.two[*].id`, `[? (aws_s3_bucket.two[0].id is known after apply) =aws_s3_bucket.two[0].id, ? (aws_s3_bucket.two[1].id is known after apply) =aws_s3_bucket.two[1].id]`},
		"for over instances":      {`{ for k, b in aws_s3_bucket.each : k => b.arn }`, `{x: ? (aws_s3_bucket.each["x"].arn is known after apply) =aws_s3_bucket.each["x"].arn, y: ? (aws_s3_bucket.each["y"].arn is known after apply) =aws_s3_bucket.each["y"].arn}`},
		"key that is not known":   {`aws_s3_bucket.stranger[var.nothing].id`, `? (aws_s3_bucket.stranger[*].id is known after apply) =aws_s3_bucket.stranger[*].id`},
		"set of references":       {`toset([aws_s3_bucket.b.id, aws_s3_bucket.named.id])[0]`, `? (aws_s3_bucket.b.id is known after apply) =aws_s3_bucket.b.id`},
		"variable":                {`var.nothing`, `? ` + noValue},
		"attribute of a variable": {`var.nothing.a.b`, `? ` + noValue},
		"arithmetic":              {`var.nothing + 1`, `? ` + noValue},
		"comparison":              {`var.nothing == "x"`, `? ` + noValue},
		"negation":                {`!var.flag`, `? (var.flag has no value)`},
		"and decided":             {`var.flag && false`, `false`},
		"or decided":              {`true || var.flag`, `true`},
		"and open":                {`var.flag && true`, `? (var.flag has no value)`},
		"data":                    {`data.aws_caller_identity.me.account_id`, `? (data.aws_caller_identity.me.account_id is known only in the account) =data.aws_caller_identity.me.account_id`},
		"module not fetched":      {`module.away.id`, `? (module.away (example.org/away/aws) was not fetched)`},
		"ring":                    {`local.ring`, `? (local.ring is made from itself)`},
		"not declared":            {`local.nope`, `? (local.nope is not declared (main.tf:1))`},
		"unknown function":        {`provider::x::y(1)`, `? (the function provider::x::y is not known here)`},
		"clock":                   {`timestamp()`, `? (timestamp() is the time at which Terraform runs)`},
		"workspace":               {`terraform.workspace`, `? (terraform.workspace is not known)`},
		"broken element":          {`["a", tonumber("x")]`, `["a", ? (tonumber: an argument is not valid (main.tf:1))]`},
		"null":                    {`null`, `absent`},
		"sensitive string":        {`var.password`, `? (var.password is sensitive)`},
		"sensitive object":        {`var.secrets`, `{key: ? (var.secrets is sensitive), size: 5}`},
		"sensitive in a text":     {`"pw=${var.password}"`, "? (var.password is sensitive) `pw=${var.password}`"},
		"sensitive function":      {`sensitive("x")`, `? (the value is sensitive (main.tf:1))`},
		"concat":                  {`concat(var.list, ["a"], [aws_s3_bucket.b.id])`, `["a", ? (aws_s3_bucket.b.id is known after apply) =aws_s3_bucket.b.id, …] (var.list has no value)`},
		"flatten":                 {`flatten([["a"], var.list])`, `["a", …] (var.list has no value)`},
		"contains a known one":    {`contains(concat(var.list, ["a"]), "a")`, `true`},
		"contains perhaps":        {`contains(concat(var.list, ["a"]), "b")`, `? (var.list has no value)`},
		"length of an open list":  {`length(concat(var.list, ["a"]))`, `? (var.list has no value)`},
		"for over an open list":   {`[for s in concat(var.list, ["a"]) : upper(s)]`, `["A", …] (var.list has no value)`},
		"for with a doubt":        {`[for s in ["a", "b"] : s if s == "a" || var.flag]`, `["a", …] (var.flag has no value)`},
		"merge":                   {`merge({ a = 1 }, var.map, { b = 2 })`, `{a: ? (var.map has no value), b: 2, …} (var.map has no value)`},
		"member that merge keeps": {`merge(var.map, { b = 2 }).b`, `2`},
		"member that may be":      {`merge(var.map, { b = 2 }).c`, `? (var.map has no value)`},
		"lookup that may be":      {`lookup(merge(var.map, { b = 2 }), "c", "d")`, `? (var.map has no value)`},
		"open is not null":        {`concat(var.list, ["a"]) == null`, `false`},
		"an arn is not null":      {`aws_s3_bucket.b.arn != null ? "kms" : "none"`, `"kms"`},
		"an id is not empty":      {`local.id == "" ? "none" : "some"`, `"some"`},
		"others may be null":      {`aws_s3_bucket.b.policy == null`, `? (aws_s3_bucket.b.policy is known after apply) ~aws_s3_bucket.b.policy`},
		"key that is unknown":     {`{ a = 1, (var.nothing) = 2 }`, `{a: 1, …} ` + noValue},
		"join of a single one":    {`join("", [aws_s3_bucket.b.id])`, `? (aws_s3_bucket.b.id is known after apply) =aws_s3_bucket.b.id`},
		"join of a splat of one":  {`join("", aws_s3_bucket.b[*].id)`, `? (aws_s3_bucket.b.id is known after apply) =aws_s3_bucket.b.id`},
		"join":                    {`join("/", [aws_s3_bucket.b.arn, "*"])`, "? (aws_s3_bucket.b.arn is known after apply) ~aws_s3_bucket.b.arn `${aws_s3_bucket.b.arn}/*`"},
		"format":                  {`format("arn:aws:s3:::%s/*", aws_s3_bucket.b.id)`, "? (aws_s3_bucket.b.id is known after apply) ~aws_s3_bucket.b.id `arn:aws:s3:::${aws_s3_bucket.b.id}/*`"},
		"formatlist":              {`formatlist("%s/*", aws_s3_bucket.two[*].arn)[1]`, "? (aws_s3_bucket.two[1].arn is known after apply) ~aws_s3_bucket.two[1].arn `${aws_s3_bucket.two[1].arn}/*`"},
		"jsonencode": {`jsonencode({ a = aws_s3_bucket.b.arn, b = var.list, c = concat(["x"], var.list), d = "${var.nothing}/*" })`,
			"? (var.list has no value; var.nothing has no value) ~aws_s3_bucket.b.arn " +
				"`" + `{"a":"${aws_s3_bucket.b.arn}","b":"${var.list}","c":["x","${var.list}"],"d":"${var.nothing}/*"}` + "`"},
		"jsonencode of a key with quotes": {`jsonencode([aws_s3_bucket.each["x"].arn])`,
			`? (aws_s3_bucket.each["x"].arn is known after apply) ~aws_s3_bucket.each["x"].arn ` + "`" + `["${aws_s3_bucket.each[\"x\"].arn}"]` + "`"},
		"heredoc": {"<<-X\n  {\"a\": \"${aws_s3_bucket.each[\"x\"].arn}/*\", \"b\": ${jsonencode(var.list)}}\n  X\n",
			`? (var.list has no value) ~aws_s3_bucket.each["x"].arn ` + "`" + `{"a": "${aws_s3_bucket.each[\"x\"].arn}/*", "b": "${var.list}"}` + "\n`"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			reading := read(t, map[string]string{
				"main.tf": "resource \"test\" \"it\" { v = " + test.expr + "\n}\n", "rest.tf": surroundings}, source.Options{})
			if diff := cmp.Diff(test.want, describe(field(t, reading, "test.it", "v"))); diff != "" {
				t.Errorf("%s: -want +got\n%s", test.expr, diff)
			}
		})
	}
}

// TestEveryUnknownSaysWhy walks everything that was read: an unknown value without a reason is of no use to anybody.
func TestEveryUnknownSaysWhy(t *testing.T) {
	reading := read(t, map[string]string{"main.tf": surroundings}, source.Options{})
	for _, b := range reading.Blocks {
		visit(b.Body, func(v value.Value) {
			for _, reason := range v.Reasons() {
				if strings.Contains(reason.Why, "nothing was read") || strings.Contains(reason.Why, "could not be resolved") {
					t.Errorf("%s %s: %s", b.Address, v.Origin(), reason.Why)
				}
			}
		})
	}
}

// visit calls f for a value and everything in it.
func visit(v value.Value, f func(value.Value)) {
	f(v)
	if list, ok := v.AsList(); ok {
		for _, item := range list {
			visit(item, f)
		}
	}
	if members, ok := v.AsObject(); ok {
		for _, member := range members {
			visit(member, f)
		}
	}
}
