package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/notify/delivery"
	"ward.dev/ward/internal/notify/delivery/deliverytest"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

const (
	signingKey = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	resource   = "aws_s3_bucket.jane-doe-scans"
)

// office is an outbox with a clock of its own and a place to deliver to.
type office struct {
	*Outbox
	ctx   context.Context
	now   time.Time
	place *deliverytest.Receiver
	log   *recordtest.Log
	dir   string
	db    *state.DB
}

func newOffice(t testing.TB, db *state.DB) *office {
	t.Helper()
	f := &office{ctx: recordtest.As("ann@example.org", access.Administrator), now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC),
		place: deliverytest.NewReceiver(t), dir: t.TempDir(), db: db}
	clock := func() time.Time { return f.now }
	var keeper *record.Keeper
	keeper, f.log = recordtest.Open(t, db, clock)
	f.Outbox = f.open(t, keeper)
	return f
}

func (f *office) open(t testing.TB, keeper *record.Keeper) *Outbox {
	t.Helper()
	o, err := Open(Options{DB: f.db, Keeper: keeper, Key: make([]byte, KeySize), Base: "https://ward.example.org", TLS: f.place.TLS(),
		Now: func() time.Time { return f.now }, Settings: Settings{AllowAddresses: []string{"127.0.0.1"}, SecretsDir: f.dir}})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// channel makes a channel that leads to the place, and a route to it.
func (f *office) channel(t testing.TB, c delivery.Channel, r Route) delivery.Channel {
	t.Helper()
	secret := map[delivery.Kind]string{delivery.Webhook: signingKey, delivery.Slack: f.place.URL + "/slack/T0SECRET",
		delivery.Teams: f.place.URL + "/teams"}[c.Kind]
	if secret == "" {
		secret = "a-secret-token"
	}
	c.Name = string(c.Kind)
	if c.Kind != delivery.Slack && c.Kind != delivery.Teams && c.Kind != delivery.Email {
		c.URL = f.place.URL
	}
	c, err := f.SaveChannel(f.ctx, c, secret)
	if err != nil {
		t.Fatal(err)
	}
	r.Name, r.Channels = c.Name, []string{c.ID}
	if _, err := f.SaveRoute(f.ctx, r); err != nil {
		t.Fatal(err)
	}
	return c
}

func (f *office) pass(t testing.TB, after time.Duration) {
	t.Helper()
	f.now = f.now.Add(after)
	if err := f.Pass(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// took are the messages that a webhook got.
func (f *office) took(t testing.TB) []delivery.Message {
	t.Helper()
	var all []delivery.Message
	for _, r := range f.place.Took() {
		var got struct{ Data delivery.Message }
		if err := json.Unmarshal([]byte(r.Body), &got); err != nil {
			t.Fatal(err)
		}
		all = append(all, got.Data)
	}
	return all
}

// findings are new failing findings of a check.
func findings(check string, n int) []Event {
	all := make([]Event, n)
	for i := range all {
		all[i] = Event{Kind: Finding, Severity: assessment.High, PHI: i%2 == 0, Estate: "e1", EstateName: "Clinic", Check: check,
			Title: "Title of " + check, Citations: []string{"164.312(a)(1)"}, Key: fmt.Sprint(check, i), Resource: fmt.Sprint(resource, i),
			Link: fmt.Sprint("/findings/", i)}
	}
	return all
}

// TestStorm proves that what breaks together is told together, in one message that counts it, whether a hundred things break or ten
// thousand, and that none of it is told again while it stays so.
func TestStorm(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		f := newOffice(t, db)
		f.channel(t, delivery.Channel{Kind: delivery.Webhook, Mended: true}, Route{Window: 5})
		for _, n := range []int{100, 10_000} {
			check := fmt.Sprint("check", n)
			begin := time.Now()
			if err := f.Tell(f.ctx, findings(check, n)...); err != nil {
				t.Fatal(err)
			}
			told := time.Since(begin)
			f.pass(t, 4*time.Minute)
			if got := f.place.Took(); len(got) != 0 {
				t.Fatalf("%d messages before the window is over", len(got))
			}
			begin = time.Now()
			f.pass(t, time.Minute)
			t.Logf("%d events: queued in %v, folded and sent in %v", n, told, time.Since(begin))
			got := f.took(t)
			if len(got) != 1 || got[0].Count != n || got[0].Title != fmt.Sprintf("Clinic: Title of %s: %d new failing findings", check, n) {
				t.Fatalf("%d messages, %+v; want one of %d", len(got), got, n)
			}
			if g := got[0].Groups[0]; g.PHI != n/2 || g.Severity != "high" || g.Link != "https://ward.example.org/findings?check="+check ||
				g.Resources != nil {
				t.Errorf("group %+v", g)
			}
			if err := f.Tell(f.ctx, findings(check, n)...); err != nil {
				t.Fatal(err)
			}
			f.pass(t, time.Hour)
			if got := f.took(t); len(got) != 0 {
				t.Errorf("told again: %+v", got)
			}
		}
		mended := findings("check100", 100)
		for i := range mended {
			mended[i].Mended = true
		}
		if err := f.Tell(f.ctx, mended[:97]...); err != nil {
			t.Fatal(err)
		}
		f.pass(t, time.Hour)
		if got := f.took(t); len(got) != 1 || got[0].Title != "Clinic: Title of check100: 97 mended (failing findings)" {
			t.Errorf("mended: %+v", got)
		}
		health, err := f.Health(f.ctx)
		if err != nil || health != (Health{}) {
			t.Errorf("%+v, %v waits", health, err)
		}
	})
}

// TestLimit proves that a channel takes no more messages an hour than it should, whatever comes, and that what did not fit is told in a
// summary that loses no event; and that a batch opens only a few incidents.
func TestLimit(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		f := newOffice(t, db)
		f.channel(t, delivery.Channel{Kind: delivery.Webhook, PerHour: 3}, Route{})
		var got []delivery.Message
		for i := range 60 { // one each minute
			if err := f.Tell(f.ctx, findings(fmt.Sprint("check", i), 2)...); err != nil {
				t.Fatal(err)
			}
			f.pass(t, time.Minute)
			got = append(got, f.took(t)...)
		}
		if len(got) != 3 || got[2].Sort != delivery.Summary {
			t.Fatalf("%d messages in the first hour, want 3, the last a summary: %+v", len(got), got)
		}
		f.pass(t, 2*time.Hour)
		got = append(got, f.took(t)...)
		count := 0
		for _, m := range got {
			count += m.Count
		}
		if len(got) != 4 || count != 120 || got[3].MoreGroups == 0 || !strings.Contains(got[3].Text(), "other sorts") {
			t.Errorf("%d messages of %d events, want 4 of 120", len(got), count)
		}
	})
}

// TestIncidents proves that each group has one incident with a key of its own, that a storm opens only a few, and that an incident is
// resolved when the last of its group is mended.
func TestIncidents(t *testing.T) {
	f := newOffice(t, statetest.SQLite(t))
	f.channel(t, delivery.Channel{Kind: delivery.PagerDuty, Mended: true}, Route{})
	var events []Event
	for i := range 30 {
		events = append(events, findings(fmt.Sprint("check", i), 3)...)
	}
	if err := f.Tell(f.ctx, events...); err != nil {
		t.Fatal(err)
	}
	f.pass(t, time.Minute)
	if got := f.place.Took(); len(got) != maxTickets+1 {
		t.Fatalf("%d incidents, want %d and a summary", len(got), maxTickets)
	}
	for i := range 3 {
		e := events[i]
		e.Mended = true
		if err := f.Tell(f.ctx, e); err != nil {
			t.Fatal(err)
		}
		f.pass(t, time.Minute)
		var resolved []string
		for _, r := range f.place.Took() {
			var got struct {
				Action string `json:"event_action"`
				Key    string `json:"dedup_key"`
			}
			if err := json.Unmarshal([]byte(r.Body), &got); err != nil {
				t.Fatal(err)
			}
			resolved = append(resolved, got.Action+" "+got.Key)
		}
		want := ""
		if i == 2 {
			want = "resolve ward-" + events[0].group()
		}
		if strings.Join(resolved, ",") != want {
			t.Errorf("after %d were mended: %v, want %q", i+1, resolved, want)
		}
	}
}

// TestRestart proves that what is queued outlives the server, that a message whose answer was lost is sent again under the same id, and
// that servers which share a state send each message once.
func TestRestart(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		f := newOffice(t, db)
		f.channel(t, delivery.Channel{Kind: delivery.Webhook}, Route{})
		if err := f.Tell(f.ctx, findings("check", 3)...); err != nil {
			t.Fatal(err)
		}
		stop, cancel := context.WithCancel(context.Background())
		f.place.Answer = func(http.ResponseWriter, deliverytest.Request) {
			cancel()                          // the server is killed after the message arrived and before it is known to have
			time.Sleep(50 * time.Millisecond) // the answer comes too late
		}
		_ = f.Pass(stop)
		first := f.took(t)
		f.place.Answer = nil
		second := f.open(t, f.keeper)
		f.now = f.now.Add(time.Minute)
		if err := second.Pass(f.ctx); err != nil {
			t.Fatal(err)
		}
		if got := f.took(t); len(got) != 0 {
			t.Errorf("sent while another server holds it: %+v", got)
		}
		f.now = f.now.Add(lease)
		if err := second.Pass(f.ctx); err != nil {
			t.Fatal(err)
		}
		again := f.took(t)
		if len(first) != 1 || len(again) != 1 || first[0].ID != again[0].ID || again[0].Count != 3 {
			t.Fatalf("first %+v, then %+v; want the same message", first, again)
		}
		for i := range 20 {
			if err := f.Tell(f.ctx, findings(fmt.Sprint("other", i), 1)...); err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			f.now = f.now.Add(10 * time.Minute)
			for _, o := range []*Outbox{f.Outbox, second} {
				all.Go(func() {
					if err := o.Pass(context.Background()); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if got := f.took(t); len(got) != 1 {
				t.Errorf("two servers sent %d messages", len(got))
			}
		}
		sends := 0
		for _, e := range f.log.Entries(t) {
			if e.Kind == record.Notification && e.Verb == "send" {
				sends++
			}
		}
		if sends != 21 {
			t.Errorf("%d messages are recorded, want 21", sends)
		}
	})
}

// TestTransaction proves that an event is told if its transaction is written, and only then.
func TestTransaction(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		f := newOffice(t, db)
		f.channel(t, delivery.Channel{Kind: delivery.Webhook}, Route{})
		no := fmt.Errorf("no")
		for _, end := range []error{no, nil} {
			err := db.Do(f.ctx, func(ctx context.Context, tx bun.Tx) error {
				if err := f.Queue(ctx, tx, findings("check", 1)...); err != nil {
					return err
				}
				return end
			})
			if err != end {
				t.Fatal(err)
			}
			f.pass(t, time.Minute)
			if got := len(f.took(t)); (got == 1) != (end == nil) {
				t.Errorf("%d messages after a transaction that ended with %v", got, end)
			}
		}
		if err := f.Tell(f.ctx, Event{Kind: "gossip"}); err == nil {
			t.Error("an event of no known kind is taken")
		}
		if err := f.Tell(f.ctx, Event{Kind: Drift, Link: "https://elsewhere.example"}); err == nil {
			t.Error("a link to elsewhere is taken")
		}
	})
}

// TestGiveUp proves that a message is tried again, later each time and not before the other side wants it, is given up in the end, that
// people can see so and other channels are told, and that it can be sent once more.
func TestGiveUp(t *testing.T) {
	f := newOffice(t, statetest.SQLite(t))
	f.channel(t, delivery.Channel{Kind: delivery.Webhook}, Route{})
	other := f.channel(t, delivery.Channel{Kind: delivery.PagerDuty}, Route{Kinds: []Kind{NotificationLost}})
	down := true
	f.place.Answer = func(w http.ResponseWriter, r deliverytest.Request) {
		if down && !strings.HasPrefix(r.Path, "/v2") {
			w.Header().Set("Retry-After", "90")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	if err := f.Tell(f.ctx, findings("check", 1)...); err != nil {
		t.Fatal(err)
	}
	begin := f.now
	var took []deliverytest.Request
	for range 8 * 30 {
		f.pass(t, 2*time.Minute)
		took = append(took, f.place.Took()...)
	}
	var paths []string
	for _, r := range took {
		paths = append(paths, r.Path)
	}
	if len(took) != maxAttempts+1 || paths[maxAttempts] != "/v2/enqueue" {
		t.Errorf("%d attempts: %v; want %d and one message to the pager", len(took), paths, maxAttempts)
	}
	all, err := f.Messages(f.ctx, Wanted{Status: failed})
	if err != nil || len(all) != 1 || all[0].Fault != "the other side answered 503 Service Unavailable" || all[0].Ended.Sub(begin) < 3*time.Hour {
		t.Fatalf("failed %+v, %v", all, err)
	}
	down = false
	if err := f.Retry(f.ctx, all[0].ID); err != nil {
		t.Fatal(err)
	}
	f.pass(t, time.Second)
	if got := f.took(t); len(got) != 1 || got[0].ID != all[0].ID {
		t.Errorf("sent once more: %+v", got)
	}
	if err := f.Retry(f.ctx, all[0].ID); err != ErrGone {
		t.Errorf("a message that was sent is tried again: %v", err)
	}
	if all, err := f.Messages(f.ctx, Wanted{Channel: other.ID}); err != nil || len(all) != 1 || all[0].Status != sent {
		t.Errorf("to the pager: %+v, %v", all, err)
	}
}

// TestLedgerDown proves that while the ledger cannot be written only word of that goes out, and that it is recorded afterwards.
func TestLedgerDown(t *testing.T) {
	f := newOffice(t, statetest.SQLite(t))
	f.channel(t, delivery.Channel{Kind: delivery.Webhook}, Route{Kinds: []Kind{Ledger}})
	f.channel(t, delivery.Channel{Kind: delivery.Slack}, Route{Kinds: []Kind{Finding}})
	f.log.Fail(os.ErrPermission)
	if err := f.Tell(f.ctx, append(findings("check", 1), Event{Kind: Ledger, Severity: assessment.Critical})...); err != nil {
		t.Fatal(err)
	}
	f.pass(t, time.Minute)
	if got := f.place.Took(); len(got) != 1 || got[0].Path != "/" {
		t.Fatalf("sent without a ledger: %+v", got)
	}
	before := len(f.log.Entries(t))
	f.log.Fail(nil)
	f.pass(t, time.Minute)
	if got := f.place.Took(); len(got) != 1 || got[0].Path != "/slack/T0SECRET" {
		t.Errorf("sent with a ledger: %+v", got)
	}
	if after := len(f.log.Entries(t)); after != before+2 {
		t.Errorf("%d entries were added, want 2", after-before)
	}
}

// TestRun proves that what is told goes out while the outbox runs, and that it ends with its context.
func TestRun(t *testing.T) {
	f := newOffice(t, statetest.SQLite(t))
	f.channel(t, delivery.Channel{Kind: delivery.Webhook}, Route{})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- f.Run(ctx) }()
	if err := f.Tell(f.ctx, findings("check", 2)...); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if got := f.took(t); len(got) == 1 {
			stop()
			if err := <-done; err != context.Canceled {
				t.Errorf("it ended with %v", err)
			}
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("nothing was sent")
	stop()
	<-done
}

// TestRemind proves that what is still so is told again after the time of the route, and what is mended is not.
func TestRemind(t *testing.T) {
	f := newOffice(t, statetest.SQLite(t))
	f.channel(t, delivery.Channel{Kind: delivery.Webhook}, Route{Remind: 24})
	events := append(findings("check", 3), findings("gone", 2)...)
	events[1].Count = 17
	if err := f.Tell(f.ctx, events...); err != nil {
		t.Fatal(err)
	}
	f.pass(t, time.Minute)
	for _, i := range []int{0, 3, 4} {
		e := events[i]
		e.Mended, e.Severity, e.Owner = true, "", ""
		if err := f.Tell(f.ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	f.pass(t, time.Minute)
	f.place.Took()
	for _, after := range []time.Duration{23 * time.Hour, time.Hour, time.Minute, 24 * time.Hour} {
		f.now = f.now.Add(after)
		if err := f.remind(f.ctx); err != nil {
			t.Fatal(err)
		}
		f.pass(t, 0)
		got := f.took(t)
		if after < time.Hour || after == 23*time.Hour {
			if len(got) != 0 {
				t.Errorf("reminded too soon: %+v", got)
			}
		} else if len(got) != 1 || got[0].Title != "Still so: Clinic: Title of check: 18 new failing findings" {
			t.Errorf("reminder %+v", got)
		}
	}
}
