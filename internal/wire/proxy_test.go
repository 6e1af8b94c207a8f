package wire_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"ward.dev/ward/internal/assess"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/source/aws"
)

// strange are the answers of something that stands in the place of AWS.
var strange = []string{"html 200", "json 200", "nothing 200", "xml 200", "empty", "ends early"}

// TestStrangerInPlaceOfAWS proves that an account is not taken for an empty one where something on the way answers all is well: a
// run that cannot learn who asks ends, and one that learns that but no regions reads the region it has and leaves the rest open.
func TestStrangerInPlaceOfAWS(t *testing.T) {
	for _, name := range strange {
		l := readLibrary(t)
		l.fault = func(question) fault { return faults[name] }
		if _, err := aws.Collect(context.Background(), aws.Options{Configure: l.configure}, &tape{}); !errors.Is(err, aws.ErrNothing) {
			t.Errorf("%s: everything: %v", name, err)
		}
		l.fault = func(q question) fault {
			if q.operation == "DescribeRegions" {
				return faults[name]
			}
			return nil
		}
		read := &tape{}
		_, err := aws.Collect(context.Background(), aws.Options{Configure: l.configure,
			Kinds: func(kind string) bool { return kind == "aws.guardduty.detector" }}, read)
		if err != nil {
			t.Errorf("%s: regions: %v", name, err)
		}
		open := slices.ContainsFunc(read.events, func(e event) bool { return e.block == nil && strings.Contains(e.why.Why, "regions") })
		found := slices.ContainsFunc(read.events, func(e event) bool { return e.block != nil })
		if !open || !found {
			t.Errorf("%s: regions: open %v, something read %v", name, open, found)
		}
	}
}

// TestStrangerForEachQuestion proves that no question of those whose replies are written is answered by a stranger.
func TestStrangerForEachQuestion(t *testing.T) {
	l := readLibrary(t)
	everywhere, home := l.everywhere(t), l.home(t)
	whole := judged(t, everywhere, home)
	for _, name := range strange[:4] {
		l.fault = func(q question) fault {
			if q.operation == "GetCallerIdentity" {
				return nil
			}
			return faults[name]
		}
		after := judged(t, l.everywhere(t), l.home(t))
		for _, fault := range compare(whole, after) {
			t.Errorf("%s: %s", name, fault)
		}
		for _, f := range after.Findings {
			if f.Status == assessment.Pass && !strings.HasPrefix(f.Check, assess.AnyKind+".") {
				t.Errorf("%s: %s passes for %s: %v", name, f.Check, f.Resource.Address, f.Evidence)
			}
		}
	}
}

// TestExpiryInTheMiddle proves that what was read before the credentials expired stands, that the rest is unknown and says why,
// and that the parts which a run with --resume must read again are not taken for whole.
func TestExpiryInTheMiddle(t *testing.T) {
	l := readLibrary(t)
	everywhere, home := l.everywhere(t), l.home(t)
	whole := judged(t, everywhere, home)
	var calls atomic.Int32
	l.fault = func(question) fault {
		if calls.Add(1) > 60 {
			return faults["expired"]
		}
		return nil
	}
	cut := l.everywhere(t)
	after := judged(t, cut, home)
	for _, fault := range compare(whole, after) {
		t.Error(fault)
	}
	said := slices.ContainsFunc(after.Gaps, func(g assessment.Gap) bool {
		return strings.Contains(g.Reason, "credentials have expired") && strings.Contains(g.Grant, "--resume")
	})
	read, again := 0, 0
	for _, done := range cut.done {
		if done {
			read++
		} else {
			again++
		}
	}
	if !said || read == 0 || again == 0 {
		t.Errorf("says so: %v; %d parts are read, %d are to be read again", said, read, again)
	}
}
