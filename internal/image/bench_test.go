package image

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// incompressible returns bytes that no compression makes fewer, the same in each run.
func incompressible(n int) string {
	var seed [32]byte
	out := make([]byte, n)
	_, _ = rand.NewChaCha8(seed).Read(out)
	return string(out)
}

// prose returns text that compresses about as well as source code does.
func prose(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("func return value error package import const let the of and resource image layer string index export default class this if")
	var out strings.Builder
	for out.Len() < n {
		fmt.Fprintf(&out, "%s_%d ", words[r.IntN(len(words))], r.IntN(1000))
	}
	return out.String()[:n]
}

// largeImage makes an image of 200 MB: a distribution with 400 packages, half of it machine code and half text; 1,000 packages of
// npm with ten files each; and layers in which the distribution's database changes.
func largeImage(b *testing.B) v1.Image {
	b.Helper()
	const mb = 1 << 20
	noise, words := incompressible(40*mb), prose(20*mb)
	puts := []put{text("etc/os-release", debian)}
	var database strings.Builder
	for i := range 400 {
		name := fmt.Sprintf("package-%d", i)
		database.WriteString(status(name, fmt.Sprintf("1.%d-2+deb12u1", i), "Source: source-"+name, "Description: "+words[i*500:i*500+500]))
		var files strings.Builder
		for j := range 40 {
			path := fmt.Sprintf("usr/share/%s/file-%d", name, j)
			fmt.Fprintf(&files, "/%s\n", path)
			if j < 10 {
				at := (i*10 + j) * 4096
				puts = append(puts, text(path, words[at:at+8192]))
			}
		}
		library := fmt.Sprintf("usr/lib/%s.so", name)
		fmt.Fprintf(&files, "/%s\n", library)
		at := i * 90_000
		puts = append(puts, put{name: library, mode: 0o755, content: "\x7fELF" + noise[at:at+180_000]},
			text("var/lib/dpkg/info/"+name+".list", files.String()))
	}
	puts = append(puts, text("var/lib/dpkg/status", database.String()))
	var modules []put
	for i := range 1000 {
		folder := fmt.Sprintf("app/node_modules/module-%d/", i)
		modules = append(modules, text(folder+"package.json", fmt.Sprintf(`{"name":"module-%d","version":"1.0.%d","license":"MIT"}`, i, i)))
		for j := range 9 {
			at := (i*9 + j) * 2000
			modules = append(modules, text(fmt.Sprintf("%slib/file-%d.js", folder, j), words[at:at+7000]))
		}
	}
	more := []put{text("var/lib/dpkg/status", database.String()+status("added", "1"))}
	return imageOf(b, v1.Config{}, layerOf(b, puts...), layerOf(b, modules...), layerOf(b, more...),
		layerOf(b, text("srv/data", noise[:20*mb])))
}

// BenchmarkRead reads the packages of an image of 200 MB.
func BenchmarkRead(b *testing.B) {
	folder := save(b, largeImage(b))
	for b.Loop() {
		got, err := load(b, folder, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if len(got.Packages) != 1401 || len(got.Gaps) > 0 {
			b.Fatalf("%d packages, gaps %v", len(got.Packages), got.Gaps)
		}
		size := int64(0)
		for _, l := range got.Layers {
			size += l.Unpacked
		}
		b.SetBytes(size)
		b.ReportMetric(float64(size)/(1<<20), "MiB")
	}
}
