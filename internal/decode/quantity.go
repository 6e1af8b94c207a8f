package decode

import (
	"math"
	"regexp"
	"strconv"

	"ward.dev/ward/internal/value"
)

// quantity is a number of Kubernetes: "128974848", "129e6", "123Mi", "500m".
var quantity = regexp.MustCompile(`^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)?)$`)

var suffixes = map[string]float64{"": 1, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
	"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50, "Ei": 1 << 60}

// quantityBytes reads a quantity in whole units, rounded up as Kubernetes does; quantityMilli in thousandths.
func quantityBytes(v value.Value) value.Value { return scaled(v, 1) }
func quantityMilli(v value.Value) value.Value { return scaled(v, 1000) }

func scaled(v value.Value, by float64) value.Value {
	return known(v, func(v value.Value) value.Value {
		text, ok := v.Spelled()
		m := quantity.FindStringSubmatch(text)
		if !ok || m == nil {
			return unreadable(v, "it is not a quantity")
		}
		number, err := strconv.ParseFloat(m[1]+m[2], 64)
		number = math.Ceil(number * suffixes[m[3]] * by)
		if err != nil || math.Abs(number) >= 1<<62 {
			return unreadable(v, "the quantity is too large")
		}
		return from(v, value.Int(int64(number)))
	})
}
