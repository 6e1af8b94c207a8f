package notify

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/notify/delivery"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// TestRoutes proves which channels an event is led to.
func TestRoutes(t *testing.T) {
	event := Event{Kind: Finding, Severity: assessment.High, PHI: true, Estate: "e1", Owner: "Web"}
	for name, c := range map[string]struct {
		routes []Route
		event  func(e *Event)
		want   string
	}{
		"all":          {[]Route{{ID: "1", Channels: []string{"a", "b"}}}, nil, "1a 1b"},
		"first counts": {[]Route{{ID: "1", Channels: []string{"a"}}, {ID: "2", Channels: []string{"a", "b"}}}, nil, "1a 2b"},
		"stop":         {[]Route{{ID: "1", Channels: []string{"a"}, Stop: true}, {ID: "2", Channels: []string{"b"}}}, nil, "1a"},
		"stop without a match": {[]Route{{ID: "1", Channels: []string{"a"}, Stop: true, Severity: "critical"},
			{ID: "2", Channels: []string{"b"}}}, nil, "2b"},
		"off":                {[]Route{{ID: "1", Channels: []string{"a"}, Off: true}}, nil, ""},
		"kind":               {[]Route{{ID: "1", Channels: []string{"a"}, Kinds: []Kind{Drift}}}, nil, ""},
		"severe enough":      {[]Route{{ID: "1", Channels: []string{"a"}, Severity: "high"}}, nil, "1a"},
		"without a severity": {[]Route{{ID: "1", Channels: []string{"a"}, Severity: "high"}}, func(e *Event) { e.Severity = "" }, "1a"},
		"no PHI":             {[]Route{{ID: "1", Channels: []string{"a"}, PHI: true}}, func(e *Event) { e.PHI = false }, ""},
		"owner": {[]Route{{ID: "1", Channels: []string{"a"}, Owners: []string{"web"}},
			{ID: "2", Channels: []string{"b"}, Owners: []string{"db"}}}, nil, "1a"},
		"estate": {[]Route{{ID: "1", Channels: []string{"a"}, Estates: []string{"e2"}}}, nil, ""},
		"mended goes anywhere it was told": {[]Route{{ID: "1", Channels: []string{"a"}, Owners: []string{"db"}, Stop: true},
			{ID: "2", Channels: []string{"b"}}}, func(e *Event) { e.Mended = true }, "1a 2b"},
	} {
		e := event
		if c.event != nil {
			c.event(&e)
		}
		var got []string
		lead(c.routes, &e, func(route, channel string) { got = append(got, route+channel) })
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: led %v, want %s", name, got, c.want)
		}
	}
}

// TestDue proves when messages go: digests at their hour where the reader lives, also in the weeks when clocks change.
func TestDue(t *testing.T) {
	at := func(s string) time.Time {
		when, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	daily := Route{Digest: "daily", Hour: 8, Zone: "America/New_York"}
	weekly := Route{Digest: "weekly", Hour: 2, Weekday: 0, Zone: "America/New_York"}
	for _, c := range []struct {
		route       Route
		first, want string
	}{
		{Route{Window: 5}, "2026-05-04T12:00:00Z", "2026-05-04T12:05:00Z"},
		{Route{}, "2026-05-04T12:00:00Z", "2026-05-04T12:00:00Z"},
		{Route{Digest: "daily", Hour: 12}, "2026-05-04T12:00:00Z", "2026-05-05T12:00:00Z"},
		{daily, "2026-05-04T11:59:00Z", "2026-05-04T12:00:00Z"},
		{daily, "2026-03-07T14:00:00Z", "2026-03-08T12:00:00Z"}, // clocks go forward in the night: 8 h is 12 UTC instead of 13
		{daily, "2026-10-31T13:00:00Z", "2026-11-01T13:00:00Z"},
		{weekly, "2026-03-05T12:00:00Z", "2026-03-08T07:00:00Z"}, // 2 h does not exist that night
	} {
		got := c.route.due(at(c.first))
		if c.route.Weekday == 0 && c.route.Digest == "weekly" {
			if d := got.Sub(at(c.want)); d < -time.Hour || d > time.Hour {
				t.Errorf("%+v from %s: %v, want about %s", c.route, c.first, got.UTC(), c.want)
			}
		} else if !got.Equal(at(c.want)) {
			t.Errorf("%+v from %s: %v, want %s", c.route, c.first, got.UTC(), c.want)
		}
	}
}

// TestSecrets proves that the secret of a channel is in no table in the clear, in no answer and no record, goes nowhere else than it was
// meant for, and that references lead to nothing but what is meant to be led to.
func TestSecrets(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		f := newOffice(t, db)
		c := f.channel(t, delivery.Channel{Kind: delivery.Slack}, Route{})
		var row channelRow
		if err := db.NewSelect().Model(&row).Scan(f.ctx); err != nil {
			t.Fatal(err)
		}
		shown, kept, err := f.Channel(f.ctx, c.ID)
		if err != nil || kept != "sealed" {
			t.Fatalf("kept %q, %v", kept, err)
		}
		if all := fmt.Sprintf("%+v %+v %+v", row, shown, f.log.Entries(t)); strings.Contains(all, "T0SECRET") ||
			strings.Contains(string(row.Sealed), "T0SECRET") {
			t.Error("the secret is in the clear")
		}
		row.ID = "another"
		if _, err := f.vault.open(row); err == nil {
			t.Error("a secret that was moved to another channel is opened")
		}
		mail, err := f.SaveChannel(f.ctx, delivery.Channel{Name: "mail", Kind: delivery.Email, Host: "mail.example.org", User: "ward",
			From: "ward@example.org", To: []string{"ops@example.org"}}, "password")
		if err != nil {
			t.Fatal(err)
		}
		mail.To = []string{"sec@example.org"}
		if _, err := f.SaveChannel(f.ctx, mail, ""); err != nil {
			t.Errorf("another reader: %v", err)
		}
		mail.Host = "mail.attacker.example"
		if _, err := f.SaveChannel(f.ctx, mail, ""); err == nil {
			t.Error("the password follows to another server")
		}
		t.Setenv("WARD_SECRET_PAGER", "key")
		t.Setenv("DATABASE_PASSWORD", "key")
		if err := os.WriteFile(filepath.Join(f.dir, "pager"), []byte("key\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		outside := filepath.Join(t.TempDir(), "outside")
		if err := os.WriteFile(outside, []byte("key"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(outside, filepath.Join(f.dir, "link")); err != nil {
			t.Fatal(err)
		}
		for secret, ok := range map[string]bool{"env:WARD_SECRET_PAGER": true, "file:pager": true, "env:DATABASE_PASSWORD": false,
			"env:WARD_SECRET_NONE": false, "file:../x": false, "file:/etc/passwd": false, "file:link": false, "file:missing": false} {
			_, err := f.SaveChannel(f.ctx, delivery.Channel{Name: secret, Kind: delivery.PagerDuty}, secret)
			if (err == nil) != ok {
				t.Errorf("%s: %v, want it taken: %v", secret, err, ok)
			}
		}
	})
}
