// Package objects keeps evidence in a bucket of S3 with object lock in compliance mode: until its time comes, nobody can delete it, not
// the administrator of the server and not the root user of the account.
//
// It must not know what evidence means.
package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"ward.dev/ward/internal/evidence"
)

// Options say which bucket.
type Options struct {
	Bucket string
	Prefix string // before all names: "ward/"
	Region string // "" for that of the environment
	// Endpoint is that of something else which speaks S3, "" for AWS.
	Endpoint string
	// Key is the KMS key to encrypt with, "" for what the bucket says.
	Key string
	// Configure changes how clients are made; it may be nil.
	Configure func(*aws.Config)
	Now       func() time.Time
}

// Store is an evidence.Store in a bucket.
type Store struct {
	s3      *s3.Client
	options Options
}

// Open opens a bucket. One without object lock is refused: what is kept there could be deleted.
func Open(ctx context.Context, o Options) (*Store, error) {
	c, err := config.LoadDefaultConfig(ctx, func(l *config.LoadOptions) error { l.Region = o.Region; return nil })
	if err != nil {
		return nil, fmt.Errorf("open the bucket %s: %w", o.Bucket, err)
	}
	if o.Configure != nil {
		o.Configure(&c)
	}
	if o.Endpoint != "" {
		c.BaseEndpoint = &o.Endpoint
	}
	client := s3.NewFromConfig(c, func(s *s3.Options) { s.UsePathStyle = s.BaseEndpoint != nil })
	lock, err := client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &o.Bucket})
	switch {
	case is(err, "ObjectLockConfigurationNotFoundError") ||
		err == nil && lock.ObjectLockConfiguration.ObjectLockEnabled != types.ObjectLockEnabledEnabled:
		return nil, fmt.Errorf("open the bucket %s: it has no object lock, so that evidence in it could be deleted; make a bucket with "+
			"object lock and give its name", o.Bucket)
	case err != nil:
		return nil, fmt.Errorf("open the bucket %s: %w", o.Bucket, err)
	}
	return &Store{client, o}, nil
}

// is tells whether an error is of one of the codes.
func is(err error, codes ...string) bool {
	var reply smithy.APIError
	if !errors.As(err, &reply) {
		return false
	}
	for _, code := range codes {
		if reply.ErrorCode() == code {
			return true
		}
	}
	return false
}

func (s *Store) key(name string) (*string, error) {
	if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\:\x00") {
		return nil, fmt.Errorf("%s is no name for evidence", strconv.Quote(name))
	}
	return aws.String(s.options.Prefix + name), nil
}

// failed says what went wrong with what.
func (s *Store) failed(do, name string, err error) error {
	if is(err, "NoSuchKey", "NotFound") {
		err = fs.ErrNotExist
	}
	return fmt.Errorf("%s %s in the bucket %s: %w", do, name, s.options.Bucket, err)
}

// Put implements evidence.Store.
func (s *Store) Put(ctx context.Context, name string, content []byte, until time.Time) error {
	key, err := s.key(name)
	if err != nil {
		return err
	}
	in := &s3.PutObjectInput{Bucket: &s.options.Bucket, Key: key, Body: bytes.NewReader(content), IfNoneMatch: aws.String("*"),
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256, ObjectLockMode: types.ObjectLockModeCompliance, ObjectLockRetainUntilDate: &until}
	if s.options.Key != "" {
		in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, &s.options.Key
	}
	_, err = s.s3.PutObject(ctx, in)
	if is(err, "PreconditionFailed") {
		return s.Extend(ctx, name, until)
	}
	if err != nil {
		return s.failed("keep", name, err)
	}
	return nil
}

// Extend implements evidence.Store.
func (s *Store) Extend(ctx context.Context, name string, until time.Time) error {
	had, version, err := s.head(ctx, name)
	if err != nil || !had.Before(until) {
		return err
	}
	key, err := s.key(name)
	if err != nil {
		return err
	}
	_, err = s.s3.PutObjectRetention(ctx, &s3.PutObjectRetentionInput{Bucket: &s.options.Bucket, Key: key, VersionId: version,
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		Retention:         &types.ObjectLockRetention{Mode: types.ObjectLockRetentionModeCompliance, RetainUntilDate: &until}})
	if err != nil {
		return s.failed("keep", name, err)
	}
	return nil
}

func (s *Store) head(ctx context.Context, name string) (until time.Time, version *string, err error) {
	key, err := s.key(name)
	if err != nil {
		return until, nil, err
	}
	head, err := s.s3.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.options.Bucket, Key: key})
	if err != nil {
		return until, nil, s.failed("look for", name, err)
	}
	return aws.ToTime(head.ObjectLockRetainUntilDate).UTC(), head.VersionId, nil
}

// Until implements evidence.Store.
func (s *Store) Until(ctx context.Context, name string) (time.Time, error) {
	until, _, err := s.head(ctx, name)
	return until, err
}

// Get implements evidence.Store.
func (s *Store) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	key, err := s.key(name)
	if err != nil {
		return nil, err
	}
	got, err := s.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.options.Bucket, Key: key, ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		return nil, s.failed("read", name, err)
	}
	return got.Body, nil
}

// Delete implements evidence.Store. The bucket itself refuses it, too, before the time has come.
func (s *Store) Delete(ctx context.Context, name string) error {
	until, version, err := s.head(ctx, name)
	if err != nil {
		return err
	}
	if s.options.Now().Before(until) {
		return s.failed("delete", name, fmt.Errorf("%w, until %s", evidence.ErrKept, until.Format(time.DateOnly)))
	}
	key, err := s.key(name)
	if err != nil {
		return err
	}
	if _, err := s.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.options.Bucket, Key: key, VersionId: version}); err != nil {
		return s.failed("delete", name, err)
	}
	return nil
}
