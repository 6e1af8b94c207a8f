package decode

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ward.dev/ward/internal/value"
)

var (
	ratePattern = regexp.MustCompile(`^rate\(\s*(\d{1,6})\s+(minute|hour|day)s?\s*\)$`)
	cronPattern = regexp.MustCompile(`^cron\(([^()]{1,200})\)$`)
)

// scheduleHours returns the longest pause between two runs of an AWS schedule expression, in hours, rounded up. A
// schedule that ends or whose days cannot be told is unknown.
func scheduleHours(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		s, _ := v.AsString()
		pause, err := longestPause(strings.TrimSpace(s))
		if err != nil {
			return unreadable(v, err.Error())
		}
		return from(v, value.Int(int64(math.Ceil(pause.Hours()))))
	})
}

func longestPause(expression string) (time.Duration, error) {
	if m := ratePattern.FindStringSubmatch(expression); m != nil {
		n, _ := strconv.Atoi(m[1])
		if n == 0 {
			return 0, errors.New("the rate of the schedule is zero")
		}
		unit := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[m[2]]
		return time.Duration(n) * unit, nil
	}
	m := cronPattern.FindStringSubmatch(expression)
	if m == nil {
		return 0, errors.New("the schedule is neither rate(...) nor cron(...)")
	}
	fields := strings.Fields(strings.ToUpper(m[1]))
	if len(fields) != 6 {
		return 0, errors.New("the cron expression of the schedule does not have six fields")
	}
	if fields[5] != "*" {
		return 0, errors.New("the schedule runs in some years only")
	}
	return cronPause(fields)
}

func cronPause(fields []string) (time.Duration, error) {
	minutes, err := span(fields[0], 0, 59, nil)
	if err != nil {
		return 0, err
	}
	hours, err := span(fields[1], 0, 23, nil)
	if err != nil {
		return 0, err
	}
	on, err := dayFilter(fields[2], fields[3], fields[4])
	if err != nil {
		return 0, err
	}
	var runs []time.Duration // within a day
	for h := range 24 {
		for m := range 60 {
			if hours[h] && minutes[m] {
				runs = append(runs, time.Duration(h)*time.Hour+time.Duration(m)*time.Minute)
			}
		}
	}
	if len(runs) == 0 {
		return 0, errors.New("the schedule never runs")
	}
	var longest time.Duration
	for i := 1; i < len(runs); i++ {
		longest = max(longest, runs[i]-runs[i-1])
	}
	apart, err := daysApart(on)
	if err != nil {
		return 0, err
	}
	overnight := time.Duration(apart)*24*time.Hour + runs[0] - runs[len(runs)-1]
	return max(longest, overnight), nil
}

// daysApart returns the most days between two days that the filter lets through. Nine years hold a leap day and every
// pair of a date and a weekday that matters here.
func daysApart(on func(time.Time) bool) (int, error) {
	most, last := 0, -1
	start := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	const window = 9 * 366
	for i := range window {
		if !on(start.AddDate(0, 0, i)) {
			continue
		}
		if last >= 0 {
			most = max(most, i-last)
		}
		last = i
	}
	if most == 0 {
		return 0, errors.New("the schedule hardly ever runs")
	}
	return most, nil
}

var (
	monthNames   = []string{"", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	weekdayNames = []string{"", "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
)

// dayFilter reads the fields day of month, month and day of week.
func dayFilter(date, month, weekday string) (func(time.Time) bool, error) {
	months, err := span(month, 1, 12, monthNames)
	if err != nil {
		return nil, err
	}
	onDate, err := dateFilter(date)
	if err != nil {
		return nil, err
	}
	onWeekday, err := weekdayFilter(weekday)
	if err != nil {
		return nil, err
	}
	return func(t time.Time) bool { return months[int(t.Month())] && onDate(t) && onWeekday(t) }, nil
}

func dateFilter(field string) (func(time.Time) bool, error) {
	if field == "L" {
		return func(t time.Time) bool { return t.AddDate(0, 0, 1).Day() == 1 }, nil
	}
	set, err := span(field, 1, 31, nil)
	return func(t time.Time) bool { return set[t.Day()] }, err
}

func weekdayFilter(field string) (func(time.Time) bool, error) {
	if day, ok := strings.CutSuffix(field, "L"); ok && day != "" { // the last such weekday of a month
		set, err := span(day, 1, 7, weekdayNames)
		return func(t time.Time) bool {
			return set[int(t.Weekday())+1] && t.AddDate(0, 0, 7).Month() != t.Month()
		}, err
	}
	if day, nth, ok := strings.Cut(field, "#"); ok { // the nth such weekday of a month
		set, err := span(day, 1, 7, weekdayNames)
		n, bad := strconv.Atoi(nth)
		if bad != nil || n < 1 || n > 5 {
			return nil, fmt.Errorf("the schedule's field %q cannot be read", field)
		}
		return func(t time.Time) bool { return set[int(t.Weekday())+1] && (t.Day()+6)/7 == n }, err
	}
	set, err := span(field, 1, 7, weekdayNames)
	return func(t time.Time) bool { return set[int(t.Weekday())+1] }, err
}

// span reads a field of numbers: *, ?, 5, MON-FRI, 1,15, 0/15.
func span(field string, low, high int, names []string) (map[int]bool, error) {
	set := map[int]bool{}
	bad := fmt.Errorf("the schedule's field %q cannot be read", field)
	number := func(s string) int {
		for i, name := range names {
			if name != "" && name == s {
				return i
			}
		}
		if n, err := strconv.Atoi(s); err == nil {
			return n
		}
		return -1
	}
	for item := range strings.SplitSeq(field, ",") {
		item, stepText, stepped := strings.Cut(item, "/")
		step := 1
		if stepped {
			if step = number(stepText); step < 1 || step > 1000 {
				return nil, bad
			}
		}
		a, b := low, high
		if item != "*" && item != "?" {
			from, to, ranged := strings.Cut(item, "-")
			a = number(from)
			switch {
			case ranged:
				b = number(to)
			case !stepped:
				b = a
			}
		}
		if a < low || a > high || b < low || b > high {
			return nil, bad
		}
		if a > b { // SAT-SUN wraps around
			b += high - low + 1
		}
		for n := a; n <= b; n += step {
			set[low+(n-low)%(high-low+1)] = true
		}
	}
	return set, nil
}
