package assess

import (
	"fmt"
	"reflect"
	"testing"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// TestAlike proves that resources of what runs get the findings that they would get if each were judged by itself: whatever they
// have in common, and whatever tells them apart.
func TestAlike(t *testing.T) {
	c := wide(t)
	code := crowd(c, 3000)
	at := &value.Origin{Call: &value.Call{API: "list"}}
	vary(code.Resources, at)
	pool := value.NewPool()
	live := make([]*resource.Resource, len(code.Resources))
	for i, r := range code.Resources {
		one := *r
		one.Live, one.Values = true, make([]value.Value, len(r.Values))
		for v := range r.Values {
			one.Values[v] = pool.Share(r.Values[v])
		}
		live[i] = &one
	}
	want, got := assess(t, c, code, nil), assess(t, c, inventory.New(code.Targets, live, nil, nil), nil)
	same, shared := 0, map[*assessment.Evidence]bool{}
	for i := range want.Findings {
		if !reflect.DeepEqual(want.Findings[i], got.Findings[i]) {
			t.Fatalf("alone %+v\namong others %+v", want.Findings[i], got.Findings[i])
		}
		for _, row := range got.Findings[i].Evidence {
			if shared[row] {
				same++
			}
			shared[row] = true
		}
	}
	if same < len(got.Findings)/2 {
		t.Errorf("of %d findings %d rows of evidence are shared", len(got.Findings), same)
	}
}

// vary gives the resources lists that differ in one thing: in what is read, in what is not, in their names, in how much is known.
func vary(all []*resource.Resource, at *value.Origin) {
	rule := func(more ...value.Member) value.Value {
		of := map[string]value.Value{"port": value.Int(22), "cidr": value.String("10.0.0.0/8")}
		for _, m := range more {
			of[m.Name] = m.Value
		}
		return value.Compact(of).At(at)
	}
	denied := value.Reason{Why: "denied", Grant: "list"}
	lists := []func(i int) value.Value{
		func(int) value.Value { return value.List(rule(), rule()) },
		func(int) value.Value { return value.List(rule()) },
		func(int) value.Value { return value.List(rule(), rule()).Open(denied) },
		func(int) value.Value { return value.List(rule(), value.Unresolved(denied)) },
		func(int) value.Value { return value.Unresolved(denied) },
		func(int) value.Value {
			return value.List(rule(), rule(value.Member{Name: "cidr", Value: value.String("0.0.0.0/0")}))
		},
		func(int) value.Value {
			return value.List(rule(value.Member{Name: "port", Value: value.Unresolved(denied)}))
		},
		func(i int) value.Value {
			return value.List(rule(value.Member{Name: "name", Value: value.String(fmt.Sprint("n", i%5))}))
		},
		func(i int) value.Value {
			return value.List(rule(value.Member{Name: "note", Value: value.String(fmt.Sprint("n", i))}))
		},
		func(i int) value.Value {
			return value.List(rule(value.Member{Name: "port", Value: value.Int(int64(i % 30))}))
		},
	}
	for i, r := range all {
		r.Origin = at
		for v := range r.Values {
			r.Values[v] = r.Values[v].At(at)
		}
		r.Values[r.Kind.Index("rules")] = lists[i/7%len(lists)](i).At(at)
	}
}
