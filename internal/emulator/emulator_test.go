package emulator_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"ward.dev/ward/internal/emulator"
)

func TestCreate(t *testing.T) {
	cloud := emulator.Start(t)
	file := filepath.Join(t.TempDir(), "create.py")
	program := `def create(client):
    client("s3").create_bucket(Bucket="one", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    print("noise")
    return {"aws.s3.bucket": {"right": "one"}}
`
	if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	made := cloud.Create(t, file)[0]
	if right := made["aws.s3.bucket"].(map[string]any)["right"]; right != "one" {
		t.Errorf("create returned %v", made)
	}
	var c aws.Config
	cloud.Config(&c)
	out, err := s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true }).ListBuckets(context.Background(), nil)
	if err != nil || len(out.Buckets) != 1 {
		t.Errorf("the emulator lists %v, %v", out, err)
	}
}

func TestNone(t *testing.T) {
	t.Setenv("WARD_MOTO", filepath.Join(t.TempDir(), "moto_server"))
	t.Setenv("CI", "")
	var skipped bool
	t.Run("skips", func(t *testing.T) {
		defer func() { skipped = t.Skipped() }()
		emulator.Start(t)
	})
	if !skipped {
		t.Error("a test without an emulator was not skipped")
	}
}
