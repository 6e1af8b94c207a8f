// Package export compiles checks of the catalog into admission policies of Kubernetes (ValidatingAdmissionPolicy of
// admissionregistration.k8s.io/v1), so that the API server itself refuses what a check would fail, or warns of it.
//
// A check becomes a policy only if it can be said exactly: the policy refuses what the check fails, and also what the check could
// not answer. A check that looks at other objects, at images or at the clock, or whose attributes the object does not hold, is not
// exported and says why. The package reads no files and no network; it knows nothing of how policies are applied.
package export

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	admission "k8s.io/api/admissionregistration/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// Options say how policies act, and where.
type Options struct {
	// Actions are what is done with an object that breaks a policy.
	Actions []admission.ValidationAction
	// FailurePolicy says what is done with an object of which a policy cannot be answered.
	FailurePolicy admission.FailurePolicyType
	// Namespaces selects the namespaces by their labels; nil for all. What has no namespace is not touched by it, but namespaces are.
	Namespaces *meta.LabelSelector
	// Excluded are namespaces in which no policy acts.
	Excluded []string
	// PHI are the labels and annotations that mark a namespace as one with PHI, with their values; if there are any, policies act
	// in such namespaces only.
	PHI map[string]kind.Names
	// ParamsIn is the namespace of the ConfigMaps that hold the parameters; "" writes them into the policies.
	ParamsIn string
	// Citations of each check, by its id.
	Citations map[string][]string
	// Catalog is the digest of the catalog.
	Catalog string
}

// Policy is a check as Kubernetes' own objects.
type Policy struct {
	Policy  *admission.ValidatingAdmissionPolicy
	Binding *admission.ValidatingAdmissionPolicyBinding
	// Params holds the check's parameters; nil if it has none or they stand in the policy.
	Params *core.ConfigMap
}

// Asked tells whether a check is one that an API server could be asked about: its kind is made of objects of Kubernetes.
func Asked(of *check.Check) bool {
	return len(of.Kind.Blocks(string(resource.Cluster))) > 0 && of.Kind.Provider() == "kubernetes"
}

// Admitted tells whether an API server admits the objects that a check is about, so that a webhook can answer what a policy cannot.
func Admitted(of *check.Check) bool {
	if of.Live || of.Kind.PerTarget() {
		return false
	}
	return !slices.ContainsFunc(of.Kind.Blocks(dialect), func(typ string) bool { _, ok := types[typ]; return !ok })
}

// Compile makes the policy of a check with its parameters, as check.With returns them. why says why it cannot be one; err is a fault
// of the catalog.
func Compile(of *check.Check, params value.Value, o Options) (p *Policy, why string, err error) {
	p, err = compile(of, params, o)
	if why, ok := asNotExportable(err); ok {
		return nil, why, nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("export %s: %w", of.ID, err)
	}
	return p, "", nil
}

func compile(of *check.Check, params value.Value, o Options) (*Policy, error) {
	if of.Live {
		return nil, refuse("only a running cluster as a whole can answer it")
	}
	if of.Kind.PerTarget() {
		return nil, refuse("it is about a whole cluster, which is no object")
	}
	c := &compiler{of: of, kind: of.Kind, held: map[string]string{}, parts: map[string]bool{}, params: map[string]string{},
		roles: asksRole.MatchString(of.When + " " + of.Require)}
	if err := errors.Join(c.objects(), c.parameters(params, o)); err != nil {
		return nil, err
	}
	spec, err := c.spec(o)
	if err != nil {
		return nil, err
	}
	p := &Policy{Policy: &admission.ValidatingAdmissionPolicy{
		TypeMeta:   meta.TypeMeta{APIVersion: admission.SchemeGroupVersion.String(), Kind: "ValidatingAdmissionPolicy"},
		ObjectMeta: metadata(of, o), Spec: spec,
	}}
	if o.ParamsIn != "" && len(of.Params) > 0 {
		p.Params = configMap(of, params, o)
		p.Policy.Spec.ParamKind = &admission.ParamKind{APIVersion: "v1", Kind: "ConfigMap"}
	}
	p.Binding = binding(of, p.Params, o)
	return p, nil
}

// spec is what a policy is asked about and what it wants.
func (c *compiler) spec(o Options) (admission.ValidatingAdmissionPolicySpec, error) {
	spec := admission.ValidatingAdmissionPolicySpec{FailurePolicy: &o.FailurePolicy, MatchConditions: c.conditions()}
	passes, err := c.passes()
	if err != nil {
		return spec, err
	}
	if len(o.PHI) > 0 { // before what is unchanged, which marks are among then
		phi, err := c.phi(o.PHI)
		if err != nil {
			return spec, err
		}
		passes = append([]string{"!" + c.variable("phi", "phi", phi)}, passes...)
	}
	unchanged, err := c.unchanged()
	if err != nil {
		return spec, err
	}
	operations := []admission.OperationType{admission.Create}
	if unchanged != "" {
		operations = append(operations, admission.Update)
		passes = append([]string{c.variable("unchanged", "unchanged", unchanged)}, passes...)
	}
	spec.MatchConstraints = &admission.MatchResources{ResourceRules: c.resources(operations)}
	message, naming, err := c.message(o.Citations[c.of.ID])
	if err != nil {
		return spec, err
	}
	reason := meta.StatusReasonForbidden
	spec.Validations = []admission.Validation{{Expression: strings.Join(passes, " || "), Message: message, MessageExpression: naming, Reason: &reason}}
	for _, v := range c.variables {
		text, err := tidy(v.text)
		if err != nil {
			return spec, err
		}
		spec.Variables = append(spec.Variables, admission.Variable{Name: v.name, Expression: text})
	}
	return spec, nil
}

// objects finds what the kind's objects look like. With several types, an expression that fits one of them must not be warned of
// for the others, so the object's type is left open.
func (c *compiler) objects() error {
	blocks := c.kind.Blocks(dialect)
	for _, typ := range blocks {
		s := shapeOf(typ)
		if _, admitted := manifest.Namespaced(typ); s == nil && admitted {
			return refuse("no policies are made for objects of the type %s", typ)
		} else if s == nil {
			return refuse("no API server admits objects of the type %s", typ)
		}
		c.shape = merge(c.shape, s, 0)
	}
	c.root, c.before = "object", "oldObject"
	if len(blocks) > 1 {
		c.root, c.before = "dyn(object)", "dyn(oldObject)"
	}
	return nil
}

// passes are expressions of which one is true of what the policy lets pass. As in check.Check.Evaluate, what the check does not
// apply to passes, and so does what holds although it is not known whether the check applies. They are the variables applies and
// holds, since a warning is lost whose text has several lines, and that of an error repeats the expression.
func (c *compiler) passes() ([]string, error) {
	var passes []string
	if c.of.When != "" {
		when, err := c.expression(c.of.When)
		if err != nil {
			return nil, err
		}
		if when == "false" {
			return nil, refuse("it is about nothing that a cluster holds")
		}
		passes = append(passes, "!"+c.variable("applies", "applies", when))
	}
	require, err := c.expression(c.of.Require)
	if err != nil {
		return nil, err
	}
	return append(passes, c.variable("holds", "holds", require)), nil
}

// unchanged is the expression that is true of an update which changes nothing that the check looks at: a finalizer that is taken
// away, an older replica set that is scaled down. What was there before the policy must not be stuck. It is "" if no update can.
func (c *compiler) unchanged() (string, error) {
	var same []string
	for _, name := range sortedKeys(c.parts) {
		before, err := c.partOf(name, frame{row: c.before, shape: c.shape, outer: true})
		if err != nil {
			return "", err
		}
		same = append(same, fmt.Sprintf("%s == %s", c.held["part "+name], before.text+before.list))
	}
	slices.Sort(c.looks)
	for _, path := range c.looks {
		same = append(same, path+" == "+c.before+strings.TrimPrefix(path, c.root))
	}
	if len(same) == 0 {
		return "", nil
	}
	return strings.Join(append([]string{`request.operation == "UPDATE"`}, same...), " && "), nil
}

// controllers are the users as whom Kubernetes makes replica sets, jobs and pods for the workloads that ask for them. Who made an
// object cannot be forged, as its owner can.
var controllers = []string{"system:kube-controller-manager", "system:serviceaccount:kube-system:cronjob-controller",
	"system:serviceaccount:kube-system:daemon-set-controller", "system:serviceaccount:kube-system:deployment-controller",
	"system:serviceaccount:kube-system:job-controller", "system:serviceaccount:kube-system:replicaset-controller",
	"system:serviceaccount:kube-system:replication-controller", "system:serviceaccount:kube-system:statefulset-controller"}

// conditions leave out what is being deleted, and what is part of a workload that was judged itself: a check may let off a Job, and
// would not its pods; and the pods of a workload that was there before the policy must be able to come back.
func (c *compiler) conditions() []admission.MatchCondition {
	all := []admission.MatchCondition{{Name: "is-not-being-deleted", Expression: "!has(object.metadata.deletionTimestamp)"}}
	if slices.Contains(c.kind.Blocks(dialect), "Pod") {
		var names []string
		for _, name := range controllers {
			names = append(names, quote(name))
		}
		all = append(all, admission.MatchCondition{Name: "is-not-made-for-a-workload",
			Expression: "!(request.userInfo.username in [" + strings.Join(names, ", ") + "])"})
	}
	return all
}

// resources are the rules of what the policy is asked about.
func (c *compiler) resources(operations []admission.OperationType) []admission.NamedRuleWithOperations {
	var rules []admission.NamedRuleWithOperations
	for _, typ := range c.kind.Blocks(dialect) {
		s := types[typ]
		at := slices.IndexFunc(rules, func(r admission.NamedRuleWithOperations) bool {
			return r.APIGroups[0] == s.group && r.APIVersions[0] == s.version
		})
		if at < 0 {
			at = len(rules)
			rules = append(rules, admission.NamedRuleWithOperations{RuleWithOperations: admission.RuleWithOperations{
				Operations: operations, Rule: admission.Rule{APIGroups: []string{s.group}, APIVersions: []string{s.version}}}})
		}
		rules[at].Resources = append(rules[at].Resources, s.resource)
		if typ == "Pod" && c.containers {
			rules[at].Resources = append(rules[at].Resources, "pods/ephemeralcontainers")
		}
	}
	return rules
}

func binding(of *check.Check, params *core.ConfigMap, o Options) *admission.ValidatingAdmissionPolicyBinding {
	b := &admission.ValidatingAdmissionPolicyBinding{
		TypeMeta:   meta.TypeMeta{APIVersion: admission.SchemeGroupVersion.String(), Kind: "ValidatingAdmissionPolicyBinding"},
		ObjectMeta: metadata(of, o),
		Spec:       admission.ValidatingAdmissionPolicyBindingSpec{PolicyName: Name(of), ValidationActions: o.Actions},
	}
	if params != nil {
		deny := admission.DenyAction
		b.Spec.ParamRef = &admission.ParamRef{Name: params.Name, Namespace: params.Namespace, ParameterNotFoundAction: &deny}
	}
	selector := o.Namespaces.DeepCopy()
	if len(o.Excluded) > 0 {
		if selector == nil {
			selector = &meta.LabelSelector{}
		}
		selector.MatchExpressions = append(selector.MatchExpressions, meta.LabelSelectorRequirement{
			Key: core.LabelMetadataName, Operator: meta.LabelSelectorOpNotIn, Values: o.Excluded})
	}
	if selector != nil {
		b.Spec.MatchResources = &admission.MatchResources{NamespaceSelector: selector}
	}
	return b
}

// Name is what the policy of a check and its binding are called.
func Name(of *check.Check) string {
	return "ward-" + strings.NewReplacer("_", "-", ".", "-").Replace(strings.TrimPrefix(of.ID, "kubernetes."))
}

// Label is the label of everything that is exported: app.kubernetes.io/part-of=ward.
const Label = "app.kubernetes.io/part-of"

func metadata(of *check.Check, o Options) meta.ObjectMeta {
	annotations := map[string]string{"ward.dev/check": of.ID, "ward.dev/severity": string(of.Severity), "ward.dev/catalog": o.Catalog}
	if cited := o.Citations[of.ID]; len(cited) > 0 {
		annotations["ward.dev/citations"] = strings.Join(cited, " ")
	}
	return meta.ObjectMeta{Name: Name(of), Labels: map[string]string{Label: "ward"}, Annotations: annotations}
}

// phi is the expression that is true of an object that is marked as one with PHI, or whose namespace is. Marks are patterns as in
// ward.yaml: * stands for any characters, and case does not count.
func (c *compiler) phi(marks map[string]kind.Names) (string, error) {
	var holders []string
	if a := c.kind.Attributes["tags"]; a != nil {
		held, err := c.attribute(a, c.frame())
		if err != nil {
			return "", err
		}
		if held.form == tags {
			holders = append(holders, held.text)
		}
	}
	if namespaced, _ := manifest.Namespaced(c.kind.Blocks(dialect)[0]); namespaced {
		holders = append(holders, "[namespaceObject.metadata.?labels.orValue({}), namespaceObject.metadata.?annotations.orValue({})]")
	}
	if len(holders) == 0 {
		return "", refuse("nothing tells whether its objects have to do with PHI")
	}
	var marked []string
	for _, key := range sortedKeys(marks) {
		var patterns []string
		for _, pattern := range marks[key] {
			parts := strings.Split(pattern, "*")
			for i := range parts {
				parts[i] = regexp.QuoteMeta(parts[i])
			}
			patterns = append(patterns, strings.Join(parts, ".*"))
		}
		for _, holder := range holders {
			marked = append(marked, fmt.Sprintf("(%[1]s).filter(e1, %[2]s in e1)[?0][?%[2]s].optMap(e0, e0.matches(%[3]s)).orValue(false)", holder, quote(key),
				quote("(?is)^("+strings.Join(patterns, "|")+")$")))
		}
	}
	return strings.Join(marked, " || "), nil
}
