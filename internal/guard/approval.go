package guard

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// Approval is what somebody else than the author of a policy says to it.
type Approval struct {
	Version int       `json:"version"`
	Policy  string    `json:"policy"` // its digest
	Catalog string    `json:"catalog"`
	By      string    `json:"by"`
	Reason  string    `json:"reason"`
	At      time.Time `json:"at"`
	Until   time.Time `json:"until"`
}

// Approve approves a policy. It is an error if the same person wrote it.
func Approve(p *Policy, catalogDigest, by, reason string, now time.Time, lasting Duration) (*Approval, error) {
	a := &Approval{Version: 1, Policy: p.Digest(catalogDigest), Catalog: catalogDigest, By: strings.TrimSpace(by),
		Reason: strings.TrimSpace(reason), At: now.UTC().Truncate(time.Second)}
	a.Until = a.At.Add(time.Duration(lasting))
	if a.Reason == "" {
		return nil, errors.New("an approval wants a reason")
	}
	return a, a.Holds(p, catalogDigest, now)
}

// ErrNotApproved means that the guard must not act.
var ErrNotApproved = errors.New("the policy is not approved")

// Holds tells whether the approval lets a policy act at a time.
func (a *Approval) Holds(p *Policy, catalogDigest string, now time.Time) error {
	not := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrNotApproved, fmt.Sprintf(format, args...))
	}
	switch {
	case a.Version != 1:
		return not("the approval is of version %d, and this program knows 1", a.Version)
	case a.By == "":
		return not("the approval does not say by whom")
	case same(a.By, p.Author):
		return not("%s wrote it; somebody else must approve it", p.Author)
	case a.Catalog != catalogDigest:
		return not("the catalog has changed since; look at ward guard plan and approve it anew")
	case a.Policy != p.Digest(catalogDigest):
		return not("it has changed since; look at ward guard plan and approve it anew")
	case a.At.After(now.Add(5 * time.Minute)):
		return not("the approval is of the future: %s", stamp(a.At))
	case !now.Before(a.Until):
		return not("the approval ended at %s", stamp(a.Until))
	case a.Until.Sub(a.At) > maxDuration:
		return not("the approval lasts longer than a year")
	}
	return nil
}

// same tells whether two names are of one person, as far as names tell.
func same(a, b string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
}

// ReadApproval reads an approval that Write wrote.
func ReadApproval(file string) (*Approval, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the approval: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 1<<16))
	if err != nil {
		return nil, fmt.Errorf("read the approval: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var a Approval
	if err := d.Decode(&a); err != nil {
		return nil, fmt.Errorf("read the approval %s: %w", file, err)
	}
	return &a, nil
}

// Write writes the approval.
func (a *Approval) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(a)
}

// Digest is what the journal calls the approval.
func (a *Approval) Digest() string {
	text, _ := json.Marshal(a) // texts and times always marshal
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}
