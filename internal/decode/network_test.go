package decode

import (
	"testing"

	"ward.dev/ward/internal/value"
)

func rule(protocol any, from, to any, cidrs, groups list, world any) obj {
	return obj{"protocol": protocol, "from": from, "to": to, "cidrs": cidrs, "groups": groups, "world": world,
		"prefix_lists": list{}, "direction": nil}
}

func TestEC2Rules(t *testing.T) {
	direction := rule("tcp", 443, 443, list{"10.0.0.0/8"}, list{}, false)
	direction["direction"] = "ingress"
	lists := rule("tcp", 443, 443, list{}, list{}, false)
	lists["prefix_lists"] = list{"pl-1"}
	prefixed := func(expression string, world any) obj {
		r := rule("tcp", 443, 443, list{}, list{}, world)
		r["prefix_lists"] = list{"?${" + expression + "}"}
		if expression == "" {
			r["prefix_lists"] = list{"..."}
		}
		return r
	}
	decodes(t, "ec2.rules", []decoding{
		{"Terraform's nested block", list{obj{"from_port": 22, "to_port": 22, "protocol": "tcp", "cidr_blocks": list{"0.0.0.0/0"},
			"ipv6_cidr_blocks": nil, "self": false}}, list{rule("tcp", 22, 22, list{"0.0.0.0/0"}, list{}, true)}},
		{"all protocols", list{obj{"from_port": 0, "to_port": 0, "protocol": "-1", "self": true}},
			list{rule("all", 0, 65535, list{}, list{"self"}, false)}},
		{"a rule of its own", obj{"type": "ingress", "from_port": "443", "to_port": 443, "protocol": "6", "cidr_blocks": list{"10.0.0.0/8"}},
			list{direction}},
		{"the newer rule", list{obj{"ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv6": "::/0"}},
			list{rule("tcp", 443, 443, list{"::/0"}, list{}, true)}},
		{"a prefix list of the code", list{obj{"ip_protocol": "tcp", "from_port": 443, "to_port": 443,
			"prefix_list_id": unknown().Referring(true, value.Ref{Address: "aws_ec2_managed_prefix_list.all", Attribute: "id"})}},
			list{prefixed("aws_ec2_managed_prefix_list.all.id", "?")}},
		{"prefix lists of the code", list{obj{"protocol": "tcp", "from_port": 443, "to_port": 443,
			"prefix_list_ids": list{unknown().Referring(true, value.Ref{Address: "aws_ec2_managed_prefix_list.all", Attribute: "id"})}}},
			list{prefixed("aws_ec2_managed_prefix_list.all.id", "?")}},
		{"a prefix list that is looked up", list{obj{"ip_protocol": "tcp", "from_port": 443, "to_port": 443,
			"prefix_list_id": unknown().Referring(true, value.Ref{Address: "data.aws_ec2_managed_prefix_list.cdn", Attribute: "id"})}},
			list{prefixed("data.aws_ec2_managed_prefix_list.cdn.id", false)}},
		{"the prefix list of an endpoint", list{obj{"ip_protocol": "tcp", "from_port": 443, "to_port": 443,
			"prefix_list_id": unknown().Referring(true, value.Ref{Address: "aws_vpc_endpoint.s3", Attribute: "prefix_list_id"})}},
			list{prefixed("", false)}},
		{"a prefix list", list{obj{"ip_protocol": "tcp", "from_port": 443, "to_port": 443, "prefix_list_id": "pl-1"}}, list{lists}},
		{"CloudFormation", list{obj{"IpProtocol": -1, "CidrIp": "0.0.0.0/0"}, obj{"IpProtocol": "udp", "FromPort": 53, "ToPort": 53,
			"SourceSecurityGroupId": "sg-1"}}, list{rule("all", 0, 65535, list{"0.0.0.0/0"}, list{}, true),
			rule("udp", 53, 53, list{}, list{"sg-1"}, false)}},
		{"a group by reference", obj{"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "SourceSecurityGroupId": unknown().Referring(true,
			value.Ref{Address: "Web", Attribute: "GroupId"})}, list{rule("icmp", -1, -1, list{}, list{"..."}, false)}},
		{"all ports", obj{"IpProtocol": "tcp", "FromPort": -1, "ToPort": -1}, list{rule("tcp", 0, 65535, list{}, list{}, false)}},
		{"no ports", obj{"IpProtocol": "tcp"}, list{rule("tcp", "?", "?", list{}, list{}, false)}},
		{"two halves are all", obj{"protocol": "tcp", "from_port": 1, "to_port": 2, "cidr_blocks": list{"128.0.0.0/1", "0.0.0.0/1"}},
			list{rule("tcp", 1, 2, list{"128.0.0.0/1", "0.0.0.0/1"}, list{}, true)}},
		{"halves in pieces are all", obj{"protocol": "tcp", "from_port": 1, "to_port": 2, "cidr_blocks": list{"128.0.0.0/1", "0.0.0.0/2", "64.0.0.0/2"}},
			list{rule("tcp", 1, 2, list{"128.0.0.0/1", "0.0.0.0/2", "64.0.0.0/2"}, list{}, true)}},
		{"one half is as good as all", obj{"protocol": "tcp", "from_port": 1, "to_port": 2, "cidr_blocks": list{"128.0.0.0/1", "10.0.0.0/8"}},
			list{rule("tcp", 1, 2, list{"128.0.0.0/1", "10.0.0.0/8"}, list{}, true)}},
		{"all of IPv6 that is routed", obj{"protocol": "tcp", "from_port": 1, "to_port": 2, "ipv6_cidr_blocks": list{"2000::/3"}},
			list{rule("tcp", 1, 2, list{"2000::/3"}, list{}, true)}},
		{"wide private networks", obj{"protocol": "tcp", "from_port": 1, "to_port": 2, "cidr_blocks": list{"10.0.0.0/8"}, "ipv6_cidr_blocks": list{"fc00::/7"}},
			list{rule("tcp", 1, 2, list{"10.0.0.0/8", "fc00::/7"}, list{}, false)}},
		{"ranges that are not known", obj{"protocol": "tcp", "from_port": 1, "to_port": 2, "cidr_blocks": unknown()},
			list{rule("tcp", 1, 2, list{"..."}, list{}, "?")}},
		{"ranges in a variable", obj{"protocol": "tcp", "from_port": 1, "to_port": 2, "cidr_blocks": template("${var.cidrs}")},
			list{rule("tcp", 1, 2, list{"..."}, list{}, "?")}},
		{"one of the ranges is not known, one is all", obj{"protocol": "tcp", "from_port": 1, "to_port": 2,
			"cidr_blocks": list{unknown(), "0.0.0.0/0"}}, list{rule("tcp", 1, 2, list{"0.0.0.0/0", "..."}, list{}, true)}},
		{"the range of a network and one address", obj{"protocol": "tcp", "from_port": 1, "to_port": 2, "cidr_blocks": list{
			template("${aws_vpc.main.cidr_block}"), template("${var.ip}/32")}},
			list{rule("tcp", 1, 2, list{"?${aws_vpc.main.cidr_block}", "?${var.ip}/32"}, list{}, false)}},
		{"no range at all", obj{"protocol": "tcp", "from_port": 1, "to_port": 2, "cidr_blocks": list{"everywhere"}},
			list{rule("tcp", 1, 2, list{"everywhere"}, list{}, "?")}},
		{"a protocol that is not known", obj{"protocol": unknown(), "from_port": 1, "to_port": 2},
			list{rule("?", "?", "?", list{}, list{}, false)}},
		{"a rule that is not known", list{unknown()}, list{"..."}},
		{"no rules", list{}, list{}},
		{"a text", "tcp", "?"},
	})
}

func TestNACLRules(t *testing.T) {
	entry := func(egress bool, from, to int, cidr string, world bool) obj {
		return obj{"number": 100, "action": "allow", "egress": egress, "protocol": "tcp", "from": from, "to": to,
			"cidr": cidr, "world": world}
	}
	decodes(t, "nacl.rules", []decoding{
		{"Terraform's nested block", list{obj{"rule_no": 100, "action": "ALLOW", "protocol": "tcp", "cidr_block": "0.0.0.0/0",
			"ipv6_cidr_block": "", "from_port": 22, "to_port": 22}}, list{entry(false, 22, 22, "0.0.0.0/0", true)}},
		{"an entry of its own", obj{"rule_number": 100, "egress": true, "rule_action": "allow", "protocol": "6",
			"ipv6_cidr_block": "2001:db8::/32", "from_port": 1, "to_port": 2}, list{entry(true, 1, 2, "2001:db8::/32", false)}},
		{"CloudFormation", list{obj{"RuleNumber": 100, "RuleAction": "allow", "Egress": "false", "Protocol": 6, "CidrBlock": "10.0.0.0/8",
			"PortRange": obj{"From": 80, "To": 81}}}, list{entry(false, 80, 81, "10.0.0.0/8", false)}},
		{"an entry that is not known", list{unknown()}, list{"..."}},
		{"a range and a span that are not known", obj{"RuleNumber": 100, "RuleAction": "allow", "Protocol": 6, "CidrBlock": unknown(),
			"PortRange": unknown()}, list{obj{"number": 100, "action": "allow", "egress": false, "protocol": "tcp", "from": "?", "to": "?",
			"cidr": "?", "world": "?"}}},
	})
}

// Hiding a part of a rule never turns world or a port into another.
func TestHidingRulesNeverFlips(t *testing.T) {
	for _, raw := range []any{
		obj{"from_port": 22, "to_port": 22, "protocol": "tcp", "cidr_blocks": list{"0.0.0.0/0"}, "self": true},
		obj{"from_port": 22, "to_port": 22, "protocol": "tcp", "cidr_blocks": list{"0.0.0.0/1", "128.0.0.0/1"}},
		obj{"from_port": 0, "to_port": 0, "protocol": "-1", "cidr_blocks": list{"10.0.0.0/8"}, "security_groups": list{"sg-1"}},
		obj{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 23, "CidrIpv6": "::/0"},
		obj{"RuleNumber": 1, "RuleAction": "allow", "Protocol": 6, "CidrBlock": "0.0.0.0/0", "Egress": true,
			"PortRange": obj{"From": 80, "To": 81}},
	} {
		for _, name := range []string{"ec2.rules", "nacl.rules"} {
			hidingKeeps(t, name, tree(t, raw))
		}
	}
}

// hidingKeeps tests that each member of the one object that a decoder makes of raw stays as it was or becomes unknown.
func hidingKeeps(t *testing.T, name string, raw value.Value) {
	t.Helper()
	before, _ := named(t, name)(raw).AsList()
	hide(raw, func(where string, partly value.Value) {
		after, _ := named(t, name)(partly).AsList()
		if len(after) != 1 || len(before) != 1 {
			return
		}
		for _, f := range Items(name) {
			was, now := before[0].Field(f.Name), after[0].Field(f.Name)
			compare(t, name+where+": "+f.Name, was, now)
			a, aOK := was.Spelled()
			b, bOK := now.Spelled()
			if aOK && bOK && a != b || now.IsAbsent() && was.IsKnown() {
				t.Errorf("%s%s: %s: %q became %q", name, where, f.Name, a, b)
			}
		}
	})
}
