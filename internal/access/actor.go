package access

import (
	"context"
	"slices"
)

// Permission is something that a person may be allowed to do.
type Permission string

// The permissions. Everybody who is signed in may do what Own says, nobody else anything.
const (
	Anyone   Permission = ""         // without being signed in
	Own      Permission = "own"      // see and change the own account, sessions and tokens
	View     Permission = "view"     // see the state of the estates, findings, decisions
	Assess   Permission = "assess"   // start an assessment
	Assign   Permission = "assign"   // say who sees to a finding
	Propose  Permission = "propose"  // write and propose decisions
	Attest   Permission = "attest"   // attest in the name of the organization
	Approve  Permission = "approve"  // approve what somebody else proposed
	Evidence Permission = "evidence" // take evidence, records and sign-ins away
	Sources  Permission = "sources"  // declare estates, their sources and schedules
	People   Permission = "people"   // administer accounts, roles and tokens of others
	Settings Permission = "settings" // change how the server works
)

// Role is a set of permissions: least privilege, 45 CFR 164.308(a)(4) and 164.312(a)(1).
type Role string

// The roles.
const (
	Viewer        Role = "viewer"
	Engineer      Role = "engineer"
	Compliance    Role = "compliance"
	Auditor       Role = "auditor"
	Administrator Role = "administrator"
)

// Roles are all roles with what they may do. An administrator decides nothing about compliance, and an auditor changes nothing.
var Roles = map[Role][]Permission{
	Viewer:        {View},
	Engineer:      {View, Assess, Assign, Propose},
	Compliance:    {View, Assess, Assign, Propose, Attest, Approve, Evidence},
	Auditor:       {View, Evidence},
	Administrator: {View, Assess, Sources, People, Settings, Evidence},
}

// Actor is who acts: a person who signed in, one who uses a token, or the program itself.
type Actor struct {
	ID   string // of the account, "ward" for the program itself
	Name string // as people know it, such as an address of e-mail
	// Roles are those that count now: the account's own and those that it is elevated to.
	Roles []Role
	// Only are the permissions that a token is limited to; nil is no limit.
	Only []Permission
	// Via says how it came: "session", "token", "program", "command".
	Via     string
	Session string // the id of the session or token, "" for the program
	Address string // the network address that it came from, without the port
	// Elevation is the id of the elevation in force, "" without one.
	Elevation string
}

// Program acts where nobody asked: on a schedule, at the start.
var Program = Actor{ID: "ward", Name: "ward", Via: "program", Roles: []Role{Administrator, Compliance}}

// May tells whether the actor has a permission.
func (a Actor) May(p Permission) bool {
	if p == Anyone {
		return true
	}
	if a.ID == "" || a.Only != nil && !slices.Contains(a.Only, p) {
		return false
	}
	if p == Own {
		return true
	}
	return slices.ContainsFunc(a.Roles, func(r Role) bool { return slices.Contains(Roles[r], p) })
}

// RolesWith are the roles that have a permission, sorted.
func RolesWith(p Permission) []string {
	var names []string
	for role, all := range Roles {
		if slices.Contains(all, p) {
			names = append(names, string(role))
		}
	}
	slices.Sort(names)
	return names
}

type key struct{}

// With returns a context in which a acts.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, key{}, a) }

// From returns who acts; the zero Actor, who may do nothing, if nobody is known.
func From(ctx context.Context) Actor {
	a, _ := ctx.Value(key{}).(Actor)
	return a
}
