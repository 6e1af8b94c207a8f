package aws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"ward.dev/ward/internal/emulator"
)

// A name that the DNS does not know means that there is no such service only where AWS says so itself.
func TestServicesThatAreNotOfferedHoldNothing(t *testing.T) {
	cloud := emulator.Start(t)
	config := aws.Config{}
	cloud.Config(&config)
	in := func(name string) *region {
		r := &run{slots: make(chan struct{}, 1),
			retryers: map[string]aws.Retryer{"123456789012/" + emulator.Region + "/ssm": retry.NewStandard()}}
		own := &account{ID: "123456789012", home: emulator.Region, config: config}
		return &region{run: r, account: own, name: name, kind: "aws.kendra.index"}
	}
	missing := fmt.Errorf("sent: %w", &net.DNSError{Name: "x.amazonaws.com", IsNotFound: true})
	for _, c := range []struct {
		region, service string
		err             error
		want            bool
	}{
		{"us-west-1", "kendra", missing, true},
		{"eu-west-1", "kendra", missing, false},        // it is offered: the network is at fault
		{"us-west-1", "nothing-is-so", missing, false}, // AWS lists nothing of the name
		{"us-west-1", "kendra", &net.DNSError{Name: "x.amazonaws.com", IsTimeout: true}, false},
	} {
		if got := in(c.region).unoffered(context.Background(), c.service, c.err); got != c.want {
			t.Errorf("%s in %s after %v: unoffered %v", c.service, c.region, c.err, got)
		}
	}
}

// What never reached a service is told as what it is, though the SDK makes an empty reply of it.
func TestReasonsOfBrokenConnections(t *testing.T) {
	r := &region{run: &run{}, account: &account{}, name: "eu-west-1"}
	for want, err := range map[string]error{
		"x.amazonaws.com cannot be looked up": &net.DNSError{Name: "x.amazonaws.com", IsNotFound: true},
		"was not answered in time":            context.DeadlineExceeded,
		"the connection failed (dial)":        &net.OpError{Op: "dial", Err: errors.New("refused")},
	} {
		wrapped := &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{}},
			Err: &smithyhttp.RequestSendError{Err: err}}
		if got := r.why("kendra", "ListIndices", wrapped).Why; !strings.Contains(got, want) {
			t.Errorf("%v is told as %q", err, got)
		}
	}
}
