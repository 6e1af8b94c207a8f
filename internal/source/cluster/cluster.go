// Package cluster reads running clusters of Kubernetes: every type of object that its table names, what the control plane shows of
// itself and, if asked for, the settings of the kubelets. It only asks; it never changes anything.
//
// Objects are kept as the API gives them, and the kind files say what they mean. So the package must not know of checks or of what
// is right. What a call did not tell is unknown, with the right to grant; a type of which not all could be listed is marked, so
// that nobody takes the rest for all. Secrets are not read, but for their metadata if that is asked for.
package cluster

import (
	"context"
	"errors"
	"slices"
	"time"

	rbac "k8s.io/api/rbac/v1"
	"k8s.io/client-go/rest"

	"ward.dev/ward/internal/activity"
	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// Options say which cluster is read, what of it, and how.
type Options struct {
	// Kubeconfig is a file; "" for those that KUBECONFIG names, ~/.kube/config or, in a pod, its service account. Context is one of
	// the file's; "" for its current one.
	Kubeconfig, Context string
	// Config, if given, leads to the cluster in place of a kubeconfig.
	Config *rest.Config
	// Name is what reports call the cluster; "" for what the kubeconfig calls it.
	Name string
	// Namespaces to read; none for all. What has no namespace is read anyway.
	Namespaces []string
	// Types tells which types of objects are wanted ("Deployment.apps"); nil for all. Left says why the others are not.
	Types func(typ string) bool
	Left  string
	// SecretMetadata reads names, labels and owners of Secrets. To the cluster that is the right to read their content.
	SecretMetadata bool
	// Kubelet reads the settings of each node's kubelet through the API, which takes the right to get nodes/proxy. To the
	// kubelet that is the right to run commands in its containers.
	Kubelet bool
	// Watch tells that objects are watched, too, which takes the right to.
	Watch bool
	// More are rights that Grants gives besides, in the namespaces that are read.
	More []rbac.PolicyRule
	// Concurrency bounds the calls at once; 0 is 4. QPS bounds how many begin in a second; 0 is 50.
	Concurrency int
	QPS         float32
	// Attempts bounds how often a call is tried; 0 is 4. Backoff bounds the pause between two; 0 is 20 s.
	Attempts int
	Backoff  time.Duration
	// Timeout bounds one attempt; 0 is 30 s.
	Timeout time.Duration
	// Have tells that an earlier run has read a part whole; nil for none.
	Have func(source.Part) bool
	// Progress, if given, is told of each part as it begins. Its calls may overlap.
	Progress func(done, total int, what string)
}

// ErrNothing means that the cluster does not answer, or not to this user.
var ErrNothing = errors.New("nothing could be read")

// Collect reads a cluster into a sink. An error means that the run could not begin or was cut off; what was read by then is in the
// sink.
func Collect(ctx context.Context, o Options, sink source.Sink) (source.Stats, error) {
	o = o.withDefaults()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r, err := connect(o)
	if err != nil {
		return source.Stats{}, err
	}
	r.Sink, r.Stop = sink, stop
	if err := r.greet(ctx); err != nil {
		return r.Stats(), err
	}
	wanted := o.chosen()
	if err := r.Begin(r.live(wanted)); err != nil {
		return r.Stats(), err
	}
	for _, gap := range r.served.gaps(r.target()) {
		r.Gap(gap)
	}
	err = r.collect(ctx, r.plan(wanted))
	return r.Stats(), err
}

// live tells what is read of the cluster.
func (r *run) live(wanted []objects) source.Live {
	o := r.options
	live := source.Live{Dialect: resource.Cluster, Name: r.target(), Account: r.uid, Caller: r.caller, Left: o.Left, Unasked: o.unasked(),
		Regions: o.Namespaces}
	for _, t := range wanted {
		live.Kinds = append(live.Kinds, t.Type())
		if t.namespaced && len(o.Namespaces) > 0 {
			live.Regional = append(live.Regional, t.Type())
		}
	}
	return live
}

func (o Options) withDefaults() Options {
	if o.Concurrency <= 0 {
		o.Concurrency = 4
	}
	if o.QPS <= 0 {
		o.QPS = 50
	}
	if o.Attempts <= 0 {
		o.Attempts = 4
	}
	if o.Backoff <= 0 {
		o.Backoff = 20 * time.Second
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	slices.Sort(o.Namespaces)
	o.Namespaces = slices.Compact(o.Namespaces)
	return o
}

// chosen are the types that are wanted.
func (o Options) chosen() []objects {
	return slices.DeleteFunc(slices.Clone(table), func(t objects) bool {
		_, left := o.unasked()[t.Type()]
		return left || o.Types != nil && !o.Types(t.Type()) && !(t.Type() == podType && slices.ContainsFunc(manifest.ComponentTypes(), o.Types))
	})
}

// Files are types of what the control plane reads from files on its nodes. No API shows them.
func Files() []string {
	return []string{"Policy.audit.k8s.io", "EncryptionConfiguration.apiserver.config.k8s.io", "AdmissionConfiguration.apiserver.config.k8s.io",
		"KubeProxyConfiguration.kubeproxy.config.k8s.io"}
}

// unasked are the types that are not read at all, or only if somebody asks for them, and why.
func (o Options) unasked() map[string]value.Reason {
	all := map[string]value.Reason{}
	for _, typ := range Files() {
		all[typ] = value.Reason{Why: "a cluster does not show its files", Grant: "assess the file that the control plane is given, too"}
	}
	for _, typ := range activity.Types() {
		all[typ] = activity.Unasked
	}
	if !o.SecretMetadata {
		all[secretType] = value.Reason{Why: "Secrets are not read, so that no right to them is needed",
			Grant: "--secret-metadata, and the right to list secrets"}
	}
	if !o.Kubelet {
		all[kubeletType] = value.Reason{Why: "the settings of kubelets are not read, so that the right to run commands in containers is not needed",
			Grant: "--kubelet, and the right to get nodes/proxy"}
	}
	return all
}

// Types are those that can be read, sorted: "Deployment.apps".
func Types() []string {
	all := manifest.ComponentTypes() // which are made of pods
	for _, t := range table {
		all = append(all, t.Type())
	}
	slices.Sort(all)
	return all
}
