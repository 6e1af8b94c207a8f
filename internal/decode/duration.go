package decode

import (
	"regexp"
	"strconv"

	"ward.dev/ward/internal/value"
)

var durationPattern = regexp.MustCompile(`^P(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?$`)

// durationMinutes returns the minutes of an ISO 8601 duration such as PT8H, rounded up.
func durationMinutes(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		s, _ := v.AsString()
		m := durationPattern.FindStringSubmatch(s)
		if m == nil || s == "P" || s[len(s)-1] == 'T' {
			return unreadable(v, "the value is not a duration such as PT8H")
		}
		seconds := 0
		for i, unit := range []int{86400, 3600, 60, 1} {
			if m[i+1] != "" {
				n, _ := strconv.Atoi(m[i+1])
				seconds += n * unit
			}
		}
		return from(v, value.Int(int64((seconds+59)/60)))
	})
}
