package oscal

import (
	"maps"
	"slices"
	"strings"
)

// Known is what an organization's registers say beyond an assessment, for the system security plan. The zero Known says nothing.
type Known struct {
	// Accountable leads from a citation to the person or role that answers for the safeguard.
	Accountable map[string]string
	// Services are the vendors that ePHI is entrusted to.
	Services []Service
	// Flows say in a line each which ePHI is created, received, kept or sent.
	Flows []string
	// Means lead from a citation to what else implements the safeguard, such as policies.
	Means map[string][]string
}

// Service is a vendor with what it does and what assures that it protects ePHI.
type Service struct{ Name, Description string }

func partyOf(name string) string { return id("party", strings.ToLower(name)) }

// parties are the people and roles that answer for safeguards.
func (k *Known) parties() []party {
	seen := map[string]bool{}
	var all []party
	for _, citation := range slices.Sorted(maps.Keys(k.Accountable)) {
		name := k.Accountable[citation]
		if u := partyOf(name); !seen[u] {
			seen[u] = true
			all = append(all, party{UUID: u, Type: "person", Name: line(name)})
		}
	}
	return all
}

// services are the components of the vendors.
func (k *Known) services() []component {
	seen := map[string]bool{}
	var all []component
	for _, s := range k.Services {
		if u := id("vendor", strings.ToLower(s.Name)); !seen[u] {
			seen[u] = true
			all = append(all, component{UUID: u, Type: "service", Title: line(s.Name), Description: lines(s.Description),
				Status: state{State: "operational"}})
		}
	}
	return all
}

// flow describes how ePHI flows.
func (k *Known) flow() string {
	if len(k.Flows) == 0 {
		return complete + "how ePHI flows through the system, with a diagram."
	}
	return lines(strings.Join(k.Flows, "\n"))
}
