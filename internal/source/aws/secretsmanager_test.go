package aws

import (
	"testing"

	"ward.dev/ward/internal/value"
)

// TestCurrentVersion proves that the value that readers get is told from older ones, and that one that may stand on a page
// that could not be read is not taken for none.
func TestCurrentVersion(t *testing.T) {
	r := &region{run: &run{}}
	version := func(id string, stages ...string) value.Value {
		return with(object("VersionId", id), "VersionStages", value.Strings(stages...))
	}
	old, current := version("1", "AWSPREVIOUS"), version("2", "AWSCURRENT", "LIVE")
	why := value.Reason{Why: "throttled"}
	if got := text(currentVersion(r, value.List(old, current)), "VersionId"); got != "2" {
		t.Errorf("took version %q", got)
	}
	for name, c := range map[string]struct {
		versions value.Value
		want     func(value.Value) bool
	}{
		"without a value":    {value.List(), value.Value.IsAbsent},
		"older values only":  {value.List(old), value.Value.IsAbsent},
		"a page was missing": {value.List(old).Open(why), value.Value.IsUnknown},
		"refused":            {value.Unresolved(why), value.Value.IsUnknown},
		"found all the same": {value.List(current).Open(why), value.Value.IsKnown},
	} {
		if got := currentVersion(r, c.versions); !c.want(got) {
			t.Errorf("%s: got %s", name, got.State())
		}
	}
}
