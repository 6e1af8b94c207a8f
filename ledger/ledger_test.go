package ledger_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"

	"ward.dev/ward/ledger"
	"ward.dev/ward/ledger/verify"
)

const name = "ward.test/clinic"

// TestMain lets the test's own program be the one that is killed: see TestKilled.
func TestMain(m *testing.M) {
	klog.SetLogger(logr.Discard()) // Tessera talks
	if dir := os.Getenv("WARD_LEDGER_APPENDS"); dir != "" {
		appendForever(dir)
	}
	if dir := os.Getenv("WARD_LEDGER_APPEND_ONE"); dir != "" {
		appendOneThenEnd(dir)
	}
	os.Exit(m.Run())
}

func open(t *testing.T, dir string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), dir, ledger.Options{Name: name, Interval: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func closed(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// fill appends records at once: "record 0" to "record n-1" in any order.
func fill(t *testing.T, l *ledger.Ledger, n int) {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if _, err := l.Append(t.Context(), fmt.Appendf(nil, "record %d", i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func checkpoint(t *testing.T, l *ledger.Ledger) []byte {
	t.Helper()
	text, err := l.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func export(t *testing.T, l *ledger.Ledger, from, to int64) string {
	t.Helper()
	var out strings.Builder
	if err := l.Export(t.Context(), &out, from, to); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestExport proves that what an export shows is proved to be in the ledger and to go on from every checkpoint that was kept, also
// after the ledger was opened anew, and with more records than a tile holds.
func TestExport(t *testing.T) {
	dir := t.TempDir()
	var kept [][]byte
	for _, more := range []int{1, 2, 300, 1} {
		l := open(t, dir)
		fill(t, l, more)
		kept = append(kept, checkpoint(t, l))
		closed(t, l)
	}
	l := open(t, dir)
	defer closed(t, l)
	for _, window := range [][2]int64{{0, -1}, {0, 0}, {2, 3}, {250, 270}, {303, 304}} {
		text := export(t, l, window[0], window[1])
		for _, old := range append(kept, nil) {
			shown := 0
			result, err := verify.Bundle(strings.NewReader(text), l.Key(), old, func(r verify.Record) error {
				shown++
				if !strings.HasPrefix(string(r.Data), "record ") {
					t.Errorf("record %d is %q", r.Index, r.Data)
				}
				return nil
			})
			if err != nil || result.Size != 304 || int64(shown) != result.To-result.From {
				t.Errorf("%v from %q: %+v, %d shown, %v", window, old, result, shown, err)
			}
		}
	}
}

// TestTampered proves that an export from which a record is missing, in which one is changed, or whose checkpoint is of another
// ledger proves nothing.
func TestTampered(t *testing.T) {
	l, other := open(t, t.TempDir()), open(t, t.TempDir())
	defer closed(t, l)
	defer closed(t, other)
	fill(t, l, 3)
	old := checkpoint(t, l)
	fill(t, l, 2)
	fill(t, other, 5)
	text, foreign := export(t, l, 0, -1), export(t, other, 0, -1)
	lines := strings.SplitAfter(text, "\n")
	for what, changed := range map[string]string{
		"empty":                 "",
		"the last record gone":  strings.Join(lines[:len(lines)-2], ""),
		"a record gone":         strings.Join(append(append([]string{}, lines[:3]...), lines[4:]...), ""),
		"records swapped":       strings.Join(append(append([]string{}, lines[:2]...), lines[3], lines[2], lines[4], lines[5], lines[6]), ""),
		"a record twice":        text + lines[6],
		"a record changed":      strings.Replace(text, `"data":"`, `"data":"QUFB`, 1),
		"hashes gone":           strings.Join(append(append([]string{}, lines[:1]...), lines[2:]...), ""),
		"of another ledger":     foreign,
		"others' hashes":        strings.Join(append([]string{lines[0]}, strings.SplitAfter(foreign, "\n")[1:]...), ""),
		"the root changed":      strings.Replace(text, `clinic\n5\n`, `clinic\n5\nA`, 1),
		"the size changed":      strings.Replace(text, `clinic\n5\n`, `clinic\n4\n`, 1),
		"fewer are shown":       strings.Replace(text, `"to":5`, `"to":4`, 1),
		"more are shown":        strings.Replace(text, `"to":5`, `"to":6`, 1),
		"a member nobody knows": strings.Replace(text, `"to":5`, `"to":5,"by":1`, 1),
	} {
		if changed == text {
			t.Fatalf("%s: nothing was changed", what)
		}
		if _, err := verify.Bundle(strings.NewReader(changed), l.Key(), nil, nil); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if _, err := verify.Bundle(strings.NewReader(foreign), other.Key(), old, nil); err == nil {
		t.Error("another ledger goes on from the checkpoint that was kept")
	}
	if _, err := verify.Bundle(strings.NewReader(text), l.Key(), old, nil); err != nil {
		t.Errorf("unchanged: %v", err)
	}
}

// TestPutBack proves that a ledger which was put back to an earlier state, or whose records were changed, is not opened.
func TestPutBack(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	fill(t, l, 2)
	closed(t, l)
	early := filepath.Join(t.TempDir(), "early")
	if err := os.CopyFS(early, os.DirFS(filepath.Join(dir, "log"))); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	fill(t, l, 2)
	closed(t, l)
	if err := errors.Join(os.RemoveAll(filepath.Join(dir, "log")), os.Rename(early, filepath.Join(dir, "log"))); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Open(t.Context(), dir, ledger.Options{}); err == nil || !strings.Contains(err.Error(), "put back to an earlier state") {
		t.Errorf("opened after it was put back: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "key")); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Open(t.Context(), dir, ledger.Options{Name: name}); err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("opened without its key: %v", err)
	}
}

// TestBusy proves that two programs do not write one ledger.
func TestBusy(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	if _, err := ledger.Open(t.Context(), dir, ledger.Options{Name: name}); !errors.Is(err, ledger.ErrBusy) {
		t.Errorf("opened twice: %v", err)
	}
	fill(t, l, 1)
	reader, err := ledger.OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	if result, err := reader.Verify(t.Context(), nil); err != nil || result.Size != 1 {
		t.Errorf("read while another program writes: %+v, %v", result, err)
	}
	closed(t, l)
	closed(t, open(t, dir))
}

// TestKeys proves that a public key is made anew from the private one, and that one which does not belong to it is noticed.
func TestKeys(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	key := l.Key()
	closed(t, l)
	file := filepath.Join(dir, "key.pub")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	if l.Key() != key {
		t.Errorf("the public key is %s, and was %s", l.Key(), key)
	}
	closed(t, l)
	if text, err := os.ReadFile(file); err != nil || string(text) != key+"\n" {
		t.Errorf("%s, %v", text, err)
	}
	other := open(t, t.TempDir())
	defer closed(t, other)
	if err := os.WriteFile(file, []byte(other.Key()), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Open(t.Context(), dir, ledger.Options{}); err == nil || !strings.Contains(err.Error(), "is not the public key") {
		t.Errorf("opened with a foreign public key: %v", err)
	}
	if _, err := ledger.OpenReader(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("read where nothing is: %v", err)
	}
}

// TestRefused proves that what is no record is refused and does not end the ledger.
func TestRefused(t *testing.T) {
	l := open(t, t.TempDir())
	defer closed(t, l)
	for _, record := range [][]byte{nil, make([]byte, ledger.MaxRecord+1)} {
		if _, err := l.Append(t.Context(), record); err == nil {
			t.Errorf("%d bytes were taken", len(record))
		}
	}
	if _, err := l.Append(t.Context(), make([]byte, ledger.MaxRecord)); err != nil {
		t.Error(err)
	}
}

// TestUnwritable proves that a ledger that cannot be written says so, and takes nothing until it is opened anew.
func TestUnwritable(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	fill(t, l, 1)
	tiles := filepath.Join(dir, "log", "tile")
	if err := errors.Join(os.RemoveAll(tiles), os.WriteFile(tiles, nil, 0o600)); err != nil { // a file where a folder is wanted
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	if _, err := l.Append(ctx, []byte("lost")); err == nil {
		t.Error("a record was acknowledged that cannot be written")
	}
	if err := l.Check(); err == nil {
		t.Error("the ledger says that it takes records")
	}
	_ = l.Close(ctx)
}

// TestKilled proves that whatever was acknowledged is there after the program was killed at any moment.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	for round := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "WARD_LEDGER_APPENDS="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, count := bufio.NewScanner(out), 0
		for lines.Scan() {
			acknowledged[lines.Text()] = true
			if count++; count == 20+7*round {
				_ = cmd.Process.Kill()
			}
		}
		_ = cmd.Wait()
	}
	l := open(t, dir)
	defer closed(t, l)
	size, err := l.Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	if err := l.Read(t.Context(), 0, size, func(index int64, record []byte) error {
		found[fmt.Sprintf("%d %s", index, record)] = true
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(acknowledged) < 100 {
		t.Errorf("only %d records were acknowledged", len(acknowledged))
	}
	for one := range acknowledged {
		if !found[one] {
			t.Errorf("%s was acknowledged and is not there", one)
		}
	}
	if _, err := verify.Bundle(strings.NewReader(export(t, l, 0, -1)), l.Key(), nil, nil); err != nil {
		t.Error(err)
	}
}

// appendForever prints the index and the text of every record that is acknowledged, until it is killed.
func appendForever(dir string) {
	limitFiles()
	l, err := ledger.Open(context.Background(), dir, ledger.Options{Name: name, Interval: 100 * time.Millisecond})
	if err != nil {
		fmt.Println("fault", err)
		os.Exit(1)
	}
	var print sync.Mutex
	for worker := range 8 {
		go func() {
			for n := 0; ; n++ {
				record := strconv.Itoa(os.Getpid()) + "-" + strconv.Itoa(worker) + "-" + strconv.Itoa(n)
				index, err := l.Append(context.Background(), []byte(record))
				print.Lock()
				if err != nil {
					os.Exit(1)
				}
				fmt.Println(index, record)
				print.Unlock()
			}
		}()
	}
	select {}
}

// FuzzBundle proves that no input makes the verifier crash, and that what it accepts is signed.
func FuzzBundle(f *testing.F) {
	dir := f.TempDir()
	l, err := ledger.Open(context.Background(), dir, ledger.Options{Name: name, Interval: 100 * time.Millisecond})
	if err != nil {
		f.Fatal(err)
	}
	if _, err := l.Append(context.Background(), []byte("a record")); err != nil {
		f.Fatal(err)
	}
	var good bytes.Buffer
	if err := l.Export(context.Background(), &good, 0, -1); err != nil {
		f.Fatal(err)
	}
	key := l.Key()
	if err := l.Close(context.Background()); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes())
	f.Add([]byte(`{"format":"ward-ledger-export/1","checkpoint":"a\n1\nAA==\n","from":0,"to":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var data []byte
		result, err := verify.Bundle(bytes.NewReader(text), key, nil, func(r verify.Record) error { data = r.Data; return nil })
		if err == nil && (result.Size != 1 || data != nil && string(data) != "a record") {
			t.Errorf("%+v %q", result, data)
		}
	})
}
