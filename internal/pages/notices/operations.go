package notices

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/notify"
	"ward.dev/ward/internal/notify/delivery"
)

type byID struct {
	ID string `path:"id" maxLength:"64"`
}

type nothing struct{}

type channelBody struct {
	delivery.Channel
	Secret string `json:"secret,omitempty" maxLength:"4096" doc:"the secret itself, file:NAME or env:NAME; empty keeps what there is. Never returned."`
}

type channelIn struct {
	ID   string `path:"id" maxLength:"64"`
	Body channelBody
}

type newChannelIn struct{ Body channelBody }

type channelOut struct {
	Body struct {
		delivery.Channel
		SecretKept string `json:"secret_kept" doc:"file:NAME, env:NAME, sealed, or empty"`
	}
}

type channelsOut struct {
	Body struct {
		Channels []delivery.Channel `json:"channels"`
	}
}

type routeIn struct {
	ID   string `path:"id" maxLength:"64"`
	Body notify.Route
}

type newRouteIn struct{ Body notify.Route }

type routeOut struct{ Body notify.Route }

type routesOut struct {
	Body struct {
		Routes []notify.Route `json:"routes"`
	}
}

type messagesIn struct {
	Channel string `query:"channel" maxLength:"64"`
	Status  string `query:"status" enum:"waiting,sent,failed"`
	After   string `query:"after" maxLength:"64"`
	Limit   int64  `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type messagesOut struct {
	Body struct {
		Messages []notify.Message `json:"messages"`
		Next     string           `json:"next,omitempty" doc:"after of the next page"`
	}
}

func operation(id, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: "/notifications" + path, Summary: summary,
		Tags: []string{"Notifications"}, MaxBodyBytes: maxForm}
}

// operations registers what the pages do.
func operations(a *api.API, o *notify.Outbox) {
	api.Register(a, operation("list-channels", http.MethodGet, "/channels", "Where notifications go"), access.Settings,
		func(ctx context.Context, _ *nothing) (out *channelsOut, err error) {
			out = &channelsOut{}
			out.Body.Channels, err = o.Channels(ctx)
			return out, err
		})
	api.Register(a, operation("get-channel", http.MethodGet, "/channels/{id}", "A channel"), access.Settings,
		func(ctx context.Context, in *byID) (*channelOut, error) { return readChannel(ctx, o, in.ID) })
	create := operation("create-channel", http.MethodPost, "/channels", "Make a channel")
	create.DefaultStatus = http.StatusCreated
	api.Register(a, create, access.Settings, func(ctx context.Context, in *newChannelIn) (*channelOut, error) {
		in.Body.ID = ""
		return writeChannel(ctx, o, in.Body)
	})
	api.Register(a, operation("change-channel", http.MethodPut, "/channels/{id}", "Change a channel"), access.Settings,
		func(ctx context.Context, in *channelIn) (*channelOut, error) {
			in.Body.ID = in.ID
			return writeChannel(ctx, o, in.Body)
		})
	act(a, operation("remove-channel", http.MethodDelete, "/channels/{id}", "Remove a channel"), o.RemoveChannel)
	act(a, operation("test-channel", http.MethodPost, "/channels/{id}/test", "Send a test message to a channel"), o.Test)

	api.Register(a, operation("list-routes", http.MethodGet, "/routes", "Which events go where, in order"), access.Settings,
		func(ctx context.Context, _ *nothing) (out *routesOut, err error) {
			out = &routesOut{}
			out.Body.Routes, err = o.Routes(ctx)
			return out, err
		})
	make := operation("create-route", http.MethodPost, "/routes", "Make a route behind all others")
	make.DefaultStatus = http.StatusCreated
	api.Register(a, make, access.Settings, func(ctx context.Context, in *newRouteIn) (*routeOut, error) {
		in.Body.ID = ""
		return writeRoute(ctx, o, in.Body)
	})
	api.Register(a, operation("change-route", http.MethodPut, "/routes/{id}", "Change a route"), access.Settings,
		func(ctx context.Context, in *routeIn) (*routeOut, error) {
			in.Body.ID = in.ID
			return writeRoute(ctx, o, in.Body)
		})
	act(a, operation("remove-route", http.MethodDelete, "/routes/{id}", "Remove a route"), o.RemoveRoute)
	act(a, operation("move-route", http.MethodPost, "/routes/{id}/sooner", "Have a route tried one place sooner"), o.MoveRoute)

	api.Register(a, operation("list-messages", http.MethodGet, "/messages", "What was sent, waits or was given up, the newest first"), access.Settings,
		func(ctx context.Context, in *messagesIn) (*messagesOut, error) { return listMessages(ctx, o, in) })
	act(a, operation("retry-message", http.MethodPost, "/messages/{id}/retry", "Send a message that was given up once more"), o.Retry)
}

// act registers an operation that does something and answers nothing.
func act(a *api.API, op huma.Operation, do func(context.Context, string) error) {
	op.DefaultStatus = http.StatusNoContent
	api.Register(a, op, access.Settings, func(ctx context.Context, in *byID) (*nothing, error) {
		if err := do(ctx, in.ID); err != nil {
			return nil, shownFault(err)
		}
		return nil, nil
	})
}

func readChannel(ctx context.Context, o *notify.Outbox, id string) (*channelOut, error) {
	out := &channelOut{}
	var err error
	if out.Body.Channel, out.Body.SecretKept, err = o.Channel(ctx, id); err != nil {
		return nil, shownFault(err)
	}
	return out, nil
}

func writeChannel(ctx context.Context, o *notify.Outbox, body channelBody) (*channelOut, error) {
	c, err := o.SaveChannel(ctx, body.Channel, body.Secret)
	if err != nil {
		return nil, shownFault(err)
	}
	return readChannel(ctx, o, c.ID)
}

func writeRoute(ctx context.Context, o *notify.Outbox, r notify.Route) (*routeOut, error) {
	r, err := o.SaveRoute(ctx, r)
	if err != nil {
		return nil, shownFault(err)
	}
	return &routeOut{r}, nil
}

func listMessages(ctx context.Context, o *notify.Outbox, in *messagesIn) (*messagesOut, error) {
	all, err := o.Messages(ctx, notify.Wanted{Channel: in.Channel, Status: in.Status, After: in.After, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &messagesOut{}
	out.Body.Messages = all
	if int64(len(all)) == in.Limit {
		out.Body.Next = all[len(all)-1].ID
	}
	return out, nil
}
