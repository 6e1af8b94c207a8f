package terraform

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// unknownMark stands for an unknown value in plain data.
const unknownMark = "<unknown>"

// plain turns a value into plain data; objects lose what is absent, since a plan writes null for it.
func plain(v value.Value) any {
	switch {
	case v.IsUnknown():
		return unknownMark
	case v.IsAbsent():
		return nil
	}
	switch data := v.Data().(type) {
	case []value.Value:
		out := []any{}
		for _, item := range data {
			out = append(out, plain(item))
		}
		if v.IsOpen() {
			out = append(out, unknownMark)
		}
		return out
	case map[string]value.Value:
		out := map[string]any{}
		for name, member := range data {
			out[name] = plain(member)
		}
		if v.IsOpen() {
			out["..."] = unknownMark
		}
		return out
	case float64:
		return fmt.Sprintf("%.10g", data)
	default:
		return fmt.Sprint(data)
	}
}

// planOf runs the real terraform over a copy of dir and returns the plan as JSON.
func planOf(t *testing.T, dir string) string {
	t.Helper()
	binary, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("terraform is not on PATH: the evaluator is not compared with it")
	}
	work := t.TempDir()
	if err := os.CopyFS(work, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) []byte {
		cmd := exec.Command(binary, args...)
		cmd.Dir = work
		cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_INPUT=0",
			"TF_CLI_CONFIG_FILE=", "TF_DATA_DIR=")
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("terraform %s: %v\n%s%s", args[0], err, errs.String(), out)
		}
		return out
	}
	run("init", "-no-color")
	run("plan", "-no-color", "-out", "plan.bin")
	shown := run("show", "-json", "plan.bin")
	name := filepath.Join(work, "plan.json")
	if err := os.WriteFile(name, shown, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func byAddress(blocks []resource.Block) map[string]resource.Block {
	out := map[string]resource.Block{}
	for _, b := range blocks {
		out[b.Address] = b
	}
	return out
}

// TestOracle proves that the evaluator says what terraform says: the same instances, the same known values, and
// unknown exactly where terraform has unknown.
func TestOracle(t *testing.T) {
	const dir = "testdata/oracle"
	file := planOf(t, dir)
	planned, err := Plan{}.Read(context.Background(), file, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	read, err := Directory{}.Read(context.Background(), dir, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, gap := range read.Gaps {
		t.Errorf("gap: %v", gap)
	}
	got, want := byAddress(read.Blocks), byAddress(planned.Blocks)
	for address, block := range want {
		ours, ok := got[address]
		if !ok {
			t.Errorf("%s: terraform plans it, the reader has it not", address)
			continue
		}
		if diff := cmp.Diff(plain(block.Body.Field("input")), plain(ours.Body.Field("input"))); diff != "" {
			t.Errorf("%s: -terraform +reader\n%s", address, diff)
		}
	}
	for address := range got {
		if _, ok := want[address]; !ok {
			t.Errorf("%s: the reader has it, terraform does not plan it", address)
		}
	}
}
