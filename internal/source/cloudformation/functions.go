package cloudformation

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/netip"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"ward.dev/ward/internal/value"
)

// pick is Fn::Select.
func (s *stack) pick(arg *yaml.Node, p place) value.Value {
	args := items(arg)
	if len(args) != 2 {
		return anything(why("Fn::Select wants an index and a list"))
	}
	index, list := s.eval(args[0], p), s.eval(args[1], p)
	vs, ok := list.AsList()
	text, known := index.Spelled()
	if !ok || !known || list.IsOpen() {
		v := derived("Fn::Select: the list is not known", index, list)
		return v.Referring(false, candidates(list)...)
	}
	i, err := strconv.Atoi(text)
	if err != nil || i < 0 || i >= len(vs) {
		return anything(why("Fn::Select asks for element %q of %d", text, len(vs)))
	}
	return vs[i]
}

func (s *stack) split(arg *yaml.Node, p place) value.Value {
	args := items(arg)
	if len(args) != 2 {
		return anything(why("Fn::Split wants a delimiter and a text"))
	}
	delimiter, source := s.eval(args[0], p), s.eval(args[1], p)
	between, ok := delimiter.AsString()
	text, known := source.Spelled()
	if !ok || !known || between == "" {
		return derived("Fn::Split: the text is not known", delimiter, source)
	}
	pieces := strings.Split(text, between)
	if len(pieces) > maxElements || !s.spend(len(pieces)) {
		return anything(tooMuch)
	}
	return value.Strings(pieces...)
}

// findInMap is Fn::FindInMap, with the default that AWS::LanguageExtensions allows. If the keys are not known, the value
// still is if all that they may lead to is the same.
func (s *stack) findInMap(arg *yaml.Node, p place) value.Value {
	args := items(arg)
	if len(args) != 3 && len(args) != 4 {
		return anything(why("Fn::FindInMap wants a map and two keys"))
	}
	keys := make([]value.Value, 3)
	for i := range keys {
		keys[i] = s.eval(args[i], p)
	}
	var fallback *yaml.Node
	if len(args) == 4 {
		fallback = field(args[3], "DefaultValue")
	}
	name, ok := keys[0].Spelled()
	if !ok {
		return derived("Fn::FindInMap: the map is not known", keys...).Referring(false, value.Ref{})
	}
	mapping, ok := s.document.mappings[name]
	if !ok {
		return anything(why("the mapping %s is not declared", name))
	}
	found := s.mapped(s.mapped([]*yaml.Node{mapping}, keys[1]), keys[2])
	_, topKnown := keys[1].Spelled()
	_, secondKnown := keys[2].Spelled()
	if topKnown && secondKnown {
		switch {
		case len(found) == 1:
			return s.eval(found[0], p)
		case fallback != nil:
			return s.eval(fallback, p)
		}
		top, _ := keys[1].Spelled()
		second, _ := keys[2].Spelled()
		return anything(why("the mapping %s has no %s.%s", name, top, second))
	}
	if fallback != nil {
		found = append(found, fallback)
	}
	if len(found) == 0 {
		return derived("Fn::FindInMap: a key is not known", keys...).Referring(false, value.Ref{})
	}
	v := s.eval(found[0], p)
	for _, n := range found[1:] {
		v = either(v, s.eval(n, p), reasonsOf(value.List(keys...)))
	}
	return v
}

// mapped steps into mappings by a key; by an unknown key it steps into every one.
func (s *stack) mapped(mappings []*yaml.Node, key value.Value) []*yaml.Node {
	name, known := key.Spelled()
	var found []*yaml.Node
	for _, m := range mappings {
		entries := fields(m)
		s.spend(len(entries))
		for _, f := range entries {
			if !known || f.key == name {
				found = append(found, f.value)
			}
		}
	}
	return found
}

func (s *stack) base64(arg *yaml.Node, p place) value.Value {
	v := s.eval(arg, p)
	if text, ok := v.Spelled(); ok && s.spend(len(text)>>6) {
		return value.String(base64.StdEncoding.EncodeToString([]byte(text)))
	}
	return derived("Fn::Base64: the text is not known", v)
}

// cidr is Fn::Cidr: count blocks, each with the given number of host bits.
func (s *stack) cidr(arg *yaml.Node, p place) value.Value {
	args := items(arg)
	if len(args) < 2 || len(args) > 3 {
		return anything(why("Fn::Cidr wants a block, a count and the host bits"))
	}
	var texts []string
	var vs []value.Value
	for _, n := range args {
		v := s.eval(n, p)
		vs = append(vs, v)
		if text, ok := v.Spelled(); ok {
			texts = append(texts, text)
		}
	}
	if len(texts) != len(args) {
		return derived("Fn::Cidr: the block is not known", vs...)
	}
	if len(texts) == 2 {
		texts = append(texts, "8")
	}
	blocks, err := cidrBlocks(texts[0], texts[1], texts[2])
	if err != nil {
		return value.Unresolved(why("Fn::Cidr: %v", err))
	}
	return value.Strings(blocks...)
}

func cidrBlocks(block, count, hostBits string) ([]string, error) {
	prefix, err := netip.ParsePrefix(block)
	if err != nil {
		return nil, fmt.Errorf("%q is no address block", block)
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > 256 {
		return nil, fmt.Errorf("the count %q is not from 1 to 256", count)
	}
	width := prefix.Addr().BitLen()
	bits, err := strconv.Atoi(hostBits)
	if err != nil || bits < 1 || width-bits < prefix.Bits() {
		return nil, fmt.Errorf("%q host bits do not fit into %s", hostBits, block)
	}
	address := new(big.Int).SetBytes(prefix.Masked().Addr().AsSlice())
	step := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	var blocks []string
	for range n {
		raw := address.FillBytes(make([]byte, width/8))
		a, _ := netip.AddrFromSlice(raw)
		if !prefix.Contains(a) {
			return nil, fmt.Errorf("%s does not hold %d blocks of %d host bits", block, n, bits)
		}
		blocks = append(blocks, netip.PrefixFrom(a, width-bits).String())
		if address.Add(address, step).BitLen() > width {
			address.SetInt64(0) // beyond the last address: no prefix but the whole space holds it
		}
	}
	return blocks, nil
}

func (s *stack) length(arg *yaml.Node, p place) value.Value {
	v := s.eval(arg, p)
	if vs, ok := v.AsList(); ok && !v.IsOpen() {
		return value.Int(int64(len(vs)))
	}
	return derived("Fn::Length: the list is not known", v)
}

// toJSON is Fn::ToJsonString. With unknown leaves the text is unknown, and its template has placeholders for them; a
// list or object that may hold more has no template, since a text cannot say so.
func (s *stack) toJSON(arg *yaml.Node, p place) value.Value {
	v := s.eval(arg, p)
	_, isList := v.AsList()
	_, isObject := v.AsObject()
	if !isList && !isObject {
		return derived("Fn::ToJsonString: the value is not known", v)
	}
	closed := true
	visit(v, func(v value.Value) { closed = closed && !v.IsOpen() })
	encoded, err := json.Marshal(plain(v))
	if err != nil || !closed || len(encoded) > maxText || !s.spend(len(encoded)>>6) {
		return derived("Fn::ToJsonString: the value is not known whole", v)
	}
	if isWhole(v) {
		return dynamic(value.String(string(encoded)))
	}
	return dynamic(derived("Fn::ToJsonString: the value is not known whole", v).Text(string(encoded)))
}

// plain turns a value into what encoding/json takes; what is unknown becomes a placeholder.
func plain(v value.Value) any {
	switch d := v.Data().(type) {
	case []value.Value:
		list := make([]any, len(d))
		for i, e := range d {
			list[i] = plain(e)
		}
		return list
	case map[string]value.Value:
		object := make(map[string]any, len(d))
		for k, e := range d {
			object[k] = plain(e)
		}
		return object
	}
	if v.IsUnknown() {
		return placeholder(v, unnamed)
	}
	return v.Data()
}
