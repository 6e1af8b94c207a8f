package decode

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"ward.dev/ward/internal/value"
)

func ec2Fields() []Field {
	return append(portFields(),
		Field{Name: "direction", Type: "string", Doc: "ingress or egress if the rule says so; else absent."},
		Field{Name: "cidrs", Type: "list string", Doc: "IPv4 and IPv6 ranges on the other side."},
		Field{Name: "groups", Type: "list string", Doc: "Security groups on the other side; self is the group itself."},
		Field{Name: "prefix_lists", Type: "list string", Doc: "Managed prefix lists on the other side."},
		Field{Name: "world", Type: "bool", Doc: "Anyone may be on the other side: a range is all addresses, or wider " +
			"than /8 of IPv4 or /32 of IPv6. Unknown with a prefix list that the code declares; others are taken to be AWS's own."})
}

func naclFields() []Field {
	return append(portFields(),
		Field{Name: "number", Type: "int", Doc: "The entry's number; lower ones are tried first."},
		Field{Name: "action", Type: "string", Doc: "allow or deny."},
		Field{Name: "egress", Type: "bool", Doc: "The entry is about outgoing traffic; false unless it says so."},
		Field{Name: "cidr", Type: "string", Doc: "The IPv4 or IPv6 range on the other side."},
		Field{Name: "world", Type: "bool", Doc: "The range is all addresses, or wider than /8 of IPv4 or /32 of IPv6."})
}

func portFields() []Field {
	return []Field{
		{Name: "protocol", Type: "string", Doc: "tcp, udp, icmp, icmpv6, all, or a protocol's number."},
		{Name: "from", Type: "int", Doc: "The lowest port; 0 for all protocols, -1 for a protocol without ports."},
		{Name: "to", Type: "int", Doc: "The highest port; 65535 for all protocols, -1 for a protocol without ports."},
	}
}

// ec2Rules reads the rules of security groups: Terraform's ingress and egress blocks, the bodies of
// aws_security_group_rule and aws_vpc_security_group_ingress_rule, CloudFormation's rules, and the permissions of the API.
func ec2Rules(v value.Value) value.Value { return objects(v, "rule", ec2Rule) }

// naclRules reads the entries of network ACLs: Terraform's ingress and egress blocks, the bodies of
// aws_network_acl_rule, CloudFormation's entries and those of the API.
func naclRules(v value.Value) value.Value { return objects(v, "entry", naclRule) }

// objects decodes a list of objects, or one object, with read. Lists within the list are taken as parts of it.
func objects(v value.Value, what string, read func(value.Value) value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		if elements, ok := v.AsList(); ok {
			return concatenate(v, elements, func(e value.Value) value.Value { return objects(e, what, read) })
		}
		if _, ok := v.AsObject(); !ok {
			return unreadable(v, "the "+what+" is not an object")
		}
		return from(v, value.List(read(v)))
	})
}

func ec2Rule(v value.Value) value.Value {
	protocol, low, high := ports(v, first(v, "from_port", "FromPort"), first(v, "to_port", "ToPort"))
	cidrs := gather(v, "cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6", "CidrIp", "CidrIpv6")
	groups := gather(v, "security_groups", "source_security_group_id", "referenced_security_group_id",
		"SourceSecurityGroupId", "SourceSecurityGroupName", "DestinationSecurityGroupId")
	switch own, ok := toBool(member(v, "self")).AsBool(); {
	case own:
		groups.list = append(groups.list, literal("self"))
	case !ok && member(v, "self").IsUnknown():
		groups.more = append(groups.more, member(v, "self").Reasons()...)
	}
	lists := gather(v, "prefix_list_id", "SourcePrefixListId", "DestinationPrefixListId")
	if _, rows := listedIDs(v).AsObject(); rows { // of a live group, with what each list holds
		lists.take(column(v, "PrefixListIds", "PrefixListId"), true)
		cidrs.take(column(v, "PrefixListIds", "Cidrs"), true)
	} else {
		lists.take(first(v, "prefix_list_ids", "PrefixListIds"), true)
	}
	cidrs.take(column(v, "IpRanges", "CidrIp"), true)
	cidrs.take(column(v, "Ipv6Ranges", "CidrIpv6"), true)
	groups.take(column(v, "UserIdGroupPairs", "GroupId"), true)
	return from(v, value.Object(map[string]value.Value{
		"direction": lower(member(v, "type")), "protocol": protocol, "from": low, "to": high,
		"cidrs": cidrs.value(), "groups": groups.value(), "prefix_lists": lists.value(), "world": either(cidrs.world(), lists.own()).value(v),
	}))
}

func naclRule(v value.Value) value.Value {
	span := block(member(v, "PortRange"))
	protocol, low, high := ports(v, other(first(v, "from_port"), first(span, "From")),
		other(first(v, "to_port"), first(span, "To")))
	egress := toBool(member(v, "egress"))
	if egress.IsAbsent() {
		egress = from(v, value.Bool(false))
	}
	cidrs := gather(v, "cidr_block", "ipv6_cidr_block", "CidrBlock", "Ipv6CidrBlock")
	cidr := from(v, value.None())
	switch {
	case len(cidrs.list) > 0:
		cidr = cidrs.list[0].value(v)
	case len(cidrs.more) > 0:
		cidr = from(v, value.Unresolved(distinct(cidrs.more)...))
	}
	return from(v, value.Object(map[string]value.Value{
		"number": toInt(first(v, "rule_no", "rule_number", "RuleNumber")),
		"action": lower(first(v, "action", "rule_action", "RuleAction")),
		"egress": egress, "protocol": protocol, "from": low, "to": high, "cidr": cidr, "world": cidrs.world().value(v),
	}))
}

func other(v, instead value.Value) value.Value {
	if v.IsAbsent() {
		return instead
	}
	return v
}

// column is one member of each object in a list.
func column(v value.Value, list, name string) value.Value {
	rows := member(v, list)
	items, ok := rows.AsList()
	if !ok {
		return rows
	}
	var all []value.Value
	for _, item := range items {
		below := member(item, name)
		if inner, isList := below.AsList(); isList && !below.IsOpen() {
			all = append(all, inner...)
		} else if !below.IsAbsent() {
			all = append(all, below)
		}
	}
	made := from(rows, value.List(all...))
	if rows.IsOpen() {
		made = made.Open(rows.Reasons()...)
	}
	return made
}

// listedIDs is the first of the prefix lists of a rule: an object where the API tells it, a text in code.
func listedIDs(v value.Value) value.Value {
	if items, ok := member(v, "PrefixListIds").AsList(); ok && len(items) > 0 {
		return items[0]
	}
	return value.None()
}

// gather collects the texts of several members into one list.
func gather(v value.Value, names ...string) texts {
	out := texts{raw: v}
	for _, name := range names {
		out.take(member(v, name), strings.HasSuffix(name, "s"))
	}
	return out
}

// take adds the texts of a member, which may be a list.
func (out *texts) take(f value.Value, many bool) {
	t := texts{}
	if f.IsUnknown() {
		if s, ok := textOf(f); ok && !s.bare() && !many {
			t.list = append(t.list, s)
		} else {
			t.more, t.refs = f.Reasons(), f.Refs()
		}
	} else {
		t = readTexts(f)
	}
	for _, s := range t.list {
		if !s.complete() || s.raw != "" { // Terraform's own way to say none
			out.list = append(out.list, s)
		}
	}
	out.more, out.refs = append(out.more, t.more...), append(out.refs, t.refs...)
}

const lastPort = 65535

// ports normalises a protocol and its span of ports.
func ports(rule, low, high value.Value) (protocol, from_, to value.Value) {
	protocol = protocolName(first(rule, "protocol", "ip_protocol", "IpProtocol"))
	if !protocol.IsKnown() {
		if protocol.IsAbsent() {
			protocol = unreadable(rule, "the rule names no protocol")
		}
		return protocol, protocol, protocol
	}
	low, high = toInt(low), toInt(high)
	switch name, _ := protocol.AsString(); name {
	case "all":
		return protocol, from(rule, value.Int(0)), from(rule, value.Int(lastPort))
	case "tcp", "udp":
		return protocol, port(rule, low, 0), port(rule, high, lastPort)
	}
	return protocol, from(rule, value.Int(-1)), from(rule, value.Int(-1))
}

// port returns a port; every stands for -1, which means all ports.
func port(rule, v value.Value, every int64) value.Value {
	if v.IsAbsent() {
		return unreadable(rule, "the rule names no ports")
	}
	if n, ok := v.Data().(int64); ok && n == -1 {
		return from(v, value.Int(every))
	}
	return v
}

func protocolName(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		s, ok := v.Spelled()
		if !ok {
			return unreadable(v, "the protocol is not a text")
		}
		s = strings.ToLower(strings.TrimSpace(s))
		switch s {
		case "-1", "all":
			s = "all"
		case "6":
			s = "tcp"
		case "17":
			s = "udp"
		case "1":
			s = "icmp"
		case "58":
			s = "icmpv6"
		}
		return from(v, value.String(s))
	})
}

// own tells whether a prefix list may hold all addresses: one that the code declares is not looked into.
func (t texts) own() answer {
	refs := slices.Clone(t.refs)
	for _, list := range t.list {
		refs = append(refs, list.refs...)
	}
	for _, ref := range refs {
		if ref.Address == "" || ref.Attribute == "prefix_list_id" || strings.HasPrefix(unrooted(ref.Address), "data.") ||
			strings.Contains(ref.Address, ".data.") {
			continue // of AWS's own services
		}
		return unsure(reason("the prefix list "+ref.Address+" is not looked into"), ref)
	}
	return no
}

// world tells whether a range is so wide that anyone may be in it.
func (t texts) world() answer {
	as := []answer{t.rest()}
	for _, cidr := range t.list {
		if !cidr.complete() {
			as = append(as, cidr.broad())
			continue
		}
		network, err := netip.ParsePrefix(cidr.raw)
		if addr, e := netip.ParseAddr(cidr.raw); e == nil {
			network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			as = append(as, unsure(reason("a range of addresses cannot be read")))
			continue
		}
		private := network.Addr().Is6() && network.Addr().IsPrivate()
		as = append(as, is(wide(network) && !private))
	}
	return either(as...)
}

// wide tells whether a network is what AWS calls broad: wider than /8, or /32 of IPv6.
func wide(network netip.Prefix) bool {
	if network.Addr().Is4() {
		return network.Bits() < 8
	}
	return network.Bits() < 32
}

// broad tells whether a range that is not quite known may be very wide.
func (t text) broad() answer {
	last := t.parts[len(t.parts)-1]
	if last.hole == plain {
		return no // the range of a network or an address of something declared
	}
	if i := strings.LastIndex(last.known, "/"); i >= 0 {
		if bits, err := strconv.Atoi(last.known[i+1:]); err == nil && bits >= 8 {
			return no
		}
	}
	return t.unsure()
}
