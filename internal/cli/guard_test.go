package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"ward.dev/ward/internal/testcluster"
)

// TestGuard runs the guard as users do, against a real API. Images are archives that the scripts make, as on a machine without a registry.
func TestGuard(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	for _, one := range []string{"clinic", "kept"} {
		c.Namespace(t, one, "data=phi")
	}
	for _, name := range []string{"portal", "mended"} {
		c.Apply(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: `+name+`, namespace: clinic}
spec:
  replicas: 2
  selector: {matchLabels: {app: `+name+`}}
  template:
    metadata: {labels: {app: `+name+`}}
    spec: {containers: [{name: c, image: "registry.example.com/`+name+`:1"}]}
`)
	}
	c.Apply(t, `{apiVersion: v1, kind: Pod, metadata: {name: lone, namespace: kept}, spec: {containers: [{name: c, image: "registry.example.com/portal:1"}]}}`)
	admin := c.Kubeconfig(t, c.Admin(t))
	testscript.Run(t, testscript.Params{
		Dir: "testdata/guard",
		Setup: func(e *testscript.Env) error {
			e.Setenv("KUBECONFIG", admin)
			return advisory(e.WorkDir)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "image": makeImage},
	})
}

// advisory writes one of today about OpenSSL, since old ones leave open what they do not tell.
func advisory(dir string) error {
	text := fmt.Sprintf(`{"schema_version": "1.7.0", "id": "DSA-1-1", "modified": %q, "published": "2025-10-01T00:00:00Z", "upstream": ["CVE-2014-0160"],
 "affected": [{"package": {"ecosystem": "Debian:12", "name": "openssl"},
  "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.0.11-1~deb12u2"}]}]}]}`, time.Now().UTC().Format(time.RFC3339))
	if err := os.MkdirAll(filepath.Join(dir, "advisories"), 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "advisories", "1.json"), []byte(text), 0o600)
}
