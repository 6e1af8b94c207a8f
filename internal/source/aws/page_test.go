package aws

import (
	"context"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
)

// TestPagesInACircle proves that a service which hands out pages in a circle ends as one that could not be read whole, and soon.
func TestPagesInACircle(t *testing.T) {
	next := map[string]string{"": "a", "a": "b", "b": "c", "c": "a"}
	calls := 0
	call := func(_ context.Context, in *guardduty.ListDetectorsInput, _ ...func(*guardduty.Options)) (*guardduty.ListDetectorsOutput, error) {
		calls++
		token := next[sdk.ToString(in.NextToken)]
		return &guardduty.ListDetectorsOutput{DetectorIds: []string{"d" + token}, NextToken: &token}, nil
	}
	items, failed := 0, false
	for _, err := range pages(context.Background(), stillRegion(), call, &guardduty.ListDetectorsInput{}, "DetectorIds") {
		if err != nil {
			failed = true
			break
		}
		items++
	}
	if !failed || calls > 4 {
		t.Errorf("%d calls, %d items, failed: %v", calls, items, failed)
	}
}

// stillRegion is a region in which nothing is asked but what a test answers.
func stillRegion() *region {
	r := &run{options: Options{Timeout: time.Second}, slots: make(chan struct{}, 1)}
	return &region{run: r, account: &account{ID: "123456789012"}, name: "eu-west-1", kind: "aws.guardduty.detector"}
}
