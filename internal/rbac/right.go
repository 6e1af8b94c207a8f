package rbac

import (
	"slices"
	"strings"

	"ward.dev/ward/internal/value"
)

// Everything is the right to do all that there is.
const Everything = "everything"

// ask is one way to have a right: any of the verbs on any of the resources.
type ask struct {
	verbs     []string
	group     string
	resources []string
	cluster   bool // what it is about has no namespace, so that no RoleBinding gives it
}

// right is something that is worth knowing of a subject.
type right struct {
	name string
	doc  string
	asks []ask
}

var (
	read   = []string{"get", "list", "watch"}
	change = []string{"create", "update", "patch", "delete", "deletecollection"}
	set    = []string{"create", "update", "patch"}
	remove = []string{"delete", "deletecollection"}
	alter  = []string{"update", "patch"}
	stream = []string{"get", "create"} // a web socket is opened by get, SPDY by create
)

const rbacGroup, coreGroup, admissionGroup = "rbac.authorization.k8s.io", "", "admissionregistration.k8s.io"

// rights are all that are told, besides Everything.
var rights = []right{
	{"reads-secrets", "get, list or watch Secrets", []ask{{verbs: read, resources: []string{"secrets"}}}},
	{"changes-secrets", "create, change or delete Secrets", []ask{{verbs: change, resources: []string{"secrets"}}}},
	{"starts-pods", "create pods, or change what creates them", []ask{
		{verbs: []string{"create"}, resources: []string{"pods"}},
		{verbs: set, resources: []string{"replicationcontrollers"}},
		{verbs: set, group: "apps", resources: []string{"deployments", "daemonsets", "statefulsets", "replicasets"}},
		{verbs: set, group: "batch", resources: []string{"jobs", "cronjobs"}}}},
	{"enters-containers", "run commands in running containers", []ask{
		{verbs: stream, resources: []string{"pods/exec", "pods/attach"}},
		{verbs: alter, resources: []string{"pods/ephemeralcontainers"}}}},
	{"forwards-ports", "open ports of pods and services through the API server", []ask{
		{verbs: stream, resources: []string{"pods/portforward", "pods/proxy", "services/proxy"}}}},
	{"impersonates", "act as somebody else", []ask{
		{verbs: []string{"impersonate"}, resources: []string{"users", "groups"}, cluster: true},
		{verbs: []string{"impersonate"}, group: "authentication.k8s.io", resources: []string{"uids"}, cluster: true},
		{verbs: []string{"impersonate"}, resources: []string{"serviceaccounts"}}}},
	{"escalates", "give out rights that it has not", []ask{
		{verbs: []string{"escalate", "bind"}, group: rbacGroup, resources: []string{"clusterroles"}, cluster: true},
		{verbs: []string{"escalate", "bind"}, group: rbacGroup, resources: []string{"roles"}},
		{verbs: []string{"bind"}, group: rbacGroup, resources: []string{"clusterroles"}}}},
	{"changes-rights", "create, change or delete roles and bindings", []ask{
		{verbs: change, group: rbacGroup, resources: []string{"clusterroles", "clusterrolebindings"}, cluster: true},
		{verbs: change, group: rbacGroup, resources: []string{"roles", "rolebindings"}}}},
	{"approves-certificates", "approve requests for certificates that identify people and nodes", []ask{
		{verbs: alter, group: "certificates.k8s.io", resources: []string{"certificatesigningrequests/approval"}, cluster: true}}},
	{"makes-tokens", "make tokens of service accounts", []ask{{verbs: []string{"create"}, resources: []string{"serviceaccounts/token"}}}},
	{"changes-admission", "change what is asked before an object is made", []ask{{verbs: change, group: admissionGroup, cluster: true,
		resources: []string{"validatingwebhookconfigurations", "mutatingwebhookconfigurations", "validatingadmissionpolicies",
			"validatingadmissionpolicybindings", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings"}}}},
	{"reaches-nodes", "call the agent of each node, which runs commands in all of its pods", []ask{{cluster: true,
		verbs: []string{"get", "create", "update", "patch", "delete"}, resources: []string{"nodes/proxy"}}}},
	{"deletes-records", "delete events and logs", []ask{
		{verbs: remove, resources: []string{"events", "pods/log"}},
		{verbs: remove, group: "events.k8s.io", resources: []string{"events"}}}},
	{"deletes-data", "delete volumes, claims to them and whole namespaces", []ask{
		{verbs: remove, resources: []string{"persistentvolumes", "namespaces"}, cluster: true},
		{verbs: remove, resources: []string{"persistentvolumeclaims"}}}},
	{"creates-volumes", "create persistent volumes, which may be folders of a node", []ask{
		{verbs: []string{"create"}, resources: []string{"persistentvolumes"}, cluster: true}}},
	{"changes-settings", "change ConfigMaps", []ask{{verbs: change, resources: []string{"configmaps"}}}},
	{"changes-networks", "change network policies, services and ways in", []ask{
		{verbs: change, group: "networking.k8s.io", resources: []string{"networkpolicies", "ingresses"}},
		{verbs: change, group: "discovery.k8s.io", resources: []string{"endpointslices"}},
		{verbs: change, resources: []string{"services", "endpoints"}}}},
}

// Names are the rights that are told of subjects, and what each means.
func Names() map[string]string {
	all := map[string]string{Everything: "do whatever there is to do"}
	for _, r := range rights {
		all[r.name] = r.doc
	}
	return all
}

// grant is a right that a rule of a role gives, or may give.
type grant struct {
	right   string
	held    Answer      // never a sure no
	all     Answer      // whether it is about all objects, rather than those that names tells
	names   value.Value // a list of texts
	cluster bool        // only a ClusterRoleBinding gives it
}

// grants are the rights that a rule gives.
func (r rule) grants() []grant {
	var all []grant
	for _, right := range rights {
		for _, cluster := range []bool{false, true} {
			var held Answer
			for _, a := range right.asks {
				if a.cluster == cluster {
					held = held.or(r.answers(a))
				}
			}
			if held.Yes || !held.Known() {
				all = append(all, grant{right.name, held.brief(), r.namesAll(), r.names, cluster})
			}
		}
	}
	star := func(text string) bool { return text == "*" }
	if held := has(r.verbs, star).and(has(r.groups, star)).and(has(r.resources, star)).and(r.namesAll()); held.Yes || !held.Known() {
		all = append(all, grant{right: Everything, held: held.brief(), all: Answer{Yes: true}})
	}
	return all
}

// answers tells whether the rule gives one of the verbs on one of the resources. What is made new has no name: a rule with names
// does not let anyone create, nor delete by the collection.
func (r rule) answers(a ask) Answer {
	var out Answer
	for _, resource := range a.resources {
		for _, verb := range a.verbs {
			held := r.allows(Request{Verb: verb, Group: a.group, Resource: resource}, true)
			if verb == "create" && !strings.Contains(resource, "/") || verb == "deletecollection" {
				held = held.and(r.namesAll())
			}
			if out = out.or(held); out.Yes {
				return out
			}
		}
	}
	return out
}

// fewest leaves out the grants that others make needless: by name what is given for all objects, and what may be given of what
// surely is.
func fewest(grants []grant) []grant {
	type key struct {
		right   string
		cluster bool
	}
	whole := map[key]bool{}
	for _, g := range grants {
		whole[key{g.right, g.cluster}] = whole[key{g.right, g.cluster}] || g.held.Yes && g.all.Yes
	}
	told := map[key]bool{}
	return slices.DeleteFunc(grants, func(g grant) bool {
		k := key{g.right, g.cluster}
		if !whole[k] {
			return false
		}
		again := told[k] || !g.held.Yes || !g.all.Yes
		told[k] = told[k] || !again
		return again
	})
}
