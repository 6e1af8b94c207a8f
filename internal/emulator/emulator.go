// Package emulator starts the emulator of AWS that tests run against: moto, in the Python environment that `make setup`
// makes. Only tests import it.
package emulator

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

var (
	//go:embed aws.py
	serve string
	//go:embed create.py
	create string
)

// AWS is a running emulator of AWS, empty at first.
type AWS struct {
	URL    string
	python string
}

// Region is where the emulator's clients ask if nobody says another one; Account is the one that it plays.
const (
	Region  = "eu-west-1"
	Account = "123456789012"
)

// Start starts an emulator and stops it when the test ends. Without one a test is skipped, in CI it fails; in short it is always skipped.
func Start(tb testing.TB) *AWS {
	tb.Helper()
	if testing.Short() {
		tb.Skip("starts an emulator of AWS")
	}
	python, why := interpreter()
	if why != "" && os.Getenv("CI") != "" {
		tb.Fatal(why)
	} else if why != "" {
		tb.Skip(why)
	}
	cloud := &AWS{python: python}
	command := cloud.run("-c", serve)
	hold, err := command.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	var faults strings.Builder
	command.Stderr = &faults
	if err := command.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		hold.Close()
		command.Process.Kill()
		command.Wait()
	})
	stuck := time.AfterFunc(time.Minute, func() { command.Process.Kill() })
	url, err := bufio.NewReader(out).ReadString('\n')
	stuck.Stop()
	if err != nil {
		command.Wait()
		tb.Fatalf("the emulator did not start: %v\n%s", err, &faults)
	}
	cloud.URL = strings.TrimSpace(url)
	return cloud
}

// interpreter finds the Python that moto is installed for: beside the moto_server that WARD_MOTO names, or in .venv of
// the repository. It says why there is none.
func interpreter() (python, why string) {
	server := os.Getenv("WARD_MOTO")
	for dir := "."; server == ""; dir = filepath.Join(dir, "..") {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			server = filepath.Join(dir, ".venv", "bin", "moto_server")
		} else if len(dir) > 64 {
			return "", "the repository's root was not found"
		}
	}
	if _, err := os.Stat(server); err != nil {
		return "", "there is no emulator of AWS; run make setup, or set WARD_MOTO to a moto_server: " + err.Error()
	}
	python, err := filepath.Abs(filepath.Join(filepath.Dir(server), "python"))
	if err != nil {
		return "", err.Error()
	}
	return python, ""
}

// Environ is what leads a program to the emulator, and away from what the machine's user has set up.
func (a *AWS) Environ() []string {
	return []string{"AWS_ENDPOINT_URL=" + a.URL, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_REGION=" + Region,
		"AWS_DEFAULT_REGION=" + Region, "AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"AWS_EC2_METADATA_DISABLED=true", "NO_PROXY=127.0.0.1"}
}

// Setenv leads this process to the emulator until the test ends.
func (a *AWS) Setenv(t *testing.T) {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, content, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, content) // so that it comes back when the test ends
			os.Unsetenv(name)
		}
	}
	for _, pair := range a.Environ() {
		name, content, _ := strings.Cut(pair, "=")
		t.Setenv(name, content)
	}
}

// run prepares a Python program with the emulator's environment in place of the user's.
func (a *AWS) run(arguments ...string) *exec.Cmd {
	command := exec.Command(a.python, arguments...)
	command.Env = append(slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "AWS_") }), a.Environ()...)
	return command
}

// Config is the emulator's own over another, for Options.Configure.
func (a *AWS) Config(c *aws.Config) {
	c.BaseEndpoint, c.Region = &a.URL, Region
	c.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
	})
}

// Create runs create(client) of Python files, where client(name) is a boto3 client of the emulator, and returns what each
// returns. One program runs all: it takes a while to begin.
func (a *AWS) Create(tb testing.TB, files ...string) []map[string]any {
	tb.Helper()
	command := a.run(append([]string{"-B", "-c", create}, files...)...)
	var faults strings.Builder
	command.Stderr = &faults
	out, err := command.Output()
	if err != nil {
		tb.Fatalf("%s: %v\n%s", strings.Join(files, ", "), err, &faults)
	}
	text := strings.TrimSpace(string(out))
	var made []map[string]any
	if err := json.Unmarshal([]byte(text[strings.LastIndex(text, "\n")+1:]), &made); err != nil || len(made) != len(files) {
		tb.Fatalf("%s return %s: %v", strings.Join(files, ", "), text, err)
	}
	return made
}
