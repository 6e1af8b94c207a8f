package activity_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/activity"
)

// shell is an event as Falco 0.41 writes it with json_output, by its documentation.
const shell = `{"hostname":"node-1","output":"10:20:05.408: Notice A shell was spawned in a container (user=root cmdline=psql postgres://app:hunter2@db/records)",
"output_fields":{"container.id":"3ad7b26ded6d","container.name":"main","evt.time":1763806805408091526,"k8s.ns.name":"clinic","k8s.pod.name":"portal-7d4b9-x2x5z",
"proc.cmdline":"psql postgres://app:hunter2@db/records","proc.name":"psql","proc.pname":null,"proc.tty":34816,"user.loginuid":-1,"user.name":"root","fd.name":"/data/patients/jane-doe.pdf"},
"priority":"Notice","rule":"Terminal shell in container","source":"syscall","tags":["container","maturity_stable","mitre_execution","T1059"],
"time":"2026-11-22T10:20:05.408091526Z"}`

// TestParse proves what is kept of an event.
func TestParse(t *testing.T) {
	got, err := activity.Parse([]byte(shell))
	if err != nil {
		t.Fatal(err)
	}
	want := activity.Event{Time: time.Date(2026, 11, 22, 10, 20, 5, 408091526, time.UTC), Rule: "Terminal shell in container",
		Priority: activity.Notice, Source: "syscall", Tags: []string{"container", "maturity_stable", "mitre_execution", "T1059"}, Host: "node-1",
		Container: "3ad7b26ded6d", Namespace: "clinic", Pod: "portal-7d4b9-x2x5z", Name: "main", Process: "psql", User: "root", File: "/data/…"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestNothingElse proves that nothing is kept that may hold PHI or a secret: a word that stands everywhere but in the fields that
// are on the list is not in what is kept.
func TestNothingElse(t *testing.T) {
	const patient = "jane.doe-1957"
	var event map[string]any
	if err := json.Unmarshal([]byte(shell), &event); err != nil {
		t.Fatal(err)
	}
	fields := event["output_fields"].(map[string]any)
	event["output"], event["message"], event[patient] = patient, patient, patient
	for _, name := range []string{"proc.cmdline", "proc.args", "proc.exeline", "proc.pcmdline", "proc.env", "evt.args", "evt.arg.path", "fd.sip", "fd.cip", "ka.req.pod",
		"container.image.repository", "user.loginname", patient} {
		fields[name] = patient
	}
	for _, file := range []string{"/data/" + patient, "/home/" + patient + "/x", "/" + patient, "10.0.0.7:5432->203.0.113.9:80", "/etc/" + patient + " x",
		"/tmp/../data/" + patient, "/var/lib/" + patient, patient} {
		fields["fd.name"] = file
		raw, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		got, err := activity.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		kept, _ := json.Marshal(got)
		if bytes.Contains(kept, []byte(patient)) || bytes.Contains(kept, []byte("hunter2")) || strings.Contains(got.File, "203") {
			t.Errorf("%s: kept %s", file, kept)
		}
	}
}

// TestFiles proves that the paths of the system are told, and others cut.
func TestFiles(t *testing.T) {
	for given, want := range map[string]string{
		"/etc/shadow": "/etc/shadow", "/proc/1/environ": "/proc/1/environ", "/root/.ssh/authorized_keys": "/root/.ssh/authorized_keys",
		"/run/secrets/kubernetes.io/serviceaccount/token": "/run/secrets/kubernetes.io/serviceaccount/token",
		"/etc/../data/x": "/data/…", "/tmp/x": "/tmp/…", "/x": "/…", "/root/x": "/root/…", "": "", "<NA>": "", "x": "",
		"/etc/" + strings.Repeat("x", 200): "/etc/…",
	} {
		raw, _ := json.Marshal(map[string]any{"time": "2026-11-22T10:20:05Z", "rule": "r", "priority": "Error", "output_fields": map[string]any{"fd.name": given}})
		got, err := activity.Parse(raw)
		if err != nil || got.File != want {
			t.Errorf("%s: got %q, %v, want %q", given, got.File, err, want)
		}
	}
}

// TestParseRefuses proves that what is no event is refused, by a message that holds nothing of it.
func TestParseRefuses(t *testing.T) {
	for in, want := range map[string]string{
		``: "no JSON object", `[]`: "no JSON object", `null`: "no JSON object", `{"rule":"secret"`: "no JSON object",
		`{}`: "rule is missing", `{"rule":"r","priority":"Error"}`: "time is missing", `{"rule":"r","time":"2026-11-22T10:20:05Z"}`: "priority is missing",
		`{"rule":7,"priority":"Error","time":"2026-11-22T10:20:05Z"}`:                                            "rule is not a text",
		`{"rule":"r","priority":"secret","time":"2026-11-22T10:20:05Z"}`:                                         "no such priority",
		`{"rule":"r","priority":"Error","time":"secret"}`:                                                        "time is not a time",
		`{"rule":"r","priority":"Error","time":"2026-11-22T10:20:05Z","tags":"secret"}`:                          "tags is not a list",
		`{"rule":"r","priority":"Error","time":"2026-11-22T10:20:05Z","output_fields":["secret"]}`:               "output_fields is not an object",
		`{"rule":"r","priority":"Error","time":"2026-11-22T10:20:05Z","output_fields":{"proc.name":["secret"]}}`: "output_fields: proc.name is not a text",
		`{"rule":"` + strings.Repeat("x", activity.MaxEvent) + `"}`:                                              "larger than",
	} {
		_, err := activity.Parse([]byte(in))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%.80s: got %v, want %q", in, err, want)
		}
	}
}

// TestWord proves that Falco's figures count as a word of the node, and what they say of dropped events is kept.
func TestWord(t *testing.T) {
	got, err := activity.Parse([]byte(`{"hostname":"node-1","output":"Falco metrics snapshot","priority":"Informational","rule":"Falco internal: metrics snapshot",
"source":"internal","time":"2026-11-22T10:20:05.408091526Z","output_fields":{"evt.source":"syscall","falco.version":"0.41.0","falco.outputs_queue_num_drops":3,"scap.n_drops":0}}`))
	if err != nil || !got.Word() || got.Lost != 3 || got.Host != "node-1" {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = activity.Parse([]byte(`{"hostname":"node-1","priority":"Debug","rule":"Falco internal: syscall event drop","source":"internal","time":"2026-11-22T10:20:05Z",
"output_fields":{"n_drops":"12","n_evts":"100"}}`))
	if err != nil || got.Word() || got.Lost != 12 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestAudit proves that events of the cluster's audit log are of the pod that somebody did something to, and no word of a node.
func TestAudit(t *testing.T) {
	got, err := activity.Parse([]byte(`{"hostname":"falco-0","priority":"Notice","rule":"Attach/Exec Pod","source":"k8s_audit","time":"2026-11-22T10:20:05Z",
"output_fields":{"ka.target.namespace":"clinic","ka.target.resource":"pods","ka.target.name":"portal-1","ka.user.name":"ann","ka.uri.param[command]":"cat jane-doe"}}`))
	if err != nil || got.Host != "" || got.Namespace != "clinic" || got.Pod != "portal-1" || got.User != "ann" {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = activity.Parse([]byte(`{"hostname":"falco-0","priority":"Informational","rule":"Falco internal: metrics snapshot","source":"internal",
"time":"2026-11-22T10:20:05Z","output_fields":{"evt.source":"k8s_audit"}}`))
	if err != nil || got.Host != "" || !got.Word() {
		t.Errorf("got %+v, %v", got, err)
	}
}

// FuzzParse proves that no event breaks the reader, and that what it keeps is bounded, of known form, and the same when it is read
// back from a journal.
func FuzzParse(f *testing.F) {
	f.Add([]byte(shell))
	f.Add([]byte(`{"time":"2026-11-22T10:20:05Z","rule":"r","priority":"info","output_fields":null,"tags":null}`))
	f.Add([]byte(`{"time":"9999-11-22T10:20:05+23:59","rule":"\u0000\ud800é","priority":"ALERT","output_fields":{"container.id":"host","fd.name":"/etc//x"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := activity.Parse(data)
		if err != nil {
			return
		}
		kept, err := json.Marshal(e)
		if err != nil || len(kept) > 8<<10 || bytes.ContainsAny(kept, "\n\r\x00\x1b") {
			t.Fatalf("%v: %q", err, kept)
		}
		var again activity.Event
		if err := json.Unmarshal(kept, &again); err != nil || !cmp.Equal(e, again) {
			t.Fatalf("%v: %s", err, cmp.Diff(e, again))
		}
	})
}
