package decode

import (
	"strings"

	"ward.dev/ward/internal/value"
)

// transferStore reads the URI of a DataSync location: s3://BUCKET/FOLDER/, efs://REGION.FILESYSTEM/FOLDER. What is outside
// of AWS is none.
func transferStore(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		uri, _ := v.AsString()
		scheme, rest, _ := strings.Cut(uri, "://")
		host, _, _ := strings.Cut(rest, "/")
		switch {
		case scheme == "s3" && strings.HasPrefix(rest, "arn:"):
			return from(v, value.String(strings.TrimSuffix(rest, "/")))
		case scheme == "s3" && host != "":
			return from(v, value.String(host))
		case scheme == "efs", strings.HasPrefix(scheme, "fsx"):
			if _, name, ok := strings.Cut(host, "."); ok && name != "" {
				return from(v, value.String(name))
			}
			return unreadable(v, "the URI names no file system")
		}
		return from(v, value.None())
	})
}
