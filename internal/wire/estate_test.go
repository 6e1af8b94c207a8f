package wire_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/assess"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/emulator"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/scope"
	"ward.dev/ward/internal/snapshot"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/cloudformation"
	"ward.dev/ward/internal/source/terraform"
	"ward.dev/ward/internal/wire"
	"ward.dev/ward/internal/yamlfile"
)

// The estate is written three times, service by service: as Terraform, as a template, and as calls to the AWS API. For each
// kind it has one resource that is right and one that is wrong.
const estates = "internal/source/aws/testdata/estate"

// asked is one question of the estate: a check about its right or its wrong resource of a kind.
type asked struct{ service, check, label string }

// differing says where an emulator cannot hold what the code says, so that the answers to a check, or what the code and the
// account say of an attribute, must differ.
type differing struct {
	Check     string `yaml:"check"`
	Attribute string `yaml:"attribute"` // "aws.ecs.service.exec.enabled"
	Label     string `yaml:"label"`
	Why       string `yaml:"why"`
}

// TestEstate proves that one rule means the same in code and in an account: wherever several places can answer, the answers
// agree; what code and account say alike is no drift; and what is not used is found. WARD_ESTATE=s3 keeps to one service.
func TestEstate(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(root, estates, cmp.Or(os.Getenv("WARD_ESTATE"), "*")))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no estates: %v", err)
	}
	c := loaded(t)
	j := &estateJudge{t: t, catalog: c, made: map[string]map[string]any{}}
	aws := emulator.Start(t)
	programs := make([]string, len(folders))
	for i, folder := range folders {
		programs[i] = filepath.Join(folder, "create.py")
	}
	for i, made := range aws.Create(t, programs...) {
		j.made[filepath.Base(folders[i])] = made
	}
	answers := map[string]map[asked]assessment.Status{"terraform": {}, "cloudformation": {}, "aws": {}}
	for _, folder := range folders {
		service := filepath.Base(folder)
		j.code(answers["terraform"], service, terraform.Directory{}, folder)
		j.code(answers["cloudformation"], service, cloudformation.Templates{}, filepath.Join(folder, "template.yaml"))
	}
	j.account = j.snapshot(aws)
	j.live(answers["aws"])
	differs := j.differing(folders)
	j.compare(answers, differs)
	t.Run("drift", func(t *testing.T) { j.drift(t, folders, differs) })
	if os.Getenv("WARD_ESTATE") == "" {
		t.Run("waste", j.waste)
	}
}

type estateJudge struct {
	t       *testing.T
	catalog *catalog.Catalog
	made    map[string]map[string]any // by service, then by kind: what is called right and wrong
	account []source.Reading
}

// code reads one telling of a service and adds its answers. Labels are the ends of addresses: aws_s3_bucket.right, BucketRight.
func (j *estateJudge) code(into map[asked]assessment.Status, service string, reader source.Reader, path string) {
	if _, err := os.Stat(path); err != nil || !reader.Detect(path) {
		return // not every service can be written in every way
	}
	reading, err := reader.Read(context.Background(), path, source.Options{})
	if err != nil {
		j.t.Fatal(err)
	}
	for _, gap := range reading.Gaps {
		j.t.Errorf("%s: %s: %s", service, gap.What, gap.Reason)
	}
	j.judge(into, mapping.Map(j.catalog.Kinds, []source.Reading{reading}), func(f *assessment.Finding) (string, string) {
		for _, label := range []string{"right", "wrong"} {
			if strings.HasSuffix(strings.ToLower(f.Resource.Address), label) {
				return service, label
			}
		}
		return "", ""
	})
}

// snapshot collects what the emulator holds, into a file and out of it again.
func (j *estateJudge) snapshot(aws *emulator.AWS) []source.Reading {
	aws.Setenv(j.t)
	options := wire.AWSOptions{Regions: []string{emulator.Region}, NoOtherRegions: true, Attempts: 1, Configure: aws.Config}
	if os.Getenv("WARD_ESTATE") != "" { // of one service only what its kinds need
		needed := map[string]bool{}
		for _, kinds := range j.made {
			for name := range kinds {
				j.need(name, needed)
			}
		}
		options.Kinds = func(name string) bool { return needed[name] }
	}
	path := filepath.Join(j.t.TempDir(), "estate.snapshot")
	file, err := snapshot.Create(path, snapshot.Head{Ward: "test", Begun: time.Now()})
	if err != nil {
		j.t.Fatal(err)
	}
	_, err = wire.CollectAWS(context.Background(), options, file)
	if err := errors.Join(err, file.Seal()); err != nil {
		j.t.Fatal(err)
	}
	written, err := os.Open(path)
	if err != nil {
		j.t.Fatal(err)
	}
	defer written.Close()
	kept, err := snapshot.Read(written)
	if err != nil {
		j.t.Fatal(err)
	}
	return kept.Readings
}

// live adds the answers of the account. Its labels are what create.py called them.
func (j *estateJudge) live(into map[asked]assessment.Status) {
	inv := mapping.Map(j.catalog.Kinds, j.account)
	labels := map[string][2]string{}
	for service, kinds := range j.made {
		for kindName, called := range kinds {
			called, _ := called.(map[string]any)
			for label, name := range called {
				id := resourceCalled(inv, j.catalog.Kind(kindName), fmt.Sprint(name))
				if id == "" {
					j.t.Errorf("%s: the %s %s, %v, was not found in the account", service, label, kindName, name)
				}
				labels[id] = [2]string{service, label}
			}
		}
	}
	j.judge(into, inv, func(f *assessment.Finding) (string, string) {
		return labels[f.Resource.ID][0], labels[f.Resource.ID][1]
	})
}

// need adds a kind and those that its places lead to.
func (j *estateJudge) need(name string, needed map[string]bool) {
	k := j.catalog.Kind(name)
	if k == nil || needed[name] {
		return
	}
	needed[name] = true
	for _, other := range k.Needs("aws") {
		j.need(other, needed)
	}
}

// resourceCalled finds the one resource of a kind whose address or name is a text, or ends with it.
func resourceCalled(inv *inventory.Inventory, k *kind.Kind, name string) string {
	ends := ""
	for _, r := range inv.Resources {
		if r.Kind != k {
			continue
		}
		called, _ := r.Get("name").AsString()
		if r.Address == name || called == name {
			return r.ID
		}
		if strings.HasSuffix(r.Address, "/"+name) || strings.HasSuffix(r.Address, ":"+name) {
			ends = r.ID
		}
	}
	return ends
}

func (j *estateJudge) judge(into map[asked]assessment.Status, inv *inventory.Inventory, label func(*assessment.Finding) (service, label string)) {
	services, err := scope.LoadServices(builtin.Files)
	if err != nil {
		j.t.Fatal(err)
	}
	a, err := assess.Assess(context.Background(), assess.Request{Catalog: j.catalog, Framework: j.catalog.Frameworks[0],
		Inventory: inv, Services: services, Now: time.Now()})
	if err != nil {
		j.t.Fatal(err)
	}
	for i := range a.Findings {
		f := &a.Findings[i]
		if service, label := label(f); label != "" && !strings.HasPrefix(f.Check, assess.AnyKind+".") {
			into[asked{service, f.Check, label}] = f.Status
		}
	}
}

func (j *estateJudge) differing(folders []string) map[asked]string {
	all := map[asked]string{}
	for _, folder := range folders {
		path := filepath.Join(folder, "differs.yaml")
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		var list []differing
		if err := yamlfile.Decode(path, data, &list); err != nil {
			j.t.Fatal(err)
		}
		for _, d := range list {
			if d.Why == "" || (d.Check == "") == (d.Attribute == "") {
				j.t.Errorf("%s: %v: a check or an attribute is wanted, and why", path, d)
			}
			all[asked{filepath.Base(folder), cmp.Or(d.Check, d.Attribute), d.Label}] = d.Why
		}
	}
	return all
}

// compare proves that definite answers agree, and lists the questions that only one place can answer.
func (j *estateJudge) compare(answers map[string]map[asked]assessment.Status, differs map[asked]string) {
	every := map[asked]bool{}
	for _, some := range answers {
		for q := range some {
			every[q] = true
		}
	}
	agree, differ, alone := 0, 0, map[string]int{}
	for _, q := range slices.SortedFunc(maps.Keys(every), func(a, b asked) int {
		return cmp.Or(cmp.Compare(a.service, b.service), cmp.Compare(a.check, b.check), cmp.Compare(a.label, b.label))
	}) {
		said := map[assessment.Status][]string{}
		for _, place := range slices.Sorted(maps.Keys(answers)) {
			if status := answers[place][q]; status != "" && status != assessment.Unknown {
				said[status] = append(said[status], place)
			}
		}
		places := slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Values(said))...)))
		_, expected := differs[q]
		switch {
		case len(said) > 1 && expected:
			differ++
		case len(said) > 1:
			j.t.Errorf("%s: %s of the %s one: %v", q.service, q.check, q.label, said)
		case len(said) == 1 && len(places) > 1:
			agree++
			if expected {
				j.t.Errorf("%s: %s of the %s one agrees and is said to differ", q.service, q.check, q.label)
			}
		case len(places) == 1:
			alone[places[0]]++
			j.t.Logf("only %s answers: %s of the %s one", places[0], q.check, q.label)
		}
	}
	j.t.Logf("%d questions agree; %d differ because of the emulator; answered in one place only: %v", agree, differ, alone)
	if agree == 0 {
		j.t.Error("nothing was compared")
	}
}
