//go:build linux

package ledger_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ward.dev/ward/ledger"
)

// calls are the system calls by which an append can reach a disk.
var calls = []string{"openat", "write", "pwrite64", "fsync", "fdatasync", "close", "read", "pread64", "fcntl", "newfstatat", "mkdirat",
	"linkat", "renameat", "renameat2", "unlinkat"}

// TestEachCallFails fails each system call of an append in turn, by strace, on a program that appends one record. Whatever fails, the
// record is refused, or it is there after the ledger was opened anew; the ledger opens, verifies and goes on in any case.
func TestEachCallFails(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute; make test runs it")
	}
	traced(t)
	points := map[string][]point{}
	for _, from := range []string{template(t, 0), template(t, 3)} {
		dir := t.TempDir()
		log, answer := appendOne(t, point{from: from}, dir)
		if !strings.HasPrefix(answer, "acknowledged ") {
			t.Fatalf("without a fault: %s", answer)
		}
		for _, p := range made(log, dir, false) {
			p.from = from
			points[p.call] = append(points[p.call], p)
		}
	}
	if len(points["write"]) < 5 || len(points["fsync"]) < 5 || len(points["renameat"]) < 5 {
		t.Fatalf("an append writes the record, a tile, the state of the tree, a checkpoint and what is remembered of it, but strace saw %v", points)
	}
	for call, each := range points {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			eachFails(t, call, each)
		})
	}
}

// point is a call that an append makes when nothing fails.
type point struct {
	from string // the ledger that it began with
	call string
	path string // below the ledger's folder
}

// random tells that the path is of a file whose name is another each time, which strace cannot be told to wait for.
func (p point) random() bool { return strings.HasSuffix(p.path, "*") }

// late tells that the point comes after the record is in the tree, so that the calls before it need not be watched.
func (p point) late() bool { return strings.HasPrefix(p.path, "/log/checkpoint") && p.random() }

// template makes a ledger with some records, to begin from.
func template(t *testing.T, records int) string {
	dir := t.TempDir()
	l := open(t, dir)
	fill(t, l, records)
	if err := os.WriteFile(filepath.Join(dir, "kept-by-auditor"), checkpoint(t, l), 0o600); err != nil {
		t.Fatal(err)
	}
	closed(t, l)
	return dir
}

// eachFails fails a call at each point. Files with random names are waited for by count: strace counts in each thread, and the threads
// share the work as they like, so that it is tried until each point was met.
func eachFails(t *testing.T, call string, points []point) {
	outcomes, n, most := map[string]int{}, 0, 3
	fail := func(p point, errno string, options ...string) []point {
		dir := t.TempDir()
		if !p.random() {
			options = []string{"-P", dir + p.path, "-e", "inject=" + call + ":error=" + errno + ":when=1"}
		}
		log, answer := appendOne(t, p, dir, options...)
		outcome, _, _ := strings.Cut(answer, " ")
		outcomes[outcome]++
		most = max(most, busiest(log, call))
		if !survives(t, dir, answer) {
			t.Fatalf("after %s of %s failed with %s:\n%s", call, p.path, errno, log)
		}
		return made(log, dir, true)
	}
	missing := map[string]point{}
	for i, p := range points {
		if p.random() {
			missing[p.path] = p
			continue
		}
		met := false
		for attempt := 0; !met && attempt < 4; attempt++ { // a thread may begin before strace has seen it
			met = len(fail(p, []string{"ENOSPC", "EIO"}[i%2])) > 0
		}
		if !met {
			t.Errorf("%s of %q was not made to fail", call, p.path)
		}
	}
	for run := 0; len(missing) > 0 && run < 40; run++ {
		if n++; n > most {
			n = 1
		}
		next := missing[slices.Sorted(maps.Keys(missing))[run%len(missing)]]
		if next.late() {
			n = 1 + run/len(missing)%3
		}
		errno := []string{"EIO", "ENOSPC"}[run%2]
		for _, p := range fail(next, errno, "-e", fmt.Sprintf("inject=%s:error=%s:when=%d", call, errno, n)) {
			delete(missing, p.path)
		}
	}
	t.Logf("%d points, %v", len(points), outcomes)
	if len(missing) > 0 {
		t.Logf("by chance not met this time: %v", slices.Sorted(maps.Keys(missing)))
	}
	if len(missing)*4 > len(points) {
		t.Errorf("%d of %d points were never made to fail", len(missing), len(points))
	}
}

// busiest is how often a call was made by the thread that made it most often.
func busiest(trace, call string) int {
	most, threads := 0, map[string]int{}
	for line := range strings.Lines(trace) {
		if thread, rest, _ := strings.Cut(line, " "); strings.HasPrefix(strings.TrimSpace(rest), call+"(") {
			threads[thread]++
			most = max(most, threads[thread])
		}
	}
	return most
}

// survives checks that the ledger opens, holds what was acknowledged, verifies, and goes on from where it was.
func survives(t *testing.T, dir, answer string) bool {
	t.Helper()
	l, err := ledger.Open(t.Context(), dir, ledger.Options{Interval: 100 * time.Millisecond})
	if err != nil {
		t.Errorf("%s, and then: %v", answer, err)
		return false
	}
	defer closed(t, l)
	kept, err := os.ReadFile(filepath.Join(dir, "kept-by-auditor"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Verify(t.Context(), kept); err != nil {
		t.Errorf("%s, and then: %v", answer, err)
		return false
	}
	if _, err := l.Append(t.Context(), []byte("goes on")); err != nil {
		t.Errorf("%s, and then: %v", answer, err)
		return false
	}
	var index int64
	var record string
	if n, _ := fmt.Sscanf(answer, "acknowledged %d %s", &index, &record); n != 2 {
		return true
	}
	err = l.Read(t.Context(), index, index+1, func(_ int64, found []byte) error {
		if string(found) != record {
			return fmt.Errorf("record %d is %q", index, found)
		}
		return nil
	})
	if err != nil {
		t.Errorf("%s, and then: %v", answer, err)
	}
	return err == nil
}

// paths are those in a line of strace, random what is in the names of files that are being written.
var (
	paths  = regexp.MustCompile(`["<]([^">]*)[">]`)
	random = regexp.MustCompile(`\d{5,}$`)
)

// made are the points in a trace, each once; injected restricts it to calls that were made to fail.
func made(trace, dir string, injected bool) []point {
	var found []point
	for line := range strings.Lines(trace) {
		_, line, _ = strings.Cut(line, " ")
		call, rest, ok := strings.Cut(strings.TrimSpace(line), "(")
		if !ok || !slices.Contains(calls, call) || injected && !strings.Contains(rest, "INJECTED") {
			continue
		}
		p := point{call: call}
		for _, match := range paths.FindAllStringSubmatch(rest, -1) { // the last is where a file is moved to
			if path, ok := strings.CutPrefix(match[1], dir); ok && (path == "" || path[0] == '/') {
				p.path = random.ReplaceAllString(path, "*")
			}
		}
		if p.call == "fcntl" && p.random() {
			continue // it asks what it was opened for
		}
		if strings.Contains(rest, dir) && !slices.Contains(found, p) {
			found = append(found, p)
		}
	}
	return found
}

// appendOne has a program append one record to a copy of a ledger in dir under strace, and returns the trace and what the program said.
func appendOne(t *testing.T, p point, dir string, inject ...string) (trace, answer string) {
	t.Helper()
	if err := os.CopyFS(dir, os.DirFS(p.from)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "WARD_LEDGER_APPEND_ONE="+dir, fmt.Sprintf("WARD_LEDGER_LATE=%v", p.late()))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() }).Stop()
	lines := bufio.NewReader(out)
	if ready, err := lines.ReadString('\n'); err != nil || ready != "ready\n" {
		t.Fatalf("the program said %q, %v", ready, err)
	}
	file := filepath.Join(t.TempDir(), "trace")
	stop := func() {}
	if !p.late() {
		stop = attach(t, cmd.Process.Pid, file, inject)
	}
	if _, err := in.Write([]byte("go\n")); err != nil {
		t.Fatal(err)
	}
	if p.late() {
		integrated(t, p.from, dir)
		stop = attach(t, cmd.Process.Pid, file, inject)
	}
	said, _ := io.ReadAll(lines)
	_ = cmd.Wait() // it dies if the runtime of Go or Tessera cannot go on
	stop()
	log, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(said) == 0 {
		said = []byte("died")
	}
	return string(log), strings.TrimSpace(string(said))
}

// integrated waits until the record is in the tree.
func integrated(t *testing.T, from, dir string) {
	t.Helper()
	const state = "log/.state/treeState"
	before, err := os.ReadFile(filepath.Join(from, state))
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		var now []byte
		if now, err = os.ReadFile(filepath.Join(dir, state)); err == nil && !bytes.Equal(before, now) {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("the record did not come into the tree: %v", err)
}

// attach has strace watch a program until it ends; what is returned waits for that.
func attach(t *testing.T, pid int, file string, options []string) (wait func()) {
	t.Helper()
	strace := exec.Command("strace", append([]string{"-f", "-y", "-e", "trace=?" + strings.Join(calls, ",?"), "-e", "signal=none",
		"-o", file, "-p", strconv.Itoa(pid)}, options...)...)
	talk, err := strace.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := strace.Start(); err != nil {
		t.Fatal(err)
	}
	first, err := bufio.NewReader(talk).ReadString('\n')
	if err != nil || !strings.Contains(first, "attached") {
		t.Fatalf("strace: %q, %v", first, err)
	}
	return func() { _ = strace.Wait() }
}

// traced skips the test where programs cannot be watched.
func traced(t *testing.T) {
	t.Helper()
	out, err := exec.Command("strace", "-o", os.DevNull, "true").CombinedOutput()
	if err == nil {
		return
	}
	why := fmt.Sprintf("system calls cannot be made to fail here: strace: %v %s(Debian: apt-get install strace; containers want the capability SYS_PTRACE)",
		err, bytes.TrimSpace(out))
	if os.Getenv("CI") != "" && strings.Contains(err.Error(), "not found") {
		t.Fatal(why)
	}
	t.Skip(why)
}

// appendOneThenEnd is the program that strace watches: it appends when it is told to, and says what came of it.
func appendOneThenEnd(dir string) {
	_ = unix.Prctl(unix.PR_SET_PTRACER, ^uintptr(0), 0, 0, 0) // where only parents may watch
	o := ledger.Options{Name: name, Interval: 100 * time.Millisecond, Patience: 20 * time.Second}
	late := os.Getenv("WARD_LEDGER_LATE") == "true"
	if late {
		o.Interval = time.Second
	}
	l, err := ledger.Open(context.Background(), dir, o)
	if err != nil {
		fmt.Println("cannot open:", err)
		os.Exit(1)
	}
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	if late { // a young checkpoint has Tessera wait before it signs the next
		_ = os.Chtimes(filepath.Join(dir, "log", "checkpoint"), time.Time{}, time.Now())
	}
	record := "record-of-" + strconv.Itoa(os.Getpid())
	if index, err := l.Append(context.Background(), []byte(record)); err != nil {
		fmt.Println("refused", err)
	} else {
		fmt.Println("acknowledged", index, record)
	}
	os.Exit(0)
}

// TestDiskFull proves that on a disk that fills up nothing is lost that was acknowledged, that the ledger says why it stops, and that it
// goes on when there is room again.
func TestDiskFull(t *testing.T) {
	dir, grow := small(t)
	acknowledged := map[string]bool{}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "WARD_LEDGER_APPENDS="+dir)
	out, err := cmd.Output()
	for line := range strings.Lines(string(out)) {
		acknowledged[strings.TrimSpace(line)] = true
	}
	if err == nil || len(acknowledged) < 3 {
		t.Fatalf("%v after %d records", err, len(acknowledged))
	}
	t.Logf("%d records fitted", len(acknowledged))
	grow()
	l := open(t, dir)
	defer closed(t, l)
	fill(t, l, 3)
	size, err := l.Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = l.Read(t.Context(), 0, size, func(index int64, record []byte) error {
		delete(acknowledged, fmt.Sprintf("%d %s", index, record))
		return nil
	})
	if err != nil || len(acknowledged) > 0 {
		t.Errorf("%v; lost: %v", err, acknowledged)
	}
	if _, err := l.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// small is a folder on a disk of 512 kB, and what gives it more room. Those who may not mount one get a limit on the size of files.
func small(t *testing.T) (string, func()) {
	t.Helper()
	dir, err := os.MkdirTemp("", "ward-small-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=512k"); err != nil {
		t.Logf("no disk of its own (%v), so that files are limited instead", err)
		t.Setenv("WARD_LEDGER_FILE_LIMIT", "1000")
		return dir, func() { os.Unsetenv("WARD_LEDGER_FILE_LIMIT") }
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 256<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "ledger"), func() {
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
}

// limitFiles makes every file of this process end at as many bytes as the test says.
func limitFiles() {
	if limit, err := strconv.ParseUint(os.Getenv("WARD_LEDGER_FILE_LIMIT"), 10, 64); err == nil {
		signal.Ignore(syscall.SIGXFSZ) // the write errs instead
		_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit})
	}
}

// TestClockSetBack proves that records are taken also after the clock was set back, by which Tessera tells the age of a checkpoint.
func TestClockSetBack(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	defer func() { closed(t, l) }()
	fill(t, l, 1)
	file := filepath.Join(dir, "log", "checkpoint")
	hours := time.Now().Add(5 * time.Hour)
	if err := os.Chtimes(file, hours, hours); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	fill(t, l, 1)
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("a record took %v", took)
	}
	closed(t, l)
	if err := os.Chtimes(file, hours, hours); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	fill(t, l, 1)
	if _, err := l.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// TestPatience proves that a ledger whose checkpoints cannot be written any more says so in time, though the caller would wait.
func TestPatience(t *testing.T) {
	dir := t.TempDir()
	l, err := ledger.Open(t.Context(), dir, ledger.Options{Name: name, Interval: 100 * time.Millisecond, Patience: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "log", ".state", "publish.lock")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "log", ".state", "publish.lock"), 0o700); err != nil { // a folder where a file is wanted
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), []byte("unsigned")); err == nil || !strings.Contains(err.Error(), "no checkpoint was written") {
		t.Errorf("got %v", err)
	}
	if l.Check() == nil {
		t.Error("the ledger says that it takes records")
	}
	if err := os.Remove(filepath.Join(dir, "log", ".state", "publish.lock")); err != nil {
		t.Fatal(err)
	}
	closed(t, l)
	l = open(t, dir)
	defer closed(t, l)
	if size, err := l.Size(t.Context()); err != nil || size != 1 {
		t.Errorf("right after it was opened anew, %d records are under a checkpoint, %v; want the one that could not be signed", size, err)
	}
}
