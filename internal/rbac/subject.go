package rbac

import (
	"maps"
	"slices"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// SubjectType is the type of the blocks that Subjects makes.
const SubjectType = "Subject"

// Derive returns the blocks of a target with what follows from its roles and bindings.
//
// The body of a role that gives no more than Kubernetes brings along under its name has the member provided.
//
// Besides there is a block of SubjectType for each subject of each root: whom bindings name, and every service account. Its body
// holds kind, name, namespace, subject (see Subject.String), exists (of a service account) and
//
//   - bindings: what names it itself: binding, role, everywhere or namespace, provided
//   - rights: what it may do: does (see Names), everywhere or namespace, all or only names, held (unknown where that is not
//     sure), and the binding, role and group that it has it through. provided tells that Kubernetes brings it along.
//
// Both are open where there may be more. For partial see New.
func Derive(blocks []resource.Block, partial func(typ string) []value.Reason) []resource.Block {
	all := slices.Clone(blocks)
	byRoot := map[string][]*resource.Block{}
	types := Types()
	for i := range all {
		b := &all[i]
		if !slices.Contains(types, b.Type) {
			continue
		}
		root := ""
		if b.Dialect == resource.Kubernetes {
			root = b.Root()
		}
		byRoot[root] = append(byRoot[root], b)
	}
	var subjects []resource.Block
	for _, root := range slices.Sorted(maps.Keys(byRoot)) {
		p := New(byRoot[root], partial)
		subjects = append(subjects, p.blocks(root, byRoot[root][0])...)
		for _, r := range p.roles {
			if r.provided {
				mark(r.block)
			}
		}
	}
	return append(all, subjects...)
}

// mark notes in the body of a role that Kubernetes brings it along.
func mark(b *resource.Block) {
	members, _ := b.Body.AsObject()
	marked := make(map[string]value.Value, len(members)+1)
	maps.Copy(marked, members)
	marked["provided"] = value.Bool(true)
	body := value.Object(marked).At(b.Body.Origin())
	if b.Body.IsOpen() {
		body = body.Open(b.Body.Reasons()...)
	}
	b.Body = body
}

// blocks makes the blocks of all subjects of a root, of which one block is like.
func (p *Policy) blocks(root string, like *resource.Block) []resource.Block {
	subjects := slices.Collect(maps.Keys(p.given))
	for s := range p.accounts {
		if p.given[s] == nil {
			subjects = append(subjects, s)
		}
	}
	slices.SortFunc(subjects, compare)
	var all []resource.Block
	for _, s := range subjects {
		b := resource.Block{Dialect: like.Dialect, Type: SubjectType, Target: like.Target, Account: like.Account,
			Address: SubjectType + "/" + s.String(), Region: s.Namespace, Global: s.Kind != account}
		if root != "" {
			b.Address = root + ":" + b.Address
		}
		if declared := p.accounts[s]; declared != nil {
			b.Origin, b.Maybe = declared.Origin, declared.Maybe
		} else {
			b.Origin = p.given[s][0].origin
		}
		if b.Origin == nil {
			b.Origin = &value.Origin{}
		}
		b.Body = p.body(s).At(b.Origin)
		all = append(all, b)
	}
	return all
}

func (p *Policy) body(s Subject) value.Value {
	members := map[string]value.Value{"kind": value.String(s.Kind), "name": value.String(s.Name),
		"subject": value.String(s.String()), "bindings": p.bindings(s), "rights": p.rights(s), "administers": value.Bool(p.administers(s))}
	switch {
	case resource.Placed(s.Namespace):
		members["namespace"] = value.String(s.Namespace)
	case s.Namespace != "":
		members["namespace"] = value.Unresolved(unsaidNamespace)
	}
	if b := p.accounts[s]; b != nil && b.Declared != "" {
		members["name"] = b.Body.Field("metadata").Field("name")
	}
	if s.Kind == account {
		members["exists"] = p.exists(s).value()
	}
	return value.Object(members)
}

// administers tells whether a subject surely may do everything in the whole cluster.
func (p *Policy) administers(s Subject) bool {
	sure, _ := p.entries(s)
	return s == (Subject{Kind: group, Name: masters}) || slices.ContainsFunc(sure, func(t through) bool {
		return t.cluster && t.block.Maybe == nil && t.role != nil && slices.ContainsFunc(t.role.grants, func(g grant) bool {
			return g.right == Everything && g.held.Yes
		})
	})
}

// exists tells whether there is a service account. The one called default is made with its namespace.
func (p *Policy) exists(s Subject) Answer {
	why := p.partial(accountType)
	switch {
	case p.accounts[s] != nil || s.Name == "default":
		return Answer{Yes: true}
	case p.live:
		return unsure(why...)
	}
	return unsure(value.Reason{Why: "it is not among the files", Grant: "assess what declares it too, or the cluster"})
}

// bindings are those that name a subject itself.
func (p *Policy) bindings(s Subject) value.Value {
	var rows []value.Value
	var more []value.Reason
	for _, e := range p.given[s] {
		row := map[string]value.Value{"name": value.String(called(e.binding)), "binding": value.String(e.label), "role": value.String(e.roleName),
			"everywhere": value.Bool(e.cluster), "provided": value.Bool(e.provided(s))}
		if !e.cluster {
			row["namespace"] = unsaid(e.namespace)
		}
		rows = append(rows, value.Compact(row).At(e.origin))
		if e.block.Maybe != nil {
			more = append(more, *e.block.Maybe)
		}
	}
	for _, other := range p.spaces[s.Name] {
		if s.Kind == account && other != s && (other.Namespace == "" || s.Namespace == "") && len(p.given[other]) > 0 {
			more = append(more, unsaidNamespace)
		}
	}
	return opened(value.List(rows...), append(more, p.doubts...))
}

// opened says why a list may be longer, if anything does.
func opened(list value.Value, why []value.Reason) value.Value {
	if why = (Answer{Why: why}).brief().Why; len(why) > 0 {
		return list.Open(why...)
	}
	return list
}

func unsaid(namespace string) value.Value {
	if namespace == "" {
		return value.Unresolved(value.Reason{Why: "the namespace is not said in the files",
			Grant: "--namespace, or assess the cluster"})
	}
	return value.String(namespace)
}

// rights is what a subject may do.
func (p *Policy) rights(s Subject) value.Value {
	var rows []value.Value
	more := slices.Clone(p.doubts)
	if s == (Subject{Kind: group, Name: masters}) {
		rows = append(rows, value.Compact(map[string]value.Value{"does": value.String(Everything), "everywhere": value.Bool(true),
			"all": value.Bool(true), "held": value.Bool(true), "binding": value.String("(the API server itself)"),
			"role": value.String("(everything)"), "provided": value.Bool(true)}))
	}
	sure, maybe := p.entries(s)
	for _, t := range sure {
		rows = append(rows, t.rows(s, Answer{Yes: true})...)
		more = append(more, t.more...)
		if t.role != nil {
			more = append(more, t.role.more...)
		}
	}
	for _, t := range maybe {
		rows = append(rows, t.rows(s, unsure(unsaidNamespace))...)
		more = append(more, t.more...)
	}
	return opened(value.List(rows...), more)
}

// rows are the rights that a binding gives a subject.
func (t through) rows(s Subject, applies Answer) []value.Value {
	if t.role == nil {
		return nil
	}
	if t.block.Maybe != nil {
		applies = applies.and(unsure(*t.block.Maybe))
	}
	whom := s
	row := map[string]value.Value{"name": value.String(called(t.binding)), "binding": value.String(t.label),
		"role": value.String(t.roleName), "everywhere": value.Bool(t.cluster)}
	if t.group.Name != "" {
		row["group"] = value.String(t.group.Name)
		whom = t.group
	}
	row["provided"] = value.Bool(t.provided(whom))
	if !t.cluster {
		row["namespace"] = unsaid(t.namespace)
	}
	var rows []value.Value
	told := map[string]bool{}
	for _, g := range t.role.grants {
		whole := g.held.Yes && g.all.Yes
		if g.cluster && !t.cluster || whole && told[g.right] {
			continue
		}
		told[g.right] = told[g.right] || whole
		of := maps.Clone(row)
		of["does"], of["held"], of["all"] = value.String(g.right), g.held.and(applies).value(), g.all.value()
		if !g.all.Yes {
			of["names"] = g.names
		}
		rows = append(rows, value.Compact(of).At(t.origin))
	}
	return rows
}

// called is what a row is called where it is shown as evidence: the role and what gives it or, if that is long, only the latter.
func called(g *binding) string {
	const most = 63
	if both := g.roleName + " by " + g.label; len(both) <= most {
		return both
	}
	return g.label
}
