package objects_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/go-logr/logr"
	"k8s.io/klog/v2"

	"ward.dev/ward/internal/emulator"
	"ward.dev/ward/ledger"
	"ward.dev/ward/ledger/objects"
	"ward.dev/ward/ledger/objects/objectstest"
	"ward.dev/ward/ledger/verify"
)

// TestOpen proves that two servers append to one ledger in a bucket at once, that nothing is lost between them or when it is opened anew,
// that an export proves itself, and that a bucket which was put back to an earlier state is noticed.
func TestOpen(t *testing.T) {
	if testing.Short() {
		t.Skip("starts MariaDB and an emulator of S3; make test runs it")
	}
	klog.SetLogger(logr.Discard()) // Tessera talks
	database, cloud, bucket := objectstest.Database(t), emulator.Start(t), "ledger"
	var config aws.Config
	cloud.Config(&config)
	client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	objectstest.Bucket(t, cloud, bucket, false)
	o := objects.Options{Options: ledger.Options{Name: "ward.test/many"}, Bucket: bucket, Database: database.Name, KeyDir: t.TempDir(), Configure: cloud.Config}
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
	reader, err := objects.OpenReader(t.Context(), objects.Options{Bucket: bucket, KeyDir: second.KeyDir, Configure: cloud.Config})
	if err != nil {
		t.Fatal(err)
	}
	if proved, err := reader.Verify(t.Context(), kept); err != nil || proved.Size != 41 {
		t.Errorf("read without the database: %+v, %v", proved, err)
	}
	stranger := o
	stranger.KeyDir = t.TempDir()
	if _, err := objects.Open(t.Context(), stranger); err == nil || !strings.Contains(err.Error(), "is not in "+stranger.KeyDir) {
		t.Errorf("opened without its key: %v", err)
	}
	elsewhere, err := ledger.Open(t.Context(), stranger.KeyDir, ledger.Options{Name: "ward.test/many"})
	if err != nil || elsewhere.Close(context.Background()) != nil {
		t.Fatal(err)
	}
	if _, err := objects.Open(t.Context(), stranger); err == nil || !strings.Contains(err.Error(), "another key") {
		t.Errorf("opened with another key: %v", err)
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

// TestMends proves that a ledger whose database hangs refuses records and says so, and takes them again when the database is back.
func TestMends(t *testing.T) {
	if testing.Short() {
		t.Skip("starts MariaDB and an emulator of S3; make test runs it")
	}
	klog.SetLogger(logr.Discard())
	database, cloud := objectstest.Database(t), emulator.Start(t)
	objectstest.Bucket(t, cloud, "ledger", false)
	l := open(t, objects.Options{Options: ledger.Options{Name: "ward.test/mends", Patience: 4 * time.Second}, Bucket: "ledger", Database: database.Name,
		KeyDir: t.TempDir(), Configure: cloud.Config})
	if _, err := l.Append(t.Context(), []byte("before")); err != nil {
		t.Fatal(err)
	}
	database.Hang(t)
	if _, err := l.Append(t.Context(), []byte("meanwhile")); err == nil || l.Check() == nil {
		t.Errorf("a record was taken that cannot have been kept: %v, %v", err, l.Check())
	}
	database.Resume(t)
	for attempt := 0; ; attempt++ {
		_, err := l.Append(t.Context(), []byte("after"))
		if err == nil {
			break
		}
		if attempt == 10 {
			t.Fatalf("after the database is back: %v", err)
		}
	}
	if err := l.Check(); err != nil {
		t.Errorf("it takes records and says: %v", err)
	}
	if _, err := l.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if err := l.Close(context.Background()); err != nil {
		t.Error(err)
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
