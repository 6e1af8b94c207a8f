package admission

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	review "k8s.io/api/admission/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/check"
)

// Answer is what one check says of an object.
type Answer struct {
	assessment.Finding
	Asked *check.Check
	needs needs
}

func (a Answer) bad() bool { return a.Status == assessment.Fail || a.Status == assessment.Unknown }

// Decision is what follows for an object.
type Decision struct {
	Mode   Mode
	Object string // its address, "" if nothing was asked about it
	// Failed are the checks that it breaks; Unsure those of which it is not known whether it does.
	Failed, Unsure []Answer
	// Excepted are those that ward.yaml excepts. Later are those that hang on objects which may well come after it. Before are those
	// that were no better before an update that changes nothing but metadata.
	Excepted, Later, Before []Answer
	// Unread are the images that are not known, with the reasons.
	Unread map[string]string

	unknown OnUnknown
	hangs   bool // what is wrong may hang on other objects
}

// take sorts an answer in. before is what the check said before an update of metadata, "" otherwise.
func (d *Decision) take(a Answer, create bool, before assessment.Status) {
	switch {
	case a.Status == assessment.Excepted:
		d.Excepted = append(d.Excepted, a)
	case !a.bad():
	case before == assessment.Fail, before == assessment.Unknown && a.Status == assessment.Unknown:
		d.Before = append(d.Before, a)
	case create && a.needs.later:
		d.Later = append(d.Later, a)
	default:
		d.hangs = d.hangs || len(a.needs.types) > 0
		if a.Status == assessment.Fail {
			d.Failed = append(d.Failed, a)
		} else {
			d.Unsure = append(d.Unsure, a)
		}
	}
}

// waits tells whether it is worth waiting for images.
func (d *Decision) waits() bool { return d.Mode != Audit && d.unknown != AllowUnknown }

// Denies tells whether the object is refused.
func (d *Decision) Denies() bool {
	return d.Mode == Deny && (len(d.Failed) > 0 || d.unknown == DenyUnknown && len(d.Unsure) > 0)
}

// Name is what metrics and the audit log call the decision.
func (d *Decision) Name() string {
	switch {
	case d.Denies():
		return "deny"
	case len(d.Failed) > 0:
		return "fail" // and let in
	case len(d.Unsure) > 0:
		return "unknown"
	}
	return "allow"
}

// Response is what the API server is told.
func (d *Decision) Response(uid types.UID) *review.AdmissionResponse {
	r := &review.AdmissionResponse{UID: uid, Allowed: !d.Denies()}
	if d.Object == "" {
		return r
	}
	r.AuditAnnotations = d.annotations()
	if d.Denies() {
		r.Result = &meta.Status{Status: meta.StatusFailure, Code: http.StatusForbidden, Reason: meta.StatusReasonForbidden, Message: d.message(),
			Details: &meta.StatusDetails{Causes: d.causes()}}
	}
	if d.Mode != Audit {
		r.Warnings = d.warnings()
	}
	return r
}

// refusals are the answers for which the object is refused.
func (d *Decision) refusals() []Answer {
	if d.unknown == DenyUnknown {
		return slices.Concat(d.Failed, d.Unsure)
	}
	return d.Failed
}

// annotations are for the audit log.
func (d *Decision) annotations() map[string]string {
	all := map[string]string{"mode": string(d.Mode), "decision": d.Name()}
	for name, list := range map[string][]Answer{"failed": d.Failed, "unknown": d.Unsure, "excepted": d.Excepted, "later": d.Later, "before": d.Before} {
		if len(list) > 0 {
			all[name] = cut(strings.Join(IDs(list), ","), maxMessage)
		}
	}
	if len(d.Unread) > 0 {
		all["images-not-known"] = cut(strings.Join(slices.Sorted(maps.Keys(d.Unread)), ","), maxMessage)
	}
	return all
}

// IDs are those of the checks that answered.
func IDs(list []Answer) []string {
	all := make([]string, 0, len(list))
	for _, a := range list {
		all = append(all, a.Asked.ID)
	}
	return all
}

const (
	maxTold    = 8    // findings that are told at length
	maxMessage = 4096 // bytes
	maxFix     = 12   // lines
	maxRows    = 4    // of evidence
	maxValue   = 120  // bytes
	maxWarning = 256  // bytes, beyond which the API server may cut
	maxWarned  = 12   // warnings; the API server cuts beyond 4,096 bytes of them
)

// message says why the object is refused and what to do.
func (d *Decision) message() string {
	list := d.refusals()
	var out strings.Builder
	fmt.Fprintf(&out, "%s does not meet %s:\n", d.Object, plural(len(list), "check"))
	for i, a := range list {
		if i == maxTold || out.Len() > maxMessage-1024 {
			fmt.Fprintf(&out, "\nand %d more: %s\n", len(list)-i, strings.Join(IDs(list[i:]), ", "))
			break
		}
		d.tell(&out, a)
	}
	return cut(strings.TrimRight(out.String(), "\n"), maxMessage)
}

func (d *Decision) tell(out *strings.Builder, a Answer) {
	verb := "fails"
	if a.Status == assessment.Unknown {
		verb = "is not known"
	}
	fmt.Fprintf(out, "\n%s %s (%s)\n  %s\n", a.Asked.ID, verb, about(a), a.Title)
	for _, row := range evidence(a) {
		fmt.Fprintf(out, "  seen: %s\n", row)
	}
	for i, u := range a.Unknown {
		if i == maxRows {
			break
		}
		fmt.Fprintf(out, "  not known: %s: %s\n", u.Attribute, cut(u.Reason, 2*maxValue))
	}
	if a.needs.images {
		for _, name := range slices.Sorted(maps.Keys(d.Unread)) {
			fmt.Fprintf(out, "  image %s: %s\n", cut(name, 2*maxValue), cut(d.Unread[name], 2*maxValue))
		}
	}
	if a.Status == assessment.Fail {
		fix(out, a)
	}
}

// about says how severe a finding is and which paragraphs of the rule it is about.
func about(a Answer) string {
	return strings.Join(append([]string{string(a.Severity)}, paragraphs(a)...), "; ")
}

func paragraphs(a Answer) []string {
	const few = 3
	all := a.Citations
	if len(all) > few {
		all = all[:few]
	}
	return all
}

// fix says what to do.
func fix(out *strings.Builder, a Answer) {
	text := cmp.Or(a.Asked.Fix.Kubernetes, a.Asked.Fix.CLI, a.Asked.Fix.Console)
	if text == "" {
		return
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	fmt.Fprintf(out, "  to do, for example:\n")
	for i, line := range lines {
		if i == maxFix {
			fmt.Fprintf(out, "    ... (ward explain %s)\n", a.Asked.ID)
			return
		}
		fmt.Fprintf(out, "    %s\n", line)
	}
}

// counted is how evidence shows a list of objects, whose members stand in rows of their own.
var counted = regexp.MustCompile(`^\d+ items?$`)

// evidence shows the first attributes that were read.
func evidence(a Answer) []string {
	var rows []string
	for _, e := range a.Evidence {
		if e.State == "unknown" || len(rows) == maxRows || counted.MatchString(fmt.Sprint(e.Value)) {
			continue
		}
		shown := "(secret)"
		if e.State != "secret" {
			text, err := json.Marshal(e.Value)
			if err != nil {
				continue
			}
			shown = string(text)
		}
		if e.State == "absent" {
			shown = "(not set)"
		}
		rows = append(rows, e.Attribute+" = "+cut(shown, maxValue))
	}
	return rows
}

// causes are for programs: one for each check.
func (d *Decision) causes() []meta.StatusCause {
	var all []meta.StatusCause
	for i, a := range d.refusals() {
		if i == maxTold {
			break
		}
		all = append(all, meta.StatusCause{Type: meta.CauseType(a.Asked.ID), Message: fmt.Sprintf("%s: %s", a.Status, a.Title)})
	}
	return all
}

// warnings are for whoever sent an object that is let in.
func (d *Decision) warnings() []string {
	var all []string
	add := func(list []Answer, format string) {
		for _, a := range list {
			all = append(all, warning(fmt.Sprintf(format, a.Asked.ID, a.Title, about(a))))
		}
	}
	if !d.Denies() {
		add(d.Failed, "ward: %s fails: %s (%s)")
		if d.unknown != AllowUnknown {
			for _, a := range d.Unsure {
				why := "nothing says why"
				if len(a.Unknown) > 0 {
					why = a.Unknown[0].Attribute + ": " + a.Unknown[0].Reason
				}
				for _, name := range slices.Sorted(maps.Keys(d.Unread)) {
					if a.needs.images {
						why = "image " + name + ": " + d.Unread[name]
						break
					}
				}
				all = append(all, warning(fmt.Sprintf("ward: %s is not known: %s", a.Asked.ID, why)))
			}
		}
	}
	add(d.Later, "ward: %s does not hold so far: %s (%s)")
	add(d.Before, "ward: %s did not hold before either: %s (%s)")
	if more := len(all) - maxWarned; more > 0 {
		all = append(all[:maxWarned], fmt.Sprintf("ward: and %s", plural(more, "more warning")))
	}
	return all
}

// warning makes a text that a header can carry: ASCII, one line, of bounded length.
func warning(text string) string {
	return cut(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r == '…':
			return '.'
		case r < ' ' || r > '~':
			return '?'
		}
		return r
	}, text), maxWarning)
}

// cut shortens a text to a number of bytes.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most-3], "") + "..."
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
