package serve

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
)

// goodPassword is one that the policy takes.
const goodPassword = "nine lamps over a quiet harbour!"

// signUp makes an account by a link, with a password and an authenticator app, and returns what its browser shows from then on.
func signUp(t *testing.T, s *Server, link, name, email string) string {
	t.Helper()
	from := account.Origin{Address: "127.0.0.1"}
	ticket, err := s.people.Begin(t.Context(), strings.TrimPrefix(link, account.LinkPath), name, email, goodPassword, from)
	if err != nil {
		t.Fatal(err)
	}
	key, err := s.people.BeginTOTP(acting(s, ticket.Value))
	if err != nil {
		t.Fatal(err)
	}
	code, err := totp.GenerateCode(key.Text, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if ticket, _, err = s.people.ConfirmTOTP(acting(s, ticket.Value), code, from); err != nil {
		t.Fatal(err)
	}
	return ticket.Value
}

// acting is the context of a request of who shows a ticket.
func acting(s *Server, ticket string) (ctx context.Context) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: "__Host-ward", Value: ticket})
	s.people.Identify(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ctx = r.Context() })).ServeHTTP(httptest.NewRecorder(), r)
	return ctx
}

// administrator makes the first account of a server, and returns what its browser shows.
func administrator(t *testing.T, s *Server) string {
	t.Helper()
	link, err := s.FirstLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return signUp(t, s, link, "Ada", "ada@example.org")
}

// elevated is the first administrator with the role of compliance, which decides.
func elevated(t *testing.T, s *Server) string {
	t.Helper()
	ticket, err := s.people.Elevate(acting(s, administrator(t, s)), access.Compliance, "to attach evidence", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return ticket.Value
}

// caller speaks to the interface of a server as somebody who is signed in.
type caller struct {
	t      *testing.T
	at     string
	cookie string
	client *http.Client
}

func newCaller(t *testing.T, s *Server, cookie string) *caller {
	return &caller{t, s.settings.Listen, cookie, &http.Client{Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxIdleConnsPerHost: 8}}}
}

func (c *caller) call(method, path, body string) (int, string) {
	status, _, text := c.ask(method, path, body, nil)
	return status, text
}

// ask sends a request with headers; a body is JSON. Without a cookie it is of nobody.
func (c *caller) ask(method, path, body string, headers map[string]string) (int, http.Header, string) {
	r, err := http.NewRequest(method, "https://"+c.at+path, strings.NewReader(body))
	if err != nil {
		c.t.Error(err)
		return 0, nil, ""
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "__Host-ward", Value: c.cookie})
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	reply, err := c.client.Do(r)
	if err != nil {
		c.t.Error(err)
		return 0, nil, ""
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		c.t.Error(err)
	}
	return reply.StatusCode, reply.Header, string(text)
}

// declare asks for an estate and returns its id if it was made.
func (c *caller) declare(name string) (id string, status int, text string) {
	status, text = c.call("POST", "/api/v1/estates", fmt.Sprintf(`{"name":%q,"sources":[{"type":"aws","profile":%q}],"hours":0}`, name, strings.Repeat("p", 150)))
	if status != http.StatusCreated {
		return "", status, text
	}
	var e struct{ ID string }
	if err := json.Unmarshal([]byte(text), &e); err != nil || e.ID == "" {
		c.t.Errorf("declared: %s, %v", text, err)
	}
	return e.ID, status, text
}

// declared are the ids of all estates.
func (c *caller) declared() (ids []string) {
	c.t.Helper()
	status, text := c.call("GET", "/api/v1/estates", "")
	var all struct{ Estates []struct{ ID string } }
	if err := json.Unmarshal([]byte(text), &all); err != nil || status != http.StatusOK {
		c.t.Fatalf("%d %s, %v", status, text, err)
	}
	for _, e := range all.Estates {
		ids = append(ids, e.ID)
	}
	return ids
}

// agrees checks that the state has a row for each record that the ledger has, and returns how many that are. A row comes a moment after its
// record, while the server is at work.
func agrees(t *testing.T, s *Server) int64 {
	t.Helper()
	size, err := s.ledger.Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var rows int64
	for range 100 {
		if err := s.db.NewRaw("SELECT count(*) FROM record").Scan(t.Context(), &rows); err != nil {
			t.Fatal(err)
		}
		if rows >= size {
			return size
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("the ledger had %d records and the state has %d", size, rows)
	return size
}
