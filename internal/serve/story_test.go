package serve

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/playwright-community/playwright-go"
	"github.com/pquerna/otp/totp"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/evidence"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/ledger"
	"ward.dev/ward/test/browser"
)

// settingsOf are those of a server for a test.
func settingsOf(t *testing.T, dir string) Settings {
	t.Helper()
	s, err := Load("", dir, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start runs a server until stop is called, which returns what Run did.
func start(t *testing.T, settings Settings) (s *Server, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s, err := Open(ctx, settings, "test", io.Discard)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-ended
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return s, stop
}

// story is people at work with a server.
type story struct {
	t       *testing.T
	browser *browser.Browser
	base    string
	first   string            // the link of the first administrator
	secrets map[string]string // of one-time codes
}

const password = "Correct-Horse-Battery-9"

var (
	secretText = regexp.MustCompile(`\b[A-Z2-7]{32}\b`)
	setupLink  = regexp.MustCompile(`/setup/[\w-]{20,}`)
)

// join has somebody begin with a link: a name, a password, a second factor.
func (s *story) join(link, name, email string) *browser.Visit {
	s.t.Helper()
	v := s.browser.Visit(browser.Desk)
	v.Open(s.base + link)
	if link == s.first { // those who are invited have a name and an address already
		v.Fill("Name", name)
		v.Fill("E-mail", email)
	}
	v.Fill("New password", password)
	v.Fill("New password once more", password)
	v.Press("Go on")
	text, err := v.Locator("main").InnerText()
	if err != nil {
		s.t.Fatal(err)
	}
	secret := secretText.FindString(text)
	s.secrets[email] = secret
	v.Fill("Code", s.code(email, time.Now()))
	v.Press("Confirm")
	v.Sees("Keep your recovery codes")
	v.Follow("I have kept them")
	v.Sees("Sign out")
	return v
}

func (s *story) code(email string, at time.Time) string {
	s.t.Helper()
	code, err := totp.GenerateCode(s.secrets[email], at)
	if err != nil {
		s.t.Fatalf("the secret of %s is %q: %v", email, s.secrets[email], err)
	}
	return code
}

// signIn signs somebody in with a password and the code that comes next, since one is taken once.
func (s *story) signIn(email string) *browser.Visit {
	s.t.Helper()
	v := s.browser.Visit(browser.Desk)
	v.Open(s.base + "/")
	v.Fill("E-mail", email)
	v.Fill("Password", password)
	v.Press("Sign in")
	v.Fill("Code", s.code(email, time.Now().Add(30*time.Second)))
	v.Press("Go on")
	v.Sees("Sign out")
	return v
}

// invite has an administrator invite somebody, and returns the link to hand over.
func (s *story) invite(admin *browser.Visit, name, email string) string {
	s.t.Helper()
	admin.Open(s.base + "/people")
	admin.Fill("Name", name)
	admin.Fill("E-mail", email)
	admin.Tick(`input[name=roles][value=compliance]`)
	admin.Press("Invite")
	text, err := admin.Content()
	if err != nil {
		s.t.Fatal(err)
	}
	link := setupLink.FindString(text)
	if link == "" {
		s.t.Fatalf("there is no link for %s on %s", name, admin.URL())
	}
	return link
}

// assessed waits until an estate has so many assessments.
func (s *story) assessed(server *Server, id string, runs int64) {
	s.t.Helper()
	for range 1800 {
		jobs, err := server.estates.Jobs(context.Background(), id, 1)
		if err != nil {
			s.t.Fatal(err)
		}
		if len(jobs) > 0 && jobs[0].State == estate.Failed {
			s.t.Fatalf("the assessment failed: %s", jobs[0].Fault)
		}
		if len(jobs) > 0 && jobs[0].Run >= runs {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.t.Fatalf("%s was not assessed %d times", id, runs)
}

// TestStory proves that three people who begin with nothing get to their first assessment, attest, except and approve, see what changed, and
// take a report away; that all of it is in a ledger which verifies, with evidence; and that who leaves is signed out.
func TestStory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute in a browser; make test runs it")
	}
	ctx := context.Background()
	settings := settingsOf(t, t.TempDir())
	server, stop := start(t, settings)
	link, err := server.FirstLink(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s := &story{t, browser.Open(t), server.Origin(), link, map[string]string{}}

	ada := s.join(link, "Ada", "ada@example.org")
	if again, err := server.FirstLink(ctx); err != nil || again != "" {
		t.Errorf("a second link for the first administrator: %q, %v", again, err)
	}
	ada.Open(s.base + "/")
	ada.Sound("start")
	ada.Press("Assess the example")
	const id = "example-clinic"
	s.assessed(server, id, 1)

	s.join(s.invite(ada, "Bea", "bea@example.org"), "Bea", "bea@example.org")
	bea := s.signIn("bea@example.org")
	bea.Open(s.base + "/?estate=" + id)
	bea.Sees("Needs a person")
	bea.Sound("overview of the first assessment")
	s.attest(bea, id, statementOf(t, server))
	s.except(bea, id)
	bea.Open(s.base + "/decisions/exception/EX-1")
	bea.Sees("second person")
	cy := s.join(s.invite(ada, "Cy", "cy@example.org"), "Cy", "cy@example.org")
	cy.Open(s.base + "/decisions/exception/EX-1")
	cy.Press("Approve")
	cy.Sees("End it")

	ada.Open(s.base + "/estates/" + id)
	ada.Press("Assess it now")
	s.assessed(server, id, 2)
	bea.Open(s.base + "/?estate=" + id)
	if n, err := bea.Locator("main svg").Count(); err != nil || n == 0 {
		t.Errorf("there is no trend after the second assessment: %d, %v", n, err)
	}
	bea.Sound("overview of the second assessment")
	s.report(cy, id)
	s.proved(server, id)

	if err := stop(); err != nil {
		t.Fatal(err)
	}
	settings.Sessions.Idle = time.Second
	server, _ = start(t, settings)
	s.base = server.Origin()
	time.Sleep(1500 * time.Millisecond)
	bea.Open(s.base + "/?estate=" + id)
	if !strings.Contains(bea.URL(), "/sign-in") {
		t.Errorf("who was away is led to %s, want the sign-in", bea.URL())
	}
}

// attest answers a statement of the framework that nobody has answered.
func (s *story) attest(v *browser.Visit, id, statement string) {
	s.t.Helper()
	v.Open(s.base + "/decisions/attestation/new?id=" + statement + "&estate=" + id)
	if _, err := v.Locator("select[name=answer]").SelectOption(playwright.SelectOptionValues{Values: &[]string{"yes"}}); err != nil {
		s.t.Fatal(err)
	}
	v.Fill("Who answers for it", "Bea")
	v.Press("Save")
	v.Press("Attest")
	v.Sees("Attested")
}

// except proposes an exception for a finding of the example.
func (s *story) except(v *browser.Visit, id string) {
	s.t.Helper()
	v.Open(s.base + "/decisions/exception/new?check=aws.s3.bucket.encrypts-with-kms&resource=terraform:aws_s3_bucket.letters&estate=" + id)
	v.Fill("What it is about", "Letters")
	v.Fill("Owner", "Dan")
	v.Fill("Reason", "It is moved in spring.")
	v.Fill("What is done instead (if it applies)", "Two may read it.")
	v.Fill("Last day", time.Now().AddDate(0, 3, 0).Format(time.DateOnly))
	v.Press("Save")
	v.Press("Propose")
	v.Sees("second person")
}

// statementOf is the first statement that the framework asks for.
func statementOf(t *testing.T, server *Server) string {
	t.Helper()
	for _, safeguard := range server.framework.Safeguards {
		for _, a := range safeguard.Attestations {
			return a.ID
		}
	}
	t.Fatal("the framework asks for no statement")
	return ""
}

// report takes the report away and looks whether the decisions are in it.
func (s *story) report(v *browser.Visit, id string) {
	s.t.Helper()
	reply, err := v.Context().Request().Get(s.base + "/report?estate=" + id + "&format=json")
	if err != nil {
		s.t.Fatal(err)
	}
	body, err := reply.Body()
	if err != nil || reply.Status() != http.StatusOK {
		s.t.Fatalf("the report: %d, %v", reply.Status(), err)
	}
	var a assessment.Assessment
	if err := json.Unmarshal(body, &a); err != nil {
		s.t.Fatal(err)
	}
	attested, excepted := 0, 0
	for _, safeguard := range a.Safeguards {
		for _, one := range safeguard.Attestations {
			if one.Owner == "Bea" && one.State == "in date" {
				attested++
			}
		}
	}
	for _, f := range a.Findings {
		if f.Exception == "exception/EX-1" { // ward.yaml of the example has an EX-1 of its own
			excepted++
		}
	}
	if attested == 0 || excepted != 1 || len(a.Findings) < 100 {
		s.t.Errorf("the report holds %d attestations of Bea, %d findings that EX-1 excepts, and %d findings", attested, excepted, len(a.Findings))
	}
}

// proved looks whether all of it is in the ledger, which verifies, and whether the evidence is whole.
func (s *story) proved(server *Server, id string) {
	s.t.Helper()
	ctx := context.Background()
	for kind, verbs := range map[record.Kind][]string{record.SignIn: {"sign in"}, record.Decision: {"attest", "approve"}, record.Assessment: {"assess"},
		record.Configuration: {"create"}} {
		rows, err := server.keeper.Find(ctx, record.Wanted{Kinds: []record.Kind{kind}, Limit: 500})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, verb := range verbs {
			found := 0
			for _, r := range rows {
				if strings.Contains(r.Verb, verb) {
					found++
				}
			}
			if found == 0 {
				s.t.Errorf("no record tells of %q", verb)
			}
		}
	}
	if _, err := server.ledger.Verify(ctx, nil); err != nil {
		s.t.Errorf("the ledger: %v", err)
	}
	bundles, err := server.evidence.Find(ctx, evidence.Wanted{Estate: id})
	if err != nil || len(bundles) != 2 {
		s.t.Fatalf("%d bundles of evidence, %v; want one of each assessment", len(bundles), err)
	}
	for _, b := range bundles {
		if err := server.evidence.Check(ctx, b); err != nil {
			s.t.Errorf("evidence %s: %v", b.Digest, err)
		}
		if _, there, err := server.evidence.Record(ctx, b); err != nil || !there {
			s.t.Errorf("no record tells of evidence %s: %v", b.Digest, err)
		}
	}
}

// TestOne proves that a second server on a data directory ends with an error that says what to do, and harms nothing.
func TestOne(t *testing.T) {
	dir := t.TempDir()
	first, _ := start(t, settingsOf(t, dir))
	_, err := Open(context.Background(), settingsOf(t, dir), "test", io.Discard)
	if err == nil || !strings.Contains(err.Error(), ledger.ErrBusy.Error()) {
		t.Errorf("a second server: %v", err)
	}
	if err := first.keeper.Ready(); err != nil {
		t.Errorf("the first server: %v", err)
	}
}
