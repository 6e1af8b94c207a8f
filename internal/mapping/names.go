package mapping

import (
	"slices"
	"strings"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// names is what a block's resource is called, as far as its code tells. All of it is empty for a name that the provider
// makes up: nobody can write it down.
type names struct {
	texts   []string // literal names
	made    []string // names that are not known, by what they are made of
	unknown bool     // there is a name and it is not known
}

// namesOf reads the names of the block's resource, once for each resource.
func (t *target) namesOf(k *kind.Kind, b *resource.Block) names {
	if n, ok := t.called[k.Name][b.Address]; ok {
		return n
	}
	var n names
	for _, place := range k.Identity.In(t.dialect) {
		v := t.at(place, frame{block: b, body: b.Body})
		items, several := v.AsList() // such as the aliases of a key
		for _, item := range items {
			n.add(item)
		}
		if !several {
			n.add(v)
		}
		n.unknown = n.unknown || v.IsOpen()
	}
	return n
}

func (n *names) add(v value.Value) {
	if text, ok := v.AsString(); ok && text != "" {
		n.texts = append(n.texts, text)
	} else if v.IsUnknown() {
		n.unknown = true
		if made := expression(v); made != "" {
			n.made = append(n.made, made)
		}
	}
}

// remember keeps the names of a resource for the joins.
func (t *target) remember(k *kind.Kind, b *resource.Block, n names) {
	if t.called[k.Name] == nil {
		t.called[k.Name], t.taken[k.Name] = map[string]names{}, map[string]bool{}
	}
	t.called[k.Name][b.Address] = n
	for _, made := range n.made {
		t.taken[k.Name][made] = true
		t.taken[k.Name][within(root(b), made)] = true
	}
}

// within is an expression as one root module has it.
func within(root, expression string) string { return root + "\x01" + expression }

// root is the part of a target in which a name means one thing: a root module or template; of a live account a region, ""
// for what is the same in all of them; of Kubernetes' objects in files a namespace in a root.
func root(b *resource.Block) string {
	switch {
	case b.Dialect == resource.Kubernetes && !b.Global:
		return b.Root() + inNamespace + b.Region
	case !b.Dialect.Live():
		return b.Root()
	case b.Global:
		return ""
	}
	return b.Region
}

// inNamespace stands between a root and a namespace in it.
const inNamespace = "\x02"

// reaches tells whether a name that is written in one part of a target may mean what another part holds: in an account
// what is the same in all regions and, from there, everything; in files of Kubernetes what has no namespace.
func (t *target) reaches(in, where string) bool {
	if t.dialect == string(resource.Kubernetes) {
		return !strings.Contains(where, inNamespace)
	}
	return where == "" || in == "" && t.dialect != string(resource.Cluster)
}

// anywhere tells of a name that it means one thing in a whole target: an ARN, "NAMESPACE/NAME".
func (t *target) anywhere(name string) bool {
	if t.ofKubernetes() {
		return strings.Contains(name, "/")
	}
	return !t.live() || strings.HasPrefix(name, "arn:")
}

// meant returns the resource that a literal name means where it is written in a root module: the one that the module itself
// calls so, else the only one there is. nil if there is none; several tells that it may be any of some. What an account
// says of a name holds within the region and the account; only an ARN reaches beyond. What has no namespace and names something
// without one means, in files, the namespace that is not said.
func (t *target) meant(kindName, name, in string) (found *resource.Resource, several bool) {
	all := t.texts[kindName][name]
	if len(all) < many || !t.filling {
		return t.among(all, name, in)
	}
	this := call{kindName, name, in}
	if known, ok := t.meanings.Load(this); ok {
		return known.(meaning).found, known.(meaning).several
	}
	found, several = t.among(all, name, in)
	t.meanings.Store(this, meaning{found, several})
	return found, several
}

// many resources with one name, such as the role that an installer puts into every namespace, are looked through once for each place
// that the name is written in, rather than for each time.
const many = 8

// call is a name as it is written in a place, and meaning what meant says of it.
type call struct{ kindName, name, in string }
type meaning struct {
	found   *resource.Resource
	several bool
}

// among is meant for those that are called so.
func (t *target) among(all []*resource.Resource, name, in string) (found *resource.Resource, several bool) {
	var own, near, global []*resource.Resource
	for _, r := range all {
		b := t.of[r]
		if r.Dialect == resource.Image { // the name of an image means the same for all who run it
			if r.Names[0] != name || !slices.ContainsFunc(own, func(o *resource.Resource) bool { return o.Names[0] == name }) {
				own = append(own, r) // its first name is its digest: what has the same one is the same image
			}
			continue
		}
		if t.global[r] {
			global = append(global, r)
		}
		if r.Target != t.name || b == nil { // a folder may hold code of two vocabularies, which are read apart
			continue
		}
		switch where := root(b); {
		case where == in || where == in+inNamespace || t.ofKubernetes() && (b.Global || t.anywhere(name)) && (t.live() || b.Root() == rootOf(in)):
			own = append(own, r)
		case t.reaches(in, where):
			near = append(near, r)
		}
	}
	switch {
	case len(own) > 0:
		all = own
	case t.dialect == string(resource.Kubernetes) && !t.anywhere(name):
		all = global
	case t.dialect == string(resource.Cluster), !t.anywhere(name):
		all = near
	}
	if len(all) == 1 {
		return all[0], false
	}
	return nil, len(all) > 1
}

// rootOf is the root of a namespace in a root.
func rootOf(in string) string { root, _, _ := strings.Cut(in, inNamespace); return root }

// expression writes what an unknown text is made of: two values with the same expression are the same text. It is ""
// where that cannot be told.
func expression(v value.Value) string {
	if ref, exact := v.ExactRef(); exact {
		return ref.Address + "." + ref.Attribute
	}
	template, ok := v.Template()
	if !ok {
		return ""
	}
	all := []string{template}
	for _, r := range v.Reasons() { // they say of which module a variable in the template is
		all = append(all, r.Why)
	}
	return strings.Join(all, "\x00")
}

// hole stands in a text for a part that is not known.
const hole = "\x00"

// holes replaces the placeholders of a template.
func holes(template string) string {
	if strings.Contains(template, "%{") {
		return hole
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(template, "${")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		out.WriteString(hole)
		depth, end := 1, 0
		for ; end < len(rest) && depth > 0; end++ {
			switch rest[end] {
			case '{':
				depth++
			case '}':
				depth--
			}
		}
		template = rest[end:]
	}
}

// calls lists the names that a text may call a resource by: itself and, of an ARN or a URL, the parts that may be a name.
func calls(text string) []string {
	list := []string{text}
	if strings.HasPrefix(text, "arn:") {
		if fields := strings.SplitN(text, ":", 6); len(fields) == 6 {
			text = fields[5]
		}
	} else if url, ok := strings.CutPrefix(text, "https://"); ok {
		text = url[strings.LastIndexByte(url, '/')+1:]
	} else if !strings.HasPrefix(text, hole) {
		return list
	}
	for piece := range strings.SplitSeq(text, ":") {
		_, below, _ := strings.Cut(piece, "/")
		for _, name := range append(strings.Split(piece, "/"), piece, below) {
			if name != "" && !slices.Contains(list, name) {
				list = append(list, name)
			}
		}
	}
	return list
}

// may tells whether a text with holes may be the name.
func may(text, name string) bool {
	parts := strings.Split(text, hole)
	if !strings.HasPrefix(name, parts[0]) {
		return false
	}
	name = name[len(parts[0]):]
	for i, part := range parts[1:] {
		if i == len(parts)-2 {
			return strings.HasSuffix(name, part)
		}
		at := strings.Index(name, part)
		if at < 0 {
			return false
		}
		name = name[at+len(part):]
	}
	return name == ""
}
