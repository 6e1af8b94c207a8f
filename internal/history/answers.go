package history

import (
	"time"

	"ward.dev/ward/internal/assessment"
)

// Filter chooses findings. Within a member any of the values will do, all members that are given must be fulfilled; the zero Filter
// chooses all.
type Filter struct {
	Statuses   []assessment.Status
	Severities []assessment.Severity
	PHI        []string // "yes", "no", "unknown"
	Safeguards []string // citations
	Checks     []string // ids
	Accounts   []string
	Targets    []string // names
	Kinds      []string
	Regions    []string
	Owners     []string // "" for findings that nobody owns
	Addresses  []string // whole addresses of resources
	// AtLeast and LessThan bound the age: how long a finding has been open at the time of the run. 0 is no bound.
	AtLeast, LessThan time.Duration
	// Text is looked for in addresses, in whatever case.
	Text string
}

// Item is a finding in a list.
type Item struct {
	ID        string              `json:"id"`
	Check     string              `json:"check"`
	Title     string              `json:"title"`
	Severity  assessment.Severity `json:"severity"`
	Status    assessment.Status   `json:"status"`
	Judged    assessment.Status   `json:"judged,omitempty"` // what the check answered where Status is excepted
	Exception string              `json:"exception,omitempty"`
	Place
	Owner string `json:"owner,omitempty"`
	// Since is when it got its status; OpenedAt when it was last not open, the zero time if it passes. A change from one open status to
	// another (fail, unknown, excepted) leaves it open.
	SinceRun  int64     `json:"since_run"`
	Since     time.Time `json:"since"`
	OpenedRun int64     `json:"opened_run,omitempty"`
	OpenedAt  time.Time `json:"opened_at,omitzero"`
}

// Place is what and where a resource is.
type Place struct {
	Address  string `json:"address"`
	Kind     string `json:"kind"`
	PHI      string `json:"phi"`
	Provider string `json:"provider"`
	Account  string `json:"account"`
	Region   string `json:"region"`
	Target   string `json:"target"`         // the name of the target it was read from, "" if that is not known
	File     string `json:"file,omitempty"` // where it is written, for code
	Line     int    `json:"line,omitempty"`
}

// Page is a part of a list.
type Page[T any] struct {
	Items []T `json:"items"`
	Total int `json:"total"` // in the whole list
	// Next is the cursor that the following page begins after, "" at the end. It holds for this run and filter.
	Next string `json:"next,omitempty"`
}

// Counts are numbers of findings by status.
type Counts struct {
	Fail          int `json:"fail"`
	Unknown       int `json:"unknown"`
	Excepted      int `json:"excepted"`
	Pass          int `json:"pass"`
	NotApplicable int `json:"not_applicable"`
	// FailPHI and UnknownPHI are those of Fail and Unknown on resources with PHI.
	FailPHI    int `json:"fail_phi"`
	UnknownPHI int `json:"unknown_phi"`
	// Critical, High, Medium and Low are those of Fail.
	Critical int `json:"critical"`
	High     int `json:"high"`
	Medium   int `json:"medium"`
	Low      int `json:"low"`
}

// Total is how many findings there are.
func (c Counts) Total() int { return c.Fail + c.Unknown + c.Excepted + c.Pass + c.NotApplicable }

// Coverage is the share of definite answers, 0 if nothing was asked.
func (c Counts) Coverage() float64 {
	evaluated := c.Pass + c.Fail + c.Excepted
	if evaluated+c.Unknown == 0 {
		return 0
	}
	return float64(evaluated) / float64(evaluated+c.Unknown)
}

// Facet is one value that findings can be chosen by, and how many there are with it if the choices among its own kind are left aside.
type Facet struct {
	Value string `json:"value"`
	Title string `json:"title,omitempty"` // of checks and safeguards
	Count int    `json:"count"`
	On    bool   `json:"on"` // it is in the filter
}

// AgeFacet counts the open findings of an age.
type AgeFacet struct {
	AtLeast  time.Duration `json:"at_least"`
	LessThan time.Duration `json:"less_than"` // 0 for no bound
	Count    int           `json:"count"`
	On       bool          `json:"on"`
}

// Facets are what a filter can be narrowed by, the most first; statuses, severities and PHI the worst first.
type Facets struct {
	Total      int        `json:"total"` // findings that the filter chooses
	Counts     Counts     `json:"counts"`
	Statuses   []Facet    `json:"statuses"`
	Severities []Facet    `json:"severities"`
	PHI        []Facet    `json:"phi"`
	Safeguards []Facet    `json:"safeguards"`
	Checks     []Facet    `json:"checks"`
	Accounts   []Facet    `json:"accounts"`
	Targets    []Facet    `json:"targets"`
	Kinds      []Facet    `json:"kinds"`
	Regions    []Facet    `json:"regions"`
	Owners     []Facet    `json:"owners"`
	Ages       []AgeFacet `json:"ages"`
}

// CheckGroup is the findings of a check.
type CheckGroup struct {
	Check    string              `json:"check"`
	Title    string              `json:"title"`
	Severity assessment.Severity `json:"severity"`
	Counts   Counts              `json:"counts"`
}

// ResourceGroup is the findings of a resource.
type ResourceGroup struct {
	Place
	Counts Counts `json:"counts"`
	Owner  string `json:"owner,omitempty"` // of its first finding in the list that has one
}

// PlaceGroup is what one account of one target comes to: an account, a cluster, a repository.
type PlaceGroup struct {
	Target     string `json:"target"`
	TargetKind string `json:"target_kind"` // "aws", "cluster", "terraform"
	Account    string `json:"account"`
	Resources  int    `json:"resources"`
	WithPHI    int    `json:"with_phi"`
	Counts     Counts `json:"counts"`
	Gaps       int    `json:"gaps"` // of the whole target
}

// Detail is all that is known of a finding.
type Detail struct {
	assessment.Finding
	Text     assessment.Check `json:"text"` // why and how to fix it
	Item     Item             `json:"item"`
	Run      Run              `json:"run"`
	Siblings []Item           `json:"siblings"` // the other findings of the resource
}

// Spell is how long something had a status.
type Spell struct {
	Status  string    `json:"status"` // of a finding or the outcome of a safeguard, "" while it was not judged
	FromRun int64     `json:"from_run"`
	From    time.Time `json:"from"`
	// ToRun is the last run that said so; at the newest run it may go on.
	ToRun int64     `json:"to_run"`
	To    time.Time `json:"to"`
	// Reasons are those of a safeguard at the end of the spell; Counts its findings then.
	Reasons []string                  `json:"reasons,omitempty"`
	Counts  map[assessment.Status]int `json:"counts,omitempty"`
}

// Resource is a resource with all its findings.
type Resource struct {
	assessment.Subject
	Target   string `json:"target"`
	Findings []Item `json:"findings"`
	Counts   Counts `json:"counts"`
	// SinceRun is the run since which the resource and its answers are as they are.
	SinceRun int64     `json:"since_run"`
	Since    time.Time `json:"since"`
}

// Point is a run in a trend.
type Point struct {
	Run        int64                      `json:"run"`
	At         time.Time                  `json:"at"`
	Safeguards map[assessment.Outcome]int `json:"safeguards"`
	Findings   map[assessment.Status]int  `json:"findings"`
	FailingPHI int                        `json:"failing_phi"`
	Score      float64                    `json:"score"`
	Coverage   float64                    `json:"coverage"`
	Catalog    string                     `json:"catalog"` // its digest: where it changes, the checks changed
}

// OpenGap is a gap and since when it is there.
type OpenGap struct {
	assessment.Gap
	SinceRun int64     `json:"since_run"`
	Since    time.Time `json:"since"`
}

// Overview is the state of an estate in numbers.
type Overview struct {
	Run       Run            `json:"run"`
	Previous  *Run           `json:"previous,omitempty"` // nil for the first
	Counts    Counts         `json:"counts"`
	Resources int            `json:"resources"`
	ByPHI     map[string]int `json:"by_phi"` // resources
	Owned     int            `json:"owned"`  // open findings with an owner
	Unowned   int            `json:"unowned"`
}

// Change is a finding that differs between two runs.
type Change struct {
	Item
	Before assessment.Status `json:"before"` // "" where there was no such finding
	After  assessment.Status `json:"after"`
	Why    string            `json:"why,omitempty"` // what else changed
}

// NewResource is a resource that the earlier run had not, with failing checks.
type NewResource struct {
	Place
	Counts Counts `json:"counts"`
}

// ChangeCounts are how many there are of each sort in Changes.
type ChangeCounts struct {
	Worse        int `json:"worse"`
	Better       int `json:"better"`
	NewlyUnknown int `json:"newly_unknown"`
	NewFindings  int `json:"new_findings"`
	NewResources int `json:"new_resources"` // with failing checks
	AllNew       int `json:"all_new"`       // resources, whatever their findings
	Gone         int `json:"gone"`          // resources
	GoneOpen     int `json:"gone_open"`     // open findings that are judged no more, which is not a fix
}

// Changes are what differs between two runs, the worst first. Not knowing is never better: what failed and is unknown now is NewlyUnknown.
type Changes struct {
	From         Run               `json:"from"`
	To           Run               `json:"to"`
	Counts       ChangeCounts      `json:"counts"` // whole, where the lists are cut
	Worse        []Change          `json:"worse"`  // fail now and did not, or weigh more
	Better       []Change          `json:"better"`
	NewlyUnknown []Change          `json:"newly_unknown"`
	NewFindings  []Change          `json:"new_findings"` // open ones that were not asked before, on resources that were there
	NewResources []NewResource     `json:"new_resources"`
	Gone         []Place           `json:"gone"`
	GoneOpen     []Change          `json:"gone_open"`
	Safeguards   []SafeguardChange `json:"safeguards"`
	Notices      []string          `json:"notices,omitempty"` // what makes the two hard to compare
}

// SafeguardChange is a safeguard whose outcome differs.
type SafeguardChange struct {
	Citation string             `json:"citation"`
	Name     string             `json:"name"`
	Before   assessment.Outcome `json:"before"`
	After    assessment.Outcome `json:"after"`
	Worse    bool               `json:"worse"`
	Reasons  []string           `json:"reasons"`
}

// Scope says what an assignment is about. One member is given.
type Scope struct {
	Finding string `json:"finding,omitempty"` // its id
	Address string `json:"address,omitempty"` // of a resource: all its findings
	Check   string `json:"check,omitempty"`   // all its findings
}

// Assignment says who is to deal with findings. One for a finding goes before one for its resource, and that before one for its check.
type Assignment struct {
	Scope
	Owner string    `json:"owner"` // an account's id
	At    time.Time `json:"at"`
}
