package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"ward.dev/ward/internal/guard"
)

// outcome is the exit code of one look.
func outcome(r *guard.Round) error {
	code := exitOK
	for _, i := range r.Items {
		switch i.State {
		case guard.Done, guard.Already, guard.Protected:
		case guard.Unknown:
			code = max(code, exitUnknown)
		default:
			return exit(exitFails)
		}
	}
	if code != exitOK {
		return exit(code)
	}
	return nil
}

// stateOrder is the order in which states are listed, with how each is told; what a plan would do is told apart.
var stateOrder = []struct {
	state guard.State
	told  string
}{
	{guard.Done, "stopped"}, {guard.Failed, "could not be stopped"}, {guard.Planned, "would be stopped"}, {guard.Stopped, "not stopped: too much at once"},
	{guard.Refused, "cannot be stopped by this rule"}, {guard.Waiting, "waiting"}, {guard.Held, "held"}, {guard.Changed, "changed meanwhile"},
	{guard.Protected, "left alone"}, {guard.Already, "stopped before"}, {guard.Unknown, "not known"},
}

func (s *session) writeRound(format string, r *guard.Round, p *guard.Policy) error {
	if format == "json" {
		e := json.NewEncoder(s.stdout)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	w := s.stdout
	if r.DryRun {
		fmt.Fprintf(w, "Plan: nothing is changed. Policy by %s, %d rules; at most %d acts at once, %d an hour.\nAn approval would be about %s\n",
			p.Author, len(p.Rules), p.Limit.PerRound, p.Limit.PerHour, r.Digest)
	}
	var sums []string
	for _, one := range stateOrder {
		if n := r.Count(one.state); n > 0 {
			sums = append(sums, fmt.Sprintf("%d %s", n, one.told))
		}
	}
	if len(sums) == 0 {
		sums = []string{"nothing breaks the policy"}
	}
	fmt.Fprintf(w, "%s; %d workloads pass.\n", strings.Join(sums, ", "), r.Passed)
	if r.Storm != "" {
		fmt.Fprintf(w, "NOTHING IS DONE: %s. Look at what is due; raise the limit, or mend the policy, and approve it anew.\n", r.Storm)
	}
	for _, one := range stateOrder {
		for _, i := range r.Items {
			if i.State == one.state {
				writeItem(w, i, one.told)
			}
		}
	}
	if len(r.Gaps) > 0 {
		fmt.Fprintf(w, "\nNot read:\n")
		for _, gap := range r.Gaps[:min(len(r.Gaps), 20)] {
			fmt.Fprintf(w, "  %s\n", gap)
		}
	}
	return nil
}

func writeItem(w io.Writer, i guard.Item, told string) {
	fmt.Fprintf(w, "\n%s: %s\n  rule %s, %s (%s)\n", i.Object, told, i.Rule, i.Check, i.Severity)
	for _, why := range i.Why {
		fmt.Fprintf(w, "    %s\n", why)
	}
	if i.Act != "" {
		fmt.Fprintf(w, "  %s: ", i.Act)
	} else {
		fmt.Fprint(w, "  ")
	}
	fmt.Fprintln(w, i.Detail)
	if i.Record != "" {
		fmt.Fprintf(w, "  record %s; ward guard undo %s undoes it\n", i.Record, i.Record)
	}
}

// writeNews prints what is not as it was told last, a line for each.
func (s *session) writeNews(format string, r *guard.Round, told map[string]string) error {
	seen := map[string]bool{}
	for _, i := range r.Items {
		key := i.Rule + " " + i.Check + " " + i.Object.Address + " " + i.Object.UID
		news := string(i.State) + i.Act
		seen[key] = true
		if told[key] == news && i.State != guard.Done && i.State != guard.Failed {
			continue
		}
		told[key] = news
		if format == "json" {
			text, err := json.Marshal(struct {
				At time.Time `json:"at"`
				guard.Item
			}{r.At, i})
			if err != nil {
				return err
			}
			fmt.Fprintln(s.stdout, string(text))
			continue
		}
		at := slices.IndexFunc(stateOrder, func(one struct {
			state guard.State
			told  string
		}) bool {
			return one.state == i.State
		})
		fmt.Fprintf(s.stdout, "%s %s: %s; %s; %s: %s", r.At.Format(time.RFC3339), i.Object, stateOrder[at].told, i.Detail, i.Check,
			strings.Join(i.Why, "; "))
		if i.Record != "" {
			fmt.Fprintf(s.stdout, "; record %s", i.Record)
		}
		fmt.Fprintln(s.stdout)
	}
	for key := range told {
		if !seen[key] && key != stormKey {
			delete(told, key)
		}
	}
	if r.Storm != told[stormKey] {
		if told[stormKey] = r.Storm; r.Storm != "" {
			fmt.Fprintf(s.stderr, "ward: nothing is done: %s\n", r.Storm)
		}
	}
	return nil
}

const stormKey = "storm"

func (s *session) writeJournal(records []guard.Record, head string) error {
	ends := map[string]guard.Record{}
	undone := map[string]guard.Record{}
	for _, r := range records {
		switch r.Type {
		case guard.RecordOutcome:
			ends[r.ID] = r
		case guard.RecordUndone:
			undone[r.Of] = r
		}
	}
	n := 0
	for _, r := range records {
		if r.Type != guard.RecordIntent {
			continue
		}
		n++
		end, ended := ends[r.ID]
		if !ended {
			end.Result, end.Detail = guard.ResultUnknown, "its end was not recorded"
		}
		fmt.Fprintf(s.stdout, "%-5s %s  %s %s: %s (%s)\n", r.ID, r.At.Format(time.RFC3339), r.Act, r.Object, end.Result, end.Detail)
		fmt.Fprintf(s.stdout, "      rule %s, approved by %s; %s: %s\n", r.Rule, r.ApprovedBy, r.Check, strings.Join(r.Why, "; "))
		if end.Event != "" {
			fmt.Fprintf(s.stdout, "      no Event was written: %s\n", end.Event)
		}
		if u, ok := undone[r.ID]; ok {
			fmt.Fprintf(s.stdout, "      undone by %s at %s: %s (%s)\n", u.By, u.At.Format(time.RFC3339), u.Result, u.Detail)
		}
	}
	fmt.Fprintf(s.stdout, "%d acts in %d records, each as it was written; the last has the digest %s\n", n, len(records), head)
	return nil
}
