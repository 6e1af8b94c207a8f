package serve

import (
	"context"
	"io"
	"log/slog"
)

func (s *Settings) level() (l slog.Level, err error) { return l, l.UnmarshalText([]byte(s.Log.Level)) }

// logger writes structured lines. What is logged are events of the server, paths of requests without their queries, and errors: never
// findings, evidence or what people typed.
func (s *Settings) logger(w io.Writer) *slog.Logger {
	level, err := s.level()
	if err != nil {
		level = slog.LevelInfo // which check has told
	}
	options := &slog.HandlerOptions{Level: level}
	if s.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// quieter is a log to which a library's daily business is told as details.
type quieter struct{ slog.Handler }

// Enabled implements slog.Handler.
func (q quieter) Enabled(ctx context.Context, l slog.Level) bool {
	return q.Handler.Enabled(ctx, lower(l))
}

// Handle implements slog.Handler.
func (q quieter) Handle(ctx context.Context, r slog.Record) error {
	r.Level = lower(r.Level)
	return q.Handler.Handle(ctx, r)
}

func lower(l slog.Level) slog.Level {
	if l < slog.LevelWarn {
		return min(l, slog.LevelDebug)
	}
	return l
}
