package cli_test

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/rogpeppe/go-internal/testscript"
)

// makeImage: image PATH REFERENCE FOLDER...: makes an image with the contents of each folder as a layer, and saves it as a layout
// if the path ends with a slash, else as an archive.
func makeImage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: image PATH REFERENCE FOLDER...")
	}
	made := empty.Image
	for _, folder := range args[2:] {
		data := pack(ts, ts.MkAbs(folder))
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
		ts.Check(err)
		made, err = mutate.Append(made, mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: "COPY " + folder}})
		ts.Check(err)
	}
	file, err := made.ConfigFile()
	ts.Check(err)
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Config = "linux", "amd64", v1.Config{User: "10001"}
	file.Created = v1.Time{Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	made, err = mutate.ConfigFile(made, file)
	ts.Check(err)
	made = mutate.MediaType(mutate.ConfigMediaType(made, types.OCIConfigJSON), types.OCIManifestSchema1)
	digest, err := made.Digest()
	ts.Check(err)
	ts.Setenv("DIGEST", digest.String())
	if strings.HasSuffix(args[0], "/") {
		l, err := layout.Write(ts.MkAbs(args[0]), empty.Index)
		ts.Check(err)
		ts.Check(l.AppendImage(made))
		return
	}
	tag, err := name.NewTag(args[1])
	ts.Check(err)
	ts.Check(tarball.WriteToFile(ts.MkAbs(args[0]), tag, made))
}

func pack(ts *testscript.TestScript, folder string) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	ts.Check(w.AddFS(os.DirFS(folder)))
	ts.Check(w.Close())
	return out.Bytes()
}
