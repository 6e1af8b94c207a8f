// Package activity holds what containers were seen doing: the events of Falco, the pod, container and workload that each is of, and
// what an assessment is told of them.
//
// Events can hold anything that a process was given or looked at: command lines with passwords, paths with the names of patients,
// addresses. So an event is kept by a list of what may be kept, and the rest is never looked at; docs/activity.md has the list.
//
// The package must not know how events come, where they are kept nor which of them are wrong, and reads no clock.
package activity

import (
	"fmt"
	"strings"
	"time"
)

// Priority is how much a rule of Falco says that it matters; smaller is worse, as in syslog (RFC 5424, section 6.2.1).
type Priority int

const (
	Emergency Priority = iota
	Alert
	Critical
	Error
	Warning
	Notice
	Informational
	Debug
)

var priorities = []string{"emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"}

func (p Priority) String() string {
	if p < Emergency || p > Debug {
		return fmt.Sprintf("priority %d", int(p))
	}
	return priorities[p]
}

// MarshalText writes the word in lower case.
func (p Priority) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the word as Falco reads it: in any case, "info" too.
func (p *Priority) UnmarshalText(text []byte) error {
	word := strings.ToLower(string(text))
	if word == "info" {
		word = priorities[Informational]
	}
	for i, known := range priorities {
		if word == known {
			*p = Priority(i)
			return nil
		}
	}
	return fmt.Errorf("there is no such priority; there are %s", strings.Join(priorities, ", "))
}

// Event is what is kept of one event. A text is "" if the event does not say it.
type Event struct {
	Time     time.Time `json:"time"`
	Rule     string    `json:"rule"`
	Priority Priority  `json:"priority"`
	// Source is what saw it: "syscall", "k8s_audit"; "internal" is what Falco says of itself.
	Source string   `json:"source,omitempty"`
	Tags   []string `json:"tags,omitempty"`
	// Host is what Falco calls the machine whose containers it watches: on a node the node, if Falco was told its name.
	Host string `json:"host,omitempty"`
	// Container is the beginning of the container's id, "" for what is no container's. Namespace, Pod and Name (of the container
	// in the pod) are what the runtime of containers told Falco.
	Container string `json:"container,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Pod       string `json:"pod,omitempty"`
	Name      string `json:"name,omitempty"`
	// Process is the name of the program without its arguments, User that of its account in the container.
	Process string `json:"process,omitempty"`
	User    string `json:"user,omitempty"`
	// File is the path that it was about, cut where names begin that others than the system gave.
	File string `json:"file,omitempty"`
	// Lost is how many events Falco says that it dropped.
	Lost int `json:"lost,omitempty"`
}

// Word tells that the event says of a machine nothing but that Falco watches it: its figures, which it tells at intervals.
func (e *Event) Word() bool { return e.Source == internal && e.Rule == snapshotRule }

const (
	audit        = "k8s_audit"
	internal     = "internal"
	snapshotRule = "Falco internal: metrics snapshot"
)

// Owner is whose an event is.
type Owner struct {
	// Workload is the address of what is to be changed, "Deployment/clinic/portal"; "" if it is not known, or if there is none.
	Workload string `json:"workload,omitempty"`
	// Why is why the workload of an event of a container is not known, in one clause; "" else.
	Why string `json:"why,omitempty"`
}

// Entry is one or several alike events with whose they are, as they were received.
type Entry struct {
	Received time.Time `json:"received"`
	Event
	Owner
	// Count is of how many events: the first is told at once, those like it within a minute together.
	Count int `json:"count"`
	// Refused is how many events were not taken, since too many came or they could not be written. Such an entry holds nothing
	// else but when.
	Refused int `json:"refused,omitempty"`
}
