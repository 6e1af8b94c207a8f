// Package api is the shell of the programming interface under /api/v1: who may call what, and its OpenAPI 3.1 document, which is made from
// the handlers.
//
// It must not know what is asked: each part of the server registers its own operations.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/web"
)

// Prefix of every path.
const Prefix = "/api/v1"

// API is all operations.
type API struct {
	// Log is told what is not meant for callers; slog.Default() unless it is set.
	Log  *slog.Logger
	huma huma.API
}

// New returns an interface without operations, on a mux that others may use too. Its document is at /api/v1/openapi.json.
func New(mux *http.ServeMux, version string) *API {
	config := huma.DefaultConfig("Ward", version)
	config.OpenAPIPath = "/openapi"
	config.DocsPath, config.SchemasPath = "", ""
	config.CreateHooks = nil // which add a link to a schema to every reply
	config.Servers = []*huma.Server{{URL: Prefix}}
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "A token made under Account"},
		"session": {Type: "apiKey", In: "cookie", Name: "__Host-ward", Description: "The session of a browser"},
	}
	return &API{slog.Default(), humago.NewWithPrefix(mux, Prefix, config)}
}

// Document is the OpenAPI 3.1 document.
func (a *API) Document() *huma.OpenAPI { return a.huma.OpenAPI() }

// Register adds an operation for those who have a permission; who calls is access.From of the context. A web.Fault and what cannot be
// recorded become problems of their own status (RFC 9457).
func Register[I, O any](a *API, o huma.Operation, need access.Permission, handle func(context.Context, *I) (*O, error)) {
	if need != access.Anyone {
		o.Security = []map[string][]string{{"token": {}}, {"session": {}}}
		o.Errors = append(o.Errors, http.StatusUnauthorized, http.StatusForbidden)
	}
	visible(reflect.TypeFor[I](), o.OperationID)
	o.Middlewares = append(huma.Middlewares{a.admit(need, o.OperationID)}, o.Middlewares...)
	huma.Register(a.huma, o, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, a.problem(ctx, o.OperationID, err)
		}
		return out, nil
	})
}

// visible panics over a request of which huma would silently leave a part empty: it looks at no embedded struct that is not exported.
func visible(t reflect.Type, operation string) {
	if t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous && !f.IsExported() {
			panic("operation " + operation + ": the embedded " + f.Type.String() + " must be exported")
		}
	}
}

// admit lets those through who have a permission, before anything else of a request is looked at: who is not signed in is told so, and not
// what is wrong with what they sent.
func (a *API) admit(need access.Permission, operation string) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		actor := access.From(c.Context())
		status, text := 0, ""
		switch {
		case actor.May(need):
			next(c)
			return
		case actor.ID == "":
			status, text = http.StatusUnauthorized, "sign in, or send a token: Authorization: Bearer TOKEN"
		default:
			status, text = http.StatusForbidden, "the permission "+string(need)+" is needed"
			a.Log.WarnContext(c.Context(), "a request was refused", "operation", operation, "account", actor.ID, "needs", string(need))
		}
		if err := huma.WriteErr(a.huma, c, status, text); err != nil {
			a.Log.DebugContext(c.Context(), "a caller has gone", "operation", operation)
		}
	}
}

// problem is what a caller is told of an error. What is not meant for callers goes to the log, and the problem names it by an id.
func (a *API) problem(ctx context.Context, operation string, err error) error {
	var fault *web.Fault
	var status huma.StatusError
	switch {
	case errors.As(err, &fault):
		return huma.NewError(fault.Status, fault.Text)
	case errors.As(err, &status):
		return status
	case errors.Is(err, record.ErrUnrecorded):
		a.Log.ErrorContext(ctx, "the ledger cannot be written", "error", err)
		return huma.Error503ServiceUnavailable("nothing was done, because the ledger cannot be written; /readyz tells whoever runs the server what to do")
	case state.Full(err):
		a.Log.ErrorContext(ctx, "the disk is full", "error", err)
		return huma.Error503ServiceUnavailable("nothing was done, because the disk of the server is full; whoever runs the server has to make room")
	}
	id := state.NewID()
	a.Log.ErrorContext(ctx, "a request went wrong", "id", id, "operation", operation, "error", err)
	return huma.Error500InternalServerError("something went wrong in the server; its log says more under " + id)
}

// schemaName names the schema of a type by its package too, since each part of the server has items and lists of its own.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	from := path.Base(t.PkgPath())
	if t.Name() == "" || from == "." || from == "huma" {
		return name
	}
	return strings.ToUpper(from[:1]) + from[1:] + name
}
