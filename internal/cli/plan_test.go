package cli_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/cli"
	"ward.dev/ward/internal/report/jsonreport"
)

// TestPlanAgreesWithCode proves, with terraform and the provider themselves, that the plan of the example and its code get
// the same definite answers: where one passes the other never fails.
func TestPlanAgreesWithCode(t *testing.T) {
	if testing.Short() {
		t.Skip("runs terraform; make test does")
	}
	mirror := pluginMirror(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "examples", "clinic", "terraform"))); err != nil {
		t.Fatal(err)
	}
	code := assessed(t, dir, "--var", "log_retention_days=365")

	write(t, filepath.Join(dir, "provider_override.tf"), `
provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
`)
	rc := filepath.Join(dir, "terraform.rc")
	write(t, rc, `provider_installation { filesystem_mirror { path = "`+mirror+`" } }`)
	terraform := func(args ...string) []byte {
		command := exec.Command("terraform", args...)
		command.Dir = dir
		command.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+rc, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")
		var stderr bytes.Buffer
		command.Stderr = &stderr
		out, err := command.Output()
		if err != nil {
			t.Fatalf("terraform %v: %v\n%s", args, err, stderr.String())
		}
		return out
	}
	terraform("init", "-no-color", "-input=false")
	terraform("plan", "-no-color", "-input=false", "-var", "log_retention_days=365", "-out", "plan.bin")
	plan := filepath.Join(t.TempDir(), "plan.json")
	write(t, plan, string(terraform("show", "-json", "plan.bin")))

	planned := assessed(t, plan)
	both := 0
	for key, status := range code {
		other, ok := planned[key]
		if !ok {
			t.Errorf("the plan says nothing about %s", key)
			continue
		}
		if definite(status) && definite(other) {
			both++
			if status != other {
				t.Errorf("%s: code %s, plan %s", key, status, other)
			}
		}
	}
	if both < 100 {
		t.Errorf("only %d definite answers to compare", both)
	}
}

func definite(s assessment.Status) bool { return s == assessment.Pass || s == assessment.Fail }

// pluginMirror finds a folder tf-plugins with the provider, laid out as terraform's filesystem mirror.
func pluginMirror(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("terraform is not on this machine")
	}
	for _, dir := range []string{os.Getenv("WARD_TF_PLUGINS"), "/opt/tf-plugins", "/usr/share/tf-plugins", "/usr/local/share/tf-plugins"} {
		if found, _ := filepath.Glob(filepath.Join(dir, "*", "hashicorp", "aws")); dir != "" && len(found) > 0 {
			return dir
		}
	}
	t.Skip("no mirror of terraform's AWS provider (tf-plugins, or WARD_TF_PLUGINS) is on this machine")
	return ""
}

func assessed(t *testing.T, target string, flags ...string) map[string]assessment.Status {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := cli.Run(append([]string{"assess", target, "-o", "json"}, flags...), nil, &stdout, &stderr); code != 3 {
		t.Fatalf("assess %s: exit code %d: %s", target, code, stderr.String())
	}
	a, err := jsonreport.Read(&stdout)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]assessment.Status{}
	for _, f := range a.Findings {
		all[f.Check+" for "+f.Resource.Address] = f.Status
	}
	return all
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
