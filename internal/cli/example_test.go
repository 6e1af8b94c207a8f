package cli_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/cli"
	"ward.dev/ward/internal/report/jsonreport"
	"ward.dev/ward/internal/report/reporttest"
)

// TestExample proves that the clinic's deliberate faults are found where they are, that what is right is not reported, and
// that what cannot be known is unknown.
func TestExample(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	var stdout, stderr bytes.Buffer
	if code := cli.Run([]string{"assess", "examples/clinic", "-o", "json", "--as-of", "2026-11-01"}, nil, &stdout, &stderr); code != 3 {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	a, err := jsonreport.Read(&stdout)
	if err != nil {
		t.Fatal(err)
	}
	find := func(check, address string) *assessment.Finding {
		for i := range a.Findings {
			f := &a.Findings[i]
			if f.Check == check && strings.HasSuffix(f.Resource.Address, address) {
				return f
			}
		}
		t.Errorf("%s says nothing about %s", check, address)
		return &assessment.Finding{Subject: &assessment.Subject{}}
	}
	for _, test := range []struct {
		check, address string
		status         assessment.Status
		file           string
	}{
		{"aws.s3.bucket.has-no-public-access", "aws_s3_bucket.letters", assessment.Fail, "examples/clinic/terraform/storage.tf"},
		{"aws.s3.bucket.enforces-tls", "aws_s3_bucket.letters", assessment.Fail, "examples/clinic/terraform/storage.tf"},
		{"aws.s3.bucket.enforces-tls", "module.charts.aws_s3_bucket.this", assessment.Pass, "examples/clinic/terraform/modules/bucket/main.tf"},
		{"aws.rds.instance.keeps-backups", "aws_db_instance.portal", assessment.Fail, "examples/clinic/terraform/portal.tf"},
		{"aws.rds.instance.enforces-tls", "aws_db_instance.portal", assessment.Pass, "examples/clinic/terraform/portal.tf"},
		{"aws.dynamodb.table.has-point-in-time-recovery", "ResultsTable", assessment.Pass, "examples/clinic/cloudformation/laboratory.yaml"},
		{"aws.sqs.queue.has-no-public-policy", "ResultsQueue", assessment.Fail, "examples/clinic/cloudformation/laboratory.yaml"},
		{"aws.kms.key.rotates", "aws_kms_key.phi", assessment.Pass, "examples/clinic/terraform/storage.tf"},
		{"aws.s3.bucket.copies-to-another-region", "module.charts.aws_s3_bucket.this", assessment.Excepted, "examples/clinic/terraform/modules/bucket/main.tf"},
	} {
		f := find(test.check, test.address)
		if f.Status != test.status || f.Location.File != test.file || f.Location.Line == 0 {
			t.Errorf("%s, %s: %s at %s:%d; want %s in %s", test.check, test.address, f.Status, f.Location.File, f.Location.Line, test.status, test.file)
		}
	}
	if f := find("aws.s3.bucket.has-no-public-access", "aws_s3_bucket.letters"); f.PHI != "yes" {
		t.Errorf("the letters' tag marks PHI, yet it is %q", f.PHI)
	}
	named := false
	for _, f := range a.Findings {
		for _, u := range f.Unknown {
			named = named || strings.Contains(u.Reason, "var.log_retention_days") && f.Status == assessment.Unknown
		}
	}
	if !named {
		t.Error("no unknown names var.log_retention_days")
	}
}

// TestExampleValidates proves that what is written of a real assessment, not of a sample, is valid: Ward's own JSON, SARIF
// and OSCAL.
func TestExampleValidates(t *testing.T) {
	t.Run("json", func(t *testing.T) {
		t.Chdir(filepath.Join("..", ".."))
		s, err := jsonschema.NewCompiler().Compile(filepath.Join("docs", "format", "assessment.schema.json"))
		if err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		cli.Run([]string{"assess", "examples/clinic", "-o", "json"}, nil, &stdout, &stderr)
		reporttest.Validate(t, s, stdout.Bytes())
	})
	for format, schema := range map[string]string{
		"sarif":         "sarif-schema-2.1.0.json",
		"oscal-results": "oscal_assessment-results_schema.json",
		"oscal-poam":    "oscal_poam_schema.json",
		"oscal-ssp":     "oscal_ssp_schema.json",
	} {
		t.Run(format, func(t *testing.T) {
			s := reporttest.Schema(t, schema)
			t.Chdir(filepath.Join("..", ".."))
			var stdout, stderr bytes.Buffer
			if code := cli.Run([]string{"assess", "examples/clinic", "-o", format}, nil, &stdout, &stderr); code != 3 {
				t.Fatalf("exit code %d: %s", code, stderr.String())
			}
			reporttest.Validate(t, s, stdout.Bytes())
		})
	}
}

// TestFindingIDs proves that every finding has an id of its own, which does not hang on how the target is written.
func TestFindingIDs(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	seen := map[string]map[string]bool{}
	for _, target := range []string{"examples/clinic", "./examples/clinic/"} {
		var stdout, stderr bytes.Buffer
		cli.Run([]string{"assess", target, "-o", "json"}, nil, &stdout, &stderr)
		a, err := jsonreport.Read(&stdout)
		if err != nil {
			t.Fatal(err)
		}
		seen[target] = map[string]bool{}
		for _, f := range a.Findings {
			if seen[target][f.ID] {
				t.Errorf("%s: two findings are %s, one is %s of %s", target, f.ID, f.Check, f.Resource.Address)
			}
			seen[target][f.ID] = true
		}
	}
	if diff := cmp.Diff(seen["examples/clinic"], seen["./examples/clinic/"]); diff != "" {
		t.Error(diff)
	}
}
