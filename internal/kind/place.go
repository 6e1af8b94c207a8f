package kind

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ward.dev/ward/internal/value"
)

// PlacesByDialect says where something stands in each source's vocabulary: the first place that exists counts.
type PlacesByDialect struct {
	Terraform      Places `yaml:"terraform"`
	CloudFormation Places `yaml:"cloudformation"`
	// AWS are places in the replies of AWS's API: "GetBucketVersioning.Status".
	AWS Places `yaml:"aws"`
	// Kubernetes are places in the objects of Kubernetes, in files and in a cluster.
	Kubernetes Places `yaml:"kubernetes"`
	// Cluster are places that only a running cluster has; of one, they stand before those of Kubernetes.
	Cluster    Places `yaml:"cluster"`
	Dockerfile Places `yaml:"dockerfile"`
	// Image are places in what was read of a container image.
	Image Places `yaml:"image"`
}

// Dialects are the vocabularies that places are written in.
var Dialects = []string{"terraform", "cloudformation", "aws", "kubernetes", "cluster", "dockerfile", "image"}

// In returns the places in a dialect; none in one that is not known.
func (p PlacesByDialect) In(dialect string) Places {
	switch dialect {
	case "terraform":
		return p.Terraform
	case "cloudformation":
		return p.CloudFormation
	case "aws":
		return p.AWS
	case "kubernetes":
		return p.Kubernetes
	case "cluster":
		if len(p.Cluster) > 0 {
			return p.Cluster
		}
		return p.Kubernetes
	case "dockerfile":
		return p.Dockerfile
	case "image":
		return p.Image
	}
	return nil
}

// all returns the places of every dialect.
func (p PlacesByDialect) all() []Places {
	return []Places{p.Terraform, p.CloudFormation, p.AWS, p.Kubernetes, p.Cluster, p.Dockerfile, p.Image}
}

// Anywhere tells whether there is a place in any dialect.
func (p PlacesByDialect) Anywhere() bool {
	return slices.ContainsFunc(p.all(), func(places Places) bool { return len(places) > 0 })
}

// Places are tried in order.
type Places []Place

// Own tells whether a dialect says an attribute of the resource itself: not if it has no way to say it, nor if only other
// resources say it, such as a trail that names the bucket it writes to. In code, a setting may stand in a block beside.
func (k *Kind) Own(a *Attribute, dialect string) bool { return k.own(a.In(dialect), dialect) }

func (k *Kind) own(places Places, dialect string) bool {
	return slices.ContainsFunc(places, func(p Place) bool {
		switch {
		case p.Join != nil:
			return !p.Join.All && dialect != "aws"
		case len(p.Concat) > 0:
			return k.own(p.Concat, dialect)
		case p.Part != "":
			return k.own(k.Parts[p.Part].In(dialect), dialect)
		}
		return len(p.Path) != 1 || p.Path[0] != "@none" && p.Path[0] != "@unreadable"
	})
}

// Place is where a raw value stands in a block.
type Place struct {
	// Part is the name of the part that Path starts in; "" for the block itself.
	Part string
	// Join leads to other blocks, whose bodies Path starts in.
	Join *Join
	// Path of names from there. A list met on the way is followed into each of its elements.
	Path []string
	// Concat joins the lists found at several places into one. The other fields are empty then, but for Where and Via.
	Concat []Place
	// Map replaces known scalars; a known scalar that it does not list is unknown unless Else is set.
	Map  map[string]value.Value
	Else *value.Value
	// Via names a decoder applied to the raw value of this place.
	Via string
	// Present makes a bool: whether anything stands at the path.
	Present bool
	// Where keeps the rows whose fields have these texts.
	Where map[string]string
	// Same keeps the rows whose fields read the same as fields of the block that the place is read for.
	Same map[string]string
	// Take is the path that is followed in each row that Where kept.
	Take []string
	Line int
	Text string
}

// Join leads from a block to others.
type Join struct {
	// Type of the other blocks; a kind with Selected.
	Type string
	// Key is the path in the other blocks that refers to this one; "" with All.
	Key []string
	// Via names the decoder that makes names of what stands at Key; "" if they stand there.
	Via string
	// All blocks of the type in the target.
	All bool
	// Declared says that, with All, the blocks of this code are all that is meant: the list is closed.
	Declared bool
	// Selecting is the path in the other blocks of a label selector that this block's part "labels" is held against: they
	// are those of the same namespace whose selector matches.
	Selecting []string
	// Selected is the path in this block of a label selector: the others are the resources of the kind Type in the same
	// namespace whose part "labels" matches it.
	Selected []string
	// Plain says that the selector is a plain map of labels, of which an empty one selects nothing, rather than an object of
	// matchLabels and matchExpressions, of which an empty one selects everything.
	Plain bool
}

type rawPlace struct {
	Path    string             `yaml:"path"`
	Concat  []*Place           `yaml:"concat"`
	Map     map[string]Literal `yaml:"map"`
	Else    *Literal           `yaml:"else"`
	Via     string             `yaml:"via"`
	Present string             `yaml:"present"`
	Where   map[string]string  `yaml:"where"`
	Take    string             `yaml:"take"`
	Same    map[string]string  `yaml:"same"`
}

// YAMLShape implements yamlfile.Shaped.
func (p *Place) YAMLShape(node *yaml.Node) any {
	if node.Kind == yaml.MappingNode {
		return &rawPlace{}
	}
	return nil
}

// UnmarshalYAML reads "path" or {path: ...}.
func (p *Place) UnmarshalYAML(node *yaml.Node) error {
	p.Line = node.Line
	if node.Kind == yaml.ScalarNode {
		return p.parse(node.Value, node.Line)
	}
	var raw rawPlace
	if err := node.Decode(&raw); err != nil {
		return err
	}
	p.Via, p.Where, p.Same = raw.Via, raw.Where, raw.Same
	if raw.Take != "" {
		p.Take = SplitPath(raw.Take)
	}
	if raw.Else != nil {
		p.Else = &raw.Else.Value
	}
	if len(raw.Map) > 0 {
		p.Map = make(map[string]value.Value, len(raw.Map))
		for k, v := range raw.Map {
			if p.Map[k] = v.Value; v.IsUnknown() { // the YAML reader leaves null as it is
				p.Map[k] = value.None()
			}
		}
	}
	for _, place := range raw.Concat {
		p.Concat = append(p.Concat, *place)
	}
	given := 0
	for _, text := range []string{raw.Path, raw.Present} {
		if text != "" {
			given++
		}
	}
	if len(raw.Concat) > 0 {
		given++
	}
	if given != 1 {
		return fmt.Errorf("line %d: a place has exactly one of path, present and concat", node.Line)
	}
	if raw.Present != "" {
		p.Present = true
		return p.parse(raw.Present, node.Line)
	}
	if raw.Path != "" {
		return p.parse(raw.Path, node.Line)
	}
	return nil
}

// parse reads "a.b", "$part.a.b" or a join, with or without "> a.b" behind it.
func (p *Place) parse(text string, line int) error {
	p.Text = text
	head, rest, joined := strings.Cut(text, " > ")
	words := strings.Fields(head)
	switch p.Join = parseJoin(words); {
	case p.Join != nil:
	case joined || len(words) != 1:
		return fmt.Errorf("line %d: place %q is not a path, $part.path, or one of TYPE by KEY, TYPE by KEY via DECODER, all TYPE, declared TYPE, TYPE selecting PATH "+
			"and KIND selected by PATH, with or without > path", line, text)
	default:
		rest = head
	}
	if p.Join == nil && strings.HasPrefix(rest, "$") {
		p.Part, rest, _ = strings.Cut(rest[1:], ".")
	}
	if rest = strings.TrimSpace(rest); rest != "" {
		p.Path = SplitPath(rest)
	}
	return nil
}

// SplitPath takes a path apart at its dots. A name that has dots itself stands in brackets: labels[app.kubernetes.io/name].
func SplitPath(text string) []string {
	var path []string
	for text != "" {
		name, rest := text, ""
		if end := strings.IndexByte(text, ']'); text[0] == '[' && end > 0 {
			name, rest = text[1:end], strings.TrimPrefix(text[end+1:], ".")
		} else if at := strings.IndexAny(text, ".["); at >= 0 {
			name, rest = text[:at], strings.TrimPrefix(text[at:], ".")
		}
		path, text = append(path, name), rest
	}
	return path
}

// parseJoin reads what leads to other blocks, nil if the words do not.
func parseJoin(words []string) *Join {
	switch text := strings.Join(words, " "); {
	case len(words) == 3 && words[1] == "by" && words[2][0] == '@':
		return &Join{Type: words[0], Key: words[2:]}
	case len(words) == 3 && words[1] == "by":
		return &Join{Type: words[0], Key: strings.Split(words[2], ".")}
	case len(words) == 5 && words[1] == "by" && words[3] == "via":
		return &Join{Type: words[0], Key: strings.Split(words[2], "."), Via: words[4]}
	case len(words) == 2 && words[0] == "all":
		return &Join{Type: words[1], All: true}
	case len(words) == 2 && words[0] == "declared":
		return &Join{Type: words[1], All: true, Declared: true}
	case len(words) == 3 && words[1] == "selecting":
		return &Join{Type: words[0], Selecting: strings.Split(words[2], ".")}
	case len(words) == 4 && strings.Contains(text, " selecting plain "):
		return &Join{Type: words[0], Selecting: strings.Split(words[3], "."), Plain: true}
	case len(words) == 4 && strings.Contains(text, " selected by "):
		return &Join{Type: words[0], Selected: strings.Split(words[3], ".")}
	case len(words) == 5 && strings.Contains(text, " selected by plain "):
		return &Join{Type: words[0], Selected: strings.Split(words[4], "."), Plain: true}
	}
	return nil
}

// YAMLShape implements yamlfile.Shaped.
func (p *Places) YAMLShape(node *yaml.Node) any {
	if node.Kind == yaml.SequenceNode {
		return &[]*Place{}
	}
	return new(Place)
}

// UnmarshalYAML reads one place or a list of them.
func (p *Places) UnmarshalYAML(node *yaml.Node) error {
	nodes := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		nodes = node.Content
	}
	for _, n := range nodes {
		var place Place
		if err := place.UnmarshalYAML(n); err != nil {
			return err
		}
		*p = append(*p, place)
	}
	return nil
}

// YAMLShape implements yamlfile.Shaped.
func (n *Names) YAMLShape(*yaml.Node) any { return nil }

// UnmarshalYAML reads one word or a list of them.
func (n *Names) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*n = Names{node.Value}
		return nil
	}
	return node.Decode((*[]string)(n))
}

// YAMLShape implements yamlfile.Shaped.
func (l *Literal) YAMLShape(*yaml.Node) any { return nil }

// UnmarshalYAML reads any YAML value; null is absent.
func (l *Literal) UnmarshalYAML(node *yaml.Node) error {
	v, err := literal(node)
	l.Value = v
	return err
}

func literal(node *yaml.Node) (value.Value, error) {
	switch node.Kind {
	case yaml.ScalarNode:
		return scalar(node)
	case yaml.SequenceNode:
		items := make([]value.Value, len(node.Content))
		for i, n := range node.Content {
			v, err := literal(n)
			if err != nil {
				return v, err
			}
			items[i] = v
		}
		return value.List(items...), nil
	case yaml.MappingNode:
		fields := make(map[string]value.Value, len(node.Content)/2)
		for i := 0; i+1 < len(node.Content); i += 2 {
			v, err := literal(node.Content[i+1])
			if err != nil {
				return v, err
			}
			fields[node.Content[i].Value] = v
		}
		return value.Object(fields), nil
	}
	return value.Value{}, fmt.Errorf("line %d: a plain value was wanted", node.Line)
}

func scalar(node *yaml.Node) (value.Value, error) {
	switch node.Tag {
	case "!!null":
		return value.None(), nil
	case "!!bool":
		var b bool
		err := node.Decode(&b)
		return value.Bool(b), err
	case "!!int":
		var n int64
		err := node.Decode(&n)
		return value.Int(n), err
	case "!!float":
		var f float64
		err := node.Decode(&f)
		return value.Float(f), err
	}
	return value.String(node.Value), nil // a date stays the text that it is
}

// YAMLShape implements yamlfile.Shaped.
func (t *Type) YAMLShape(*yaml.Node) any { return nil }

// UnmarshalYAML reads a type's text.
func (t *Type) UnmarshalYAML(node *yaml.Node) error {
	parsed, err := ParseType(node.Value)
	if err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	*t = parsed
	return nil
}

// ParseType reads a type as a kind file writes it.
func ParseType(text string) (Type, error) {
	scalars := map[string]Base{"bool": Bool, "int": Int, "double": Double, "string": String, "time": Time}
	words := strings.Fields(text)
	if len(words) == 0 {
		return Type{}, fmt.Errorf("a type is missing")
	}
	rest := strings.Join(words[1:], " ")
	switch {
	case len(words) == 1 && scalars[words[0]] != NoType:
		return Type{Base: scalars[words[0]], text: text}, nil
	case words[0] == "ref" && len(words) == 2:
		name := words[1]
		if name == "any" {
			name = ""
		}
		return Type{Base: Ref, Kind: name, text: text}, nil
	case words[0] == "map" && rest == "string":
		return Type{Base: Map, text: text}, nil
	case words[0] == "list" && (rest == "" || rest == "object"):
		return Type{Base: List, Elem: &Type{Base: Object}, text: text}, nil
	case words[0] == "list":
		elem, err := ParseType(rest)
		if err != nil || elem.Base == List || elem.Base == Map {
			return Type{}, fmt.Errorf("type %q: a list holds scalars, refs or, with item:, objects", text)
		}
		return Type{Base: List, Elem: &elem, text: text}, nil
	}
	return Type{}, fmt.Errorf("type %q is not one of bool, int, double, string, time, ref KIND, list [ITEM], map string", text)
}
