package resource_test

import (
	"testing"

	"ward.dev/ward/internal/resource"
)

// TestRoot proves what the root module of an address is, and that an index with a colon in it is none.
func TestRoot(t *testing.T) {
	for address, want := range map[string]string{
		"aws_s3_bucket.b":                           "",
		"envs/prod:aws_s3_bucket.b":                 "envs/prod",
		"templates/a.yaml:Nested/Bucket":            "templates/a.yaml",
		`aws_s3_bucket.b["a:b"]`:                    "",
		`envs/prod:module.m["a:b"].aws_s3_bucket.b`: "envs/prod",
	} {
		if got := resource.Root(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}
