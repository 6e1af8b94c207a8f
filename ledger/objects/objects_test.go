package objects_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/go-logr/logr"
	_ "github.com/go-sql-driver/mysql" // the driver "mysql"
	"k8s.io/klog/v2"

	"ward.dev/ward/internal/emulator"
	"ward.dev/ward/ledger"
	"ward.dev/ward/ledger/objects"
	"ward.dev/ward/ledger/verify"
)

// database starts MariaDB with an empty database and returns its data source name.
func database(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("mariadbd")
	if err != nil {
		program = "/usr/sbin/mariadbd"
	}
	if _, err := os.Stat(program); err != nil {
		t.Skip("there is no MariaDB here (Debian: apt-get install mariadb-server-core)")
	}
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
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
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 600 {
		pool, err := sql.Open("mysql", "root@tcp(127.0.0.1:"+port+")/")
		if err != nil {
			t.Fatal(err)
		}
		_, err = pool.Exec("CREATE DATABASE ledger")
		pool.Close()
		if err == nil {
			return "root@tcp(127.0.0.1:" + port + ")/ledger"
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("MariaDB did not start:\n%s", &talk)
	return ""
}

// TestOpen proves that two servers append to one ledger in a bucket at once, that nothing is lost between them or when it is opened anew,
// that an export proves itself, and that a bucket which was put back to an earlier state is noticed.
func TestOpen(t *testing.T) {
	if testing.Short() {
		t.Skip("starts MariaDB and an emulator of S3; make test runs it")
	}
	klog.SetLogger(logr.Discard()) // Tessera talks
	dsn, cloud, bucket := database(t), emulator.Start(t), "ledger"
	var config aws.Config
	cloud.Config(&config)
	client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket,
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: emulator.Region}})
	if err != nil {
		t.Fatal(err)
	}
	o := objects.Options{Options: ledger.Options{Name: "ward.test/many"}, Bucket: bucket, Database: dsn, KeyDir: t.TempDir(), Config: &config}
	first := open(t, o)
	second := o
	second.KeyDir = t.TempDir()
	if err := os.CopyFS(second.KeyDir, os.DirFS(o.KeyDir)); err != nil {
		t.Fatal(err)
	}
	other := open(t, second)
	var all sync.WaitGroup
	for i, l := range []*ledger.Ledger{first, other} {
		for n := range 20 {
			all.Go(func() {
				if _, err := l.Append(t.Context(), fmt.Appendf(nil, "%d-%d", i, n)); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	kept, err := other.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(first.Close(context.Background()), other.Close(context.Background())); err != nil {
		t.Fatal(err)
	}
	again := open(t, o)
	if _, err := again.Append(t.Context(), []byte("after")); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	var export strings.Builder
	if err := again.Export(t.Context(), &export, 0, -1); err != nil {
		t.Fatal(err)
	}
	_, err = verify.Bundle(strings.NewReader(export.String()), again.Key(), kept, func(r verify.Record) error { found[string(r.Data)] = true; return nil })
	if err != nil || len(found) != 41 {
		t.Errorf("%d records are proved, %v; want 41", len(found), err)
	}
	if err := again.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	key := "checkpoint"
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(string(kept))}); err != nil {
		t.Fatal(err)
	}
	o.Patience = 5 * time.Second
	if l, err := objects.Open(t.Context(), o); err == nil {
		size, _ := l.Size(t.Context())
		_ = l.Close(context.Background())
		if size < 41 {
			t.Error("a bucket was opened that was put back to an earlier state")
		}
	}
}

func open(t *testing.T, o objects.Options) *ledger.Ledger {
	t.Helper()
	l, err := objects.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
