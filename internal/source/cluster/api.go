package cluster

import "slices"

// API is where an API server serves a type of objects.
type API struct {
	Type       string // "Deployment.apps"
	Group      string // "apps", "" for the core
	Resource   string // "deployments"
	Versions   []string
	Namespaced bool
}

// APIs are those of some types, in the order of the table that the collector reads by. What is not sent to an API server has none.
func APIs(types []string) []API {
	var all []API
	for _, t := range table {
		if (t.special == listed || t.special == metadata) && slices.Contains(types, t.Type()) {
			all = append(all, API{t.Type(), t.group, t.resource, t.versions, t.namespaced})
		}
	}
	return all
}
