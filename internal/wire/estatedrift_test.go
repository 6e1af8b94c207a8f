package wire_test

import (
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/drift"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/terraform"
	"ward.dev/ward/internal/waste"
)

// undeclared are those that are in the account and not in the estate's code, by kind, address and name.
var undeclared = map[string]string{
	`^aws.acm.certificate |^aws.cloudwatch.log_group .*:estate-flows|^aws.iam.role .*/estate-(glue|lambda) |^aws.s3.bucket .*:estate-(config|redshift-logs) `://
	"what the resources of the estate need",
	`^aws.ec2.security_group .* (tasks|estate-lambda)$|^aws.elb.load_balancer .*/estate-scaled |^aws.sqs.queue .*:estate-sns(-dead)? `://
	"what the resources of the estate need",
	`^aws.(directoryservice|workspaces).directory `:                                        "the desktops need one, which code cannot give them a name for",
	`^aws.organizations.organization `:                                                     "the policies need one, and code gives it no name",
	`^aws.ec2.security_group .* (default_elb_.*|d-.*_controllers|d-.*_workspacesMembers)$`: "AWS makes them for balancers and directories, and says so only in their names",
	`^aws.ec2.network_interface `:                                                          "the emulator does not say that file systems and directories keep them",
}

// drift compares all Terraform of the estate with the account, as ward diff --snapshot does. They say the same, so nothing may
// differ and nothing be missing but for the emulator's sake.
func (j *estateJudge) drift(t *testing.T, folders []string, differs map[asked]string) {
	code := j.declared(t, folders)
	live := mapping.Map(j.catalog.Kinds, j.account)
	services := map[string]string{} // of what is declared, by kind and address
	for _, r := range code.Resources {
		services[r.Kind.Name+" "+r.Address] += " " + r.Target
	}
	used := map[asked]bool{}
	excused := func(kind, address, attribute string) bool {
		for _, service := range strings.Fields(services[kind+" "+address]) {
			q := asked{service, kind + "." + attribute, address[strings.LastIndex(address, ".")+1:]}
			if used[q] = true; differs[q] != "" {
				return true
			}
		}
		return false
	}
	d := drift.Of(code, live)
	for _, p := range d.Differing {
		for _, one := range p.Differences {
			if !excused(p.Kind, p.Code, one.Attribute) {
				t.Errorf("%s: %s of %s is %v in code and %v in the account", p.Kind, one.Attribute, p.Code, one.Code, one.Live)
			}
		}
	}
	for _, i := range d.Missing {
		if !excused(i.Kind, i.Address, "name") {
			t.Errorf("%s %s is there and was not found", i.Kind, i.Address)
		}
	}
	for q := range differs {
		if j.catalog.Check(q.check) == nil && !used[q] {
			t.Errorf("%s: %s of %s does not differ and is said to", q.service, q.check, q.label)
		}
	}
	j.surplus(t, d, live)
	t.Logf("%d pairs are the same, %d differ because of the emulator; %d have no names in code", d.Same, len(d.Differing), len(d.Unclear))
	if d.Same == 0 {
		t.Error("nothing was compared")
	}
}

func (j *estateJudge) declared(t *testing.T, folders []string) *inventory.Inventory {
	var code []source.Reading
	for _, folder := range folders {
		if !(terraform.Directory{}).Detect(folder) {
			continue
		}
		reading, err := terraform.Directory{}.Read(context.Background(), folder, source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		reading.Name = filepath.Base(folder)
		code = append(code, reading)
	}
	return mapping.Map(j.catalog.Kinds, code)
}

// surplus proves that what runs is in the code, or may be, or is there for a reason.
func (j *estateJudge) surplus(t *testing.T, d *drift.Drift, live *inventory.Inventory) {
	names := map[string]string{}
	for _, r := range live.Resources {
		names[r.Address], _ = r.Get("name").AsString()
	}
	for _, i := range d.Undeclared {
		known := i.Why != "" // it may be one whose name the code does not tell
		for pattern := range undeclared {
			known = known || regexp.MustCompile(pattern).MatchString(i.Kind+" "+i.Address+" "+names[i.Address])
		}
		if excuse := i.Kind == "aws.iam.policy" && names[i.Address] == ""; !known && !excuse {
			t.Errorf("%s %s %s is said to be in no code", i.Kind, i.Address, names[i.Address])
		}
	}
}

// unused are the resources of the estate that nothing uses, by check.
var unused = map[string]int{
	"aws.ebs.volume.is-attached":            2, // those of the instances are in use
	"aws.elb.load_balancer.has-instances":   3,
	"aws.elbv2.load_balancer.has-targets":   2,
	"aws.ec2.network_interface.is-attached": 4,
	"aws.ebs.snapshot.belongs-to-something": 0,
	"aws.ec2.address.is-attached":           0,
	"aws.ec2.nat_gateway.is-used":           0,
}

// waste judges the account as ward waste --snapshot does.
func (j *estateJudge) waste(t *testing.T) {
	prices, err := waste.LoadPrices(builtin.Files)
	if err != nil {
		t.Fatal(err)
	}
	w := waste.Of(j.catalog, mapping.Map(j.catalog.Kinds, j.account), prices, time.Now())
	found, volumes := map[string]int{}, map[string]bool{}
	for _, i := range w.Items {
		found[i.Check]++
		volumes[i.Resource.Address[strings.LastIndex(i.Resource.Address, "/")+1:]] = true
		if i.Monthly == nil {
			t.Errorf("%s: the cost of %s is not known: %s", i.Check, i.Resource.Address, i.Why)
		}
	}
	for _, c := range j.catalog.Checks {
		if want, ok := unused[c.ID]; c.Waste != "" && (!ok || found[c.ID] != want) {
			t.Errorf("%s: %d are not used, want %d", c.ID, found[c.ID], want)
		}
	}
	made, _ := j.made["ebs"]["aws.ebs.volume"].(map[string]any)
	for label, id := range made {
		if id, _ := id.(string); !volumes[id[strings.LastIndex(id, "/")+1:]] {
			t.Errorf("the %s volume, %s, is attached to nothing and was not found", label, id)
		}
	}
	for _, u := range w.Unknown {
		t.Errorf("%s: %s: %s", u.Check, u.Address, u.Reason)
	}
}
