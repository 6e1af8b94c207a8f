package snapshot_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/snapshot"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

var (
	clinic = source.Live{Dialect: resource.AWS, Name: "aws:1", Account: "1", Caller: "me", Kinds: []string{"a", "b"}}
	partA  = source.Part{Target: "aws:1", Region: "r", Kind: "a"}
	partB  = source.Part{Target: "aws:1", Region: "r", Kind: "b"}
	listed = &value.Origin{Call: &value.Call{API: "x:ListA", At: time.Unix(0, 0).UTC(), Account: "1", Region: "r", Caller: "me"}}
	asked  = &value.Origin{Call: &value.Call{API: "x:GetA", At: time.Unix(5, 0).UTC(), Account: "1", Region: "r", Caller: "me"}}
	denied = value.Reason{Why: "x:GetA was denied", Grant: "x:GetA"}
)

// body has everything that a reply can come to.
func body() value.Value {
	list, get := value.Seen(listed), value.Seen(asked)
	return value.Object(map[string]value.Value{
		"ListA": list.On(value.Object(map[string]value.Value{
			"Name": list.On(value.String("a \" \u2028 ü")), "N": list.On(value.Int(1 << 62)), "X": list.On(value.Float(1)), "Y": list.On(value.Float(1e300)),
			"Yes": list.On(value.Bool(true)), "Items": list.On(value.List(list.On(value.String("x")), list.On(value.None()))),
			"Tags":  list.On(value.Object(map[string]value.Value{"$": list.On(value.String("money"))})),
			"Tags2": list.On(value.Object(map[string]value.Value{"$$": list.On(value.String("more")), "$": list.On(value.None())})),
		})),
		"GetA":  value.Unresolved(denied).At(asked),
		"GetB":  value.None().At(asked),
		"ListB": value.List(get.On(value.String("x"))).Open(denied).At(asked),
	})
}

func block(p source.Part, address string) resource.Block {
	return resource.Block{Dialect: resource.AWS, Type: p.Kind, Address: address, Target: p.Target, Body: body(), Origin: listed, Account: "1", Region: "r", Global: true}
}

// write writes a snapshot of two parts, of which the second has a block that may not be the only one.
func write(t testing.TB, seal bool) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	w, err := snapshot.Create(path, snapshot.Head{Ward: "test", Begun: time.Unix(9, 0).UTC()})
	if err != nil {
		t.Fatal(err)
	}
	end := w.Close
	if seal {
		end = w.Seal
	}
	err = errors.Join(w.Begin(clinic), w.Block(partA, block(partA, "one")), w.Done(partA, true), w.Block(partB, block(partB, "two")),
		w.Partial(partB, denied), w.Done(partB, false), w.Gap(resource.Gap{Target: "aws:2", What: "account 2", Reason: "closed"}), end())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, path string) (*snapshot.Snapshot, error) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return snapshot.Read(bytes.NewReader(data))
}

// dump writes a value with its states, reasons and calls.
func dump(v value.Value) any {
	m := map[string]any{"state": v.State().String(), "reasons": v.Reasons(), "open": v.IsOpen()}
	if o := v.Origin(); o != nil && o.Call != nil {
		m["call"] = *o.Call
	}
	switch data := v.Data().(type) {
	case []value.Value:
		var items []any
		for _, item := range data {
			items = append(items, dump(item))
		}
		m["items"] = items
	case map[string]value.Value:
		for key, item := range data {
			m["."+key] = dump(item)
		}
	default:
		m["data"] = data
	}
	return m
}

func TestRoundTrip(t *testing.T) {
	s, err := read(t, write(t, true))
	if err != nil || !s.Sealed || s.Head.Begun.Unix() != 9 {
		t.Fatalf("%+v, %v", s, err)
	}
	r := s.Readings[0]
	if len(r.Blocks) != 2 || !slices.Equal(r.Kinds, clinic.Kinds) || len(r.Partial["b"]) != 1 || len(r.Partial["a"]) != 0 || len(r.Gaps) != 2 {
		t.Errorf("read %+v", r)
	}
	if diff := cmp.Diff(dump(body()), dump(r.Blocks[0].Body)); diff != "" {
		t.Errorf("the body is not what was written (-written +read):\n%s", diff)
	}
	want := block(partA, "one")
	got := r.Blocks[0]
	want.Body, got.Body = value.None(), value.None()
	if *got.Origin.Call != *want.Origin.Call {
		t.Errorf("origin %v", got.Origin)
	}
	want.Origin, got.Origin = nil, nil
	if got != want {
		t.Errorf("read %+v, want %+v", got, want)
	}
}

// TestCutOff proves that whatever is cut off a snapshot leaves one that counts and is known to be incomplete.
func TestCutOff(t *testing.T) {
	data, err := os.ReadFile(write(t, false))
	if err != nil {
		t.Fatal(err)
	}
	begun := bytes.IndexByte(data, '\n') + 1
	begun += bytes.IndexByte(data[begun:], '\n') + 1
	for end := begun; end <= len(data); end += 7 {
		s, err := snapshot.Read(bytes.NewReader(data[:end]))
		if err != nil {
			t.Fatalf("cut at %d: %v", end, err)
		}
		for _, kind := range clinic.Kinds {
			if s.Sealed || len(s.Readings[0].Partial[kind]) == 0 {
				t.Fatalf("cut at %d: %s counts as read whole", end, kind)
			}
		}
	}
}

// TestTampered proves that a sealed snapshot cannot be changed anywhere without its being seen.
func TestTampered(t *testing.T) {
	data, err := os.ReadFile(write(t, true))
	if err != nil {
		t.Fatal(err)
	}
	seal := bytes.LastIndexByte(data[:len(data)-1], '\n') + 1
	for i := range data {
		changed := bytes.Clone(data)
		changed[i] ^= 1
		s, err := snapshot.Read(bytes.NewReader(changed))
		if err == nil && (s.Sealed || i < seal) { // a seal that is none any more leaves a snapshot that was cut off
			t.Errorf("the change of byte %d (%q) was not seen", i, data[max(0, i-20):min(len(data), i+20)])
		}
	}
	for name, other := range map[string]string{"added": string(data) + `{"done":{}}` + "\n", "empty": "", "a text": "hello\n",
		"left out": strings.Join(slices.Delete(strings.SplitAfter(string(data), "\n"), 2, 3), "")} {
		if s, err := snapshot.Read(strings.NewReader(other)); err == nil {
			t.Errorf("%s: read as %+v", name, s)
		}
	}
}

// TestResume proves that parts that were read whole are kept and all others are forgotten, to be read again.
func TestResume(t *testing.T) {
	for _, sealed := range []bool{true, false} {
		path := write(t, sealed)
		w, have, err := snapshot.Resume(path)
		if err != nil {
			t.Fatal(err)
		}
		if !have(partA) || have(partB) {
			t.Errorf("sealed %v: has a %v, b %v", sealed, have(partA), have(partB))
		}
		again := block(partB, "three")
		if err := errors.Join(w.Begin(clinic), w.Block(partB, again), w.Done(partB, true), w.Seal()); err != nil {
			t.Fatal(err)
		}
		s, err := read(t, path)
		if err != nil || !s.Sealed || len(s.Readings) != 1 {
			t.Fatalf("%+v, %v", s, err)
		}
		r := s.Readings[0]
		if len(r.Blocks) != 2 || r.Blocks[0].Address != "one" || r.Blocks[1].Address != "three" || len(r.Partial) != 0 || len(r.Gaps) != 0 {
			t.Errorf("after going on: %+v", r)
		}
	}
}

func TestCreateKeepsWhatIsThere(t *testing.T) {
	path := write(t, true)
	if _, err := snapshot.Create(path, snapshot.Head{}); !errors.Is(err, os.ErrExist) {
		t.Errorf("an existing file: %v", err)
	}
	if _, _, err := snapshot.Resume(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// FuzzRead proves that no file breaks the reader, and that nothing without a seal counts as whole.
func FuzzRead(f *testing.F) {
	for _, sealed := range []bool{true, false} {
		data, err := os.ReadFile(write(f, sealed))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:len(data)/2])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := snapshot.Read(bytes.NewReader(data))
		if err != nil || s.Sealed {
			return
		}
		for _, r := range s.Readings {
			for _, kind := range r.Kinds {
				if len(r.Partial[kind]) == 0 {
					t.Errorf("%s counts as read whole", kind)
				}
			}
		}
	})
}
