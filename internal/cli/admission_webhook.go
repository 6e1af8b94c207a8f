package cli

import (
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"ward.dev/ward/internal/admission"
	"ward.dev/ward/internal/admission/webhook"
	"ward.dev/ward/internal/certificate"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/wire"
)

// webhookFlags are those of ward admission webhook.
type webhookFlags struct {
	chosenChecks
	registration        webhook.Registration
	ca, service, policy string
	mode                string
	namespaces, objects string
	exempt              []string
}

func (s *session) admissionWebhookCommand() *cobra.Command {
	var f webhookFlags
	command := &cobra.Command{
		Use:   "webhook",
		Short: "Print the object that registers ward admission serve with a cluster",
		Long: `Prints, for kubectl apply, a ValidatingWebhookConfiguration that asks about just those types of objects that the chosen checks are about.
Choose the same checks as for the server. kube-system and the namespace of the server are left out, so that the cluster and Ward come up while
nobody answers, and so is each namespace with the label ` + webhook.Exclude + `: ` + webhook.Ignore + `.`,
		Example: `  ward admission webhook --service ward/ward-admission --ca ca.crt | kubectl apply -f -
  ward admission webhook --service ward/ward-admission --ca ca.crt --failure-policy Ignore --namespace-selector phi=true
  ward admission webhook --service ward/ward-admission --cert-manager ward/ward-admission --name trial.admission.ward.dev --mode warn`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return s.printWebhook(f) },
	}
	f.chosenChecks.add(command)
	flags := command.Flags()
	flags.StringVar(&f.registration.Name, "name", "admission.ward.dev", "what the webhook is called: three or more words with dots")
	flags.StringVar(&f.service, "service", "", "NAMESPACE/NAME of the service that leads to the server")
	flags.StringVar(&f.registration.URL, "url", "", "https://HOST:PORT of the server in place of a service")
	flags.StringVar(&f.ca, "ca", "", "a file with the authorities that have signed the server's certificate")
	flags.StringVar(&f.registration.Inject, "cert-manager", "", "NAMESPACE/NAME of a certificate whose authority cert-manager puts in, in place of --ca")
	flags.StringVar(&f.policy, "failure-policy", "Fail", "Fail or Ignore: what happens while the server does not answer")
	flags.StringVar(&f.mode, "mode", "", "deny, warn or audit in place of the server's mode")
	flags.Int32Var(&f.registration.Timeout, "timeout", 10, "seconds, 1 to 30, that the API server waits")
	flags.StringSliceVar(&f.exempt, "exempt", nil, "further namespaces that are left out")
	flags.StringVar(&f.namespaces, "namespace-selector", "", "labels of the namespaces that are asked about, as kubectl takes them: phi=true")
	flags.StringVar(&f.objects, "object-selector", "", "labels of the objects that are asked about; who sends them chooses them")
	return command
}

func (s *session) printWebhook(f webhookFlags) error {
	if err := f.settle(); err != nil {
		return err
	}
	reviewer, err := f.reviewer(&config.Config{}, admission.Options{})
	if err != nil {
		return err
	}
	f.registration.APIs = wire.KubernetesAPIs(reviewer.Types())
	made, err := f.registration.Configuration()
	if err != nil {
		return usage{err}
	}
	text, err := yaml.Marshal(made)
	if err != nil {
		return err
	}
	_, err = s.stdout.Write(text)
	return err
}

// settle makes the registration of what the user gave.
func (f *webhookFlags) settle() error {
	r := &f.registration
	var err error
	switch {
	case (f.service == "") == (r.URL == ""):
		return usage{errors.New("one of --service and --url is wanted")}
	case r.URL != "" && !strings.HasPrefix(r.URL, "https://"):
		return usage{fmt.Errorf("--url %q: an API server asks over https only", r.URL)}
	case (f.ca == "") == (r.Inject == ""):
		return usage{errors.New("one of --ca and --cert-manager is wanted")}
	case strings.Count(r.Name, ".") < 2:
		return usage{fmt.Errorf("--name %q: three or more words with dots are wanted", r.Name)}
	case f.policy != "Fail" && f.policy != "Ignore":
		return usage{fmt.Errorf("--failure-policy %q: Fail or Ignore is wanted", f.policy)}
	case f.mode != "" && !slices.Contains(admission.Modes(), admission.Mode(f.mode)):
		return usage{fmt.Errorf("--mode %q: deny, warn or audit is wanted", f.mode)}
	}
	r.URL = strings.TrimSuffix(r.URL, "/")
	if f.service != "" {
		namespace, name, ok := strings.Cut(f.service, "/")
		if !ok || namespace == "" || name == "" {
			return usage{fmt.Errorf("--service %q: NAMESPACE/NAME is wanted", f.service)}
		}
		r.Namespace, r.Service = namespace, name
	}
	if f.ca != "" {
		if r.CA, err = os.ReadFile(f.ca); err != nil {
			return usage{fmt.Errorf("--ca: %w", err)}
		}
		if b, _ := pem.Decode(r.CA); b == nil || b.Type != "CERTIFICATE" {
			return usage{fmt.Errorf("--ca: %s holds no certificate in PEM", f.ca)}
		}
	}
	r.FailOpen, r.Mode, r.Exempt = f.policy == "Ignore", admission.Mode(f.mode), f.exempt
	if r.Namespaces, err = selector("--namespace-selector", f.namespaces); err != nil {
		return err
	}
	r.Objects, err = selector("--object-selector", f.objects)
	return err
}

// selector reads labels as kubectl takes them; nil of none.
func selector(flag, text string) (*meta.LabelSelector, error) {
	if text == "" {
		return nil, nil
	}
	made, err := meta.ParseToLabelSelector(text)
	if err != nil {
		return nil, usage{fmt.Errorf("%s %q: %w", flag, text, err)}
	}
	return made, nil
}

func (s *session) admissionRoleCommand() *cobra.Command {
	var c chosenChecks
	var name, home string
	command := &cobra.Command{
		Use:   "role",
		Short: "Print the least-privilege role for ward admission serve",
		Long: `Prints, for kubectl apply, a service account and the roles that let ward admission serve list and watch what the chosen checks need to know
of a cluster, and nothing else. Choose the same checks as for the server.`,
		Example: `  ward admission role | kubectl apply -f -
  ward admission role --checks 'kubernetes.workload.*'`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			reviewer, err := c.reviewer(&config.Config{}, admission.Options{})
			if err != nil {
				return err
			}
			needed := reviewer.Needed()
			return s.printGrants(wire.KubernetesOptions{Watch: true, Types: func(typ string) bool { return slices.Contains(needed, typ) }}, name, home, readsOnly)
		},
	}
	c.add(command)
	command.Flags().StringVar(&name, "name", "ward-admission", "name of the service account, the roles and their bindings")
	command.Flags().StringVar(&home, "home", "ward", "namespace of the service account")
	return command
}

func (s *session) admissionCertificateCommand() *cobra.Command {
	var names []string
	var dir string
	var days int
	command := &cobra.Command{
		Use:   "certificate",
		Short: "Make a certificate for ward admission serve, for a first install",
		Long: `Writes tls.crt, tls.key and the authority that has signed them, ca.crt, whose own key is thrown away. Nobody renews them: take
cert-manager, or your own authority, for what is to last. All replicas of a server take the same files.`,
		Example: `  ward admission certificate --dns ward-admission.ward.svc --dir tls
  kubectl -n ward create secret tls ward-admission --cert tls/tls.crt --key tls/tls.key
  ward admission webhook --service ward/ward-admission --ca tls/ca.crt | kubectl apply -f -`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			switch {
			case len(names) == 0:
				return usage{errors.New("--dns is wanted: SERVICE.NAMESPACE.svc, or what else the server is called by")}
			case days < 1 || days > 825:
				return usage{fmt.Errorf("--days %d: 1 to 825 are wanted", days)}
			}
			made, err := certificate.Make(names, time.Now(), time.Duration(days)*24*time.Hour)
			if err != nil {
				return err
			}
			return s.writeKeys(dir, made)
		},
	}
	flags := command.Flags()
	flags.StringSliceVar(&names, "dns", nil, "names and addresses that the server is called by")
	flags.StringVar(&dir, "dir", ".", "the folder to write to")
	flags.IntVar(&days, "days", 365, "how long it holds")
	return command
}

// writeKeys writes the files, none of which may be there.
func (s *session) writeKeys(dir string, made certificate.Made) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write the certificate: %w", err)
	}
	files := []struct {
		name    string
		content []byte
		mode    os.FileMode
	}{{"tls.key", made.Key, 0o600}, {"tls.crt", made.Certificate, 0o644}, {"ca.crt", made.CA, 0o644}}
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
		if errors.Is(err, os.ErrExist) {
			return usage{fmt.Errorf("%s exists; name another folder (--dir)", path)}
		} else if err != nil {
			return fmt.Errorf("write the certificate: %w", err)
		}
		_, err = file.Write(f.content)
		if err := errors.Join(err, file.Close()); err != nil {
			return fmt.Errorf("write the certificate: %w", err)
		}
		fmt.Fprintf(s.stderr, "wrote %s\n", path)
	}
	return nil
}
