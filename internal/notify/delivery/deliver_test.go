package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ward.dev/ward/internal/notify/delivery/deliverytest"
)

const (
	signing = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	named   = "aws_s3_bucket.jane-doe-scans"
)

// sample is a message as a storm makes it; detail has it name resources.
func sample(detail bool) Message {
	g := Group{Key: "k1", Kind: "finding", Sentence: "98 new failing findings", Title: "Buckets <b>refuse</b> *public* access",
		Check: "aws.s3.bucket.private", Citations: []string{"164.312(a)(1)"}, Severity: "critical", Estate: "Clinic", Count: 98, PHI: 40,
		Link: "https://ward.example.org/findings?check=x"}
	if detail {
		g.Resources = []string{named}
	}
	return Message{ID: "0192f000-0000-7000-8000-000000000001", Sort: News, Title: "Clinic: 100 new failing findings", Link: "https://ward.example.org/",
		Groups: []Group{g}, MoreGroups: 2, MoreEvents: 2, Count: 100}
}

func post(t *testing.T, r *deliverytest.Receiver) *Post {
	t.Helper()
	guard, err := NewGuard([]string{"127.0.0.0/8"}, false)
	if err != nil {
		t.Fatal(err)
	}
	return NewPost(guard, r.TLS(), time.Now)
}

// secrets of a channel of each kind that leads to a receiver.
func secretOf(k Kind, url string) string {
	switch k {
	case Slack, Teams:
		return url + "/hook"
	case Webhook:
		return signing
	}
	return "secret-token"
}

func channelOf(k Kind, url string) Channel {
	c := Channel{ID: "c1", Name: "channel", Kind: k}
	switch k {
	case Email:
		c.Host, c.From, c.To = "127.0.0.1", "Ward <ward@example.org>", []string{"ops@example.org", "sec@example.org"}
	case Slack, Teams:
	case Jira:
		c.URL, c.Project, c.User = url, "OPS", "ann@example.org"
	case GitHub:
		c.URL, c.Project = url, "clinic/infra"
	default:
		c.URL = url
	}
	return c
}

// TestNoNames proves that every kind of channel is told what happened, and no resource by name unless the message holds it.
func TestNoNames(t *testing.T) {
	for _, kind := range Kinds {
		for _, detail := range []bool{false, true} {
			t.Run(fmt.Sprint(kind, detail), func(t *testing.T) {
				r := deliverytest.NewReceiver(t)
				r.Answer = func(w http.ResponseWriter, _ deliverytest.Request) { fmt.Fprint(w, `{"number": 7, "key": "OPS-7"}`) }
				c, secret := channelOf(kind, r.URL), secretOf(kind, r.URL)
				var box *deliverytest.Mailbox
				if kind == Email {
					box = deliverytest.NewMailbox(t, r, "starttls", "", "")
					c.Port, secret = box.Port, ""
				}
				if _, err := post(t, r).Send(context.Background(), c, secret, sample(detail)); err != nil {
					t.Fatal(err)
				}
				var all string
				for _, request := range r.Took() {
					all += fmt.Sprint(request.Header) + request.Body
				}
				if box != nil {
					all = strings.ReplaceAll(fmt.Sprint(box.Took()), "=\r\n", "")
				}
				if !strings.Contains(all, "100 new failing findings") || !strings.Contains(all, "98 new failing findings") ||
					!strings.Contains(all, "164.312(a)(1)") {
					t.Errorf("it does not tell what happened: %s", all)
				}
				if has := strings.Contains(strings.NewReplacer(`\\_`, "_").Replace(all), named); has != detail {
					t.Errorf("it names the resource: %v, want %v: %s", has, detail, all)
				}
			})
		}
	}
}

// TestMail proves that mail goes out encrypted and signed in, to all readers, under one id, and not at all where that cannot be had.
func TestMail(t *testing.T) {
	r := deliverytest.NewReceiver(t)
	p := post(t, r)
	send := func(security string, c Channel, password string) ([]deliverytest.Letter, error) {
		box := deliverytest.NewMailbox(t, r, security, "ward", "correct horse")
		c.Port = box.Port
		_, err := p.Send(context.Background(), c, password, sample(false))
		return box.Took(), err
	}
	c := channelOf(Email, "")
	c.User = "ward"
	for _, security := range []string{"starttls", "tls"} {
		c.Security = security
		letters, err := send(security, c, "correct horse")
		if err != nil || len(letters) != 1 || !letters[0].TLS || letters[0].User != "ward" || len(letters[0].To) != 2 ||
			letters[0].From != "ward@example.org" {
			t.Fatalf("%s: %v, %+v", security, err, letters)
		}
		for _, want := range []string{"Message-ID: <" + sample(false).ID + "@example.org>", "Auto-Submitted: auto-generated",
			"Subject: [Ward] Clinic: 100 new failing findings"} {
			if !strings.Contains(letters[0].Text, want) {
				t.Errorf("%s: no %q in %s", security, want, letters[0].Text)
			}
		}
	}
	var fault *Fault
	c.Security = "starttls"
	if letters, err := send("none", c, "correct horse"); !errors.As(err, &fault) || !fault.Final || len(letters) != 0 {
		t.Errorf("a server without TLS: %v, %v", err, letters)
	}
	if letters, err := send("starttls", c, "wrong"); !errors.As(err, &fault) || !fault.Final || len(letters) != 0 ||
		strings.Contains(fault.Text, "wrong") {
		t.Errorf("a wrong password: %v, %v", err, letters)
	}
	p = post(t, deliverytest.NewReceiver(t))
	p.tls.RootCAs = nil
	if letters, err := send("starttls", c, "correct horse"); !errors.As(err, &fault) || len(letters) != 0 {
		t.Errorf("a certificate of nobody: %v, %v", err, letters)
	}
	c.Security, c.Host = "none", "mail.example.org"
	if _, err := p.Send(context.Background(), c, "x", sample(false)); !errors.As(err, &fault) || !fault.Final {
		t.Errorf("mail without TLS over the network: %v", err)
	}
}

// TestMailRefused proves which refusals of a mail server are worth another attempt.
func TestMailRefused(t *testing.T) {
	r := deliverytest.NewReceiver(t)
	box := deliverytest.NewMailbox(t, r, "starttls", "", "")
	c := channelOf(Email, "")
	c.Port = box.Port
	for code, final := range map[int]bool{451: false, 554: true} {
		box.Refuse(code)
		var fault *Fault
		if _, err := post(t, r).Send(context.Background(), c, "", sample(false)); !errors.As(err, &fault) || fault.Final != final {
			t.Errorf("%d: %+v, want final %v", code, err, final)
		}
	}
}

// TestWebhook proves that a receiver which uses the library of the specification takes the signature, and none that is of another body,
// id or key.
func TestWebhook(t *testing.T) {
	r := deliverytest.NewReceiver(t)
	if _, err := post(t, r).Send(context.Background(), channelOf(Webhook, r.URL+"/in?a=b"), signing, sample(false)); err != nil {
		t.Fatal(err)
	}
	got := r.Took()[0]
	if got.Path != "/in?a=b" || got.Header.Get("Webhook-Id") != sample(false).ID || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("request %+v", got)
	}
	verifier, err := standardwebhooks.NewWebhook(signing)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.Verify([]byte(got.Body), got.Header); err != nil {
		t.Error(err)
	}
	if verifier.Verify([]byte(got.Body+" "), got.Header) == nil {
		t.Error("another body is taken")
	}
	other, err := standardwebhooks.NewWebhook("whsec_" + strings.Repeat("A", 32))
	if err != nil {
		t.Fatal(err)
	}
	if other.Verify([]byte(got.Body), got.Header) == nil {
		t.Error("the signature of another key is taken")
	}
	got.Header.Set("Webhook-Id", "another")
	if verifier.Verify([]byte(got.Body), got.Header) == nil {
		t.Error("another id is taken")
	}
}

// TestFaults proves what is made of answers: whether to try again, when, and that no error holds a secret.
func TestFaults(t *testing.T) {
	r := deliverytest.NewReceiver(t)
	p := post(t, r)
	for _, c := range []struct {
		status int
		after  string
		final  bool
		wait   time.Duration
	}{
		{200, "", false, 0}, {204, "", false, 0}, {400, "", true, 0}, {401, "", true, 0}, {404, "", true, 0}, {410, "", true, 0},
		{429, "120", false, 2 * time.Minute}, {403, "60", false, time.Minute}, {403, "", true, 0}, {500, "", false, 0},
		{503, "999999999", false, maxAfter}, {503, "-5", false, 0}, {302, "", true, 0},
	} {
		r.Answer = func(w http.ResponseWriter, _ deliverytest.Request) {
			if c.after != "" {
				w.Header().Set("Retry-After", c.after)
			}
			w.WriteHeader(c.status)
			if c.status != 204 {
				fmt.Fprint(w, "no, and here is what you sent: /hook")
			}
		}
		_, err := p.Send(context.Background(), channelOf(Slack, ""), r.URL+"/hook", sample(false))
		if c.status < 300 {
			if err != nil {
				t.Errorf("%d: %v", c.status, err)
			}
			continue
		}
		var fault *Fault
		if !errors.As(err, &fault) || fault.Final != c.final || fault.After != c.wait || strings.Contains(fault.Text, "hook") {
			t.Errorf("%d: %+v, want final %v after %v", c.status, fault, c.final, c.wait)
		}
	}
}

// TestGuard proves that no channel leads to what is not public: by address, by name, or by a redirect; nor without TLS.
func TestGuard(t *testing.T) {
	guard, err := NewGuard([]string{"10.0.5.0/24", "fd00::7"}, false)
	if err != nil {
		t.Fatal(err)
	}
	for address, ok := range map[string]bool{
		"93.184.215.14": true, "2606:2800:21f:cb07::1": true, "10.0.5.9": true, "fd00::7": true, "::ffff:10.0.5.9": true,
		"127.0.0.1": false, "::1": false, "10.0.6.9": false, "192.168.1.1": false, "172.16.0.1": false, "169.254.169.254": false, "fe80::1": false,
		"fd00::8": false, "0.0.0.0": false, "::": false, "224.0.0.1": false, "100.64.1.1": false, "::ffff:127.0.0.1": false,
		"::ffff:169.254.169.254": false, "64:ff9b::a00:609": false, "2002:a00:609::1": false, "255.255.255.255": false,
	} {
		if err := guard.Check(netip.MustParseAddr(address)); (err == nil) != ok {
			t.Errorf("%s: %v, want it let through: %v", address, err, ok)
		}
	}
	r := deliverytest.NewReceiver(t)
	closed := NewPost(guard, r.TLS(), time.Now)
	port := r.URL[strings.LastIndex(r.URL, ":"):]
	for _, url := range []string{r.URL, "https://localhost" + port, "https://[::1]" + port, "https://127.1" + port, "https://2130706433" + port} {
		if _, err := closed.Send(context.Background(), channelOf(Webhook, url), signing, sample(false)); err == nil {
			t.Errorf("%s is reached", url)
		}
	}
	c := channelOf(Email, "")
	c.Port = deliverytest.NewMailbox(t, r, "starttls", "", "").Port
	if _, err := closed.Send(context.Background(), c, "", sample(false)); err == nil || !strings.Contains(err.Error(), "not public") {
		t.Errorf("a mail server on this machine: %v", err)
	}
	inner := deliverytest.NewReceiver(t)
	r.Answer = func(w http.ResponseWriter, q deliverytest.Request) {
		w.Header().Set("Location", inner.URL+"/metadata")
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
	if _, err := post(t, r).Send(context.Background(), channelOf(Webhook, r.URL), signing, sample(false)); err == nil ||
		!strings.Contains(err.Error(), "redirect") {
		t.Errorf("a redirect: %v", err)
	}
	if got := inner.Took(); len(got) != 0 {
		t.Errorf("the redirect was followed: %+v", got)
	}
	for _, url := range []string{"http://hooks.example.org/x", "https://user:pass@hooks.example.org/x", "ftp://x", "https://",
		"hooks.example.org", "http://127.0.0.1/x", "https://x/#f"} {
		if CheckURL(url, false) == nil {
			t.Errorf("%s is taken", url)
		}
	}
}

// TestPager proves what PagerDuty is sent.
func TestPager(t *testing.T) {
	r := deliverytest.NewReceiver(t)
	p := post(t, r)
	m := sample(false)
	m.Thread = "k1"
	for _, resolve := range []bool{false, true} {
		m.Resolve = resolve
		if _, err := p.Send(context.Background(), channelOf(PagerDuty, r.URL), "routing", m); err != nil {
			t.Fatal(err)
		}
		got := r.Took()[0]
		var event struct {
			RoutingKey string `json:"routing_key"`
			Action     string `json:"event_action"`
			Key        string `json:"dedup_key"`
			Payload    struct{ Summary, Source, Severity string }
		}
		if err := json.Unmarshal([]byte(got.Body), &event); err != nil {
			t.Fatal(err)
		}
		if got.Path != "/v2/enqueue" || event.Key != "ward-k1" || event.RoutingKey != "routing" || (event.Action == "resolve") != resolve ||
			!resolve && (event.Payload.Severity != "critical" || event.Payload.Source == "") {
			t.Errorf("%s %+v", got.Path, event)
		}
	}
}

// TestChatLimits proves that what is too long for a chat is cut at the end of a character, and markup of others is not taken for ours.
func TestChatLimits(t *testing.T) {
	m := sample(false)
	m.Title = strings.Repeat("ü", 400)
	for range 60 {
		m.Groups = append(m.Groups, m.Groups[0])
	}
	slack, _ := json.Marshal(slackBody(m))
	teams, _ := json.Marshal(teamsBody(m))
	if n := len(slackBody(m)["blocks"].([]object)); n > 50 || len(teams) > 28<<10 {
		t.Errorf("%d blocks in Slack, %d bytes in Teams", n, len(teams))
	}
	if strings.Contains(string(slack), "\\ufffd") || strings.Contains(string(slack), `\u003cb\u003e`) ||
		strings.Contains(string(teams), `\u003cb\u003e`) {
		t.Errorf("markup or broken characters: %.300s", slack)
	}
}
