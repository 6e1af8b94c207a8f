package aws

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"ward.dev/ward/internal/source"
)

// TestAttemptsOfTheConfiguration proves that AWS's own setting bounds how often a call is tried: an emulator answers what it
// does not know with errors that are not worth the wait.
func TestAttemptsOfTheConfiguration(t *testing.T) {
	var asked atomic.Int32
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer broken.Close()
	for name, text := range map[string]string{"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_MAX_ATTEMPTS": "2",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"} {
		t.Setenv(name, text)
	}
	_, err := Collect(context.Background(), Options{Configure: func(c *aws.Config) { c.BaseEndpoint = &broken.URL }}, &source.Gathered{})
	if !errors.Is(err, ErrNothing) || asked.Load() != 2 {
		t.Errorf("asked %d times: %v", asked.Load(), err)
	}
}
