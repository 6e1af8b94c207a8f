package activity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// MaxEvent is how large an event may be, in bytes. Falco's are a few thousand.
const MaxEvent = 64 << 10

// The longest texts that are kept, in bytes, and the most tags.
const (
	maxText = 256
	maxName = 253 // of objects of Kubernetes
	maxTags = 32
)

// Parse reads an event as Falco writes it with json_output: one object. What is not on the list of what is kept is not looked at; of
// what is, the type must be right. The error holds nothing of the event but names.
func Parse(data []byte) (Event, error) {
	if len(data) > MaxEvent {
		return Event{}, fmt.Errorf("the event is larger than %d bytes", MaxEvent)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil || members == nil {
		return Event{}, errors.New("it is no JSON object; Falco writes one with json_output: true")
	}
	r := reader{members: members}
	e := Event{Time: r.time("time"), Rule: printable(r.text("rule"), maxText), Priority: r.priority("priority"),
		Source: word(r.text("source")), Tags: r.tags("tags"), Host: objectName(r.text("hostname"))}
	fields := reader{within: "output_fields: ", members: r.object("output_fields"), err: r.err}
	e.about(&fields)
	switch {
	case fields.err != nil:
		return Event{}, fields.err
	case e.Rule == "":
		return Event{}, errors.New("rule is missing")
	case e.Time.IsZero():
		return Event{}, errors.New("time is missing")
	case len(members["priority"]) == 0:
		return Event{}, errors.New("priority is missing")
	}
	return e, nil
}

// about reads what the event is about.
func (e *Event) about(fields *reader) {
	e.Container = containerID(fields.text("container.id"))
	e.Namespace = objectName(fields.text("k8s.ns.name"))
	e.Pod = objectName(fields.text("k8s.pod.name"))
	e.Name = objectName(fields.text("container.name"))
	e.Process = account(fields.text("proc.name"))
	e.User = account(fields.text("user.name"))
	e.File = place(fields.text("fd.name"))
	switch e.Source {
	case audit: // in which the machine is not where it happened
		e.Host, e.User = "", account(fields.text("ka.user.name"))
		e.Namespace = objectName(fields.text("ka.target.namespace"))
		if fields.text("ka.target.resource") == "pods" {
			e.Pod = objectName(fields.text("ka.target.name"))
		}
	case internal:
		if of := fields.text("evt.source"); of != "" && of != "syscall" {
			e.Host = "" // Falco runs there, but does not watch its containers
		}
		e.Lost = fields.count("n_drops") + fields.count("falco.outputs_queue_num_drops")
	}
}

// reader takes members of an object, and remembers the first that is of another type than it must be.
type reader struct {
	within  string
	members map[string]json.RawMessage
	err     error
}

// take decodes a member; false if it is not there, null, or of another type.
func (r *reader) take(name string, into any, want string) bool {
	raw := r.members[name]
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return false
	}
	if err := json.Unmarshal(raw, into); err != nil {
		if r.err == nil {
			r.err = fmt.Errorf("%s%s is not %s", r.within, name, want)
		}
		return false
	}
	return true
}

// text is "" for what Falco does not know, too.
func (r *reader) text(name string) string {
	var s string
	if !r.take(name, &s, "a text") || s == "<NA>" {
		return ""
	}
	return s
}

// count reads a number that Falco writes as such or as a text.
func (r *reader) count(name string) int {
	var n json.Number // which takes texts that are numbers, too
	if !r.take(name, &n, "a number") {
		return 0
	}
	f, err := n.Float64()
	if err != nil || f < 0 || f > 1<<40 {
		return 0
	}
	return int(f)
}

func (r *reader) time(name string) time.Time {
	s := r.text(name)
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil && s != "" && r.err == nil {
		r.err = fmt.Errorf("%s%s is not a time as 2026-01-02T15:04:05.000000000Z", r.within, name)
	}
	if at.Year() < 2000 || at.Year() > 9000 {
		return time.Time{}
	}
	return at.UTC()
}

func (r *reader) priority(name string) Priority {
	var p Priority
	if s := r.text(name); s != "" {
		if err := p.UnmarshalText([]byte(s)); err != nil && r.err == nil {
			r.err = fmt.Errorf("%s%s: %w", r.within, name, err)
		}
	}
	return p
}

func (r *reader) tags(name string) []string {
	var given []string
	r.take(name, &given, "a list of texts")
	var kept []string
	for _, tag := range given[:min(len(given), maxTags)] {
		if tag = word(tag); tag != "" {
			kept = append(kept, tag)
		}
	}
	return kept
}

func (r *reader) object(name string) map[string]json.RawMessage {
	var members map[string]json.RawMessage
	r.take(name, &members, "an object")
	return members
}

// printable is a text that people wrote, without what would break a line or steer a terminal.
func printable(s string, longest int) string {
	s = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) || c == unicode.ReplacementChar {
			return -1
		}
		return c
	}, s)
	for len(s) > longest {
		s = s[:strings.LastIndexFunc(s, func(rune) bool { return true })]
	}
	return strings.TrimSpace(s)
}

var (
	words      = regexp.MustCompile(`^[A-Za-z0-9_.:/-]{1,64}$`)
	names      = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)
	containers = regexp.MustCompile(`^[0-9a-f]{12,64}$`)
	accounts   = regexp.MustCompile(`^[A-Za-z0-9_.@+:/-]{1,32}$`)
)

// word, objectName, containerID and account are texts of a known form; what is not of it is left out.
func word(s string) string {
	if !words.MatchString(s) {
		return ""
	}
	return s
}

func objectName(s string) string {
	s = strings.ToLower(s)
	if len(s) > maxName || !names.MatchString(s) {
		return ""
	}
	return s
}

// containerID is "" for "host", as Falco calls what is no container's.
func containerID(s string) string {
	if !containers.MatchString(s) {
		return ""
	}
	return s[:idLength]
}

// idLength is how much of a container's id Falco tells.
const idLength = 12

func account(s string) string {
	if !accounts.MatchString(s) {
		return ""
	}
	return s
}

// system are folders in which names are those of programs and settings. In others they may be those of patients.
var system = []string{"/bin/", "/boot/", "/dev/", "/etc/", "/lib/", "/lib64/", "/proc/", "/root/.ssh/", "/root/.kube/", "/root/.aws/",
	"/run/secrets/kubernetes.io/", "/sbin/", "/sys/", "/usr/bin/", "/usr/lib/", "/usr/sbin/", "/var/run/secrets/kubernetes.io/",
	"/run/containerd/containerd.sock", "/run/docker.sock", "/var/run/docker.sock"}

// place is a path as far as its names are the system's: "/etc/shadow", "/data/…". It is "" for what is no path, such as addresses.
func place(s string) string {
	if !strings.HasPrefix(s, "/") || strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) {
		return ""
	}
	s = path.Clean(s)
	const longest = 128
	for _, folder := range system {
		if strings.HasPrefix(s, folder) && len(s) <= longest && accounts.MatchString(path.Base(s)) {
			return s
		}
	}
	first, _, deeper := strings.Cut(s[1:], "/")
	if !accounts.MatchString(first) || !deeper {
		return "/…"
	}
	return "/" + first + "/…"
}
