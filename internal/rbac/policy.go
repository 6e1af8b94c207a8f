package rbac

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// Subject is whom rights are given to.
type Subject struct {
	Kind      string // "User", "Group" or "ServiceAccount"
	Namespace string // of a service account; "" where files do not say it
	Name      string
}

// String is "User/jane" or "ServiceAccount/clinic/portal".
func (s Subject) String() string {
	if s.Namespace != "" {
		return s.Kind + "/" + s.Namespace + "/" + s.Name
	}
	return s.Kind + "/" + s.Name
}

const (
	user, group, account = "User", "Group", "ServiceAccount"
	accountUser          = "system:serviceaccount:"
	allAccounts          = "system:serviceaccounts"
	masters              = "system:masters" // may do everything, whatever the bindings say
)

// groups are those that Kubernetes puts a subject into by itself.
func (s Subject) groups() []Subject {
	var names []string
	switch {
	case s.Kind == account && s.Namespace != "":
		names = []string{allAccounts + ":" + s.Namespace, allAccounts, "system:authenticated"}
	case s.Kind == account, s.Kind == group && strings.HasPrefix(s.Name, allAccounts+":"):
		names = []string{allAccounts, "system:authenticated"}
	case s.Name == "system:anonymous" && s.Kind == user:
		names = []string{"system:unauthenticated"}
	case s.Name != "system:unauthenticated" && s.Name != "system:authenticated" || s.Kind == user:
		names = []string{"system:authenticated"}
	}
	all := make([]Subject, len(names))
	for i, name := range names {
		all[i] = Subject{Kind: group, Name: name}
	}
	return all
}

// role is what a Role or ClusterRole gives.
type role struct {
	block    *resource.Block
	rules    []rule
	grants   []grant
	more     []value.Reason // why it may give more than its rules
	provided bool           // it gives no more than the role of this name that Kubernetes brings along
}

// binding gives a role to subjects.
type binding struct {
	block     *resource.Block
	label     string // "RoleBinding/clinic/readers"
	namespace string // "" of a ClusterRoleBinding, and where files do not say it
	cluster   bool
	roleName  string // "ClusterRole/view"
	role      *role  // nil if it gives nothing
	more      []value.Reason
}

// entry is one subject of a binding.
type entry struct {
	*binding
	origin *value.Origin
}

// Policy is all roles and bindings of a cluster, or of the files that are deployed together.
type Policy struct {
	live     bool
	partial  func(typ string) []value.Reason
	roles    map[string]*role
	given    map[Subject][]entry
	accounts map[Subject]*resource.Block
	// spaces are the namespaces in which service accounts of a name are known, as far as bindings and accounts say.
	spaces map[string][]Subject
	// doubts are why there may be more bindings of anyone.
	doubts []value.Reason
}

// New makes a policy of the blocks that are of its types. partial says of a type of a cluster's objects why there may be more than
// the blocks; nil for files, which are taken to be all that is meant.
func New(blocks []*resource.Block, partial func(typ string) []value.Reason) *Policy {
	p := &Policy{live: partial != nil, partial: partial, roles: map[string]*role{}, given: map[Subject][]entry{},
		accounts: map[Subject]*resource.Block{}, spaces: map[string][]Subject{}}
	if partial == nil {
		p.partial = func(string) []value.Reason { return nil }
	}
	labels := map[*resource.Block]value.Value{}
	for _, b := range blocks {
		switch b.Type {
		case roleType, clusterRoleType:
			p.roles[label(b)] = newRole(b)
			labels[b] = b.Body.Field("metadata").Field("labels")
		case accountType:
			s := Subject{account, b.Region, nameOf(b)}
			p.accounts[s] = b
			p.seen(s)
		}
	}
	p.aggregate(labels)
	for _, r := range p.roles {
		for _, rule := range r.rules {
			r.grants = append(r.grants, rule.grants()...)
		}
		r.grants = fewest(r.grants)
	}
	for _, b := range blocks {
		if b.Type == bindingType || b.Type == clusterBindingType {
			p.bind(b)
		}
	}
	p.doubts = append(p.doubts, p.partial(bindingType)...)
	p.doubts = append(p.doubts, p.partial(clusterBindingType)...)
	return p
}

// label is what a block is called within its root: "RoleBinding/clinic/readers".
func label(b *resource.Block) string {
	if b.Declared != "" {
		kind, _, _ := strings.Cut(b.Type, ".")
		return path.Join(kind, b.Region, nameOf(b))
	}
	if root := b.Root(); root != "" && b.Dialect == resource.Kubernetes {
		return b.Address[len(root)+1:]
	}
	return b.Address
}

// nameOf is the name of a block or, of one whose name nobody knows, its address, which is no name.
func nameOf(b *resource.Block) string {
	if name, known := b.Body.Field("metadata").Field("name").AsString(); b.Declared != "" && known {
		return name
	} else if b.Declared != "" {
		return b.Address
	}
	return b.Address[strings.LastIndexByte(b.Address, '/')+1:]
}

func newRole(b *resource.Block) *role {
	r := &role{block: b}
	rules := b.Body.Field("rules")
	items, _ := rules.AsList()
	for _, item := range items {
		r.rules = append(r.rules, newRule(item))
	}
	if rules.IsUnknown() || rules.IsOpen() {
		r.more = append(r.more, rules.Reasons()...)
	}
	if b.Maybe != nil {
		r.more = append(r.more, *b.Maybe)
	}
	r.provided = brought(label(b), r)
	return r
}

// aggregate adds to the cluster roles of files the rules of those roles that they are made of, as a cluster does. It may have more
// such roles than the files show.
func (p *Policy) aggregate(labels map[*resource.Block]value.Value) {
	if p.live {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(p.roles)) {
		r := p.roles[name]
		aggregation := r.block.Body.Field("aggregationRule")
		if aggregation.IsAbsent() || r.block.Type != clusterRoleType {
			continue
		}
		r.more = append(r.more, value.Reason{Why: "a cluster adds the rules of other roles to " + name, Grant: "assess the cluster"})
		selectors, _ := aggregation.Field("clusterRoleSelectors").AsList()
		for _, other := range slices.Sorted(maps.Keys(p.roles)) {
			from := p.roles[other]
			if from != r && from.block.Type == clusterRoleType && slices.ContainsFunc(selectors, func(s value.Value) bool {
				return selects(s, labels[from.block])
			}) {
				r.rules = append(r.rules, slices.Clone(from.rules)...)
			}
		}
	}
}

// selects tells whether a label selector surely matches. One with expressions is not followed: the role may have more anyway.
func selects(selector, labels value.Value) bool {
	wanted := selector.Field("matchLabels")
	if expressions := selector.Field("matchExpressions"); !expressions.IsAbsent() || wanted.IsOpen() || len(wanted.Keys()) == 0 {
		return false
	}
	return !slices.ContainsFunc(wanted.Keys(), func(key string) bool {
		want, ok := wanted.Field(key).AsString()
		got, has := labels.Field(key).AsString()
		return !ok || !has || want != got
	})
}

// bind notes whom a binding gives its role to.
func (p *Policy) bind(b *resource.Block) {
	g := &binding{block: b, label: label(b), namespace: b.Region, cluster: b.Type == clusterBindingType}
	p.find(g)
	if b.Maybe != nil {
		g.more = append(g.more, *b.Maybe)
	}
	subjects := b.Body.Field("subjects")
	if subjects.IsUnknown() || subjects.IsOpen() {
		p.doubt(g, subjects.Reasons())
	}
	items, _ := subjects.AsList()
	for _, item := range items {
		kind, isKind := item.Field("kind").AsString()
		name, isName := item.Field("name").AsString()
		namespace, isSpace := item.Field("namespace").AsString()
		switch {
		case item.IsUnknown():
			p.doubt(g, item.Reasons())
			continue
		case !isKind && !item.Field("kind").IsAbsent(), !isName && !item.Field("name").IsAbsent():
			p.doubt(g, append(item.Field("kind").Reasons(), item.Field("name").Reasons()...))
			continue
		case kind == account && !isSpace && item.Field("namespace").IsUnknown():
			p.doubt(g, item.Field("namespace").Reasons())
			continue
		}
		if s, ok := subject(kind, namespace, name, g); ok {
			p.given[s] = append(p.given[s], entry{g, cmp.Or(item.Origin(), b.Origin)})
			p.seen(s)
		}
	}
}

// doubt notes that a binding may be for anyone.
func (p *Policy) doubt(g *binding, why []value.Reason) {
	for _, reason := range why {
		reason.Why = "whom " + g.label + " gives " + g.roleName + ": " + reason.Why
		p.doubts = append(p.doubts, reason)
	}
	if len(why) == 0 {
		p.doubts = append(p.doubts, value.Reason{Why: "whom " + g.label + " gives " + g.roleName + " is not known"})
	}
}

// subject is whom a binding names; a service account may be named as a user.
func subject(kind, namespace, name string, g *binding) (Subject, bool) {
	switch {
	case name == "":
		return Subject{}, false
	case kind == user && strings.HasPrefix(name, accountUser):
		if in, called, ok := strings.Cut(strings.TrimPrefix(name, accountUser), ":"); ok {
			return Subject{account, in, called}, true
		}
	case kind == account:
		namespace = cmp.Or(namespace, g.namespace)
		return Subject{account, namespace, name}, namespace != "" || g.block.Dialect != resource.Cluster
	}
	return Subject{Kind: kind, Name: name}, kind == user || kind == group
}

// seen remembers a service account by its name alone.
func (p *Policy) seen(s Subject) {
	if s.Kind == account && !slices.Contains(p.spaces[s.Name], s) {
		p.spaces[s.Name] = append(p.spaces[s.Name], s)
	}
}

// find looks up the role that a binding gives.
func (p *Policy) find(g *binding) {
	ref := g.block.Body.Field("roleRef")
	kind, isKind := ref.Field("kind").AsString()
	name, isName := ref.Field("name").AsString()
	if !isKind || !isName {
		g.roleName = "an unknown role"
		g.more = append(g.more, value.Reason{Why: "what role " + g.label + " gives is not known"})
		return
	}
	g.roleName = kind + "/" + name
	typ := clusterRoleType
	if kind == "Role" {
		typ = roleType
		if g.namespace != "" {
			g.roleName = kind + "/" + g.namespace + "/" + name
		}
		if g.cluster { // which the API refuses
			return
		}
	}
	if g.role = p.roles[g.roleName]; g.role != nil {
		return
	}
	why := p.partial(typ)
	if known := builtinRole(g.roleName); known != nil && (!p.live || len(why) > 0) {
		g.role, g.more = known, slices.Clone(why)
		return
	}
	if !p.live {
		why = []value.Reason{{Why: fmt.Sprintf("%s, which %s gives, is not among the files", g.roleName, g.label),
			Grant: "assess what declares it too, or the cluster"}}
	}
	g.more = append(g.more, why...) // none: a role that does not exist gives nothing
}

// entries are the bindings that give a subject something, and those that may.
func (p *Policy) entries(s Subject) (sure []through, maybe []through) {
	for _, e := range p.given[s] {
		sure = append(sure, through{entry: e})
	}
	for _, g := range s.groups() {
		for _, e := range p.given[g] {
			sure = append(sure, through{entry: e, group: g})
		}
	}
	if s.Kind != account {
		return sure, nil
	}
	for _, other := range p.spaces[s.Name] { // in files, an account whose namespace is not said may be one whose is
		if other != s && !(resource.Placed(other.Namespace) && resource.Placed(s.Namespace)) {
			for _, e := range p.given[other] {
				maybe = append(maybe, through{entry: e})
			}
		}
	}
	if !resource.Placed(s.Namespace) {
		for _, g := range slices.SortedFunc(maps.Keys(p.given), compare) {
			if g.Kind == group && strings.HasPrefix(g.Name, allAccounts+":") {
				for _, e := range p.given[g] {
					maybe = append(maybe, through{entry: e, group: g})
				}
			}
		}
	}
	return sure, maybe
}

// through is a binding that gives a subject a role, and the group that it does it through; the zero Subject if by name.
type through struct {
	entry
	group Subject
}

func compare(a, b Subject) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// May tells whether a subject may do something.
func (p *Policy) May(s Subject, q Request) Answer {
	if s == (Subject{Kind: group, Name: masters}) {
		return Answer{Yes: true}
	}
	out := Answer{Why: p.doubts}
	sure, maybe := p.entries(s)
	for _, t := range sure {
		out = out.or(t.allows(q))
	}
	for _, t := range maybe {
		if got := t.allows(q); got.Yes {
			out = out.or(unsure(unsaidNamespace))
		} else {
			out = out.or(got)
		}
	}
	return out.brief()
}

var unsaidNamespace = value.Reason{Why: "the namespace of the service account is not said in the files",
	Grant: "--namespace, or assess the cluster"}

// allows tells whether what a binding gives allows a request.
func (g *binding) allows(q Request) Answer {
	out := Answer{Why: g.more}
	switch {
	case !g.cluster && (q.Path != "" || q.Namespace == ""):
		return Answer{} // in its namespace only
	case !g.cluster && !resource.Placed(g.namespace):
		out.Why = append(slices.Clone(out.Why), unsaidNamespace)
	case !g.cluster && q.Namespace != g.namespace:
		return Answer{}
	}
	if g.role == nil {
		return out
	}
	for _, rule := range g.role.rules {
		out = out.or(rule.allows(q, false))
	}
	if !g.cluster && !resource.Placed(g.namespace) && out.Yes {
		return unsure(unsaidNamespace)
	}
	out.Why = append(slices.Clone(out.Why), g.role.more...)
	return out
}
