package assess

import (
	"fmt"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/scope"
	"ward.dev/ward/internal/value"
)

// AnyKind is the kind whose checks are for every resource.
const AnyKind = "resource"

// shadows makes, for each resource, what stands for it in the checks of the kind "resource". Their findings are findings
// on the resource itself, and all of them are told: one for each resource and check, as for any other check.
type shadows struct {
	kind     *kind.Kind
	checks   []planned
	services *scope.Services
	// eligible answers by kind, so that the list is asked once for each.
	eligible map[*kind.Kind]value.Value
}

func newShadows(r Request, plans map[*kind.Kind][]planned) *shadows {
	s := &shadows{kind: r.Catalog.Kind(AnyKind), services: r.Services, eligible: map[*kind.Kind]value.Value{}}
	if s.kind == nil {
		return s
	}
	s.checks = plans[s.kind]
	for _, k := range r.Catalog.Kinds {
		s.eligible[k] = s.eligibility(k)
	}
	return s
}

func (s *shadows) eligibility(k *kind.Kind) value.Value {
	if k.Service == "" {
		return value.Unresolved(value.Reason{Why: fmt.Sprintf("the kind %s names no service", k.Name)})
	}
	eligible, known, source := s.services.Eligible(k.Provider(), k.Service)
	switch {
	case known:
		return value.Bool(eligible)
	case source == "":
		return value.Unresolved(value.Reason{Why: fmt.Sprintf("there is no list of the eligible services of %s", k.Provider())})
	}
	return value.Unresolved(value.Reason{Why: fmt.Sprintf("%s says nothing of the service %s", source, k.Service),
		Grant: "catalog/eligible/" + k.Provider() + ".yaml in a catalog of your own"})
}

func (s *shadows) of(r *resource.Resource, m scope.Mark) *resource.Resource {
	shadow := *r
	shadow.Kind = s.kind
	shadow.Values = make([]value.Value, len(s.kind.All()))
	for i, a := range s.kind.All() {
		shadow.Values[i] = s.value(a.Name, r, m)
	}
	return &shadow
}

func (s *shadows) value(name string, r *resource.Resource, m scope.Mark) value.Value {
	switch name {
	case "address":
		return value.String(r.Address)
	case "kind":
		return value.String(r.Kind.Name)
	case "provider":
		return value.String(r.Kind.Provider())
	case "service":
		return value.String(r.Kind.Service)
	case "account":
		return told(r.Account, name)
	case "region":
		return told(r.Region, name)
	case "phi":
		if m.PHI == scope.Unknown {
			return value.Unresolved(value.Reason{Why: m.Reason, Grant: "a mark under phi in ward.yaml"})
		}
		return value.String(m.PHI)
	case "eligible":
		if v, ok := s.eligible[r.Kind]; ok {
			return v
		}
		return s.eligibility(r.Kind)
	case "name", "tags":
		if r.Kind.Index(name) < 0 {
			return value.None()
		}
		return r.Get(name)
	}
	return value.Unresolved(value.Reason{Why: "nothing is known of " + name + " for a resource of any kind"})
}

func told(text, what string) value.Value {
	if text == "" {
		return value.Unresolved(value.Reason{Why: "the source does not tell the " + what})
	}
	return value.String(text)
}
