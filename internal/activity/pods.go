package activity

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// OwnerTypes are the types of objects that pods are attributed by.
func OwnerTypes() []string {
	return []string{"Pod", "ReplicaSet.apps", "Deployment.apps", "StatefulSet.apps", "DaemonSet.apps", "Job.batch", "CronJob.batch",
		"ReplicationController"}
}

// maxPods is how many pods are remembered, those that are gone included.
const maxPods = 200_000

// Pods knows which container is of which pod and which workload made it. It remembers pods that are gone, since events of their last
// moments come after them. Its methods may be called from several goroutines. The zero value knows nothing.
type Pods struct {
	mu         sync.RWMutex
	round      uint64
	pods       map[string]*pod // by NAMESPACE/NAME
	containers map[string]*pod // by the beginning of the id
}

// pod is what is remembered of one.
type pod struct {
	namespace, name string
	containers      map[string]string // their names by the beginnings of their ids
	owner           Owner
	round           uint64 // when it was last seen
}

// See remembers pods with what made them. blocks are all of OwnerTypes that there are now.
func (p *Pods) See(blocks []*resource.Block) {
	byAddress := make(map[string]*resource.Block, len(blocks))
	for _, b := range blocks {
		byAddress[b.Address] = b
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pods == nil {
		p.pods, p.containers = map[string]*pod{}, map[string]*pod{}
	}
	p.round++
	for _, b := range blocks {
		if b.Type == "Pod" {
			p.see(b, byAddress)
		}
	}
	p.forget()
}

func (p *Pods) see(b *resource.Block, byAddress map[string]*resource.Block) {
	name, _ := b.Body.Field("metadata").Field("name").AsString()
	at := b.Region + "/" + name
	seen := p.pods[at]
	owner := ownerOf(b, byAddress)
	if seen == nil || owner.Why == "" && owner != seen.owner { // a new pod, or one of the same name
		seen = &pod{namespace: b.Region, name: name, owner: owner, containers: map[string]string{}}
		p.pods[at] = seen
	}
	seen.round = p.round
	status := b.Body.Field("status")
	for _, list := range []string{"containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"} {
		all, _ := status.Field(list).AsList()
		for _, one := range all {
			seen.remember(one, p.containers)
		}
	}
}

// remember notes a container by its status.
func (s *pod) remember(status value.Value, containers map[string]*pod) {
	name, _ := status.Field("name").AsString()
	for _, state := range []value.Value{status, status.Field("state").Field("terminated"), status.Field("lastState").Field("terminated")} {
		written, _ := state.Field("containerID").AsString()
		_, id, _ := strings.Cut(written, "://") // containerd://ID
		if len(id) >= idLength {
			s.containers[id[:idLength]] = name
			containers[id[:idLength]] = s
		}
	}
}

// ownerOf follows what made a pod to the end.
func ownerOf(b *resource.Block, byAddress map[string]*resource.Block) Owner {
	const most = 8
	for range most {
		if b.Owner == "" || b.Owner == b.Address {
			return Owner{Workload: b.Address}
		}
		next := byAddress[b.Owner]
		if next == nil {
			return Owner{Why: b.Owner + ", which made it, is gone or could not be read"}
		}
		b = next
	}
	return Owner{Why: "what made it goes round in circles"}
}

// forget leaves out those that were not seen for longest if there are too many.
func (p *Pods) forget() {
	if len(p.pods) <= maxPods {
		return
	}
	all := make([]string, 0, len(p.pods))
	for at := range p.pods {
		all = append(all, at)
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(p.pods[a].round, p.pods[b].round) })
	for _, at := range all[:len(all)-maxPods*9/10] {
		for id := range p.pods[at].containers {
			if p.containers[id] == p.pods[at] {
				delete(p.containers, id)
			}
		}
		delete(p.pods, at)
	}
}

// Attribute tells whose an event is, and adds to it what it does not say of its pod. Of what is no container's nothing is wanted, so
// that neither Workload nor Why is set.
func (p *Pods) Attribute(e *Event) Owner {
	if e.Container == "" && e.Pod == "" {
		return Owner{}
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	byID, byName := p.containers[e.Container], p.pods[e.Namespace+"/"+e.Pod]
	if e.Pod == "" || e.Namespace == "" {
		byName = nil
	}
	switch {
	case byID != nil && e.Pod != "" && (byID.name != e.Pod || e.Namespace != "" && byID.namespace != e.Namespace):
		return Owner{Why: "the cluster has its container in another pod than the event names"}
	case byID != nil:
		e.Namespace, e.Pod, e.Name = byID.namespace, byID.name, cmp.Or(byID.containers[e.Container], e.Name)
		return byID.owner
	case byName != nil:
		return byName.owner
	case e.Pod == "":
		return Owner{Why: "the cluster shows no container with its id"}
	}
	return Owner{Why: "its pod was gone before the cluster showed it"}
}
