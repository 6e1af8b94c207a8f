package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	admission "k8s.io/api/admissionregistration/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"ward.dev/ward/internal/admission/export"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/knowledge"
	"ward.dev/ward/internal/value"
)

// exportFlags say which checks become policies, and how these act.
type exportFlags struct {
	catalogFlags
	list             bool
	folder           string
	checks           []string
	severity         string
	action           string
	failure          string
	selector         string
	excluded         []string
	phi              bool
	params, paramsIn string
	config           string
	framework        string
}

func (s *session) admissionExportCommand() *cobra.Command {
	var f exportFlags
	command := &cobra.Command{
		Use:   "export",
		Short: "Print checks as admission policies of the API server",
		Long: `Prints a ValidatingAdmissionPolicy and its binding for every check that can be one (admissionregistration.k8s.io/v1, Kubernetes 1.30 or
newer), for kubectl apply. The API server then answers these checks by itself when an object is made or changed, as Ward would: it
objects to what a check fails, and to what it could not answer. A check that looks at other objects, at images or at the clock
is not exported; --list says why.

By default an object is let in with a warning, and the audit log says so. --action deny refuses it.`,
		Example: `  ward admission export --list
  ward admission export | kubectl apply -f -
  ward admission export --checks 'kubernetes.workload.*' --severity high --action deny --namespace-selector team=records
  ward admission export --config ward.yaml --phi-only -d policies/`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return s.admissionExport(f) },
	}
	flags := command.Flags()
	flags.BoolVar(&f.list, "list", false, "list the checks instead: which are exported, and why others are not")
	flags.StringVarP(&f.format, "output", "o", "text", "of --list: text or json")
	flags.StringVarP(&f.folder, "directory", "d", "", "write one file for each check into this folder (default: all to standard output)")
	flags.StringSliceVar(&f.checks, "checks", nil, "checks to export, such as kubernetes.workload.* (default: all)")
	flags.StringVar(&f.severity, "severity", "", "the least severity of the checks: critical, high, medium or low (default: all)")
	flags.StringVar(&f.action, "action", "warn", "deny: refuse; warn: let in with a warning; audit: only tell the audit log, as the others do, too")
	flags.StringVar(&f.failure, "failure-policy", "Fail", "Fail: object to what cannot be answered; Ignore: let it in")
	flags.StringVar(&f.selector, "namespace-selector", "", "act in namespaces with these labels only, as kubectl -l takes them (default: in all)")
	flags.StringSliceVar(&f.excluded, "exclude-namespaces", []string{"kube-system", "kube-public", "kube-node-lease"},
		"namespaces in which no policy acts; '' for none")
	flags.BoolVar(&f.phi, "phi-only", false, "act only on what the tags that mark PHI in ward.yaml mark, and in namespaces that they mark")
	flags.StringVar(&f.params, "params", "inline", "where parameters stand: inline in the policies, or configmap")
	flags.StringVar(&f.paramsIn, "params-namespace", "ward", "the namespace of the ConfigMaps with parameters")
	flags.StringVar(&f.config, "config", "", "ward.yaml with parameters and marks of PHI (default: none)")
	flags.StringVar(&f.framework, "framework", "", "whose citations messages have (default hipaa-security-rule)")
	f.add(command, false)
	return command
}

// exportedCheck is a check as --list -o json prints it: a contract, see docs/admission.md.
type exportedCheck struct {
	ID       string              `json:"id"`
	Severity assessment.Severity `json:"severity"`
	Exported bool                `json:"exported"`
	Policy   string              `json:"policy,omitempty"` // the name of the policy and of its binding
	Why      string              `json:"why,omitempty"`    // it is not exported
	// Webhook says of one that is not exported that a webhook is asked about its objects: ward admission serve.
	Webhook bool `json:"webhook,omitempty"`

	made *export.Policy
}

func (s *session) admissionExport(f exportFlags) error {
	c, err := openCatalog(f.dirs)
	if err != nil {
		return err
	}
	cfg := &config.Config{}
	if f.config != "" {
		if cfg, err = config.Load(f.config); err != nil {
			return err
		}
	}
	options, err := f.options(c, cfg)
	if err != nil {
		return err
	}
	if err := c.LoadChecks(func(kind string) bool { return c.Kind(kind) != nil && c.Kind(kind).Provider() == "kubernetes" }); err != nil {
		return err
	}
	list, err := f.export(c, cfg, options)
	if err != nil {
		return err
	}
	if f.list {
		return f.print(s.stdout, list, func(w io.Writer) { showExported(w, list) })
	}
	if err := s.writePolicies(f.folder, list); err != nil {
		return err
	}
	f.tell(s.stderr, cfg, list)
	return nil
}

// options reads the flags.
func (f exportFlags) options(c *catalog.Catalog, cfg *config.Config) (export.Options, error) {
	o := export.Options{Catalog: c.Digest, Excluded: slices.DeleteFunc(slices.Clone(f.excluded), func(name string) bool { return name == "" })}
	var ok bool
	if o.Actions, ok = map[string][]admission.ValidationAction{"deny": {admission.Deny, admission.Audit}, "warn": {admission.Warn, admission.Audit},
		"audit": {admission.Audit}}[f.action]; !ok {
		return o, usage{fmt.Errorf("--action %q is not deny, warn or audit", f.action)}
	}
	o.FailurePolicy = admission.FailurePolicyType(f.failure)
	if o.FailurePolicy != admission.Fail && o.FailurePolicy != admission.Ignore {
		return o, usage{fmt.Errorf("--failure-policy %q is not Fail or Ignore", f.failure)}
	}
	if f.selector != "" {
		var err error
		if o.Namespaces, err = meta.ParseToLabelSelector(f.selector); err != nil {
			return o, usage{fmt.Errorf("--namespace-selector %q: %w", f.selector, err)}
		}
	}
	for _, name := range append(o.Excluded, f.paramsIn) {
		if faults := validation.IsDNS1123Label(name); len(faults) > 0 {
			return o, usage{fmt.Errorf("%q is no name of a namespace: %s", name, strings.Join(faults, ", "))}
		}
	}
	switch f.params {
	case "inline":
	case "configmap":
		o.ParamsIn = f.paramsIn
	default:
		return o, usage{fmt.Errorf("--params %q is not inline or configmap", f.params)}
	}
	if f.phi {
		if o.PHI = cfg.PHI.Tags; len(o.PHI) == 0 {
			return o, usage{errors.New("--phi-only wants a ward.yaml with phi.tags: --config ward.yaml")}
		}
	}
	framework, err := knowledge.Choose(c, cmp.Or(f.framework, cfg.Framework))
	if err != nil {
		return o, orUsage(err)
	}
	if err := c.Link(framework); err != nil {
		return o, err
	}
	o.Citations = framework.Citations()
	return o, nil
}

// severities from the worst.
var severities = []assessment.Severity{assessment.Critical, assessment.High, assessment.Medium, assessment.Low}

// export compiles the checks that the flags choose.
func (f exportFlags) export(c *catalog.Catalog, cfg *config.Config, o export.Options) ([]exportedCheck, error) {
	least := len(severities) - 1
	if f.severity != "" {
		if least = slices.Index(severities, assessment.Severity(f.severity)); least < 0 {
			return nil, usage{fmt.Errorf("--severity %q is not critical, high, medium or low", f.severity)}
		}
	}
	chosen, err := f.chosen(c.IDs())
	if err != nil {
		return nil, err
	}
	list := []exportedCheck{}
	for _, of := range c.Checks {
		if !chosen[of.ID] || !export.Asked(of) || slices.Index(severities, of.Severity) > least {
			continue
		}
		params, err := paramsOf(of, cfg)
		if err != nil {
			return nil, err
		}
		made, why, err := export.Compile(of, params, o)
		if err != nil {
			return nil, err
		}
		one := exportedCheck{ID: of.ID, Severity: of.Severity, Exported: made != nil, Why: why, Webhook: made == nil && export.Admitted(of), made: made}
		if made != nil {
			one.Policy = made.Policy.Name
		}
		list = append(list, one)
	}
	return list, nil
}

// chosen are the checks that --checks names: all of them without it.
func (f exportFlags) chosen(ids []string) (map[string]bool, error) {
	all := map[string]bool{}
	for _, id := range ids {
		all[id] = len(f.checks) == 0
	}
	for _, pattern := range f.checks {
		matched := false
		for _, id := range ids {
			ok, err := path.Match(pattern, id)
			if err != nil {
				return nil, usage{fmt.Errorf("--checks %q: %w", pattern, err)}
			}
			all[id], matched = all[id] || ok, matched || ok
		}
		if !matched {
			return nil, usage{fmt.Errorf("--checks: no check is called %s", pattern)}
		}
	}
	return all, nil
}

// paramsOf are the parameters of a check as ward.yaml sets them for all resources.
func paramsOf(of *check.Check, cfg *config.Config) (value.Value, error) {
	set := map[string]value.Value{}
	for _, one := range cfg.Params {
		if one.Check == of.ID {
			for name, v := range one.Values {
				set[name] = v.Value
			}
		}
	}
	params, err := of.With(set)
	if err != nil {
		return params, fmt.Errorf("%s: %w", cfg.File, err)
	}
	return params, nil
}

func (s *session) writePolicies(folder string, list []exportedCheck) error {
	if folder != "" {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("make the folder for the policies: %w", err)
		}
	}
	for _, one := range list {
		if one.made == nil {
			continue
		}
		name := ""
		if folder != "" {
			name = filepath.Join(folder, one.Policy+".yaml")
		}
		if err := s.writeTo(name, one.made.Write); err != nil {
			return err
		}
	}
	return nil
}

// tell says on standard error what the policies leave out.
func (f exportFlags) tell(w io.Writer, cfg *config.Config, list []exportedCheck) {
	exported := 0
	for _, one := range list {
		if one.Exported {
			exported++
		}
	}
	fmt.Fprintf(w, "%d of %d checks exported; ward admission export --list says why not the others\n", exported, len(list))
	if exported > 0 && f.params == "configmap" {
		fmt.Fprintf(w, "the policies object to everything while their ConfigMap in the namespace %s is not there\n", f.paramsIn)
	}
	if len(cfg.Exceptions) > 0 || len(cfg.ParamsFor) > 0 {
		fmt.Fprintf(w, "exceptions, and parameters for some resources, hold in Ward's reports and not in policies: select namespaces instead\n")
	}
}

func showExported(w io.Writer, list []exportedCheck) {
	for _, one := range list {
		if one.Exported {
			fmt.Fprintf(w, "exported  %s\n          %s\n", one.ID, one.Policy)
			continue
		}
		why := one.Why
		if one.Webhook {
			why += ". It is one for ward admission serve"
		}
		fmt.Fprintf(w, "not       %s\n%s\n", one.ID, wrap(why+".", "          "))
	}
}
