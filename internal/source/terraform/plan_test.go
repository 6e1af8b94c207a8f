package terraform

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/source"
)

// planText is a plan with what matters here: changes of all sorts, nested blocks, modules, references, secrets.
const planText = `{
  "format_version": "1.2", "terraform_version": "1.11.4", "complete": false,
  "variables": {"region": {"value": "eu-west-1"}},
  "planned_values": {"root_module": {"resources": [
    {"address": "aws_sns_topic.kept", "mode": "managed", "type": "aws_sns_topic", "name": "kept",
     "values": {"name": "kept", "size": 9007199254740993, "ratio": 0.5}, "sensitive_values": {}}]}},
  "prior_state": {"format_version": "1.0", "values": {"root_module": {"resources": [
    {"address": "data.aws_ami.a", "mode": "data", "type": "aws_ami", "name": "a", "values": {"id": "ami-1"}}]}}},
  "resource_changes": [
    {"address": "aws_s3_bucket.b", "mode": "managed", "type": "aws_s3_bucket", "name": "b",
     "change": {"actions": ["create"], "before": null,
       "after": {"bucket": "logs", "policy": null, "website": [], "tags": {"a": "1"}, "tags_all": {"a": "1", "team": "x"},
                 "password": "hunter2", "versioning": [{"enabled": true}]},
       "after_unknown": {"id": true, "arn": true, "tags": {}, "versioning": [{"mfa": true}], "grant": [{"id": true}]},
       "after_sensitive": {"password": true}}},
    {"address": "aws_kms_key.k[0]", "mode": "managed", "type": "aws_kms_key", "name": "k", "index": 0,
     "change": {"actions": ["create"], "after": {}, "after_unknown": {"arn": true}}},
    {"address": "aws_kms_key.k[1]", "mode": "managed", "type": "aws_kms_key", "name": "k", "index": 1,
     "change": {"actions": ["create"], "after": {}, "after_unknown": {"arn": true}}},
    {"address": "aws_s3_bucket.gone", "mode": "managed", "type": "aws_s3_bucket", "name": "gone",
     "change": {"actions": ["delete"], "before": {}, "after": null}},
    {"address": "module.m[\"x.y\"].aws_s3_bucket_versioning.v", "module_address": "module.m[\"x.y\"]", "mode": "managed",
     "type": "aws_s3_bucket_versioning", "name": "v",
     "change": {"actions": ["create"], "after": {"versioning_configuration": [{"status": "Enabled"}]},
       "after_unknown": {"bucket": true, "key": true, "keys": true, "local": true, "both": true, "own": true,
                         "versioning_configuration": [{"mfa": true}]}}}
  ],
  "configuration": {
    "provider_config": {"aws": {"name": "aws", "expressions": {"region": {"references": ["var.region"]}}}},
    "root_module": {
      "outputs": {},
      "resources": [
        {"address": "aws_s3_bucket.b", "mode": "managed", "type": "aws_s3_bucket", "name": "b", "provider_config_key": "aws",
         "expressions": {"bucket": {"references": ["aws_sns_topic.kept.name", "aws_sns_topic.kept"]}}}],
      "module_calls": {"m": {"source": "./m", "expressions": {
          "bucket": {"references": ["module.n.bucket", "module.n"]},
          "key": {"references": ["aws_kms_key.k[0].arn", "aws_kms_key.k[0]", "aws_kms_key.k"]},
          "keys": {"references": ["aws_kms_key.k"]}},
        "module": {"resources": [{"address": "aws_s3_bucket_versioning.v", "mode": "managed",
          "type": "aws_s3_bucket_versioning", "name": "v", "provider_config_key": "aws", "expressions": {
            "bucket": {"references": ["var.bucket"]}, "key": {"references": ["var.key"]},
            "keys": {"references": ["var.keys"]}, "local": {"references": ["local.x"]},
            "both": {"references": ["var.key", "var.bucket"]}, "own": {"references": ["data.aws_ami.q.id", "data.aws_ami.q"]},
            "versioning_configuration": [{"status": {"constant_value": "Enabled"}, "mfa": {"references": ["var.key"]}}]}}]}},
        "n": {"source": "./n", "module": {"outputs": {"bucket": {"expression": {"references": ["aws_s3_bucket.b.id", "aws_s3_bucket.b"]}}}}}}
    }
  }
}`

// TestPlan proves what a plan's blocks hold: planned values, unknown ones with their references, no secrets, nothing
// that will be deleted.
func TestPlan(t *testing.T) {
	dir := write(t, map[string]string{"plan.json": planText})
	reading, err := Plan{}.Read(context.Background(), filepath.Join(dir, "plan.json"), source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const v = `module.m["x.y"].aws_s3_bucket_versioning.v`
	if diff := cmp.Diff([]string{"aws_s3_bucket.b", "aws_kms_key.k[0]", "aws_kms_key.k[1]", v, "aws_sns_topic.kept",
		"data.aws_ami.a"}, addresses(reading)); diff != "" {
		t.Fatalf("addresses: -want +got\n%s", diff)
	}
	for place, want := range map[string]string{
		"aws_s3_bucket.b|bucket":     `"logs" =aws_sns_topic.kept.name`,
		"aws_s3_bucket.b|policy":     `absent`,
		"aws_s3_bucket.b|website":    `absent`,
		"aws_s3_bucket.b|id":         `? (aws_s3_bucket.b.id is known after apply)`,
		"aws_s3_bucket.b|password":   `? (aws_s3_bucket.b.password is sensitive)`,
		"aws_s3_bucket.b|tags":       `{a: "1", team: "x"}`,
		"aws_s3_bucket.b|versioning": `[{enabled: true, mfa: ? (aws_s3_bucket.b.versioning.0.mfa is known after apply)}]`,
		"aws_s3_bucket.b|grant":      `[{id: ? (aws_s3_bucket.b.grant.0.id is known after apply)}]`,
		"aws_sns_topic.kept|size":    `9007199254740993`,
		"aws_sns_topic.kept|ratio":   `0.5`,
		"data.aws_ami.a|id":          `"ami-1"`,
		v + "|bucket":                `? (` + v + `.bucket is known after apply) =module.n.aws_s3_bucket.b.id`,
		v + "|key":                   `? (` + v + `.key is known after apply) =aws_kms_key.k[0].arn`,
		v + "|keys":                  `? (` + v + `.keys is known after apply) ~aws_kms_key.k[0] ~aws_kms_key.k[1]`,
		v + "|local":                 `? (` + v + `.local is known after apply)`,
		v + "|both":                  `? (` + v + `.both is known after apply) ~aws_kms_key.k[0].arn ~module.n.aws_s3_bucket.b.id`,
		v + "|own":                   `? (` + v + `.own is known after apply) =module.m["x.y"].data.aws_ami.q.id`,
		v + "|versioning_configuration": `[{mfa: ? (` + v + `.versioning_configuration.0.mfa is known after apply) =aws_kms_key.k[0].arn, ` +
			`status: "Enabled"}]`,
	} {
		address, path := place[:strings.LastIndex(place, "|")], place[strings.LastIndex(place, "|")+1:]
		if diff := cmp.Diff(want, describe(field(t, reading, address, path))); diff != "" {
			t.Errorf("%s: -want +got\n%s", place, diff)
		}
	}
	b := byAddress(reading.Blocks)
	if b["aws_s3_bucket.b"].Region != "eu-west-1" || b["aws_s3_bucket.b"].Origin.File != "plan.json" || !b["data.aws_ami.a"].Data {
		t.Errorf("block: %+v", b["aws_s3_bucket.b"])
	}
	if len(reading.Gaps) != 1 || !strings.Contains(reading.Gaps[0].Reason, "not complete") {
		t.Errorf("gaps %v", gaps(reading))
	}
}

// TestBadPlans proves that what is not a plan is an error that says so.
func TestBadPlans(t *testing.T) {
	for name, test := range map[string]struct{ src, want string }{
		"broken":  {`{"format_version": "1.2", `, "parse the plan"},
		"state":   {`{"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {}}}`, "it is a state"},
		"too new": {`{"format_version": "9.0"}`, "unsupported plan format"},
		"deep":    {`{"format_version": "1.2", "x": ` + strings.Repeat("[", 100_000), "nests deeper"},
	} {
		dir := write(t, map[string]string{"plan.json": test.src})
		_, err := Plan{}.Read(context.Background(), filepath.Join(dir, "plan.json"), source.Options{})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}
