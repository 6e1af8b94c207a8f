package people

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/web"
)

// user is an account as the API has it.
type user struct {
	ID         string        `json:"id"`
	Name       string        `json:"name"`
	Email      string        `json:"email"`
	State      string        `json:"state" enum:"invited,active,disabled"`
	Roles      []access.Role `json:"roles"`
	Elevates   []access.Role `json:"elevates" doc:"Roles that it may be elevated to"`
	BreakGlass bool          `json:"break_glass"`
	Second     bool          `json:"second_factor"`
	Issuer     string        `json:"issuer,omitempty" doc:"Of the identity that it signs in with"`
	Created    time.Time     `json:"created"`
	SignedIn   *time.Time    `json:"signed_in,omitempty"`
}

func userOf(a account.Account) user {
	return user{ID: a.ID, Name: a.Name, Email: a.Email, State: string(a.State), Roles: none(a.Roles), Elevates: none(a.Elevates),
		BreakGlass: a.BreakGlass, Second: a.Second(), Issuer: a.Issuer, Created: a.Created, SignedIn: some(a.SignedIn)}
}

func none[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func some(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// body is a reply that is one value.
type body[T any] struct{ Body T }

func replied[T any](value T, err error) (*body[T], error) {
	if err != nil {
		return nil, fault(err)
	}
	return &body[T]{value}, nil
}

// Page is how lists are asked for.
type Page struct {
	After string `query:"after" maxLength:"300" doc:"next of the page before"`
	Limit int64  `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// list is one page of a list.
type list[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Send it as after for the next page; absent on the last"`
}

// cut makes a page of what was read with one item more than wanted.
func cut[F, T any](all []F, limit int64, item func(F) T, key func(F) string) list[T] {
	l := list[T]{Items: []T{}}
	if int64(len(all)) > limit {
		all = all[:limit]
		l.Next = key(all[limit-1])
	}
	for _, a := range all {
		l.Items = append(l.Items, item(a))
	}
	return l
}

// ByID is a request about one thing. It and Page are exported because huma looks at no other embedded structs.
type ByID struct {
	ID string `path:"id" maxLength:"100"`
}

func operations(a *api.API, p *pages) {
	p.userOperations(a)
	p.ownOperations(a)
	p.watchOperations(a)
}

func op(id, method, path, summary string) huma.Operation {
	o := huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"People"}, MaxBodyBytes: mostForm}
	if method == http.MethodPost {
		o.DefaultStatus = http.StatusCreated
	}
	return o
}

// userLink is a new or reset account and the link with which its person begins.
type userLink struct {
	User user   `json:"user"`
	Link string `json:"link" doc:"Good once, for a day, and told this once"`
}

func (p *pages) userOperations(a *api.API) {
	api.Register(a, op("list-users", http.MethodGet, "/users", "List accounts by their addresses"), access.People,
		func(ctx context.Context, in *Page) (*body[list[user]], error) {
			all, err := p.people.List(ctx, in.After, in.Limit+1)
			return replied(cut(all, in.Limit, userOf, func(a account.Account) string { return a.Email }), err)
		})
	api.Register(a, op("get-user", http.MethodGet, "/users/{id}", "Read an account"), access.People,
		func(ctx context.Context, in *ByID) (*body[user], error) {
			got, err := p.people.Get(ctx, in.ID)
			return replied(userOf(got), err)
		})
	type invitation struct {
		Body struct {
			Name  string        `json:"name,omitempty" maxLength:"100"`
			Email string        `json:"email" maxLength:"254"`
			Roles []access.Role `json:"roles" minItems:"1" maxItems:"10"`
		}
	}
	api.Register(a, op("invite-user", http.MethodPost, "/users", "Invite a person"), access.People,
		func(ctx context.Context, in *invitation) (*body[userLink], error) {
			made, path, err := p.people.Invite(ctx, in.Body.Name, in.Body.Email, in.Body.Roles)
			return replied(userLink{userOf(made), p.people.Address(path)}, err)
		})
	type changed struct {
		ByID
		Body struct {
			Name       *string        `json:"name,omitempty" maxLength:"100"`
			Roles      *[]access.Role `json:"roles,omitempty" maxItems:"10"`
			Elevates   *[]access.Role `json:"elevates,omitempty" maxItems:"10"`
			BreakGlass *bool          `json:"break_glass,omitempty"`
			Disabled   *bool          `json:"disabled,omitempty"`
		}
	}
	api.Register(a, op("change-user", http.MethodPatch, "/users/{id}", "Change an account; what is absent stays"), access.People,
		func(ctx context.Context, in *changed) (*body[user], error) {
			got, err := p.people.Update(ctx, in.ID, account.Change{Name: in.Body.Name, Roles: in.Body.Roles, Elevates: in.Body.Elevates,
				BreakGlass: in.Body.BreakGlass, Disabled: in.Body.Disabled})
			return replied(userOf(got), err)
		})
	api.Register(a, op("reset-user", http.MethodPost, "/users/{id}/reset", "Void how a person signs in; a link begins anew"), access.People,
		func(ctx context.Context, in *ByID) (*body[userLink], error) {
			got, err := p.people.Get(ctx, in.ID)
			if err != nil {
				return nil, fault(err)
			}
			path, err := p.people.ResetLink(ctx, got.Email)
			if err != nil {
				return nil, fault(err)
			}
			got, err = p.people.Get(ctx, in.ID)
			return replied(userLink{userOf(got), p.people.Address(path)}, err)
		})
}

// token and session are as the API has them.
type token struct {
	ID      string              `json:"id"`
	Name    string              `json:"name"`
	Scope   []access.Permission `json:"scope"`
	Created time.Time           `json:"created"`
	Expires time.Time           `json:"expires"`
	Seen    *time.Time          `json:"seen,omitempty"`
	Value   string              `json:"value,omitempty" doc:"Of a new token, told this once"`
}

func tokenOf(t account.Token) token {
	return token{ID: t.ID, Name: t.Name, Scope: none(t.Scope), Created: t.Created, Expires: t.Expires, Seen: some(t.Seen)}
}

type session struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen"`
	Address string    `json:"address"`
	Agent   string    `json:"agent"`
	Current bool      `json:"current"`
}

func sessionOf(s account.Session) session { return session(s) }

// whole is a list that has one page, because it is short by what may be made.
func whole[F, T any](all []F, item func(F) T) list[T] {
	return cut(all, int64(len(all)), item, func(F) string { return "" })
}

func (p *pages) ownOperations(a *api.API) {
	api.Register(a, op("list-sessions", http.MethodGet, "/sessions", "List the own sessions"), access.Own,
		func(ctx context.Context, _ *struct{}) (*body[list[session]], error) {
			all, err := p.people.Sessions(ctx)
			return replied(whole(all, sessionOf), err)
		})
	api.Register(a, op("end-session", http.MethodDelete, "/sessions/{id}", "End a session of one's own"), access.Own,
		func(ctx context.Context, in *ByID) (*struct{}, error) {
			return nil, fault(p.people.EndSession(ctx, in.ID))
		})
	type tokens struct {
		User string `query:"user" maxLength:"100" doc:"Another account, with the permission people"`
	}
	api.Register(a, op("list-tokens", http.MethodGet, "/tokens", "List tokens"), access.Own,
		func(ctx context.Context, in *tokens) (*body[list[token]], error) {
			if in.User == "" {
				in.User = access.From(ctx).ID
			}
			all, err := p.people.Tokens(ctx, in.User)
			return replied(whole(all, tokenOf), err)
		})
	type wanted struct {
		Body struct {
			Name    string              `json:"name" maxLength:"100"`
			Scope   []access.Permission `json:"scope" minItems:"1" maxItems:"20"`
			Expires time.Time           `json:"expires"`
		}
	}
	api.Register(a, op("make-token", http.MethodPost, "/tokens", "Make a token, from a session whose second factor was shown a moment ago"), access.Own,
		func(ctx context.Context, in *wanted) (*body[token], error) {
			made, value, err := p.people.NewToken(ctx, in.Body.Name, in.Body.Scope, in.Body.Expires)
			t := tokenOf(made)
			t.Value = value
			return replied(t, err)
		})
	api.Register(a, op("end-token", http.MethodDelete, "/tokens/{id}", "End a token"), access.Own,
		func(ctx context.Context, in *ByID) (*struct{}, error) {
			return nil, fault(p.people.EndToken(ctx, in.ID))
		})
}

type elevation struct {
	ID       string     `json:"id"`
	User     string     `json:"user"`
	Role     string     `json:"role" doc:"break-glass for all roles"`
	Reason   string     `json:"reason"`
	At       time.Time  `json:"at"`
	Until    time.Time  `json:"until"`
	Due      bool       `json:"review_due"`
	Reviewer string     `json:"reviewer,omitempty"`
	Reviewed *time.Time `json:"reviewed,omitempty"`
	Remark   string     `json:"remark,omitempty"`
}

func elevationOf(e account.Elevation) elevation {
	return elevation{e.ID, e.Account, e.Role, e.Reason, e.At, e.Until, e.Due(), e.Reviewer, some(e.Reviewed), e.Remark}
}

func (p *pages) watchOperations(a *api.API) {
	api.Register(a, op("list-sign-ins", http.MethodGet, "/sign-ins", "List sign-ins, refusals and ends of sessions, the newest first"), access.Evidence,
		func(ctx context.Context, in *Page) (*body[list[signIn]], error) {
			before := int64(0)
			if in.After != "" {
				var err error
				if before, err = strconv.ParseInt(in.After, 10, 64); err != nil || before < 1 {
					return nil, web.Faultf(http.StatusUnprocessableEntity, "after is not the next of a page before.")
				}
			}
			rows, next, err := p.signIns(ctx, before, in.Limit)
			l := list[signIn]{Items: none(rows)}
			if next > 0 {
				l.Next = strconv.FormatInt(next, 10)
			}
			return replied(l, err)
		})
	type elevations struct {
		Page
		Due bool `query:"due" doc:"Only those that wait for a second person"`
	}
	api.Register(a, op("list-elevations", http.MethodGet, "/elevations", "List roles that were lent, the newest first"), access.Evidence,
		func(ctx context.Context, in *elevations) (*body[list[elevation]], error) {
			all, err := p.people.Elevations(ctx, in.Due, in.After, in.Limit+1)
			return replied(cut(all, in.Limit, elevationOf, func(e account.Elevation) string { return e.ID }), err)
		})
	type review struct {
		ByID
		Body struct {
			Remark string `json:"remark" maxLength:"1000"`
		}
	}
	o := op("review-elevation", http.MethodPost, "/elevations/{id}/review", "Sign off that the glass was broken, as a second person")
	o.DefaultStatus = http.StatusNoContent
	api.Register(a, o, access.Evidence, func(ctx context.Context, in *review) (*struct{}, error) {
		return nil, fault(p.people.Review(ctx, in.ID, in.Body.Remark))
	})
}
