package source

import "strings"

// Stats counts the calls of a collection.
type Stats struct {
	Calls  map[string]int // by "s3:GetBucketPolicy", "pods:list"
	Failed int            // of them, those that were not answered
	Blocks int
	// Faults are those of collectors that broke. What they read is marked as not whole.
	Faults []error
}

// Services sums the calls by service: by what stands before the last colon.
func (s Stats) Services() map[string]int {
	sums := map[string]int{}
	for name, n := range s.Calls {
		service := name[:max(0, strings.LastIndexByte(name, ':'))]
		sums[service] += n
	}
	return sums
}

// Total is how many calls there were.
func (s Stats) Total() int {
	total := 0
	for _, n := range s.Calls {
		total += n
	}
	return total
}
