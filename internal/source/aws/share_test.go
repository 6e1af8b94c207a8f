package aws

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"ward.dev/ward/internal/value"
)

// TestGather proves that each resource gets what is about it, and that a list that broke off leaves all of them open.
func TestGather(t *testing.T) {
	for _, c := range []struct {
		broken     bool
		own, other int
		open       bool
	}{{false, 1, 0, false}, {true, 1, 0, true}} {
		call := func(_ context.Context, in *rds.DescribePendingMaintenanceActionsInput, _ ...func(*rds.Options)) (*rds.DescribePendingMaintenanceActionsOutput, error) {
			if in.Marker != nil {
				return nil, errors.New("broken")
			}
			arn := "arn:a"
			out := &rds.DescribePendingMaintenanceActionsOutput{PendingMaintenanceActions: []types.ResourcePendingMaintenanceActions{{ResourceIdentifier: &arn}}}
			if c.broken {
				out.Marker = &arn
			}
			return out, nil
		}
		r := testRegion()
		g := gather(t.Context(), r, call, &rds.DescribePendingMaintenanceActionsInput{}, "PendingMaintenanceActions", "ResourceIdentifier")
		for name, want := range map[string]int{"ARN:A": c.own, "arn:b": c.other} {
			b := r.resource(name, "Listed", value.None())
			g.keep(b, name)
			kept := b.body["DescribePendingMaintenanceActions"]
			if items, _ := kept.AsList(); len(items) != want || kept.IsOpen() != c.open {
				t.Errorf("%s: got %d, open %v; want %d, open %v", name, len(items), kept.IsOpen(), want, c.open)
			}
		}
	}
}

// testRegion is a region of an account that nobody has.
func testRegion() *region {
	run := &run{slots: make(chan struct{}, 1)}
	return &region{run: run, account: &account{ID: "1", Partition: "aws", home: "eu-west-1"}, name: "eu-west-1", kind: "t.kind"}
}
