package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/flowcontrol"

	"ward.dev/ward/internal/value"
)

// Config finds the cluster and the credentials as kubectl does, and what the kubeconfig calls the cluster. It asks nothing.
func Config(o Options) (config *rest.Config, name string, err error) {
	name, config = o.Name, o.Config
	if config == nil {
		if _, err := os.Stat(o.Kubeconfig); o.Kubeconfig != "" && err != nil { // which the loader takes for none being given
			return nil, "", fmt.Errorf("%w: the kubeconfig: %w", ErrNothing, err)
		}
		loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules(o.Kubeconfig), &clientcmd.ConfigOverrides{CurrentContext: o.Context})
		if config, err = loader.ClientConfig(); err != nil {
			return nil, "", fmt.Errorf("%w: the kubeconfig: %w", ErrNothing, err)
		}
		if raw, err := loader.RawConfig(); err == nil && name == "" {
			name = called(raw.CurrentContext, o.Context, func(context string) string {
				if c := raw.Contexts[context]; c != nil {
					return c.Cluster
				}
				return ""
			})
		}
	}
	config = rest.CopyConfig(config)
	config.WarningHandler, config.UserAgent = rest.NoWarnings{}, "ward"
	return config, name, nil
}

// connect makes ready to ask.
func connect(o Options) (*run, error) {
	config, name, err := Config(o)
	if err != nil {
		return nil, err
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("%w: the credentials: %w", ErrNothing, err)
	}
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, fmt.Errorf("%w: the address of the cluster: %w", ErrNothing, err)
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the API never redirects
	return &run{options: o, name: name, base: base, client: client, slots: make(chan struct{}, o.Concurrency),
		pace: flowcontrol.NewTokenBucketRateLimiter(o.QPS, 2*int(o.QPS)+1)}, nil
}

func rules(kubeconfig string) *clientcmd.ClientConfigLoadingRules {
	all := clientcmd.NewDefaultClientConfigLoadingRules()
	all.ExplicitPath = kubeconfig
	all.WarnIfAllMissing = false
	return all
}

// called is what a kubeconfig calls the cluster of a context.
func called(current, chosen string, cluster func(string) string) string {
	if chosen != "" {
		return cluster(chosen)
	}
	return cluster(current)
}

// greet learns whether the cluster answers, which it is, who asks, and what it serves.
func (r *run) greet(ctx context.Context) error {
	version, err := r.object(ctx, call{what: "version", verb: "get", path: "/version"})
	if fault := r.unreachable(err); fault != nil {
		return fault
	}
	r.version = r.told(version, "get /version", "get /version", err)
	if r.served, err = r.discover(ctx); r.unreachable(err) != nil {
		return r.unreachable(err)
	}
	r.identify(ctx)
	for _, name := range r.options.Namespaces {
		if err := r.exists(ctx, name); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// unreachable says what to do if nothing can be learned at all: nobody answers, or not to these credentials.
func (r *run) unreachable(err error) error {
	var refused *refusal
	switch {
	case err == nil:
		return nil
	case signedOut(err):
		return fmt.Errorf("%w: the cluster does not accept the credentials; sign in again, or choose another --context", ErrNothing)
	case errors.As(err, &refused):
		return nil // this one question is not answered
	}
	return fmt.Errorf("%w: %s: %s", ErrNothing, r.base.Host, plain(err))
}

// systemNamespace is there in every cluster from its beginning to its end, so its UID is taken for the cluster's.
const systemNamespace = "kube-system"

// identify learns which cluster it is and who asks. What is not answered stays "".
func (r *run) identify(ctx context.Context) {
	for found, err := range r.items(ctx, r.named(systemNamespace)) {
		if err == nil {
			r.uid, _ = found.Field("metadata").Field("uid").AsString()
		}
	}
	if r.name == "" {
		r.name = r.uid
	}
	if r.name == "" {
		r.name = r.base.Host
	}
	review := call{what: "selfsubjectreviews", group: "authentication.k8s.io", verb: "create", path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
		body: `{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}`}
	if who, err := r.object(ctx, review); err == nil {
		r.caller, _ = who.Field("status").Field("userInfo").Field("username").AsString()
	}
}

// named is the question for one namespace by its name. As a list it takes no other right than that to list namespaces.
func (r *run) named(namespace string) question {
	return question{objects: objects{kind: "Namespace", resource: "namespaces"}, version: "v1", query: url.Values{"fieldSelector": {"metadata.name=" + namespace}}}
}

// exists tells of a namespace that is to be read that there is none, rather than that it is empty.
func (r *run) exists(ctx context.Context, namespace string) error {
	for range r.items(ctx, r.named(namespace)) {
		return nil // there is one, or nobody says
	}
	return fmt.Errorf("%w: there is no namespace %q", ErrNothing, namespace)
}

func (r *run) target() string { return "kubernetes:" + r.name }

// told is what a call came to: its reply, or unknown.
func (r *run) told(reply value.Value, asked, grant string, err error) value.Value {
	if err == nil {
		return reply
	}
	return value.Unresolved(why(asked, grant, err)).At(r.origin(asked, ""))
}

// qualified is how a type is called in the rules of roles: "deployments.apps".
func qualified(resource, group string) string { return strings.TrimSuffix(resource+"."+group, ".") }
