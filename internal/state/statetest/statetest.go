// Package statetest gives tests a state of their own in each of the databases that Ward runs on, a real PostgreSQL among them.
package statetest

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ward.dev/ward/internal/state"
)

// Each runs a test on SQLite and on PostgreSQL.
func Each(t *testing.T, test func(t *testing.T, db *state.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// SQLite opens a new state in a file.
func SQLite(tb testing.TB) *state.DB {
	tb.Helper()
	return open(tb, state.Place{Dir: tb.TempDir()})
}

// Postgres opens a new database of a server that the tests of one package share.
func Postgres(tb testing.TB) *state.DB {
	tb.Helper()
	return open(tb, state.Place{URL: PostgresURL(tb)})
}

func open(tb testing.TB, p state.Place) *state.DB {
	tb.Helper()
	db, err := state.Open(context.Background(), p)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

// PostgresURL makes a new database and returns its URL.
func PostgresURL(tb testing.TB) string {
	tb.Helper()
	if testing.Short() {
		tb.Skip("starts PostgreSQL; make test runs it")
	}
	s := Server(tb)
	name := fmt.Sprintf("ward%d", databases.Add(1))
	pool, err := sql.Open("pgx", s.URL("postgres"))
	if err != nil {
		tb.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec("CREATE DATABASE " + name); err != nil {
		tb.Fatal(err)
	}
	return s.URL(name)
}

const owner = "ward"

var (
	databases atomic.Int64
	shared    *PostgresServer
	starting  sync.Mutex
)

// PostgresServer is a server of its own with nothing in it. It ends with the test program.
type PostgresServer struct {
	bin, dir, port string
	credential     *syscall.Credential
	hold           *os.File // the server stops when this is closed
	process        *exec.Cmd
}

// Server returns the server that all tests of one program share.
func Server(tb testing.TB) *PostgresServer {
	tb.Helper()
	starting.Lock()
	defer starting.Unlock()
	if shared == nil {
		dir, err := os.MkdirTemp("", "ward-postgres-")
		if err != nil {
			tb.Fatal(err)
		}
		shared = Start(tb, dir)
	}
	return shared
}

// Start makes a server in an empty folder. The folder is removed when the test program ends.
func Start(tb testing.TB, dir string) *PostgresServer {
	tb.Helper()
	s := &PostgresServer{bin: programs(tb), dir: dir, port: freePort(tb)}
	if os.Geteuid() == 0 { // which initdb refuses to run as
		s.credential = someone(tb)
		if err := os.Chown(dir, int(s.credential.Uid), int(s.credential.Gid)); err != nil {
			tb.Fatal(err)
		}
	}
	s.run(tb, "initdb", "-D", filepath.Join(dir, "data"), "-U", owner, "-A", "trust", "--no-sync", "-E", "UTF8")
	s.Resume(tb)
	return s
}

// Resume starts a server that Stop has stopped.
func (s *PostgresServer) Resume(tb testing.TB) {
	tb.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		tb.Fatal(err)
	}
	// The shell waits for the pipe to close, as it does when the test program ends in whatever way, and leaves nothing behind then;
	// a word on the pipe has it keep the data.
	const script = `"$0" -D "$1/data" -k "$1" -h 127.0.0.1 -p "$2" -c fsync=off -c max_connections=200 >>"$1/log" 2>&1 &
read -r word; kill -QUIT $!; wait; [ "$word" = keep ] || rm -rf "$1"`
	s.process = s.command("sh", "-c", script, filepath.Join(s.bin, "postgres"), s.dir, s.port)
	s.process.Stdin, s.hold = read, write
	if err := s.process.Start(); err != nil {
		tb.Fatal(err)
	}
	read.Close()
	for range 600 {
		if pool, err := sql.Open("pgx", s.URL("postgres")); err == nil {
			err = pool.Ping()
			pool.Close()
			if err == nil {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	tb.Fatalf("PostgreSQL did not start:\n%s", log)
}

// Stop stops the server at once, as a power cut would, and keeps its data.
func (s *PostgresServer) Stop(tb testing.TB) {
	tb.Helper()
	if _, err := s.hold.WriteString("keep\n"); err != nil {
		tb.Fatal(err)
	}
	if err := s.process.Wait(); err != nil {
		tb.Fatal(err)
	}
}

// Close stops the server and removes its folder. One that nobody closes ends with the test program, or when nothing refers to it any more.
func (s *PostgresServer) Close() { s.hold.Close() }

// URL leads to a database of the server.
func (s *PostgresServer) URL(database string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%s/%s?sslmode=disable", owner, s.port, database)
}

func (s *PostgresServer) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir = s.dir
	c.Env = append(os.Environ(), "PGPORT="+s.port, "LC_ALL=C")
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.credential, Setpgid: true}
	return c
}

func (s *PostgresServer) run(tb testing.TB, name string, args ...string) {
	tb.Helper()
	if out, err := s.command(filepath.Join(s.bin, name), args...).CombinedOutput(); err != nil {
		tb.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// programs is the folder of the newest PostgreSQL there is.
func programs(tb testing.TB) string {
	tb.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		tb.Fatal("there is no PostgreSQL here; make setup installs it (Debian: apt-get install postgresql)")
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1])
}

// someone is a user without rights that the server runs as if the tests run as root.
func someone(tb testing.TB) *syscall.Credential {
	tb.Helper()
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	tb.Fatal("neither the user postgres nor nobody is there to run PostgreSQL")
	return nil
}

func freePort(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}
