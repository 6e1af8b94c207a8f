package decode

import (
	"regexp"
	"strconv"
	"strings"

	"ward.dev/ward/internal/value"
)

// dotted is the first version in a text: two or three numbers with dots between them.
var dotted = regexp.MustCompile(`(\d{1,4})\.(\d{1,3})(?:\.(\d{1,3}))?(\D|$)`)

// versionNumber reads the first dotted version of a text as one number that can be compared: "v1.34.1-eks" is 1034001. A version
// before a release (1.34.0-rc.1) counts as the release.
func versionNumber(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		text, ok := v.AsString()
		parts := dotted.FindStringSubmatch(text)
		if !ok || parts == nil {
			return unreadable(v, "no version can be read")
		}
		number := int64(0)
		for _, part := range parts[1:4] {
			n, err := strconv.ParseInt("0"+part, 10, 64)
			if err != nil {
				return unreadable(v, "no version can be read")
			}
			number = number*1000 + n
		}
		return from(v, value.Int(number))
	})
}

// versionContainerd reads the version of containerd from what a node says of its runtime, "containerd://1.7.2"; absent of another.
func versionContainerd(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		if text, ok := v.AsString(); ok && !strings.HasPrefix(text, "containerd://") {
			return from(v, value.None())
		}
		return versionNumber(v)
	})
}
