package scope_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ward.dev/ward/internal/scope"
)

const oldList = `provider: aws
source: the provider's page
as_of: 2025-01-01
eligible:
  s3: Amazon Simple Storage Service (Amazon S3)
  kms: AWS Key Management Service
  rds: Amazon RDS, with every engine
  qldb: Amazon Quantum Ledger Database
not_eligible:
  lightsail: Amazon Lightsail
`

func page(items ...string) string {
	var b strings.Builder
	b.WriteString("<html><body><ul><li><a href='/x'>Pricing</a></li></ul><h2>Services</h2><ul>")
	for _, item := range items {
		fmt.Fprintf(&b, "<li><p>%s</p></li>", item)
	}
	return b.String() + "</ul></body></html>"
}

// TestRenew proves that a renewed list keeps the names of known services, tells what came and went, and loads.
func TestRenew(t *testing.T) {
	s, err := scope.LoadServices(fstest.MapFS{"eligible/aws.yaml": {Data: []byte(oldList)}})
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	r, err := s.Renew("aws", strings.NewReader(page("Amazon Simple Storage Service [includes S3 Glacier]", "AWS Key Management Service", "Amazon RDS",
		"Amazon Lightsail", "AWS Clean Rooms")), day)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(r.Added, r.Removed); got != "[AWS Clean Rooms Amazon Lightsail] [Amazon Quantum Ledger Database]" {
		t.Error(got)
	}
	var out bytes.Buffer
	if err := r.Write(&out); err != nil {
		t.Fatal(err)
	}
	again, err := scope.LoadServices(fstest.MapFS{"eligible/aws.yaml": {Data: out.Bytes()}})
	if err != nil {
		t.Fatal(err)
	}
	for service, want := range map[string][2]bool{"s3": {true, true}, "cleanrooms": {true, true}, "lightsail": {true, true}, "qldb": {false, false}} {
		eligible, known, _ := again.Eligible("aws", service)
		if [2]bool{eligible, known} != want {
			t.Errorf("%s: eligible %v, known %v", service, eligible, known)
		}
	}
}

// TestRenewRefuses proves that a page that is not the list changes nothing.
func TestRenewRefuses(t *testing.T) {
	s, err := scope.LoadServices(fstest.MapFS{"eligible/aws.yaml": {Data: []byte(oldList)}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Renew("aws", strings.NewReader(page("Sign in", "Amazon RDS")), time.Now()); err == nil {
		t.Error("a page with one of four services was taken for the list")
	}
}
