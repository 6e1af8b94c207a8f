package serve

import (
	"context"
	"strings"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/owners"
)

// ruled tells who answers for resources by the rules of ward.yaml. An address that is one of an account here is that account, as if somebody had
// assigned it.
func (p *parts) ruled(ctx context.Context, id string, run int64) (map[string]string, error) {
	of, err := owners.Of(ctx, p.db, id, run)
	if err != nil || len(of) == 0 {
		return nil, err
	}
	all, err := p.people.Holders(program(ctx), access.View)
	if err != nil {
		return nil, err
	}
	accounts := map[string]string{}
	for _, a := range all {
		accounts[a.Email] = a.ID
	}
	for resource, owner := range of {
		if account := accounts[strings.ToLower(owner)]; account != "" {
			of[resource] = account
		}
	}
	return of, nil
}

// addresses are those of people by their accounts: what messages call an owner, and what routes are chosen by.
func (p *parts) addresses(ctx context.Context) (map[string]string, error) {
	all, err := p.people.Holders(program(ctx), access.View)
	of := map[string]string{}
	for _, a := range all {
		of[a.ID] = a.Email
	}
	return of, err
}

// reassemble puts an assessment together again for a report, with who answers for what now, by the addresses of people.
func (s *Server) reassemble(ctx context.Context, id string, run int64) (*assessment.Assessment, error) {
	a, err := s.history.Reassemble(ctx, id, run)
	if err != nil {
		return nil, err
	}
	if err := s.history.Own(ctx, id, run, a); err != nil {
		return nil, err
	}
	of, err := s.addresses(ctx)
	if err != nil {
		return nil, err
	}
	for i := range a.Findings {
		if email := of[a.Findings[i].Owner]; email != "" {
			a.Findings[i].Owner = email
		}
	}
	return a, nil
}
