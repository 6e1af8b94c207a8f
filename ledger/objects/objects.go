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
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	tesseraaws "github.com/transparency-dev/tessera/storage/aws"

	"ward.dev/ward/ledger"
)

// Options say where a ledger is.
type Options struct {
	ledger.Options
	Bucket string
	Prefix string // before all names: "ward/"
	Region string // "" for that of the environment
	// Endpoint is that of something else which speaks S3, "" for AWS.
	Endpoint string
	// Database is the data source name of the database, for github.com/go-sql-driver/mysql: "user:password@tcp(host:3306)/name". It holds
	// the order of records that are not in the tree yet, so that losing it loses nothing that was acknowledged.
	Database string
	// KeyDir is a folder with the keys of the ledger, which all its servers share. It may be read-only once the keys are there.
	KeyDir string
	// MemoryDir is a folder for the newest checkpoint that this server knows; "" is KeyDir.
	MemoryDir string
	// Configure changes how clients are made; it may be nil.
	Configure func(*aws.Config)
}

func (o *Options) place() string { return "s3://" + o.Bucket + "/" + o.Prefix }

func (o *Options) config(ctx context.Context) (aws.Config, error) {
	c, err := config.LoadDefaultConfig(ctx, func(l *config.LoadOptions) error { l.Region = o.Region; return nil })
	if err != nil {
		return c, err
	}
	if o.Configure != nil {
		o.Configure(&c)
	}
	if o.Endpoint != "" {
		c.BaseEndpoint = &o.Endpoint
	}
	return c, nil
}

// client sets how a bucket is asked. What comes from it is proved by the ledger, so that a checksum of S3 is not missed.
func client(s *s3.Options) {
	s.UsePathStyle = s.BaseEndpoint != nil
	s.DisableLogOutputChecksumValidationSkipped = true
}

// Open opens a ledger, and makes it if there is none. Checkpoints are signed once in a second, which Tessera takes for the least here.
// A record that could not be written is no end of it: the next one is tried again.
func Open(ctx context.Context, o Options) (*ledger.Ledger, error) {
	if o.Bucket == "" || o.Database == "" || o.KeyDir == "" {
		return nil, errors.New("open the ledger: a bucket, a database and a folder for the keys are wanted")
	}
	o.Interval = max(o.Interval, time.Second)
	if o.MemoryDir == "" {
		o.MemoryDir = o.KeyDir
	}
	for _, dir := range []string{o.KeyDir, o.MemoryDir} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("open the ledger: %w", err)
		}
	}
	c, err := o.config(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the ledger in %s: %w", o.place(), err)
	}
	driver, err := tesseraaws.New(ctx, tesseraaws.Config{SDKConfig: &c, Bucket: o.Bucket, BucketPrefix: o.Prefix, DSN: o.Database, S3Options: client,
		MaxOpenConns: 16, MaxIdleConns: 4})
	if err != nil {
		return nil, fmt.Errorf("open the ledger in %s: %w", o.place(), err)
	}
	place := ledger.Place{Name: o.place(), Log: driver, Memory: ledger.Remember(o.MemoryDir), Close: func() error { return nil },
		Files: &bucket{s3.NewFromConfig(c, client), o.Bucket, o.Prefix}, Mends: true}
	return ledger.OpenAt(ctx, place, o.KeyDir, o.Options)
}

// OpenReader opens a ledger for reading. It needs the public key in KeyDir and the right to read the bucket, no database.
func OpenReader(ctx context.Context, o Options) (*ledger.Reader, error) {
	c, err := o.config(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the ledger in %s: %w", o.place(), err)
	}
	public, err := os.ReadFile(filepath.Join(o.KeyDir, ledger.PublicKey))
	if err != nil {
		return nil, fmt.Errorf("read the ledger in %s: %w", o.place(), err)
	}
	return ledger.ReadFrom(o.place(), public, &bucket{s3.NewFromConfig(c, client), o.Bucket, o.Prefix})
}
