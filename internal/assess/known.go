package assess

import (
	"encoding/binary"
	"slices"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// answer is what a check says of a resource, as its finding shows it.
type answer struct {
	status   assessment.Status
	unknown  []assessment.UnknownValue
	evidence []*assessment.Evidence
}

// known are answers that a worker gave. Of what runs, many resources are alike in all that a check looks at, such as the pods of one
// program: the mapping shares what calls replied, so that this costs a comparison, and the answer stands for all of them. Of code,
// no two values are the same, since each has its own line.
type known struct {
	numbers map[value.Identity]uint32 // of the values that answers hang on
	answers map[asking]*answers
	n       int
	key     []byte
}

// asking is one check, asked of resources of one kind.
type asking struct {
	check *check.Check
	kind  *kind.Kind
}

// answers are those of one check, by the numbers of the values of the attributes that it has read of any resource so far, and of those
// that every finding of the kind shows.
type answers struct {
	own   []int // attributes of the resource itself
	items map[*kind.Attribute]bool
	by    map[string]answer
}

// maxKnown bounds the numbers and the answers that are kept.
const maxKnown = 1 << 16

// forget begins anew if there is too much. What findings show stays with them.
func (k *known) forget() {
	if k.answers == nil || len(k.numbers) > maxKnown || k.n > maxKnown {
		*k = known{numbers: map[value.Identity]uint32{}, answers: map[asking]*answers{}, key: k.key}
	}
}

// add adds the number of something to the key.
func (k *known) add(id value.Identity) {
	n, ok := k.numbers[id]
	if !ok {
		n = uint32(len(k.numbers))
		k.numbers[id] = n
	}
	k.key = binary.LittleEndian.AppendUint32(k.key, n)
}

// addRead adds what a check may have read of an attribute: of objects no more than the fields that it reads and their names, by which
// evidence calls them, since there is always something by which pods differ.
func (k *known) addRead(a *kind.Attribute, v value.Value, items map[*kind.Attribute]bool) {
	if len(a.Fields()) == 0 {
		k.add(v.Identity())
		return
	}
	k.add(v.Outside())
	list, _ := v.AsList()
	for _, item := range list {
		k.addRead(a, item, items)
	}
	if !v.IsObject() {
		return
	}
	for _, field := range a.Fields() {
		if items[field] || field.Name == "name" {
			held, _ := v.Member(field.Name) // which the mapping gives every item
			k.addRead(field, held, items)
		}
	}
}

// keyOf makes the key of what a check is asked about a resource, or what stands for it.
func (k *known) keyOf(a *answers, r, asked *resource.Resource, params value.Value) {
	k.key = k.key[:0]
	k.add(params.Identity())
	for _, i := range r.Kind.Shown() {
		k.add(r.Values[i].Identity())
	}
	for _, i := range a.own {
		k.addRead(asked.Kind.All()[i], asked.Values[i], a.items)
	}
}

// answer returns the answer of a check for a resource, or for what stands for it.
func (w *worker) answer(p *planned, r, asked *resource.Resource) answer {
	params := p.params.of(r, w.owners)
	if !r.Live || w.alone { // nothing comes after it that is alike
		given, _ := w.evaluate(p, r, asked, params)
		return given
	}
	w.known.forget()
	all := w.known.answers[asking{p.Check, r.Kind}]
	if all == nil {
		all = &answers{items: map[*kind.Attribute]bool{}, by: map[string]answer{}}
		w.known.answers[asking{p.Check, r.Kind}] = all
	}
	w.known.keyOf(all, r, asked, params)
	if given, ok := all.by[string(w.known.key)]; ok {
		return given
	}
	given, own := w.evaluate(p, r, asked, params)
	if all.take(asked.Kind, own) {
		w.known.keyOf(all, r, asked, params)
	}
	all.by[string(w.known.key)] = given
	w.known.n++
	return given
}

// take adds attributes to those that answers hang on. If one is new, what was answered before is forgotten: its keys lack it.
func (a *answers) take(k *kind.Kind, own []*kind.Attribute) bool {
	before := len(a.own) + len(a.items)
	for _, attribute := range own {
		switch i := k.Index(attribute.Name); {
		case i < 0 || k.All()[i] != attribute:
			a.items[attribute] = true
		case !slices.Contains(a.own, i):
			a.own = append(a.own, i)
		}
	}
	if len(a.own)+len(a.items) == before {
		return false
	}
	clear(a.by)
	return true
}

// evaluate asks a check, and returns with its answer the attributes of the resource that it read.
func (w *worker) evaluate(p *planned, r, asked *resource.Resource, params value.Value) (given answer, own []*kind.Attribute) {
	a := p.Evaluate(w.world, asked, params, w.Now)
	given = answer{a.Status, nothingUnknown, noEvidence}
	if w.alone && (a.Status == assessment.Pass || a.Status == assessment.NotApplicable) {
		return given, a.Own
	}
	given.evidence = w.evidenceOf(withShown(a.Reads, r), a.Status, r.Live)
	if a.Status == assessment.Unknown {
		given.unknown = unknowns(a.Unknowns)
	}
	return given, a.Own
}
