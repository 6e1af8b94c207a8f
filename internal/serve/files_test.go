package serve

import (
	"net/http"
	"strings"
	"testing"

	"ward.dev/ward/internal/clamd/clamdtest"
)

// TestFilesScanned proves that a file which people attach is looked at by a real clamd before it is kept: one that is known to be malicious is
// refused, one that is not is kept whole, and without the daemon none is, which the log tells with the setting.
func TestFilesScanned(t *testing.T) {
	where, end := clamdtest.Start(t)
	settings := settingsOf(t, t.TempDir())
	settings.Files.Clamd = where
	s, out, _ := startLoud(t, settings)
	c := newCaller(t, s, elevated(t, s))
	send := func(text string) (int, string) {
		status, _, answer := c.ask("POST", "/api/v1/decisions/files?name=policy.txt", text, map[string]string{"Content-Type": "application/octet-stream"})
		return status, answer
	}
	if status, text := send(clamdtest.Bad); status != http.StatusUnprocessableEntity || !strings.Contains(text, "malicious") {
		t.Errorf("what is malicious: %d %s", status, text)
	}
	if status, text := send("a policy"); status != http.StatusOK || !strings.Contains(text, `"size":8`) {
		t.Errorf("what is not: %d %s", status, text)
	}
	end()
	if status, text := send("another policy"); status < 400 || !strings.Contains(text, "could not be scanned") {
		t.Errorf("without the daemon: %d %s", status, text)
	}
	for _, part := range []string{"refused as malicious", "Ward.Test", "files.clamd in the settings"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("the log does not say %q: %s", part, out)
		}
	}
}
