package config

import (
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"ward.dev/ward/internal/kind"
)

// OwnerRule says who answers for resources that have all of the properties that it names; of each property one of the values is enough.
type OwnerRule struct {
	// Owner is the address of a person or the name of a team.
	Owner string `yaml:"owner"`
	// Accounts are patterns on the account, or on the target where the source tells no account.
	Accounts Patterns `yaml:"accounts"`
	Kinds    Patterns `yaml:"kinds"`
	// Addresses are patterns on the address.
	Addresses Patterns `yaml:"addresses"`
	// Paths are patterns on the file that declares it.
	Paths PathPatterns `yaml:"paths"`
	// Tags lead from a key to the values that match. A tag that is not known matches nothing.
	Tags map[string]kind.Names `yaml:"tags"`
	// PHI are "yes", "no" and "unknown": what is found of the resource.
	PHI   kind.Names `yaml:"phi"`
	Place `yaml:"-"`
}

// Empty tells whether the rule names no property.
func (o OwnerRule) Empty() bool {
	return len(o.Accounts)+len(o.Kinds)+len(o.Addresses)+len(o.Paths)+len(o.Tags)+len(o.PHI) == 0
}

// PathPatterns may be written as one pattern or as a list of them.
type PathPatterns []PathPattern

// YAMLShape implements yamlfile.Shaped.
func (p *PathPatterns) YAMLShape(*yaml.Node) any { return nil }

// UnmarshalYAML reads one pattern or a list of them.
func (p *PathPatterns) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*p = PathPatterns{PathPattern(node.Value)}
		return nil
	}
	return node.Decode((*[]PathPattern)(p))
}

type plainOwnerRule OwnerRule

// YAMLShape implements yamlfile.Shaped.
func (o *OwnerRule) YAMLShape(*yaml.Node) any { return &plainOwnerRule{} }

// UnmarshalYAML implements yaml.Unmarshaler.
func (o *OwnerRule) UnmarshalYAML(node *yaml.Node) error {
	err := node.Decode((*plainOwnerRule)(o))
	o.Line = node.Line
	return err
}

// longestOwner bounds what an owner is called, in bytes.
const longestOwner = 200

func (l *loader) checkOwner(o OwnerRule) {
	what := strings.TrimSpace("owners: " + o.Owner)
	l.wanted(o.Place, "owners", "owner", o.Owner)
	if len(o.Owner) > longestOwner || strings.ContainsFunc(o.Owner, unicode.IsControl) || strings.TrimSpace(o.Owner) != o.Owner {
		l.fault(o.Place, "owners: an owner is an address or the name of a team, in one line of at most %d characters", longestOwner)
	}
	if o.Empty() {
		l.fault(o.Place, `%s: accounts, kinds, addresses, paths, tags or phi wanted (kinds: "*" is every resource)`, what)
	}
	if slices.Contains(o.Accounts, "") || slices.Contains(o.Kinds, "") || slices.Contains(o.Addresses, "") || slices.Contains(o.Paths, "") {
		l.fault(o.Place, "%s: a pattern is empty", what)
	}
	for key, values := range o.Tags {
		if len(values) == 0 || slices.Contains(values, "") {
			l.fault(o.Place, `%s: tag %s: a value, a list of values or "*" is wanted`, what, key)
		}
	}
	for _, phi := range o.PHI {
		if !slices.Contains([]string{"yes", "no", "unknown"}, phi) {
			l.fault(o.Place, "%s: phi is yes, no or unknown, not %q", what, phi)
		}
	}
}
