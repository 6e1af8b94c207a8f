// Package cloudformation reads CloudFormation templates, in YAML and JSON, into blocks: one for each resource, with its
// Properties resolved as far as they can be without an account.
//
// It must not know of kinds or checks, and it never deploys, calls or fetches anything. What only a deployment can
// tell (parameters without a value, the account, attributes of resources) is unknown and says why; references to
// resources keep the address of the block they name.
//
// # Addresses
//
// A block's address is its logical ID; within a nested stack it is "Nested/LogicalID". Where a directory holds several
// templates that nest one another not, the file is set before it: "templates/network.yaml:Vpc".
//
// # Bodies
//
// A block's Body is its Properties. Two attributes that CloudFormation writes beside Properties and that say what
// happens to the data are added to it: "DeletionPolicy" and "UpdateReplacePolicy", unless a property has that name.
//
// # What is not read
//
// Directories whose names begin with a dot and node_modules are passed over, as are YAML and JSON files that are not
// templates. Symbolic links are not followed; what they name within the target is read where it lies. The sections
// Rules, Metadata and Hooks say nothing about resources and are ignored, as is DependsOn.
package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"path"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/tree"
	"ward.dev/ward/internal/value"
)

// Templates reads a template file or a directory of templates. The zero value is ready.
type Templates struct{}

var _ source.Reader = Templates{}

// Kind is "cloudformation".
func (Templates) Kind() string { return "cloudformation" }

// Detect tells whether the path is a template or a directory that holds one, by names and the files' first bytes.
func (Templates) Detect(name string) bool {
	t, err := tree.Open(name)
	if err != nil {
		return false
	}
	defer t.Close()
	found := false
	_ = t.Walk(context.Background(), mayBeTemplate, func(file string) bool {
		head, err := t.Head(file)
		found = mayBeTemplate(file) && err == nil && looksLikeTemplate(head)
		return !found
	}, nil)
	return found
}

// Read reads every template at the path. Values that cannot be resolved are unknown, files that cannot be parsed are
// gaps. It is an error if there is no template at all or none could be parsed.
func (Templates) Read(ctx context.Context, name string, options source.Options) (source.Reading, error) {
	reading := source.Reading{Kind: "cloudformation", Name: name}
	t, err := tree.Open(name)
	if err != nil {
		return reading, fmt.Errorf("read %s: %w", name, err)
	}
	defer t.Close()

	gaps := &gaps{target: name, root: options.Root}
	documents, err := loadDocuments(ctx, t, gaps)
	if err != nil {
		return reading, fmt.Errorf("read %s: %w", name, err)
	}
	if len(documents) == 0 {
		return reading, fmt.Errorf("read %s: %w", name, gaps.asError())
	}
	for _, d := range documents {
		d.shown = path.Join(options.Root, d.file)
	}
	e := newEstate(ctx, documents, options.Parameters, gaps)
	e.wholeTree = t.File == ""
	for _, root := range e.arrange() {
		e.allow(root.document)
		root.emit(func(b resource.Block) {
			b.Target = name
			reading.Blocks = append(reading.Blocks, b)
		})
	}
	if err := ctx.Err(); err != nil {
		return reading, fmt.Errorf("read %s: %w", name, err)
	}
	reading.Gaps = gaps.list
	return reading, nil
}

// estate is all templates of one target, and the stacks that they make.
type estate struct {
	ctx       context.Context // of the one Read that the estate lives for
	documents []*document
	byBase    map[string][]*document
	given     map[string]string
	gaps      *gaps
	roots     []*stack
	exports   map[string][]export
	wholeTree bool // the target is a directory
	stacks    int  // made so far
	steps     int  // left for the current root
	spare     int  // left for the target, beyond what its templates need
	atHand    int  // of spare, within steps
	pending   int  // parameters, conditions and outputs that wait for others
}

// Bounds on what templates may expand to. CloudFormation itself allows 1 MB and 500 resources in a template.
const (
	spareSteps    = 200_000 // of a root stack, beyond twice the size of its templates
	spareInTotal  = 10_000_000
	maxStacks     = 1_000
	maxStackDepth = 8
	maxDepth      = 100
	maxPending    = 500
	maxText       = 1 << 20
)

func newEstate(ctx context.Context, documents []*document, given map[string]string, g *gaps) *estate {
	e := &estate{ctx: ctx, documents: documents, given: given, gaps: g, spare: spareInTotal,
		byBase: map[string][]*document{}}
	for _, d := range documents {
		base := path.Base(d.file)
		e.byBase[base] = append(e.byBase[base], d)
	}
	return e
}

// arrange finds out which templates are nested in others and returns stacks for those that are not. Templates that
// only nest each other in a circle are entered at the first of them, so that none is left out.
func (e *estate) arrange() []*stack {
	nests := map[*document][]*document{}
	nested := map[*document]bool{}
	for _, d := range e.documents {
		trial := e.trial(d)
		for _, child := range trial.nestedDocuments() {
			nests[d] = append(nests[d], child)
			nested[child] = nested[child] || child != d
		}
		trial.estate.settle()
		e.spare = trial.estate.spare
	}
	reached := map[*document]bool{}
	var reach func(d *document)
	reach = func(d *document) {
		if reached[d] {
			return
		}
		reached[d] = true
		for _, child := range nests[d] {
			reach(child)
		}
	}
	var roots []*document
	for _, d := range e.documents {
		if !nested[d] {
			roots = append(roots, d)
			reach(d)
		}
	}
	for _, d := range e.documents {
		if !reached[d] {
			roots = append(roots, d)
			reach(d)
		}
	}
	e.allow(roots...)
	for _, d := range roots {
		prefix := ""
		if len(roots) > 1 {
			prefix = d.file + ":"
		}
		e.roots = append(e.roots, newStack(e, d, prefix))
	}
	return e.roots
}

// allow sets what may be expanded from now on: as much as the templates hold, twice, and something to spare.
func (e *estate) allow(documents ...*document) {
	e.settle()
	e.steps = max(0, min(spareSteps, e.spare))
	e.atHand = e.steps
	for _, d := range documents {
		e.steps += 2 * d.size
	}
}

// settle takes what was used beyond the size of the templates off what is left for the target.
func (e *estate) settle() {
	e.spare -= max(0, e.atHand-max(0, e.steps))
	e.atHand = 0
}

// trial is a stack that is asked one question and thrown away: it records no gaps.
func (e *estate) trial(d *document) *stack {
	quiet := *e
	quiet.gaps = &gaps{}
	quiet.allow(d)
	return newStack(&quiet, d, "")
}

// gaps collects what was not read, each thing once.
type gaps struct {
	target string
	root   string // put before the paths of files
	list   []resource.Gap
	seen   map[[2]string]bool
	count  int // of what was added, whether or not it was new
}

const maxGaps = 10_000

// add records a gap at file and line; line 0 is the file as a whole.
func (g *gaps) add(file string, line int, what, reason, grant string) {
	g.count++
	if file != "" {
		file = path.Join(g.root, file)
	}
	at := (value.Origin{File: file, Line: line}).String()
	if what == "" {
		what = file
	}
	if at != "" {
		reason = at + ": " + reason
	}
	key := [2]string{what, reason}
	if g.seen[key] || len(g.list) >= maxGaps {
		return
	}
	if g.seen == nil {
		g.seen = map[[2]string]bool{}
	}
	g.seen[key] = true
	g.list = append(g.list, resource.Gap{Target: g.target, What: what, Reason: reason, Grant: grant})
}

// asError says why nothing could be read.
func (g *gaps) asError() error {
	if len(g.list) == 0 {
		return errors.New("there is no CloudFormation template")
	}
	errs := make([]error, 0, 10)
	for _, gap := range g.list {
		if len(errs) == cap(errs) {
			break
		}
		errs = append(errs, errors.New(gap.Reason))
	}
	return errors.Join(errs...)
}
