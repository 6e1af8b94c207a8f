package reporttest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schema compiles a published schema that is not part of the project: from the folder that the environment variable
// WARD_SHARED names, or from a folder shared/schemas beside the checkout. Without it the test is skipped, saying so.
func Schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	path := find(name)
	if path == "" {
		t.Skipf("schemas/%s is neither under $WARD_SHARED nor in a folder named shared beside the checkout", name)
	}
	s, err := jsonschema.NewCompiler().Compile(path)
	if err != nil {
		t.Fatalf("compile %s: %v", name, err)
	}
	return s
}

func find(name string) string {
	if dir := os.Getenv("WARD_SHARED"); dir != "" {
		if path := filepath.Join(dir, "schemas", name); exists(path) {
			return path
		}
		return ""
	}
	dir, err := os.Getwd()
	for err == nil && filepath.Dir(dir) != dir {
		if path := filepath.Join(dir, "shared", "schemas", name); exists(path) {
			return path
		}
		dir = filepath.Dir(dir)
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Validate fails the test if the document does not fit the schema.
func Validate(t *testing.T, s *jsonschema.Schema, document []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatalf("the output is not JSON: %v", err)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("the output does not fit its schema: %v", err)
	}
}
