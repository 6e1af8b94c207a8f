package phimap

import (
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
)

// Zones of the network, from the outside inwards. "" is outside of networks: the provider's own service answers, such as for a bucket.
const (
	Internet = "internet"
	Public   = "public"
	Private  = "private"
	Cluster  = "cluster"
	Unknown  = "unknown"
)

// exposing are the attributes by which kinds tell that something can be reached from the internet, if they are true. Those that are settled
// tell too that it cannot, if they are false: of the others false only means that this is not the way.
var exposing = []struct {
	name    string
	settled bool
}{
	{"public", true}, {"internet_facing", true}, {"public_ip", true}, {"public_ip.requested", true}, {"public_ip.elastic", false},
	{"public_ip.of_interfaces", false}, {"endpoint.public", true}, {"acl.public", false}, {"policy.public", false},
}

// zone tells where in the network a resource stands, as far as its kind has attributes that do.
func zone(inv *inventory.Inventory, r *resource.Resource) string {
	if r.Kind.Provider() == "kubernetes" {
		return clusterZone(r)
	}
	closed, open := false, false
	for _, e := range exposing {
		if r.Kind.Index(e.name) < 0 {
			continue
		}
		v := r.Get(e.name)
		public, known := v.AsBool()
		switch {
		case known && public:
			return Internet
		case known && e.settled:
			closed = true
		case v.IsUnknown() && e.settled:
			open = true
		}
	}
	switch internal, told := told(r, "internal"); {
	case told && !internal:
		return Internet
	case told:
		closed = true
	case r.Kind.Index("internal") >= 0 && r.Get("internal").IsUnknown():
		open = true
	}
	switch within := network(inv, r); {
	case open:
		return Unknown
	case within != "":
		return within
	case closed:
		return Private
	}
	return ""
}

func told(r *resource.Resource, name string) (yes, known bool) {
	if r.Kind.Index(name) < 0 {
		return false, false
	}
	return r.Get(name).AsBool()
}

// clusterZone is that of an object in a cluster: what the cloud's balancer or a node hands packets to is open to the network outside.
func clusterZone(r *resource.Resource) string {
	switch r.Kind.Name {
	case "kubernetes.service":
		typ, known := r.Get("type").AsString()
		internal, told := told(r, "internal")
		switch {
		case !known:
			return Unknown
		case typ == "LoadBalancer" && !told:
			return Unknown
		case typ == "LoadBalancer" && !internal:
			return Internet
		case typ == "NodePort":
			return Public
		}
	case "kubernetes.gateway":
		switch internal, told := told(r, "internal"); {
		case !told:
			return Unknown
		case !internal:
			return Internet
		}
	}
	return Cluster
}

// network is the zone of the subnets that a resource stands in, the most open first; private if it has security groups alone, since that is in
// some network; "" if nothing says that it stands in one.
func network(inv *inventory.Inventory, r *resource.Resource) string {
	within := ""
	for i, a := range r.Kind.All() {
		if a.Is != "" || i >= len(r.Values) {
			continue
		}
		switch a.Name {
		case "subnet", "subnets", "security_groups":
		default:
			continue
		}
		for _, id := range ids(r, a) {
			if next := subnet(inv, id); rank(next) > rank(within) {
				within = next
			}
		}
	}
	return within
}

func rank(zone string) int {
	return map[string]int{"": 0, Private: 1, Unknown: 2, Public: 3}[zone]
}

// ids are the resources that an attribute refers to; one of which that is not known is "".
func ids(r *resource.Resource, a *kind.Attribute) []string {
	v := r.Get(a.Name)
	if v.IsUnknown() {
		return []string{""}
	}
	if id, ok := v.AsString(); ok {
		return []string{id}
	}
	items, _ := v.AsList()
	var all []string
	for _, item := range items {
		id, _ := item.AsString()
		all = append(all, id)
	}
	return all
}

// subnet is the zone that standing in a subnet gives: public if addresses are given that lead to it, or if its own table leads to the internet. A
// security group tells that there is a network, and no more.
func subnet(inv *inventory.Inventory, id string) string {
	s := inv.Lookup(id)
	if s == nil || s.Kind.Name != "aws.ec2.subnet" {
		return Private
	}
	given := s.Get("public_ip_on_launch")
	switch public, known := given.AsBool(); {
	case known && public:
		return Public
	case !known && given.IsUnknown():
		return Unknown
	}
	tables, _ := s.Get("tables").AsList()
	for _, t := range tables {
		if at, ok := t.AsString(); ok && leads(inv, inv.Lookup(at)) {
			return Public
		}
	}
	return Private
}

// leads tells whether a route of a table goes to a gateway of the internet.
func leads(inv *inventory.Inventory, table *resource.Resource) bool {
	if table == nil {
		return false
	}
	routes, _ := table.Get("routes").AsList()
	for _, route := range routes {
		to, _ := route.Member("gateway")
		id, ok := to.AsString()
		gateway := inv.Lookup(id)
		if !ok || gateway == nil {
			continue
		}
		if internet, known := told(gateway, "internet"); known && internet {
			return true
		}
	}
	return false
}

// namespace is that of an object in a cluster, "" if it has none.
func namespace(inv *inventory.Inventory, r *resource.Resource) string {
	if r.Kind.Provider() != "kubernetes" {
		return ""
	}
	for _, name := range []string{"namespace_name", "namespace"} {
		if r.Kind.Index(name) < 0 {
			continue
		}
		text, ok := r.Get(name).AsString()
		if !ok {
			continue
		}
		if of := inv.Lookup(text); of != nil {
			if text, ok = of.Get("name").AsString(); !ok {
				continue
			}
		}
		return text
	}
	return ""
}
