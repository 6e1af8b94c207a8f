package serve

import (
	"context"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/pages/dashboard"
)

// maxWaiting is how many elevations and accounts are told of at a time.
const maxWaiting = 50

// waits is what needs a person whatever the estate, for those who may see it: emergency access that nobody has looked at, and accounts that
// have a password and no second factor yet, so that who knows the password can set one up.
func (s *Server) waits(ctx context.Context) ([]dashboard.Due, error) {
	by := access.From(ctx)
	var list []dashboard.Due
	if by.May(access.Evidence) {
		all, err := s.people.Elevations(ctx, true, "", maxWaiting)
		if err != nil {
			return nil, err
		}
		list, err = s.emergencies(ctx, all)
		if err != nil {
			return nil, err
		}
	}
	if by.May(access.People) {
		all, err := s.people.Unproven(ctx, maxWaiting)
		if err != nil {
			return nil, err
		}
		for _, a := range all {
			list = append(list, dashboard.Due{What: "account", Title: "The account of " + a.Name + " has no second factor yet", State: "waiting", Who: "administrator",
				Path: "/people/" + a.ID})
		}
	}
	return list, nil
}

// emergencies are uses of emergency access that wait for a second person. Who used it hears that it is somebody else's turn.
func (s *Server) emergencies(ctx context.Context, all []account.Elevation) ([]dashboard.Due, error) {
	var ids []string
	for _, e := range all {
		ids = append(ids, e.Account)
	}
	names, err := s.people.Names(ctx, ids)
	if err != nil {
		return nil, err
	}
	var list []dashboard.Due
	for i := len(all) - 1; i >= 0; i-- { // the oldest first
		e := all[i]
		one := dashboard.Due{What: "break-glass", Title: "Emergency access of " + names[e.Account] + " waits for review", State: "due", By: e.Until,
			Who: "a second person", Path: "/people/elevations"}
		if e.Account == access.From(ctx).ID {
			one.Title = "Your emergency access waits for review by a second person"
		}
		list = append(list, one)
	}
	return list, nil
}
