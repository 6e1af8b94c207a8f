package serve

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"ward.dev/ward/internal/clamd"
	"ward.dev/ward/internal/governance"
)

// Files are those that people attach to decisions as evidence.
type Files struct {
	// Clamd is where the daemon of ClamAV listens that looks at each before it is kept: unix:/PATH or tcp:HOST:PORT; "" for nobody.
	Clamd string `yaml:"clamd,omitempty"`
}

// scanner looks at files, nil if nobody does.
func (f Files) scanner(log *slog.Logger) func(context.Context, io.Reader) error {
	if f.Clamd == "" {
		return nil
	}
	return func(ctx context.Context, file io.Reader) error {
		d, err := clamd.Parse(f.Clamd)
		if err != nil {
			return err
		}
		err = d.Scan(ctx, file)
		var found *clamd.Malicious
		switch {
		case errors.As(err, &found):
			log.WarnContext(ctx, "a file was refused as malicious", "signature", found.Signature)
			return errors.Join(governance.ErrMalicious, err)
		case err != nil:
			log.ErrorContext(ctx, "a file was refused, since it cannot be scanned; see files.clamd in the settings", "error", err)
		}
		return err
	}
}
