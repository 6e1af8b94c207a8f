package cloudformation

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"ward.dev/ward/internal/value"
)

// follow returns what an alias names, nil for nothing.
func follow(n *yaml.Node) *yaml.Node {
	for hops := 0; n != nil && (n.Kind == yaml.AliasNode || n.Kind == yaml.DocumentNode); hops++ {
		switch {
		case hops > maxDepth:
			return nil
		case n.Kind == yaml.AliasNode:
			n = n.Alias
		case len(n.Content) == 0:
			return nil
		default:
			n = n.Content[0]
		}
	}
	return n
}

// lineOf returns the line of a node, 0 for nothing.
func lineOf(n *yaml.Node) int {
	if n = follow(n); n == nil {
		return 0
	}
	return n.Line
}

// entry is one key of a mapping with its value.
type entry struct {
	key   string
	line  int
	value *yaml.Node
	twice bool // the mapping gives the key more than once; value is the last
}

func isMerge(key *yaml.Node) bool { return key.Value == "<<" && key.Style == 0 }

// fields returns the entries of a mapping in order, those of merged mappings ("<<") behind its own; none of anything
// else.
func fields(n *yaml.Node) []entry {
	var entries []entry
	at := map[string]int{}
	visited := map[*yaml.Node]bool{}
	var collect func(n *yaml.Node, merged bool)
	collect = func(n *yaml.Node, merged bool) {
		if n = follow(n); n == nil || visited[n] {
			return
		}
		visited[n] = true
		if n.Kind == yaml.SequenceNode && merged {
			for _, c := range n.Content {
				collect(c, true)
			}
		}
		if n.Kind != yaml.MappingNode {
			return
		}
		var merges []*yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := follow(n.Content[i])
			if key == nil || key.Kind != yaml.ScalarNode {
				continue
			}
			if isMerge(key) {
				merges = append(merges, n.Content[i+1])
				continue
			}
			if j, ok := at[key.Value]; ok {
				if !merged {
					entries[j].value, entries[j].twice = n.Content[i+1], true
				}
				continue
			}
			at[key.Value] = len(entries)
			entries = append(entries, entry{key: key.Value, line: key.Line, value: n.Content[i+1]})
		}
		for _, m := range merges {
			collect(m, true)
		}
	}
	collect(n, false)
	return entries
}

// hasOddKey tells whether a mapping has a key that is not a text.
func hasOddKey(n *yaml.Node) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key := follow(n.Content[i]); key == nil || key.Kind != yaml.ScalarNode {
			return true
		}
	}
	return false
}

// field returns one value of a mapping, nil if there is none.
func field(n *yaml.Node, name string) *yaml.Node {
	for _, f := range fields(n) {
		if f.key == name {
			return f.value
		}
	}
	return nil
}

// items returns the elements of a sequence, none of anything else.
func items(n *yaml.Node) []*yaml.Node {
	if n = follow(n); n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// function returns the intrinsic function that a node calls, by its long name, and its argument. n is not an alias.
func function(n *yaml.Node) (name string, arg *yaml.Node, ok bool) {
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") && n.Tag != "!" {
		bare := *n
		bare.Tag = ""
		name = strings.TrimPrefix(n.Tag, "!")
		if name != "Ref" && name != "Condition" {
			name = "Fn::" + name
		}
		return name, &bare, true
	}
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		return "", nil, false
	}
	key := follow(n.Content[0])
	if key == nil || key.Kind != yaml.ScalarNode {
		return "", nil, false
	}
	isCall := key.Value == "Ref" || strings.HasPrefix(key.Value, "Fn::") && !strings.HasPrefix(key.Value, forEachPrefix)
	return key.Value, n.Content[1], isCall
}

// scalar returns what a scalar says. A plain scalar is a number only if the number prints as it was written: 5.10,
// 0644 and 012345678901 stay texts, as do dates.
func scalar(n *yaml.Node) value.Value {
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 || n.Tag == "!" {
		return value.String(n.Value)
	}
	if n.Style&yaml.TaggedStyle != 0 && n.Tag == "!!str" {
		return value.String(n.Value)
	}
	// CloudFormation reads YAML 1.1, where these words are booleans.
	switch n.Value {
	case "", "~", "null", "Null", "NULL":
		return value.None()
	case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON":
		return value.Bool(true)
	case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF":
		return value.Bool(false)
	}
	return number(n.Value)
}

// number returns the number that prints as text does, or the text.
func number(text string) value.Value {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(i, 10) == text {
		return value.Int(i)
	}
	if strings.IndexByte(text, '.') > 0 {
		if f, err := strconv.ParseFloat(text, 64); err == nil && strconv.FormatFloat(f, 'f', -1, 64) == text {
			return value.Float(f)
		}
	}
	return value.String(text)
}
