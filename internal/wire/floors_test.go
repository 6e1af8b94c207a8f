package wire_test

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// floors lists every package with its floor. Imports go strictly down, so that a package can be read without those above it.
var floors = map[string]int{
	"catalog":                                 0,
	"examples":                                0,
	"internal/access":                         0,
	"internal/assessment":                     0,
	"internal/certificate":                    0,
	"internal/chart":                          0,
	"internal/citation":                       0,
	"internal/clamd":                          0,
	"internal/emulator":                       0,
	"internal/image/imagetest":                0,
	"internal/notify/delivery":                0,
	"internal/rpmdb":                          0,
	"internal/software":                       0,
	"internal/state":                          0,
	"internal/testcluster":                    0,
	"internal/value":                          0,
	"internal/yamlfile":                       0,
	"ledger/verify":                           0,
	"test/browser":                            0,
	"cmd/ward-verify":                         1,
	"internal/clamd/clamdtest":                1,
	"internal/dated":                          1,
	"internal/decode":                         1,
	"internal/installed":                      1,
	"internal/notify/delivery/deliverytest":   1,
	"internal/record":                         1,
	"internal/sbom":                           1,
	"internal/state/statetest":                1,
	"internal/vulndb":                         1,
	"ledger":                                  1,
	"internal/image":                          2,
	"internal/kind":                           2,
	"internal/record/recordtest":              2,
	"internal/register":                       2,
	"internal/sheet":                          2,
	"internal/web":                            2,
	"ledger/objects":                          2,
	"ledger/objects/objectstest":              1,
	"internal/account":                        3,
	"internal/api":                            3,
	"internal/estate":                         3,
	"internal/framework":                      3,
	"internal/grants":                         3,
	"internal/image/registry":                 3,
	"internal/image/signature":                3,
	"internal/owners":                         3,
	"internal/resource":                       3,
	"internal/source/aws/rest":                3,
	"internal/activity":                       4,
	"internal/evidence":                       4,
	"internal/inventory":                      4,
	"internal/manifest":                       4,
	"internal/manifest/terraform":             4,
	"internal/rbac":                           4,
	"internal/rule":                           4,
	"internal/source":                         4,
	"internal/source/aws/rest/artifact":       4,
	"internal/source/aws/rest/medicalimaging": 4,
	"internal/source/aws/rest/omics":          4,
	"internal/source/tree":                    4,
	"internal/activity/journal":               5,
	"internal/activity/receiver":              5,
	"internal/backup":                         5,
	"internal/check":                          5,
	"internal/evidence/objects":               5,
	"internal/evidence/storetest":             5,
	"internal/mapping":                        5,
	"internal/notify":                         5,
	"internal/snapshot":                       5,
	"internal/source/aws":                     5,
	"internal/source/cloudformation":          5,
	"internal/source/cluster":                 5,
	"internal/source/image":                   5,
	"internal/source/kubernetes":              5,
	"internal/source/terraform":               5,
	"internal/access/federation":              6,
	"internal/admission/export":               6,
	"internal/catalog":                        6,
	"internal/config":                         6,
	"internal/source/cluster/mirror":          6,
	"internal/source/provision":               6,
	"internal/evidence/contents":              7,
	"internal/governance":                     7,
	"internal/scope":                          7,
	"internal/assess":                         8,
	"internal/baseline":                       8,
	"internal/phimap":                         8,
	"internal/report":                         8,
	"internal/admission":                      9,
	"internal/diff":                           9,
	"internal/drift":                          9,
	"internal/guard":                          9,
	"internal/knowledge":                      9,
	"internal/report/csvreport":               9,
	"internal/report/html":                    9,
	"internal/report/jsonreport":              9,
	"internal/report/junit":                   9,
	"internal/report/markdown":                9,
	"internal/report/oscal":                   9,
	"internal/report/reporttest":              9,
	"internal/report/sarif":                   9,
	"internal/report/text":                    9,
	"internal/waste":                          9,
	"internal/admission/images":               10,
	"internal/admission/webhook":              10,
	"internal/governance/ssp":                 10,
	"internal/history":                        10,
	"internal/history/historytest":            10,
	"internal/wire":                           10,
	"internal/assessor":                       12,
	"internal/pages/dashboard":                13,
	"internal/pages/decisions":                13,
	"internal/pages/estates":                  13,
	"internal/pages/notices":                  13,
	"internal/pages/people":                   13,
	"internal/pages/proof":                    13,
	"internal/serve":                          14,
	"internal/cli":                            15,
	"cmd/ward":                                16,
	"internal/bench":                          16,
	"deploy":                                  17,
	"test/node":                               17,
}

// barred lists what a package must not import, and why.
var barred = map[string]map[string]string{
	"internal/rule":                  {"os": "a rule is pure", "net": "a rule is pure", "net/http": "a rule is pure", "os/exec": "a rule is pure"},
	"internal/check":                 {"os": "a check is pure", "net": "a check is pure", "net/http": "a check is pure", "os/exec": "a check is pure"},
	"internal/decode":                {"os": "a decoder is pure", "net/http": "a decoder is pure"},
	"internal/mapping":               {"os": "mapping reads blocks, not files"},
	"internal/assessment":            {"os": "plain data"},
	"internal/admission/export":      {"os": "a policy is compiled of data", "net/http": "a policy is compiled of data", "os/exec": "a policy is compiled of data"},
	"internal/manifest":              {"os": "an object is turned into a block", "net/http": "an object is turned into a block"},
	"internal/admission":             {"os": "it decides on what it is told", "net": "package webhook answers"},
	"internal/manifest/terraform":    {"os": "a block is turned into an object", "net/http": "a block is turned into an object"},
	"internal/source/provision":      {"os": "it takes what readers made", "net/http": "readers use no network", "os/exec": "readers run nothing"},
	"internal/source/kubernetes":     {"net/http": "readers use no network", "os/exec": "readers run nothing"},
	"internal/activity":              {"os": "events are data", "net/http": "only package receiver uses the network"},
	"internal/activity/receiver":     {"os": "it hands on what it takes"},
	"internal/register":              {"os": "registers are data", "net/http": "registers are data"},
	"internal/governance":            {"net/http": "only pages answer requests"},
	"internal/rpmdb":                 {"os": "it reads bytes", "net/http": "it reads bytes", "os/exec": "it reads bytes"},
	"internal/installed":             {"os": "it reads bytes", "net/http": "it reads bytes", "os/exec": "it reads bytes"},
	"internal/sbom":                  {"os": "it reads bytes", "net/http": "it reads bytes", "os/exec": "it reads bytes"},
	"internal/image":                 {"net/http": "only package registry uses the network", "os/exec": "readers run nothing"},
	"internal/image/signature":       {"net/http": "only package registry uses the network", "os": "it reads what it is given", "os/exec": "it runs nothing"},
	"internal/source/terraform":      {"net/http": "readers use no network", "os/exec": "readers run nothing"},
	"internal/source/cloudformation": {"net/http": "readers use no network", "os/exec": "readers run nothing"},
}

// clockless packages answer the same at any time: they are given the time of the assessment.
var clockless = []string{"rule", "check", "decode", "mapping", "assess", "catalog", "scope", "config", "knowledge", "vulndb", "image/signature"}

// TestClock proves that what judges reads no clock.
func TestClock(t *testing.T) {
	for _, name := range clockless {
		files, err := filepath.Glob(filepath.Join(root, "internal", name, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", name, len(files), err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(file, "_test.go") && strings.Contains(string(data), "time.Now(") {
				t.Errorf("%s reads the clock", file)
			}
		}
	}
}

const module = "ward.dev/ward/"

// TestFloors proves that imports go strictly down and that nothing reaches what it is barred from.
func TestFloors(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	seen := 0
	for {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		name := strings.TrimPrefix(p.ImportPath, module)
		floor, ok := floors[name]
		if !ok {
			t.Errorf("%s has no floor; add it to the table", name)
		}
		for _, imported := range p.Imports {
			if why := barred[name][imported]; why != "" {
				t.Errorf("%s imports %s: %s", name, imported, why)
			}
			below, ours := strings.CutPrefix(imported, module)
			if ours && floors[below] >= floor {
				t.Errorf("%s (floor %d) imports %s (floor %d); imports go down", name, floor, below, floors[below])
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d packages were seen", seen)
	}
}
