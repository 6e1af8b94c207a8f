package decode

import (
	"net/netip"
	"slices"

	"ward.dev/ward/internal/value"
)

// nodeMetadata are the addresses at which a machine of a cloud asks who it is, and gets credentials of its role.
var nodeMetadata = []netip.Addr{netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("fd00:ec2::254")}

// nodeMetadataPort is where it answers there.
const nodeMetadataPort = 80

// peersMetadata tells of a rule for what pods send whether it lets them ask for the credentials of their node.
func peersMetadata(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		ports := inList(v.Field("ports"), metadataPort)
		peers := inList(v.Field("to"), metadataPeer)
		return all(ports, peers).value(v)
	})
}

// inList asks of the elements of a list, none of which means everything.
func inList(v value.Value, ask func(value.Value) answer) answer {
	items, isList := v.AsList()
	switch {
	case v.IsAbsent() || isList && len(items) == 0 && !v.IsOpen():
		return yes
	case !isList:
		return unsure(append(v.Reasons(), value.Reason{Why: "a rule of a network policy cannot be read"}))
	}
	found := some(items, ask)
	if found.no() && v.IsOpen() {
		return unsure(v.Reasons())
	}
	return found
}

// metadataPort tells whether a port of a rule may be that of the metadata. A name is not resolved outside of pods.
func metadataPort(port value.Value) answer {
	protocol, number, end := toString(port.Field("protocol")), port.Field("port"), toInt(port.Field("endPort"))
	if name, ok := protocol.AsString(); ok && name != "TCP" {
		return no
	}
	first, isNumber := toInt(number).Data().(int64)
	last, isRange := end.Data().(int64)
	switch {
	case port.IsUnknown() || protocol.IsUnknown():
		return unsure(merge(port.Reasons(), protocol.Reasons()))
	case number.IsAbsent():
		return yes
	case !isNumber && number.IsKnown():
		return unsure(reason("a port of a network policy is given by its name"))
	case !isNumber || end.IsUnknown() && first <= nodeMetadataPort:
		return unsure(merge(number.Reasons(), end.Reasons()))
	case isRange:
		return is(first <= nodeMetadataPort && nodeMetadataPort <= last)
	}
	return is(first == nodeMetadataPort)
}

// metadataPeer tells whether a peer is a range of addresses with one of the metadata that is not taken out again. What is named by
// labels is a pod, so it is none.
func metadataPeer(peer value.Value) answer {
	block := peer.Field("ipBlock")
	switch {
	case peer.IsUnknown() || peer.IsOpen() && block.IsAbsent():
		return unsure(peer.Reasons())
	case block.IsAbsent():
		return no
	}
	held := ranges(block.Field("cidr"))
	except := ranges(block.Field("except"))
	return some(nodeMetadata, func(address netip.Addr) answer {
		return all(held(address), not(except(address)))
	})
}

// ranges makes a question of a range of addresses, or of a list of them: is an address in it?
func ranges(v value.Value) func(netip.Addr) answer {
	texts, isList := v.AsList()
	if !isList && !v.IsAbsent() {
		texts = []value.Value{v}
	}
	return func(address netip.Addr) answer {
		found := some(texts, func(text value.Value) answer {
			written, ok := text.AsString()
			prefix, err := netip.ParsePrefix(written)
			switch {
			case text.IsUnknown():
				return unsure(text.Reasons())
			case !ok || err != nil:
				return unsure(reason("a range of addresses cannot be read"))
			}
			return is(prefix.Contains(address))
		})
		if found.no() && v.IsOpen() {
			return unsure(slices.Clone(v.Reasons()))
		}
		return found
	}
}
