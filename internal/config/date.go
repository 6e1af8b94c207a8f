package config

import (
	"time"

	"go.yaml.in/yaml/v3"
)

// Date is a day, YYYY-MM-DD. The zero Date is none.
type Date struct{ day time.Time }

// NewDate returns the day of t in UTC.
func NewDate(t time.Time) Date { return Date{t.UTC().Truncate(24 * time.Hour)} }

// IsZero tells whether there is no date.
func (d Date) IsZero() bool { return d.day.IsZero() }

// String returns YYYY-MM-DD, "" for none.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.day.Format(time.DateOnly)
}

// After tells whether d is a later day than other.
func (d Date) After(other Date) bool { return d.day.After(other.day) }

// AddDays returns the day n days later.
func (d Date) AddDays(n int) Date { return Date{d.day.AddDate(0, 0, n)} }

// AddMonths returns the same day n months later, or the last of that month if it has no such day.
func (d Date) AddMonths(n int) Date {
	there := d.day.AddDate(0, n, 0)
	if there.Day() != d.day.Day() {
		there = there.AddDate(0, 0, -there.Day())
	}
	return Date{there}
}

// YAMLShape implements yamlfile.Shaped.
func (d *Date) YAMLShape(*yaml.Node) any { return nil }

// UnmarshalYAML reads YYYY-MM-DD and nothing else.
func (d *Date) UnmarshalYAML(node *yaml.Node) error {
	day, err := time.Parse(time.DateOnly, node.Value)
	if node.Kind != yaml.ScalarNode || err != nil {
		return located(node.Line, "%q is not a date such as 2026-12-31", node.Value)
	}
	d.day = day
	return nil
}
