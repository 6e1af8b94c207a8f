//go:build linux

package node

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

var quiet = log.New(io.Discard, "", 0)

// push makes an image of Debian packages, as `make test-node` fetched them into folders of bin/node/debs, and returns what it is
// called in the registry.
func (n *node) push(t *testing.T, called string, command []string, folders ...string) string {
	t.Helper()
	layer, err := layerOf(debs(t, folders))
	if err != nil {
		t.Fatal(err)
	}
	made, err := mutate.Append(empty.Image, mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: "packages of " + strings.Join(folders, ", ")}})
	if err != nil {
		t.Fatal(err)
	}
	file, err := made.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", "amd64"
	file.Config = v1.Config{Entrypoint: command, User: "10001"}
	if made, err = mutate.ConfigFile(made, file); err != nil {
		t.Fatal(err)
	}
	reference, err := name.ParseReference(n.registry + "/" + called)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(reference, made); err != nil {
		t.Fatal(err)
	}
	return reference.String()
}

// debs lists the packages in folders.
func debs(t *testing.T, folders []string) []string {
	t.Helper()
	var all []string
	for _, folder := range folders {
		found, err := filepath.Glob(filepath.Join("..", "..", "bin", "node", "debs", folder, "*.deb"))
		if err != nil || len(found) == 0 {
			t.Fatalf("there are no packages in bin/node/debs/%s; run make test-node", folder)
		}
		all = append(all, found...)
	}
	return all
}

// layerOf lays packages together as dpkg does: their files, and a record of each.
func layerOf(debs []string) (v1.Layer, error) {
	var data, status bytes.Buffer
	out := &layer{Writer: tar.NewWriter(&data), folders: map[string]bool{}}
	for _, deb := range debs {
		record, err := out.unpack(deb)
		if err != nil {
			return nil, fmt.Errorf("unpack %s: %w", filepath.Base(deb), err)
		}
		status.WriteString(record + "\n")
	}
	if err := out.file("var/lib/dpkg/status", status.Bytes()); err != nil {
		return nil, err
	}
	if err := out.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data.Bytes())), nil })
}

// layer is an archive that holds each folder once.
type layer struct {
	*tar.Writer
	folders map[string]bool
}

// unpack adds the files of a package and the list of them, and returns its record.
func (l *layer) unpack(deb string) (record string, err error) {
	files, err := exec.Command("dpkg-deb", "--fsys-tarfile", deb).Output()
	if err != nil {
		return "", err
	}
	var list strings.Builder
	for r := tar.NewReader(bytes.NewReader(files)); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			fmt.Fprintln(&list, path.Clean("/"+h.Name))
			err = l.copy(h, r)
		}
		if err != nil {
			return "", err
		}
	}
	control, err := exec.Command("dpkg-deb", "--field", deb).Output()
	if err != nil {
		return "", err
	}
	first, rest, _ := strings.Cut(string(control), "\n")
	called, ok := strings.CutPrefix(first, "Package: ")
	if !ok {
		return "", errors.New("its control file begins with " + first)
	}
	if strings.Contains(rest, "\nMulti-Arch: same\n") { // of which several may be installed beside each other
		called += ":amd64"
	}
	if err := l.file("var/lib/dpkg/info/"+called+".list", []byte(list.String())); err != nil {
		return "", err
	}
	return first + "\nStatus: install ok installed\n" + rest, nil
}

func (l *layer) copy(h *tar.Header, r io.Reader) error {
	h.Name = strings.TrimPrefix(h.Name, "./")
	if h.Name == "" || strings.HasPrefix(h.Name, "usr/share/doc/") {
		return nil
	}
	if h.Typeflag == tar.TypeDir {
		if l.folders[h.Name] {
			return nil
		}
		l.folders[h.Name] = true
	}
	if err := l.WriteHeader(h); err != nil {
		return err
	}
	_, err := io.Copy(l.Writer, r)
	return err
}

func (l *layer) file(name string, data []byte) error {
	if err := l.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data)), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err := l.Write(data)
	return err
}

// version is that of a package among those that were fetched.
func version(t *testing.T, folder, called string) string {
	t.Helper()
	for _, deb := range debs(t, []string{folder}) {
		if strings.HasPrefix(filepath.Base(deb), called+"_") {
			out, err := exec.Command("dpkg-deb", "-f", deb, "Version").Output()
			if err != nil {
				t.Fatal(err)
			}
			return strings.TrimSpace(string(out))
		}
	}
	t.Fatalf("there is no %s in %s", called, folder)
	return ""
}
