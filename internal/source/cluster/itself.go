package cluster

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// itself reads what the cluster shows of itself as a whole, into the one block of the type "kubernetes.cluster". Its body has
//
//	name, uid, server   what it is called, the UID of kube-system, and the address that was asked
//	version             the reply of /version: gitVersion, major, minor, platform ...
//	groups              the API groups that it serves: group, versions
//	nodes.providers     what stands before "://" in the nodes' providerID: aws, azure, gce, kind ...
//	platform            eks, aks or gke, as version and nodes show it; absent if they show none of these
//	nodes.labelDomains  what stands before the "/" in the nodes' labels: eks.amazonaws.com, kubernetes.azure.com ...
//	nodeFiles           unknown: no API shows who may change the files of nodes
//	controlPlane        a list each of the apiservers, controllerManagers, schedulers and etcds; see manifest.Programs
func (r *run) itself(ctx context.Context, w work) {
	block, whole := r.about(ctx)
	if !whole {
		r.Break(w.part)
	}
	r.Block(w.part, block)
}

// about makes the block. whole tells that all that was asked for it was answered.
func (r *run) about(ctx context.Context) (block resource.Block, whole bool) {
	origin := r.origin("get /version", "")
	nodes, broken := r.nodes(ctx)
	control, unread := r.controlPlane(ctx)
	whole = !broken && !unread && !r.version.IsUnknown() && len(r.served.doubts) == 0
	body := shown(r.name, optional(r.uid), r.base.Scheme+"://"+r.base.Host, r.version, r.served.told(), nodes, control).At(origin)
	return resource.Block{Dialect: resource.Cluster, Type: Itself, Address: "Cluster/" + r.name, Target: r.target(), Body: body, Origin: origin,
		Account: r.uid, Global: true}, whole
}

func shown(name string, uid value.Value, server string, version, groups, nodes, control value.Value) value.Value {
	return value.Object(map[string]value.Value{
		"metadata": value.Object(map[string]value.Value{"name": value.String(name), "uid": uid}),
		"name":     value.String(name), "uid": uid, "server": value.String(server),
		"version": version, "platform": platform(version, nodes), "groups": groups, "nodes": nodes, "controlPlane": control,
		"nodeFiles": value.Unresolved(value.Reason{Why: "no API shows the files of nodes", Grant: "look on each node, such as with " +
			"stat -c '%U:%G %a %n' /etc/kubernetes/*.conf /etc/kubernetes/manifests/* /var/lib/kubelet/config.yaml, and note in ward.yaml what you saw"}),
	})
}

// Shape is a body of the block in which everything is set.
func Shape() value.Value {
	free := value.Object(nil).Open(value.Reason{Why: "any flag may stand there"})
	control := map[string]value.Value{}
	for _, list := range lists {
		control[list] = value.List(value.Object(map[string]value.Value{"pod": value.String(""), "node": value.String(""), "image": value.String(""),
			"flags": free}))
	}
	version := map[string]value.Value{}
	for _, member := range []string{"major", "minor", "gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform",
		"emulationMajor", "emulationMinor", "minCompatibilityMajor", "minCompatibilityMinor"} { // version.Info of apimachinery
		version[member] = value.String("")
	}
	version["gitVersion"] = value.String("v1.34.4-eks-1") // from which the platform is told
	groups := served{groups: map[string]map[string]*servedVersion{"": {"v1": {}}}}
	return shown("", value.String(""), "", value.Object(version), groups.told(),
		value.Object(map[string]value.Value{"providers": value.Strings(""), "labelDomains": value.Strings("")}), value.Object(control))
}

func optional(s string) value.Value {
	if s == "" {
		return value.Unresolved(value.Reason{Why: "the namespace kube-system was not shown", Grant: "list namespaces"})
	}
	return value.String(s)
}

// signs of those who run control planes for others: in the version, or among the domains of the nodes' labels.
var signs = []struct{ platform, version, domain string }{
	{"eks", "-eks-", "eks.amazonaws.com"}, {"gke", "-gke.", "cloud.google.com"}, {"aks", "-aks", "kubernetes.azure.com"},
}

// platform tells who runs the control plane. It is not known while it is not known that no sign is there.
func platform(version, nodes value.Value) value.Value {
	said := version.Field("gitVersion")
	text, _ := said.AsString()
	domains := nodes.Field("labelDomains")
	all, _ := domains.AsList()
	for _, sign := range signs {
		labelled := slices.ContainsFunc(all, func(d value.Value) bool { s, _ := d.AsString(); return s == sign.domain })
		if labelled || strings.Contains(text, sign.version) {
			return value.String(sign.platform)
		}
	}
	switch {
	case !said.IsKnown():
		return value.Unresolved(said.Reasons()...)
	case domains.IsOpen():
		return value.Unresolved(domains.Reasons()...)
	}
	return value.None()
}

// nodes tells what the nodes say about the provider. broken means that not all were listed.
func (r *run) nodes(ctx context.Context) (all value.Value, broken bool) {
	q := question{objects: objects{kind: "Node", resource: "nodes"}, version: "v1"}
	providers, domains := map[string]bool{}, map[string]bool{}
	var gap *value.Reason
	for node, err := range r.items(ctx, q) {
		if err != nil {
			because := why(q.asked(), q.right(), err)
			gap = &because
			break
		}
		id, _ := node.Field("spec").Field("providerID").AsString()
		if provider, _, ok := strings.Cut(id, "://"); ok {
			providers[provider] = true
		}
		for _, label := range node.Field("metadata").Field("labels").Keys() {
			if domain, _, ok := strings.Cut(label, "/"); ok {
				domains[domain] = true
			}
		}
	}
	list := func(of map[string]bool) value.Value {
		v := value.Strings(slices.Sorted(maps.Keys(of))...).At(r.origin(q.asked(), ""))
		if gap != nil {
			v = v.Open(*gap)
		}
		return v
	}
	return value.Object(map[string]value.Value{"providers": list(providers), "labelDomains": list(domains)}), gap != nil
}

// lists are what the block calls the parts of a control plane, by the types of their blocks.
var lists = map[string]string{"APIServer": "apiservers", "ControllerManager": "controllerManagers", "Scheduler": "schedulers", "Etcd": "etcds"}

// controlLabels find the pods of control planes as kubeadm and others label them, and as kops does.
var controlLabels = []string{"tier=control-plane", "k8s-app in (kube-apiserver,kube-controller-manager,kube-scheduler,etcd,etcd-manager-main)"}

// controlPlane reads the parts of the control plane that run as pods in kube-system. Of a control plane that does not show itself,
// as those that a provider runs, everything is unknown.
func (r *run) controlPlane(ctx context.Context) (all value.Value, broken bool) {
	found := map[string]map[string]value.Value{}
	gap := value.Reason{Why: "no pod of the control plane is shown in kube-system: a provider runs it, or it does not run in pods",
		Grant: "ward assess aws answers for a control plane that EKS runs (aws.eks.cluster); else assess the files that start it"}
	for _, labels := range controlLabels {
		q := question{objects: objects{kind: "Pod", resource: "pods"}, version: "v1", namespace: systemNamespace,
			query: url.Values{"labelSelector": {labels}}}
		for pod, err := range r.items(ctx, q) {
			if err != nil {
				gap, broken = why(q.asked(), q.right(), err), true
				break
			}
			for program, one := range manifest.Programs(pod) {
				if found[program] == nil {
					found[program] = map[string]value.Value{}
				}
				name, _ := one.Field("pod").AsString()
				found[program][name] = one
			}
		}
	}
	control := map[string]value.Value{}
	for program, list := range lists {
		var instances []value.Value
		for _, name := range slices.Sorted(maps.Keys(found[program])) {
			instances = append(instances, found[program][name])
		}
		switch {
		case len(instances) == 0:
			control[list] = value.Unresolved(gap)
		case broken:
			control[list] = value.List(instances...).Open(gap)
		default:
			control[list] = value.List(instances...)
		}
	}
	return value.Object(control), broken
}
