package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"ward.dev/ward/internal/notify/delivery/deliverytest"
)

// tracker answers as GitHub and Jira document their interfaces, for one project.
type tracker struct {
	issues   []string // their texts
	comments []string
	closed   bool
}

func (k *tracker) answer(w http.ResponseWriter, r deliverytest.Request) {
	path := strings.SplitN(r.Path, "?", 2)[0]
	switch {
	case strings.HasSuffix(path, "/search/jql"):
		found := []map[string]string{}
		for i, issue := range k.issues {
			if strings.Contains(issue, "ward-k1") {
				found = append(found, map[string]string{"key": fmt.Sprint("OPS-", i+1)})
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"issues": found})
	case strings.HasSuffix(path, "/transitions") && r.Method == http.MethodGet:
		fmt.Fprint(w, `{"transitions": [{"id": "11", "to": {"statusCategory": {"key": "indeterminate"}}}, {"id": "31", "to": {"statusCategory": {"key": "done"}}}]}`)
	case strings.HasSuffix(path, "/transitions"):
		k.closed = strings.Contains(r.Body, `"31"`)
		w.WriteHeader(http.StatusNoContent)
	case strings.HasSuffix(path, "/comments") && r.Method == http.MethodGet:
		var all []gitHubText
		for _, c := range k.comments {
			all = append(all, gitHubText{Body: c})
		}
		_ = json.NewEncoder(w).Encode(all)
	case strings.HasSuffix(path, "/comment"), strings.HasSuffix(path, "/comments"):
		k.comments = append(k.comments, r.Body)
		w.WriteHeader(http.StatusCreated)
	case r.Method == http.MethodPatch:
		k.closed = strings.Contains(r.Body, `"closed"`)
	case r.Method == http.MethodGet:
		var all []gitHubText
		for i, issue := range k.issues {
			all = append(all, gitHubText{Number: i + 1, Body: issue})
		}
		_ = json.NewEncoder(w).Encode(all)
	default:
		k.issues = append(k.issues, r.Body)
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"number": %d, "key": "OPS-%d"}`, len(k.issues), len(k.issues))
	}
}

// TestIssues proves that a group has one issue, that more of it is a comment, that what is mended closes it, and that an attempt whose
// answer was lost neither opens a second issue nor comments twice.
func TestIssues(t *testing.T) {
	for _, kind := range []Kind{GitHub, Jira} {
		t.Run(string(kind), func(t *testing.T) {
			r := deliverytest.NewReceiver(t)
			k := &tracker{}
			r.Answer = k.answer
			p, c := post(t, r), channelOf(kind, r.URL)
			m := sample(false)
			m.Thread = "k1"
			send := func() {
				t.Helper()
				remote, err := p.Send(context.Background(), c, "secret-token", m)
				if err != nil {
					t.Fatal(err)
				}
				m.Remote = remote
			}
			send()
			first := m.Remote
			m.Remote, m.Again = "", true
			send()
			if len(k.issues) != 1 || m.Remote != first || first == "" {
				t.Fatalf("%d issues, %q and %q; want one", len(k.issues), first, m.Remote)
			}
			m.ID, m.Again = "0192f000-0000-7000-8000-000000000002", false
			send()
			if kind == GitHub {
				m.Again = true
				send()
			}
			if len(k.comments) != 1 || len(k.issues) != 1 || k.closed {
				t.Fatalf("%d comments, %d issues, closed %v; want one comment", len(k.comments), len(k.issues), k.closed)
			}
			m.Resolve, m.Again = true, false
			send()
			if !k.closed {
				t.Error("the issue is not closed")
			}
			for _, request := range r.Took() {
				if !strings.HasPrefix(request.Header.Get("Authorization"), map[Kind]string{GitHub: "Bearer secret-token", Jira: "Basic "}[kind]) {
					t.Errorf("%s %s is not signed in", request.Method, request.Path)
				}
			}
		})
	}
}
