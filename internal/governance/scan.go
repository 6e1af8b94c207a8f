package governance

import (
	"bytes"
	"context"
	"errors"

	"ward.dev/ward/internal/register"
)

// ErrMalicious is the error by which Options.Scan tells that a file is known to be malicious; any other error is that this is not known.
var ErrMalicious = errors.New("the file is malicious")

// scan has a file looked at before it is kept, if the server does that. What cannot be looked at is not kept.
func (d *Decisions) scan(ctx context.Context, name string, data []byte) error {
	if d.o.Scan == nil {
		return nil
	}
	err := d.o.Scan(ctx, bytes.NewReader(data))
	switch {
	case errors.Is(err, ErrMalicious):
		return register.Faults{{Field: "files", Text: "The file " + fileName(name) + " is refused: the scanner says that it is malicious."}}
	case err != nil:
		return &register.Refusal{Text: "The file was not kept, because it could not be scanned. Tell whoever runs this server, and try again later."}
	}
	return nil
}
