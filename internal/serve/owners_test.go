package serve

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/wire"
)

const owned = `
owners:
  - {owner: BEA@example.org, addresses: "*letters"}
  - {owner: archive, tags: {team: archive}}
  - {owner: clinical, phi: "yes"}
  - {owner: databases, kinds: aws.rds.*}
  - {owner: network, paths: "network/**"}
phi: {tags: {data: phi}}
`

var ownedCode = map[string]string{
	"main.tf": `
resource "aws_s3_bucket" "letters" { bucket = "letters" }
resource "aws_s3_bucket" "old" {
  bucket = "old"
  tags   = { team = "archive", data = "phi" }
}
resource "aws_s3_bucket" "charts" {
  bucket = "charts"
  tags   = { data = "phi" }
}
resource "aws_s3_bucket" "open" {
  bucket = "open"
  tags   = { team = var.team }
}
variable "team" { type = string }
resource "aws_db_instance" "db" { engine = "postgres" }
`,
	"network/vpc.tf": "resource \"aws_vpc\" \"v\" { cidr_block = \"10.0.0.0/16\" }\n",
	"ward.yaml":      owned,
}

// TestOwners proves that the first rule that matches says who answers, that an address is the account that has it, that a tag which is not known
// matches nothing, that what is assigned on the server goes before rules and is taken back to them, and that reports tell the same.
func TestOwners(t *testing.T) {
	dir := t.TempDir()
	for name, text := range ownedCode {
		path := filepath.Join(dir, "town", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server, _ := start(t, settingsOf(t, t.TempDir()))
	ctx := access.With(context.Background(), access.Actor{ID: "ada", Name: "ada", Roles: []access.Role{access.Administrator, access.Compliance}})
	link, err := server.FirstLink(ctx)
	if err != nil {
		t.Fatal(err)
	}
	signUp(t, server, link, "Bea", "bea@example.org")
	people, err := server.people.List(ctx, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	bea := people[0].ID
	e, err := server.estates.Create(ctx, estate.Estate{Name: "Town", Sources: []estate.Source{{Type: estate.Folder, Path: filepath.Join(dir, "town")}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.estates.Want(ctx, e.ID, "demand"); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if runs, err := server.history.Runs(ctx, e.ID, 0, 1); err == nil && len(runs) > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it is not assessed")
		}
	}
	if gaps, err := server.history.Gaps(ctx, e.ID, 0); err != nil || len(gaps) > 0 {
		t.Fatalf("gaps %+v, %v", gaps, err)
	}
	owners := func() map[string]string {
		t.Helper()
		all, err := server.history.Findings(ctx, e.ID, 0, history.Filter{}, "", 500)
		if err != nil {
			t.Fatal(err)
		}
		of := map[string]string{}
		for _, f := range all.Items {
			name := f.Address[strings.LastIndexByte(f.Address, ':')+1:]
			if strings.HasPrefix(name, "aws_") {
				of[name] = f.Owner
			}
		}
		return of
	}
	want := map[string]string{"aws_s3_bucket.letters": bea, "aws_s3_bucket.old": "archive", "aws_s3_bucket.charts": "clinical", "aws_s3_bucket.open": "",
		"aws_db_instance.db": "databases", "aws_vpc.v": "network"}
	if diff := cmp.Diff(want, owners()); diff != "" {
		t.Error(diff)
	}
	assign := func(owner string) {
		t.Helper()
		address := "aws_db_instance.db"
		if err := server.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
			return server.history.Assign(ctx, tx, e.ID, history.Scope{Address: address}, owner, time.Now())
		}); err != nil {
			t.Fatal(err)
		}
	}
	assign("ada")
	if got := owners()["aws_db_instance.db"]; got != "ada" {
		t.Errorf("what was assigned is %q", got)
	}
	a, err := server.reassemble(ctx, e.ID, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := inReport(t, a); got["aws_s3_bucket.letters"] != "bea@example.org" || got["aws_db_instance.db"] != "ada" || got["network:aws_vpc.v"] != "network" || got["aws_s3_bucket.open"] != "" {
		t.Errorf("the report tells %v", got)
	}
	assign("")
	if got := owners()["aws_db_instance.db"]; got != "databases" {
		t.Errorf("taken back, it is %q", got)
	}
}

// inReport are the owners that a report in CSV tells.
func inReport(t *testing.T, a *assessment.Assessment) map[string]string {
	t.Helper()
	w, err := wire.Writer("csv")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := w.Write(&out, a, report.Options{}); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	of := map[string]string{}
	for _, row := range rows[1:] {
		of[row[column["address"]]] = row[column["owner"]]
	}
	return of
}

// TestCallOwners proves that messages call a person by address, and a team as it is called.
func TestCallOwners(t *testing.T) {
	changes := &history.Changes{Worse: []history.Change{{Item: history.Item{ID: "1", Owner: "01a2"}, After: assessment.Fail},
		{Item: history.Item{ID: "2", Owner: "databases"}, After: assessment.Fail}, {Item: history.Item{ID: "3"}, After: assessment.Fail}}}
	events := eventsOf(estate.Estate{ID: "town"}, changes, nil)
	callOwners(events, map[string]string{"01a2": "bea@example.org"})
	var got []string
	for _, e := range events {
		got = append(got, e.Owner)
	}
	if diff := cmp.Diff([]string{"bea@example.org", "databases", ""}, got); diff != "" {
		t.Error(diff)
	}
}
