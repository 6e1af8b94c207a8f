// Package objects keeps a ledger in a bucket of S3, with MySQL or MariaDB to agree on the order of records, by Tessera's driver for AWS. Any
// number of servers may append to one such ledger at once.
//
// It must not know what records mean.
package objects

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	tesseraaws "github.com/transparency-dev/tessera/storage/aws"

	"ward.dev/ward/ledger"
)

// Options say where a ledger is.
type Options struct {
	ledger.Options
	Bucket string
	Prefix string // before all names
	// Database is the data source name of the database, for github.com/go-sql-driver/mysql: "user:password@tcp(host:3306)/name". It holds
	// the order of records that are not in the tree yet, so that losing it loses nothing that was acknowledged.
	Database string
	// KeyDir is a folder with the keys of the ledger, which all its servers share, and with the newest checkpoint that this server knows.
	KeyDir string
	// Config is how S3 is reached; nil is what the environment says.
	Config *aws.Config
}

// Open opens a ledger, and makes it if there is none. Checkpoints are signed once in a second, which Tessera takes for the least here.
func Open(ctx context.Context, o Options) (*ledger.Ledger, error) {
	if o.Bucket == "" || o.Database == "" || o.KeyDir == "" {
		return nil, errors.New("open the ledger: a bucket, a database and a folder for the keys are wanted")
	}
	o.Interval = max(o.Interval, time.Second)
	if err := os.MkdirAll(o.KeyDir, 0o700); err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	name := "s3://" + o.Bucket + "/" + o.Prefix
	driver, err := tesseraaws.New(ctx, tesseraaws.Config{SDKConfig: o.Config, Bucket: o.Bucket, BucketPrefix: o.Prefix, DSN: o.Database,
		S3Options: func(s *s3.Options) { s.UsePathStyle = s.BaseEndpoint != nil }, MaxOpenConns: 16, MaxIdleConns: 4})
	if err != nil {
		return nil, fmt.Errorf("open the ledger in %s: %w", name, err)
	}
	place := ledger.Place{Name: name, Log: driver, Memory: ledger.Remember(o.KeyDir), Close: func() error { return nil }}
	return ledger.OpenAt(ctx, place, o.KeyDir, o.Options)
}
