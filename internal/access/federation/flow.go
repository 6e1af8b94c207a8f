package federation

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/state"
)

// flow is a sign-in that has begun and not come back yet. It is good for one answer, in the browser that began it.
type flow struct {
	bun.BaseModel `bun:"table:federation_flow"`

	ID       string `bun:",pk"`
	Provider string // kind and name
	Browser  string
	Nonce    string
	Verifier string
	Request  string
	Next     string
	Until    int64
}

const (
	flowTime = 10 * time.Minute
	maxFlows = 10_000 // that wait at one time; beyond them the oldest are given up
)

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// begin keeps a flow and returns the state that comes back with the answer. same says how the cookie is sent: SAML comes back by a form
// of another site.
func (p *Providers) begin(w http.ResponseWriter, r *http.Request, f flow, same http.SameSite) (string, error) {
	name := cookieName(same)
	browser := rand.Text()
	if c, err := r.Cookie(name); err == nil && len(c.Value) == len(browser) {
		browser = c.Value // another tab has begun, too
	}
	http.SetCookie(w, &http.Cookie{Name: name, Value: browser, Path: "/", Secure: true, HttpOnly: true, SameSite: same,
		MaxAge: int(flowTime.Seconds())})
	opaque := rand.Text()
	now := p.o.Now()
	f.ID, f.Browser, f.Until, f.Next = digest(opaque), digest(browser), state.Millis(now.Add(flowTime)), local(r.URL.Query().Get("next"))
	err := p.o.DB.Do(r.Context(), func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewRaw("DELETE FROM federation_flow WHERE until < ?", state.Millis(now)).Exec(ctx); err != nil {
			return err
		}
		if _, err := tx.NewRaw("DELETE FROM federation_flow WHERE id IN (SELECT id FROM federation_flow ORDER BY until DESC LIMIT ? OFFSET ?)",
			maxFlows, maxFlows-1).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewInsert().Model(&f).Exec(ctx)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("begin a sign-in: %w", err)
	}
	return opaque, nil
}

// cookieName is that of the cookie that binds flows to a browser.
func cookieName(same http.SameSite) string {
	if same == http.SameSiteNoneMode {
		return "__Host-ward-saml"
	}
	return "__Host-ward-oidc"
}

var errFlow = errors.New("no sign-in has begun that this answers")

// finish takes the flow that an answer belongs to, once.
func (p *Providers) finish(r *http.Request, opaque, provider string, same http.SameSite) (f flow, err error) {
	c, err := r.Cookie(cookieName(same))
	if err != nil || opaque == "" || len(opaque) > 200 {
		return f, errFlow
	}
	err = p.o.DB.Do(r.Context(), func(ctx context.Context, tx bun.Tx) error {
		f = flow{}
		return ignoreNone(tx.NewRaw("DELETE FROM federation_flow WHERE id = ? AND browser = ? RETURNING *",
			digest(opaque), digest(c.Value)).Scan(ctx, &f))
	})
	if err != nil {
		return f, fmt.Errorf("finish a sign-in: %w", err)
	}
	if f.ID == "" || f.Until < state.Millis(p.o.Now()) || subtle.ConstantTimeCompare([]byte(f.Provider), []byte(provider)) != 1 {
		return f, errFlow
	}
	return f, nil
}

// once tells whether an assertion or token comes for the first time. It is remembered for as long as it would be taken.
func (p *Providers) once(ctx context.Context, id string, until time.Time) (first bool, err error) {
	err = p.o.DB.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		first = true
		if _, err := tx.NewRaw("DELETE FROM federation_seen WHERE until < ?", state.Millis(p.o.Now())).Exec(ctx); err != nil {
			return err
		}
		var there int
		if err := tx.NewRaw("SELECT count(*) FROM federation_seen WHERE id = ?", digest(id)).Scan(ctx, &there); err != nil {
			return err
		}
		if there > 0 {
			first = false
			return nil
		}
		_, err := tx.NewRaw("INSERT INTO federation_seen (id, until) VALUES (?, ?)", digest(id), state.Millis(until)).Exec(ctx)
		return err
	})
	return first, err
}

// local is a path of this server to go on to, "/" if it is anything else.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || len(next) > 1000 || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" ||
		!strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") ||
		strings.HasPrefix(u.Path, "//") || strings.HasPrefix(u.Path, "/sign-in") {
		return "/"
	}
	return (&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).String()
}
