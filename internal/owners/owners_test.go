package owners_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/owners"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// TestKeep proves that what rules say of resources, each once however many findings it has, is read back for its run and those after it, and that
// there is nothing for runs before it.
func TestKeep(t *testing.T) {
	subject := func(id, owner string) *assessment.Subject {
		return &assessment.Subject{Owner: owner, Resource: assessment.Resource{ID: id}}
	}
	one := subject("one", "databases")
	a := &assessment.Assessment{Findings: []assessment.Finding{{Subject: one}, {Subject: one}, {Subject: subject("two", "ada@example.org")},
		{Subject: subject("three", "databases")}, {Subject: subject("four", "")}}}
	if diff := cmp.Diff(owners.Ruled{"databases": {"one", "three"}, "ada@example.org": {"two"}}, owners.By(a)); diff != "" {
		t.Error(diff)
	}
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		ctx := context.Background()
		if err := db.Do(ctx, func(ctx context.Context, tx bun.Tx) error { return owners.Keep(ctx, tx, "e", 2, owners.By(a)) }); err != nil {
			t.Fatal(err)
		}
		for run, want := range map[int64]map[string]string{1: {}, 2: {"one": "databases", "two": "ada@example.org", "three": "databases"}} {
			got, err := owners.Of(ctx, db, "e", run)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("run %d: %v %s", run, err, diff)
			}
		}
	})
}
