package cluster

import (
	"context"
	"net/url"
	"sync"

	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/value"
)

// kubelets reads the settings of every node's kubelet, as it runs: the API hands the question on to it.
func (r *run) kubelets(ctx context.Context, w work) {
	nodes := question{objects: objects{kind: "Node", resource: "nodes"}, version: "v1"}
	var all sync.WaitGroup
	for node, err := range r.items(ctx, nodes) {
		if err != nil {
			r.Partial(w.part, why(nodes.asked(), nodes.right(), err))
			break
		}
		if name, ok := node.Field("metadata").Field("name").AsString(); ok {
			all.Go(func() {
				defer r.survive(w)
				r.kubelet(ctx, w, name)
			})
		}
	}
	all.Wait()
}

// kubelet reads the settings of one. What it does not tell is unknown of its node.
func (r *run) kubelet(ctx context.Context, w work, node string) {
	const asked = "get nodes/proxy"
	reply, err := r.object(ctx, call{verb: "get", what: "nodes/proxy", path: "/api/v1/nodes/" + url.PathEscape(node) + "/proxy/configz"})
	settings := reply.Field("kubeletconfig")
	if err == nil && !settings.IsKnown() {
		err = errForeign
	}
	members := map[string]value.Value{}
	body := value.Object(members).At(r.origin(asked, ""))
	if err != nil {
		r.Break(w.part)
		body = body.Open(why(asked+" of "+node, asked, err))
	}
	known, _ := settings.AsObject()
	for name, member := range known {
		members[name] = member
	}
	members["apiVersion"], members["kind"] = value.String("kubelet.config.k8s.io/v1beta1"), value.String("KubeletConfiguration")
	members["metadata"] = value.Object(map[string]value.Value{"name": value.String(node)})
	if b, err := manifest.Block(body, r.scope(w.objects)); err == nil {
		r.Block(w.part, b)
	}
}
