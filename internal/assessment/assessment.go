// Package assessment is the result of an assessment as plain data: what every report is written from, what is saved and
// what is read back. Its JSON is a contract with other programs, version 1: fields may be added, never renamed.
// docs/format/assessment.md describes it and docs/format/assessment.schema.json is its schema.
//
// The package must not know how an assessment comes about.
package assessment

import "time"

// Version of the JSON.
const Version = "1"

// Status of a finding.
type Status string

const (
	Pass          Status = "pass"
	Fail          Status = "fail"
	Unknown       Status = "unknown"
	NotApplicable Status = "not applicable"
	// Excepted is a fail or an unknown that an exception in force covers; Finding.Judged keeps what it was.
	Excepted Status = "excepted"
)

// Outcome of a safeguard.
type Outcome string

const (
	Met              Outcome = "met"
	NotMet           Outcome = "not met"
	OutcomeUnknown   Outcome = "unknown"
	Manual           Outcome = "manual" // waits for a person's attestation, or its attestation has expired
	Inherited        Outcome = "inherited"
	OutcomeNotNeeded Outcome = "not applicable"
)

// Severity of a check.
type Severity string

const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
)

// Assessment is one judgement of an estate at one time.
type Assessment struct {
	Version    string      `json:"version"`
	Tool       Tool        `json:"tool"`
	AssessedAt time.Time   `json:"assessed_at"`
	Estate     string      `json:"estate,omitempty"` // the name that ward.yaml gives, "" without one
	Framework  Framework   `json:"framework"`
	Targets    []Target    `json:"targets"`
	Coverage   Coverage    `json:"coverage"`
	Summary    Summary     `json:"summary"`
	Safeguards []Safeguard `json:"safeguards"`
	Views      []View      `json:"views,omitempty"`
	Findings   []Finding   `json:"findings"`
	Checks     []Check     `json:"checks"` // those that findings name, once each
	Gaps       []Gap       `json:"gaps"`
	// Notices are what the reader must know besides: expired, unused and ineffective exceptions and attestations,
	// baseline entries that match nothing.
	Notices []Notice `json:"notices,omitempty"`
}

// Tool that made the assessment.
type Tool struct {
	Name          string `json:"name"`
	Version       string `json:"version"`
	CatalogDigest string `json:"catalog_digest"` // "sha256:..." over every file of the catalog
}

// Framework that the assessment is folded by.
type Framework struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Source string `json:"source"` // "45 CFR part 164 subpart C"
}

// Target that was read.
type Target struct {
	Kind      string `json:"kind"` // "terraform", "terraform-plan", "cloudformation"
	Name      string `json:"name"`
	Resources int    `json:"resources"`
}

// Coverage says how much of what was asked got a definite answer.
type Coverage struct {
	Evaluated     int `json:"evaluated"` // pass, fail and excepted
	Unknown       int `json:"unknown"`
	NotApplicable int `json:"not_applicable"`
	// Ratio is evaluated / (evaluated + unknown); 0 if nothing was asked.
	Ratio float64 `json:"ratio"`
}

// Summary counts findings by status and safeguards by outcome.
type Summary struct {
	Findings   map[Status]int  `json:"findings"`
	Safeguards map[Outcome]int `json:"safeguards"`
	// Failing counts the failing findings by severity; FailingPHI those on resources with PHI.
	Failing    map[Severity]int `json:"failing"`
	FailingPHI int              `json:"failing_phi"`
	// New counts the failing findings that the baseline does not hold; equal to all failing ones without a baseline.
	New int `json:"new"`
	// Score is the share of safeguards answered by the assessment (met / all that are not inherited or not applicable).
	Score float64 `json:"score"`
}

// Safeguard is one standard or implementation specification with its state.
type Safeguard struct {
	Citation      string  `json:"citation"`
	Name          string  `json:"name"`
	Specification string  `json:"specification"` // "standard", "required", "addressable"
	Obligation    string  `json:"obligation"`
	Responsible   string  `json:"responsible"` // "customer", "provider", "shared"
	Status        Outcome `json:"status"`
	// Reasons say in one clause each why the status is what it is.
	Reasons []string `json:"reasons"`
	// Coverage is the share of definite answers among the findings of its checks; 0 if there are none.
	Coverage     float64            `json:"coverage"`
	Findings     map[Status]int     `json:"findings"`
	Checks       []SafeguardCheck   `json:"checks"`
	Attestations []AttestationState `json:"attestations"`
	Inherited    *Inheritance       `json:"inherited,omitempty"`
	// Alternative is the documented equivalent measure of an addressable specification, "" if there is none.
	Alternative string `json:"alternative,omitempty"`
}

// SafeguardCheck is a check as a safeguard claims it.
type SafeguardCheck struct {
	Check    string `json:"check"`
	Strength string `json:"strength"` // "implements", "supports", "evidence"
	Reason   string `json:"reason"`
	// Status is the worst of its findings; "not applicable" if it has none.
	Status Status `json:"status"`
}

// AttestationState is something a person must say, and whether one has.
type AttestationState struct {
	ID        string `json:"id"`
	Statement string `json:"statement"`
	Role      string `json:"role"`  // who should say it
	State     string `json:"state"` // "in date", "expired", "missing", "denied"
	Owner     string `json:"owner,omitempty"`
	Document  string `json:"document,omitempty"`
	Reviewed  string `json:"reviewed,omitempty"` // YYYY-MM-DD
	Expires   string `json:"expires,omitempty"`  // YYYY-MM-DD
	Note      string `json:"note,omitempty"`
}

// Inheritance is what a provider answers for.
type Inheritance struct {
	From   string `json:"from"`
	Under  string `json:"under"`
	Reason string `json:"reason"`
	// Confirmed tells that the agreement it is inherited under is attested and in date.
	Confirmed bool `json:"confirmed"`
}

// View is another order on the same safeguards.
type View struct {
	ID    string    `json:"id"`
	Title string    `json:"title"`
	Rows  []ViewRow `json:"rows"`
}

// ViewRow is a row of a View with the worst status of its safeguards.
type ViewRow struct {
	ID        string   `json:"id"`
	Title     string   `json:"title"`
	Citations []string `json:"citations"`
	Status    Outcome  `json:"status"`
	Coverage  float64  `json:"coverage"`
}

// Check is what a finding's reader needs to know of its check.
type Check struct {
	ID       string              `json:"id"`
	Title    string              `json:"title"`
	Severity Severity            `json:"severity"`
	Why      string              `json:"why"`
	Fix      map[string]string   `json:"fix,omitempty"` // by "console", "cli", "terraform", "cloudformation"
	Aka      map[string][]string `json:"aka,omitempty"`
}

// Finding is the answer of one check for one resource. An estate has hundreds of thousands, so what all findings of a check
// have in common, and all of a resource, is held once: neither Question nor Subject is ever nil, and what they and the rows of
// evidence hold MUST NOT be changed through a finding.
type Finding struct {
	// ID is stable from one assessment to the next: a digest of check, target and address.
	ID string `json:"id"`
	*Question
	Status Status `json:"status"`
	// Judged is what the check answered where an exception changed Status, "" otherwise.
	Judged Status `json:"judged,omitempty"`
	*Subject
	Unknown []UnknownValue `json:"unknown"`
	// Evidence is what the check read; checks that read the same of a resource share a row of it. None is nil.
	Evidence  []*Evidence `json:"evidence"`
	Exception string      `json:"exception,omitempty"` // its id
	// New tells that a baseline was given and does not hold this failing or unknown finding.
	New bool `json:"new,omitempty"`
}

// Question is what a check asks of every resource.
type Question struct {
	Check     string   `json:"check"`
	Title     string   `json:"title"`
	Severity  Severity `json:"severity"`
	Citations []string `json:"citations"`
}

// Subject is what findings are about.
type Subject struct {
	Kind string `json:"kind"`
	// PHI says whether the resource holds, carries or touches PHI: "yes", "no" or "unknown".
	PHI       string   `json:"phi"`
	PHIReason string   `json:"phi_reason,omitempty"`
	Resource  Resource `json:"resource"`
	Location  Location `json:"location"`
	// Conditional says under which unresolved condition the resource exists, "" if it surely does.
	Conditional string `json:"conditional,omitempty"`
	// Owner answers for it: an address or a team by a rule of ward.yaml or, of a server, as somebody assigned it. "" if nobody is said to.
	Owner string `json:"owner,omitempty"`
}

// Resource that a finding is about.
type Resource struct {
	ID       string `json:"id"`
	Address  string `json:"address"`
	Provider string `json:"provider"`
	Account  string `json:"account"`
	Region   string `json:"region"`
}

// Location in a file or in an API's reply; the zero Location where there is none.
type Location struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Call *Call  `json:"call,omitempty"`
}

// Call is the request to a provider's API that something was read from.
type Call struct {
	API     string    `json:"api"` // "s3:GetBucketPolicy"
	At      time.Time `json:"at"`
	Account string    `json:"account"`
	Region  string    `json:"region"`
	Caller  string    `json:"caller"` // the identity that asked
}

// UnknownValue is an attribute that stood between a check and its answer.
type UnknownValue struct {
	Attribute string `json:"attribute"`
	Reason    string `json:"reason"`
	Grant     string `json:"grant"` // what to give the reader so that it becomes known, "" if nothing helps
}

// Evidence is one attribute that a check read.
type Evidence struct {
	Attribute string `json:"attribute"`
	// Value is the JSON value; absent is null, unknown is absent from the JSON with State "unknown".
	Value    any      `json:"value"`
	State    string   `json:"state"` // "known", "absent", "unknown", "default", "secret"
	Location Location `json:"location"`
}

// Gap is something that could not be read.
type Gap struct {
	Target string `json:"target"`
	What   string `json:"what"`
	Reason string `json:"reason"`
	Grant  string `json:"grant"`
	New    bool   `json:"new,omitempty"` // a baseline was given and does not hold it
}

// Notice is something that the reader must know about the decisions given.
type Notice struct {
	Kind     string   `json:"kind"` // "exception expired", "exception unused", "exception ineffective", "attestation expired", ...
	ID       string   `json:"id"`
	Text     string   `json:"text"`
	Location Location `json:"location"`
}
