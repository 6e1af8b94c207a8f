package rbac

// Requests are the ways to have a right, those of which only a ClusterRoleBinding gives any.
func Requests(right string) (namespaced, cluster []Request) {
	for _, r := range rights {
		for _, a := range r.asks {
			for _, resource := range a.resources {
				for _, verb := range a.verbs {
					q := Request{Verb: verb, Group: a.group, Resource: resource}
					switch {
					case r.name != right:
					case a.cluster:
						cluster = append(cluster, q)
					default:
						namespaced = append(namespaced, q)
					}
				}
			}
		}
	}
	return namespaced, cluster
}
