// Package objectstest gives tests what a ledger in a bucket needs: MariaDB, and buckets of the emulator of AWS. Only tests import it.
package objectstest

import (
	"database/sql"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	_ "github.com/go-sql-driver/mysql" // the driver "mysql"

	"ward.dev/ward/internal/emulator"
)

// MariaDB is a running database.
type MariaDB struct {
	// Name is its data source name, for github.com/go-sql-driver/mysql.
	Name    string
	process *os.Process
}

// Database starts MariaDB with an empty database, and stops it when the test ends. Without MariaDB the test is skipped, in CI it fails.
func Database(tb testing.TB) *MariaDB {
	tb.Helper()
	program, err := exec.LookPath("mariadbd")
	if err != nil {
		program = "/usr/sbin/mariadbd"
	}
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("CI") != "" {
			tb.Fatal(err)
		}
		tb.Skip("there is no MariaDB here (Debian: apt-get install mariadb-server-core)")
	}
	dir := tb.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	args := []string{"--no-defaults", "--datadir=" + dir, "--socket=" + filepath.Join(dir, "s"), "--port=" + port, "--bind-address=127.0.0.1",
		"--skip-grant-tables", "--innodb-buffer-pool-size=16M", "--pid-file=" + filepath.Join(dir, "pid")}
	if os.Geteuid() == 0 {
		args = append(args, "--user=root")
	}
	cmd := exec.Command(program, args...)
	var talk strings.Builder
	cmd.Stderr = &talk
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 600 {
		pool, err := sql.Open("mysql", "root@tcp(127.0.0.1:"+port+")/")
		if err != nil {
			tb.Fatal(err)
		}
		_, err = pool.Exec("CREATE DATABASE ledger")
		pool.Close()
		if err == nil {
			return &MariaDB{Name: "root@tcp(127.0.0.1:" + port + ")/ledger", process: cmd.Process}
		}
		time.Sleep(100 * time.Millisecond)
	}
	tb.Fatalf("MariaDB did not start:\n%s", &talk)
	return nil
}

// Hang has the database answer nothing until Resume, as if the network to it were cut.
func (m *MariaDB) Hang(tb testing.TB) { m.signal(tb, syscall.SIGSTOP) }

// Resume has it answer again.
func (m *MariaDB) Resume(tb testing.TB) { m.signal(tb, syscall.SIGCONT) }

func (m *MariaDB) signal(tb testing.TB, s syscall.Signal) {
	tb.Helper()
	if err := m.process.Signal(s); err != nil {
		tb.Fatal(err)
	}
}

// Bucket makes a bucket, with object lock or without.
func Bucket(tb testing.TB, cloud *emulator.AWS, name string, lock bool) {
	tb.Helper()
	var config aws.Config
	cloud.Config(&config)
	client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	_, err := client.CreateBucket(tb.Context(), &s3.CreateBucketInput{Bucket: &name, ObjectLockEnabledForBucket: &lock,
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: emulator.Region}})
	if err != nil {
		tb.Fatal(err)
	}
}
