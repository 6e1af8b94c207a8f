package history

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/history/historytest"
	"ward.dev/ward/internal/report/reporttest"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// told is all that an image says.
type told struct {
	Subjects []seen
	Findings []found
	Of       []uint32
	Checks   []checked
	IDs      []string
	Judged   map[uint32]judged
}

func tell(m *image) told {
	t := told{m.subjects, slices.Clone(m.findings), m.of, m.checks, nil, m.judged}
	for i := range m.findings {
		t.IDs = append(t.IDs, m.id(uint32(i)))
		t.Findings[i].special = false
	}
	return t
}

// season is assessments that differ in everything that a packed run must bear: what others named, exceptions, resources with one id.
func season() []*assessment.Assessment {
	g := historytest.New(400)
	for i := range g.Resources[:20] { // ids that another program gave
		g.Resources[i].Findings[1].ID = []string{"odd", "0000000000000000", "00000000000000ff"}[i%3]
	}
	g.Resources[30].About.Resource.ID = g.Resources[31].About.Resource.ID
	var all []*assessment.Assessment
	for n := range 12 {
		a := g.Assess()
		switch n {
		case 4:
			a = reporttest.Clinic()
		case 5:
			a = reporttest.Hostile()
		}
		a.AssessedAt = historytest.FirstDay.AddDate(0, 0, n)
		all = append(all, a)
		g.Pass([]float64{1, 200, 3}[n%3])
	}
	return all
}

func storeAll(t *testing.T, h *History, all []*assessment.Assessment) {
	t.Helper()
	ctx := context.Background()
	for _, a := range all {
		r, err := h.Prepare(ctx, "e", RunMeta{}, a)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error { return h.Publish(ctx, tx, r) }); err != nil {
			t.Fatal(err)
		}
		if err := h.Warm(ctx, "e"); err != nil {
			t.Fatal(err)
		}
	}
}

// both reads a run from what is kept packed and from rows alone. It returns how many resources the first took from rows too, less than nothing
// if nothing that is packed served.
func both(t *testing.T, h *History, run int64) (packed, rows told, fresh int) {
	t.Helper()
	ctx := context.Background()
	estate, r, err := h.find(ctx, "e", run)
	if err != nil {
		t.Fatal(err)
	}
	read := func(from func(ctx context.Context, m *image) (*builder, error)) (told, *builder) {
		m, err := h.emptyImage(ctx, estate, r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := from(ctx, m)
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			return told{}, nil
		}
		if err := h.complete(ctx, b); err != nil {
			t.Fatal(err)
		}
		return tell(m), b
	}
	packed, b := read(h.readPacked)
	rows, _ = read(h.readSubjects)
	if b == nil {
		return packed, rows, -1
	}
	return packed, rows, len(b.subjects) - b.sorted
}

// TestPacked proves that a run which is read from what is kept packed, and from the rows that changed since, is in every byte the one that
// rows alone make, whatever was pruned; that little that changed is not packed anew; and that what is damaged is not believed.
func TestPacked(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		ctx := context.Background()
		all := season()
		h := New(db, Options{Now: func() time.Time { return historytest.FirstDay.AddDate(10, 0, 0) }})
		storeAll(t, h, all)
		same := func(first int64) (whole, changed int) {
			t.Helper()
			for run := first; run <= int64(len(all)); run++ {
				packed, rows, fresh := both(t, h, run)
				switch {
				case fresh < 0:
					continue
				case fresh == 0:
					whole++
				default:
					changed++
				}
				if diff := cmp.Diff(rows, packed, cmp.AllowUnexported(told{}, seen{}, found{}, checked{}, judged{})); diff != "" {
					t.Fatalf("run %d (-rows +packed):\n%s", run, diff)
				}
			}
			return whole, changed
		}
		if whole, changed := same(1); whole < 5 || changed < 3 || whole+changed != len(all) {
			t.Errorf("%d runs were packed, and %d made of one before and rows, of %d", whole, changed, len(all))
		}
		if _, err := h.Prune(ctx, "e", historytest.FirstDay.AddDate(0, 0, 8)); err != nil {
			t.Fatal(err)
		}
		if whole, _ := same(9); whole == 0 {
			t.Error("nothing that is packed is left")
		}
		if _, err := db.ExecContext(ctx, "UPDATE history_image SET pack = substr(pack, 1, length(pack) / 2)"); err != nil {
			t.Fatal(err)
		}
		if _, rows, fresh := both(t, h, int64(len(all))); fresh >= 0 || len(rows.Findings) == 0 {
			t.Errorf("what is damaged was believed: %d of %d", fresh, len(rows.Findings))
		}
		if page, err := New(db, Options{}).Findings(ctx, "e", 0, Filter{}, "", 1); err != nil || page.Total != len(all[len(all)-1].Findings) {
			t.Errorf("what is damaged leads to %+v, %v", page, err)
		}
	})
}

// FuzzUnpack proves that nothing that could stand in a packed run ends the program or takes memory without bound.
func FuzzUnpack(f *testing.F) {
	db := statetest.SQLite(f)
	h := New(db, Options{})
	a := historytest.New(5).Assess()
	r, err := h.Prepare(context.Background(), "e", RunMeta{}, a)
	if err == nil {
		err = db.Do(context.Background(), func(ctx context.Context, tx bun.Tx) error { return h.Publish(ctx, tx, r) })
	}
	if err != nil {
		f.Fatal(err)
	}
	m, err := h.image(context.Background(), "e", 1)
	if err != nil {
		f.Fatal(err)
	}
	pack, err := m.pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pack)
	f.Fuzz(func(_ *testing.T, pack []byte) {
		b := newBuilder(&image{words: m.words})
		_ = b.unpack(pack)
	})
}
