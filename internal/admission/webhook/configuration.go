package webhook

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	registration "k8s.io/api/admissionregistration/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"ward.dev/ward/internal/admission"
	"ward.dev/ward/internal/source/cluster"
)

// Registration says how the webhook is registered with an API server.
type Registration struct {
	// Name of the object; the webhook is called after it.
	Name string
	// Service ("namespace", "name") or URL lead to the server.
	Namespace, Service string
	URL                string
	CA                 []byte // PEM
	// Inject, if given, is the NAMESPACE/NAME of the certificate whose authority cert-manager puts in.
	Inject string
	// APIs are where the objects are that it asks about.
	APIs []cluster.API
	// FailOpen lets objects in while the server does not answer.
	FailOpen bool
	// Mode, if given, is another than the server's.
	Mode admission.Mode
	// Timeout in seconds, 1 to 30.
	Timeout int32
	// Exempt are namespaces that are not asked about; that of Service and kube-system are added.
	Exempt []string
	// Namespaces and Objects choose by labels, besides; nil for all.
	Namespaces, Objects *meta.LabelSelector
}

// label is the one that the API server puts on each namespace with its name.
const label = "kubernetes.io/metadata.name"

// Exclude is a label with which a namespace is left out: "ward.dev/admission: ignore". Who may label namespaces decides.
const Exclude, Ignore = "ward.dev/admission", "ignore"

// Configuration makes the object that registers the webhook.
func (r Registration) Configuration() (*registration.ValidatingWebhookConfiguration, error) {
	if len(r.APIs) == 0 {
		return nil, errors.New("no check that was chosen is asked of objects that are sent to an API server")
	}
	if r.Timeout < 1 || r.Timeout > 30 {
		return nil, fmt.Errorf("the timeout is 1 to 30 seconds, not %d", r.Timeout)
	}
	policy, effects, match := registration.Fail, registration.SideEffectClassNone, registration.Equivalent
	if r.FailOpen {
		policy = registration.Ignore
	}
	hook := registration.ValidatingWebhook{Name: r.Name, ClientConfig: r.client(), Rules: r.rules(), FailurePolicy: &policy, MatchPolicy: &match,
		SideEffects: &effects, TimeoutSeconds: &r.Timeout, AdmissionReviewVersions: []string{"v1"},
		NamespaceSelector: r.namespaces(), ObjectSelector: r.Objects, MatchConditions: conditions}
	annotations := map[string]string{}
	if r.Inject != "" {
		annotations["cert-manager.io/inject-ca-from"] = r.Inject
	}
	return &registration.ValidatingWebhookConfiguration{
		TypeMeta: meta.TypeMeta{APIVersion: registration.SchemeGroupVersion.String(), Kind: "ValidatingWebhookConfiguration"},
		ObjectMeta: meta.ObjectMeta{Name: r.Name, Labels: map[string]string{"app.kubernetes.io/name": "ward", "app.kubernetes.io/component": "admission"},
			Annotations: annotations},
		Webhooks: []registration.ValidatingWebhook{hook}}, nil
}

// conditions leave out what nobody could act on.
var conditions = []registration.MatchCondition{
	{Name: "not-on-its-way-out", Expression: "object == null || !has(object.metadata.deletionTimestamp)"},
	// A node tells of the pods that it runs from its own files; it runs them whether they are let in or not.
	{Name: "not-from-nodes", Expression: "!('system:nodes' in request.userInfo.groups)"},
}

func (r Registration) client() registration.WebhookClientConfig {
	path := Path
	if r.Mode != "" {
		path += "/" + string(r.Mode)
	}
	if r.URL != "" {
		url := r.URL + path
		return registration.WebhookClientConfig{URL: &url, CABundle: r.CA}
	}
	return registration.WebhookClientConfig{CABundle: r.CA, Service: &registration.ServiceReference{Namespace: r.Namespace, Name: r.Service, Path: &path}}
}

// rules ask about each type where it is served, and about containers that are attached to a pod.
func (r Registration) rules() []registration.RuleWithOperations {
	var rules []registration.RuleWithOperations
	for _, api := range r.APIs {
		scope := registration.ClusterScope
		if api.Namespaced {
			scope = registration.NamespacedScope
		}
		resources := []string{api.Resource}
		if api.Group == "" && api.Resource == "pods" {
			resources = append(resources, "pods/ephemeralcontainers")
		}
		at := slices.IndexFunc(rules, func(rule registration.RuleWithOperations) bool {
			return rule.APIGroups[0] == api.Group && slices.Equal(rule.APIVersions, api.Versions) && *rule.Scope == scope
		})
		if at < 0 {
			at = len(rules)
			rules = append(rules, registration.RuleWithOperations{
				Operations: []registration.OperationType{registration.Create, registration.Update},
				Rule:       registration.Rule{APIGroups: []string{api.Group}, APIVersions: api.Versions, Scope: &scope}})
		}
		rules[at].Resources = append(rules[at].Resources, resources...)
	}
	for i := range rules {
		slices.Sort(rules[i].Resources)
		rules[i].Resources = slices.Compact(rules[i].Resources)
	}
	slices.SortFunc(rules, func(a, b registration.RuleWithOperations) int { return cmp.Compare(a.APIGroups[0], b.APIGroups[0]) })
	return rules
}

// namespaces leaves out those without which the cluster, or Ward, could not come up while the webhook does not answer.
func (r Registration) namespaces() *meta.LabelSelector {
	exempt := append([]string{"kube-system"}, r.Exempt...)
	if r.Namespace != "" {
		exempt = append(exempt, r.Namespace)
	}
	slices.Sort(exempt)
	s := &meta.LabelSelector{}
	if r.Namespaces != nil {
		s = r.Namespaces.DeepCopy()
	}
	s.MatchExpressions = append(s.MatchExpressions,
		meta.LabelSelectorRequirement{Key: label, Operator: meta.LabelSelectorOpNotIn, Values: slices.Compact(exempt)},
		meta.LabelSelectorRequirement{Key: Exclude, Operator: meta.LabelSelectorOpNotIn, Values: []string{Ignore}})
	return s
}
