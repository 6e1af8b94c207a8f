// Package bench keeps the benchmarks that the project promises: reading and judging code, judging a large estate, and
// starting. `make bench` runs them. Absolute times depend on the machine; ratios and sizes are what to compare.
package bench

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/assess"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/cli"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/scope"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/terraform"
	"ward.dev/ward/internal/wire"
)

func load(tb testing.TB) (*catalog.Catalog, *scope.Services) {
	tb.Helper()
	c, err := catalog.Load(builtin.Files)
	if err != nil {
		tb.Fatal(err)
	}
	services, err := scope.LoadServices(builtin.Files)
	if err != nil {
		tb.Fatal(err)
	}
	return c, services
}

func judge(tb testing.TB, c *catalog.Catalog, services *scope.Services, inv *inventory.Inventory) *assessment.Assessment {
	tb.Helper()
	a, err := assess.Assess(context.Background(), assess.Request{Catalog: c, Framework: c.Framework("hipaa-security-rule"),
		Inventory: inv, Services: services, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// unit is a part of a made-up estate of 30 lines, with references within it.
const unit = `
resource "aws_kms_key" "k%[1]d" {
  description         = "unit %[1]d"
  enable_key_rotation = %[1]d %% 2 == 0
}

resource "aws_s3_bucket" "b%[1]d" {
  bucket = "${var.prefix}-%[1]d"
  tags   = merge(local.tags, { unit = "%[1]d" })
}

resource "aws_s3_bucket_server_side_encryption_configuration" "b%[1]d" {
  bucket = aws_s3_bucket.b%[1]d.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.k%[1]d.arn
    }
  }
}

resource "aws_security_group" "g%[1]d" {
  name = "g%[1]d"
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = var.ranges
  }
}
`

const header = `
variable "prefix" {}
variable "ranges" { default = ["10.0.0.0/8"] }
locals { tags = { data = "phi" } }
`

// repository writes a Terraform repository of about so many lines.
func repository(tb testing.TB, lines int) string {
	tb.Helper()
	dir := tb.TempDir()
	per := strings.Count(unit, "\n")
	var b strings.Builder
	b.WriteString(header)
	for i := range lines / per {
		fmt.Fprintf(&b, unit, i)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(b.String()), 0o600); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// asTheProgram sets the collector as cmd/ward does.
func asTheProgram(tb testing.TB) {
	tb.Helper()
	cli.Pace()
}

func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkTerraform reads and judges 3,000 lines; promised: under 100 ms of CPU after start.
func BenchmarkTerraform(b *testing.B) {
	asTheProgram(b)
	c, services := load(b)
	dir := repository(b, 3000)
	b.ResetTimer()
	start := cpu()
	for range b.N {
		reading, err := terraform.Directory{}.Read(context.Background(), dir, source.Options{})
		if err != nil {
			b.Fatal(err)
		}
		judge(b, c, services, mapping.Map(c.Kinds, []source.Reading{reading}))
	}
	b.ReportMetric(float64((cpu()-start).Milliseconds())/float64(b.N), "cpu-ms/op")
}

// estate repeats the catalog's own examples, a mix of all kinds, until there are n resources.
func estate(tb testing.TB, c *catalog.Catalog, n int) *inventory.Inventory {
	tb.Helper()
	samples, err := c.Samples(wire.ReadText)
	if err != nil {
		tb.Fatal(err)
	}
	all := make([]*resource.Resource, 0, n)
	for i := 0; len(all) < n; i++ {
		sample := samples[i%len(samples)]
		if i < len(samples) {
			all = append(all, sample)
			continue
		}
		copied := *sample
		copied.ID = fmt.Sprintf("%s#%d", sample.ID, i)
		copied.Address = fmt.Sprintf("%s[%d]", sample.Address, i)
		all = append(all, &copied)
	}
	return inventory.New([]inventory.Target{{Kind: "terraform", Name: "estate", Resources: n}}, all, nil, nil)
}

// BenchmarkEstate judges 100,000 resources of mixed kinds by the whole catalog; promised: under 5 s on 2 cores and under
// 1 GiB.
func BenchmarkEstate(b *testing.B) {
	asTheProgram(b)
	c, services := load(b)
	inv := estate(b, c, 100_000)
	b.ResetTimer()
	start := cpu()
	for range b.N {
		a := judge(b, c, services, inv)
		b.ReportMetric(float64(len(a.Findings)), "findings")
	}
	b.ReportMetric(float64((cpu()-start).Milliseconds())/float64(b.N), "cpu-ms/op")
	b.ReportMetric(peak(), "peak-MiB")
}

// peak is the largest resident size of the process so far, in MiB.
func peak() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return float64(usage.Maxrss) / 1024
}

// built is where the program is, once build has made it; TestMain removes it.
var built string

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		os.RemoveAll(filepath.Dir(built))
	}
	os.Exit(code)
}

// build makes the program, once for all tests and benchmarks: to link it takes as long as several assessments.
func build(tb testing.TB) string {
	tb.Helper()
	if built != "" {
		return built
	}
	dir, err := os.MkdirTemp("", "ward-bench-")
	if err != nil {
		tb.Fatal(err)
	}
	program := filepath.Join(dir, "ward")
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, "ward.dev/ward/cmd/ward") // as make build does
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		os.RemoveAll(dir)
		tb.Fatal(err)
	}
	built = program
	return built
}

// BenchmarkStart starts the program with the whole catalog compiled; promised: first output under 150 ms.
func BenchmarkStart(b *testing.B) {
	program := build(b)
	b.ResetTimer()
	for range b.N {
		if err := exec.Command(program, "version").Run(); err != nil {
			b.Fatal(err)
		}
	}
}

// TestLinear proves that ten times the resources cost about ten times the work and not a hundred times. The two are measured side by
// side, since what else the machine does slows the larger more, which fits no cache: one quiet pair out of a few tells.
func TestLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while; make test runs it")
	}
	asTheProgram(t)
	c, services := load(t)
	few, many := estate(t, c, 5_000), estate(t, c, 50_000)
	measure := func(inv *inventory.Inventory) time.Duration {
		runtime.GC()
		start := cpu()
		judge(t, c, services, inv)
		return cpu() - start
	}
	least := math.Inf(1)
	for range 5 {
		small, large := measure(few), measure(many)
		ratio := float64(large) / float64(small)
		t.Logf("5,000: %v, 50,000: %v, ratio %.1f", small, large, ratio)
		if least = min(least, ratio); least <= 14 {
			return
		}
	}
	if least > 20 {
		t.Errorf("ten times the resources cost %.1f times the time", least)
	}
}
