package manifest

import (
	"maps"
	"slices"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// makers are the controllers of Kubernetes that make objects of a type. Others may claim to be owned by anything, and must not
// be taken for a part of it.
var makers = map[string]map[string]bool{
	"Pod":             set("ReplicaSet.apps StatefulSet.apps DaemonSet.apps Job.batch ReplicationController"),
	"ReplicaSet.apps": set("Deployment.apps"),
	"Job.batch":       set("CronJob.batch"),
}

// Makers are the types of the controllers of Kubernetes that make objects of a type, sorted.
func Makers(typ string) []string { return slices.Sorted(maps.Keys(makers[typ])) }

// owner returns the address of the controller that made an object, "" if none did.
func (in Scope) owner(typ string, metadata value.Value, namespace string) string {
	maker, name, _ := Maker(typ, metadata)
	if maker == "" {
		return ""
	}
	return in.address(maker, namespace, name)
}

// Maker tells which controller an object of a type says that it was made by: the type, the name and the UID of it. The type is "" if
// nothing controls the object, or something that makes no such objects, as the node of a static pod.
func Maker(typ string, metadata value.Value) (maker, name, uid string) {
	owner := controller(metadata)
	apiVersion, _ := owner.Field("apiVersion").AsString()
	kind, _ := owner.Field("kind").AsString()
	if maker = Type(apiVersion, kind); !makers[typ][maker] {
		return "", "", ""
	}
	name, _ = owner.Field("name").AsString()
	uid, _ = owner.Field("uid").AsString()
	return maker, name, uid
}

// controller is the reference to what controls an object, absent if nothing does.
func controller(metadata value.Value) value.Value {
	owners, _ := metadata.Field("ownerReferences").AsList()
	for _, owner := range owners {
		if controls, _ := owner.Field("controller").AsBool(); controls {
			return owner
		}
	}
	return value.None()
}

// Stands tells whether owner, which made is said to be made by, stands for it, so that what is right of the one is right of the
// other: it is that very object, and the pods of made run just what its template says. Who may make pods may also say that they
// belong to something; a webhook may have changed them, and somebody may have attached a container. What does not run any more is
// stood for in any case.
//
// owner may also be of the type of made, which then runs the same.
func Stands(owner, made resource.Block) bool {
	if rests(made) {
		return true
	}
	said, isSaid := controller(made.Body.Field("metadata")).Field("uid").AsString()
	is, isKnown := owner.Body.Field("metadata").Field("uid").AsString()
	if owner.Type != made.Type && isSaid && isKnown && said != is {
		return false
	}
	return sameProgram(podOf(owner), podOf(made), claims(owner))
}

// rests tells that nothing of a block runs: it has ended, or none is wanted.
func rests(b resource.Block) bool {
	status := b.Body.Field("status")
	switch b.Type {
	case "Pod":
		phase, _ := status.Field("phase").AsString()
		return phase == "Succeeded" || phase == "Failed"
	case "Job.batch":
		_, ended := status.Field("completionTime").AsString()
		return ended
	}
	return b.Body.Field("spec").Field("replicas").Data() == int64(0)
}

// podOf is the specification of the pods of a block.
func podOf(b resource.Block) value.Value {
	spec := b.Body.Field("spec")
	switch b.Type {
	case "Pod":
		return spec
	case "CronJob.batch":
		spec = spec.Field("jobTemplate").Field("spec")
	}
	return spec.Field("template").Field("spec")
}

// claims are the names of the volumes that a StatefulSet adds to its pods.
func claims(b resource.Block) map[string]bool {
	templates, _ := b.Body.Field("spec").Field("volumeClaimTemplates").AsList()
	all := map[string]bool{}
	for _, t := range templates {
		name, _ := t.Field("metadata").Field("name").AsString()
		all[name] = true
	}
	return all
}

// The members that decide what a pod and its containers may do. Others are filled in by Kubernetes for every pod: its node,
// tolerations, priorities, and limits of its namespace.
var (
	ofPods = []string{"hostNetwork", "hostPID", "hostIPC", "hostUsers", "shareProcessNamespace", "securityContext",
		"automountServiceAccountToken", "runtimeClassName", "hostAliases", "dnsPolicy", "dnsConfig"}
	ofContainers = []string{"name", "image", "command", "args", "envFrom", "ports", "securityContext", "lifecycle", "volumeDevices",
		"restartPolicy", "workingDir"}
	// given are variables with which clouds tell a pod whom it is, by its service account.
	given = set("AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE AWS_STS_REGIONAL_ENDPOINTS AWS_DEFAULT_REGION AWS_REGION " +
		"AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE " +
		"AZURE_CLIENT_ID AZURE_TENANT_ID AZURE_FEDERATED_TOKEN_FILE AZURE_AUTHORITY_HOST")
)

// sameProgram tells whether pods of two specifications run the same. claimed are names of volumes that may be in one only.
func sameProgram(a, b value.Value, claimed map[string]bool) bool {
	if !sameMembers(a, b, ofPods) || accountOf(a) != accountOf(b) {
		return false
	}
	added := maps.Clone(claimed)
	for _, pod := range []value.Value{a, b} {
		volumes, _ := pod.Field("volumes").AsList()
		for _, v := range volumes {
			if name, _ := v.Field("name").AsString(); isToken(v) {
				added[name] = true
			}
		}
	}
	own := func(row value.Value) bool { return !added[nameOf(row)] }
	if !sameRows(a.Field("volumes"), b.Field("volumes"), own, same) {
		return false
	}
	container := func(a, b value.Value) bool {
		return sameMembers(a, b, ofContainers) && sameRows(a.Field("volumeMounts"), b.Field("volumeMounts"), own, same) &&
			sameRows(a.Field("env"), b.Field("env"), func(row value.Value) bool { return !given[nameOf(row)] }, same)
	}
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		if !sameRows(a.Field(list), b.Field(list), nil, container) {
			return false
		}
	}
	return true
}

// isToken tells of a volume that it holds tokens of the pod's own account and nothing secret besides, as every pod is given them.
func isToken(volume value.Value) bool {
	sources, ok := volume.Field("projected").Field("sources").AsList()
	for _, s := range sources {
		ok = ok && s.Field("secret").IsAbsent()
	}
	return ok
}

func nameOf(row value.Value) string {
	name, _ := row.Field("name").AsString()
	return name
}

func accountOf(pod value.Value) string {
	if name, ok := pod.Field("serviceAccountName").AsString(); ok && name != "" {
		return name
	}
	return "default"
}

func sameMembers(a, b value.Value, names []string) bool {
	for _, name := range names {
		if !same(a.Field(name), b.Field(name)) {
			return false
		}
	}
	return true
}

// sameRows compares two lists without the rows that do not count; nil counts all.
func sameRows(a, b value.Value, counts func(value.Value) bool, equal func(a, b value.Value) bool) bool {
	if a.IsUnknown() || b.IsUnknown() || a.IsOpen() || b.IsOpen() {
		return false
	}
	first, second := rows(a, counts), rows(b, counts)
	if len(first) != len(second) {
		return false
	}
	for i := range first {
		if !equal(first[i], second[i]) {
			return false
		}
	}
	return true
}

func rows(list value.Value, counts func(value.Value) bool) []value.Value {
	items, _ := list.AsList()
	if counts == nil {
		return items
	}
	var some []value.Value
	for _, item := range items {
		if counts(item) {
			some = append(some, item)
		}
	}
	return some
}

// same tells of two trees that both are known and equal. What is empty is as good as absent.
func same(a, b value.Value) bool {
	if a.IsUnknown() || b.IsUnknown() || a.IsOpen() || b.IsOpen() {
		return false
	}
	if blank(a) || blank(b) {
		return blank(a) && blank(b)
	}
	if _, isList := a.AsList(); isList {
		_, both := b.AsList()
		return both && sameRows(a, b, nil, same)
	}
	members, isObject := a.AsObject()
	others, both := b.AsObject()
	if !isObject && !both {
		_, list := b.AsList()
		return !list && a.Data() == b.Data()
	}
	return isObject && both && covers(members, b) && covers(others, a)
}

// covers tells whether an object has all members alike.
func covers(members map[string]value.Value, in value.Value) bool {
	for name, member := range members {
		if !same(member, in.Field(name)) {
			return false
		}
	}
	return true
}

func blank(v value.Value) bool {
	if v.IsAbsent() {
		return true
	}
	items, isList := v.AsList()
	members, isObject := v.AsObject()
	return isList && len(items) == 0 || isObject && len(members) == 0
}
