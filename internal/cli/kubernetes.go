package cli

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/guard"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/wire"
)

// kubernetesFlags say which cluster is read, how, and where what is read is kept.
type kubernetesFlags struct {
	liveFlags
	options wire.KubernetesOptions
}

func (k *kubernetesFlags) add(command *cobra.Command, save string) {
	k.liveFlags.add(command, save)
	k.addScope(command)
	k.addConnection(command)
}

// addConnection adds the flags that lead to the cluster.
func (k *kubernetesFlags) addConnection(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&k.options.Kubeconfig, "kubeconfig", "", "file that leads to the cluster (default: as kubectl; in a pod its service account)")
	flags.StringVar(&k.options.Context, "context", "", "context of the kubeconfig (default: its current one)")
	flags.StringVar(&k.options.Name, "name", "", "what reports call the cluster (default: what the kubeconfig calls it)")
	flags.IntVar(&k.options.Concurrency, "concurrency", 4, "calls at once")
}

// addScope adds the flags that decide which rights reading takes.
func (k *kubernetesFlags) addScope(command *cobra.Command) {
	flags := command.Flags()
	flags.StringSliceVarP(&k.options.Namespaces, "namespace", "n", nil, "namespaces to read (default: all); what others hold is unknown")
	flags.BoolVar(&k.options.SecretMetadata, "secret-metadata", false,
		"read names, labels and owners of Secrets; to the cluster that is the right to read their content")
	flags.BoolVar(&k.options.Kubelet, "kubelet", false,
		"read the settings of kubelets through nodes/proxy, a right with which commands can be run in containers")
}

const kubernetesHelp = `The cluster and the credentials are found as kubectl finds them; in a pod, its service account is taken. Ward only reads, and no Secrets;
ward policy kubernetes prints the role that it needs. What is denied, throttled or cut off is unknown, never a pass, and so is a control
plane that does not show itself.`

func (s *session) assessKubernetesCommand() *cobra.Command {
	var f assessFlags
	var k kubernetesFlags
	var a activityOptions
	command := &cobra.Command{
		Use:   "kubernetes",
		Short: "Assess a running cluster of Kubernetes",
		Long:  "Reads a cluster, whole or some of its namespaces, and judges what is there.\n\n" + kubernetesHelp,
		Example: `  ward assess kubernetes
  ward assess kubernetes --context clinic --save clinic.snapshot -o html=clinic.html
  ward assess kubernetes --namespace records,billing --images
  ward assess kubernetes --activity /var/lib/ward/activity`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return s.assess(nil, f, func(ctx context.Context, g *given, p *progress) ([]source.Reading, error) {
				cluster, err := s.readKubernetes(ctx, k, g, p)
				if err != nil {
					return nil, err
				}
				if err := a.join(cluster, k.options.Namespaces, g.now); err != nil {
					return nil, err
				}
				return f.withImages(ctx, cluster, g, p)
			})
		},
	}
	s.assessFlags(command, &f)
	f.addImages(command)
	a.add(command)
	k.add(command, "keep what is read in this file, for ward assess --snapshot")
	return command
}

func (s *session) snapshotKubernetesCommand() *cobra.Command {
	var k kubernetesFlags
	var quiet bool
	command := &cobra.Command{
		Use:   "kubernetes",
		Short: "Keep what a running cluster of Kubernetes holds",
		Long:  "Reads a cluster into a file, secrets left out, sealed with a digest. ward assess --snapshot FILE judges it.\n\n" + kubernetesHelp,
		Example: `  ward snapshot kubernetes --save clinic.snapshot
  ward snapshot kubernetes --save clinic.snapshot --resume`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return s.keep(k.save, quiet, func(ctx context.Context, g *given, p *progress) ([]source.Reading, error) {
				return s.readKubernetes(ctx, k, g, p)
			})
		},
	}
	k.add(command, "the file to keep it in")
	command.Flags().BoolVar(&quiet, "quiet", false, "no progress on standard error")
	return command
}

func (s *session) readKubernetes(ctx context.Context, k kubernetesFlags, g *given, p *progress) ([]source.Reading, error) {
	return s.readLive(ctx, k.liveFlags, g, p,
		func(ctx context.Context, sink source.Sink, have func(source.Part) bool, tell func(int, int, string)) (source.Stats, error) {
			k.options.Have, k.options.Progress = have, tell
			return wire.CollectKubernetes(ctx, k.options, sink)
		})
}

func (s *session) policyKubernetesCommand() *cobra.Command {
	var k kubernetesFlags
	var name, home string
	var checks, powers []string
	command := &cobra.Command{
		Use:   "kubernetes",
		Short: "Print the least-privilege role for reading a cluster of Kubernetes",
		Long: `Prints, for kubectl apply, a service account and the roles that let Ward read what it judges, and nothing else: all of it is the right to
list. It is made from the table that the collector reads by, so it fits this version of the program. Secrets are not among it, unless
--secret-metadata asks for them. With --namespace the rights hold in these namespaces only, but for what has none.

With --watch the role may also watch what it lists. With --guard it may do that, and stop workloads as ward guard run does: scale, evict and
isolate are the few writes that these take, and events tells on an object why it was stopped. annotate and restore are the rights to
change whole workloads and to create pods, which a guard can do without.`,
		Example: `  ward policy kubernetes | kubectl apply -f -
  ward policy kubernetes --namespace records,billing
  ward policy kubernetes --checks 'kubernetes.workload.*'
  ward policy kubernetes --name ward-guard --guard scale,events --namespace records`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if len(checks) > 0 {
				types, err := typesOf(checks)
				if err != nil {
					return err
				}
				k.options.Types = func(typ string) bool { return types[typ] }
			}
			told := readsOnly
			if len(powers) > 0 {
				var err error
				if k.options.More, err = guard.Rules(powers); err != nil {
					return usage{fmt.Errorf("--guard: %w", err)}
				}
				k.options.Watch, told = true, "With this Ward can stop workloads: "+strings.Join(powers, ", ")+"."
			}
			return s.printGrants(k.options, name, home, told)
		},
	}
	k.addScope(command)
	flags := command.Flags()
	flags.StringVar(&name, "name", "ward-reader", "name of the service account, the roles and their bindings")
	flags.StringVar(&home, "home", "ward", "namespace of the service account")
	flags.BoolVar(&k.options.Watch, "watch", false, "the right to watch, too")
	flags.StringSliceVar(&powers, "guard", nil, "what a guard may do: "+strings.Join(guard.Powers(), ", "))
	flags.StringSliceVar(&checks, "checks", nil, "checks to answer, such as kubernetes.workload.* (default: all)")
	return command
}

const readsOnly = "Ward reads; it changes nothing."

// printGrants prints what gives a service account rights, and above it what they are for.
func (s *session) printGrants(o wire.KubernetesOptions, name, home, told string) error {
	fmt.Fprintf(s.stdout, "# kubectl create namespace %s, unless it is there. %s\n", home, told)
	for _, object := range wire.KubernetesGrants(o, name, home) {
		text, err := yaml.Marshal(object)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.stdout, "---\n%s", text)
	}
	return nil
}

// typesOf returns the types of objects that checks need: those of their kinds, of the kinds that these refer to, and those that
// both are joined with.
func typesOf(patterns []string) (map[string]bool, error) {
	c, err := openCatalog(nil)
	if err != nil {
		return nil, err
	}
	types, kinds := map[string]bool{}, map[string]bool{}
	for _, pattern := range patterns {
		matched := false
		for _, id := range c.IDs() {
			if ok, err := path.Match(pattern, id); err != nil {
				return nil, usage{fmt.Errorf("--checks %q: %w", pattern, err)}
			} else if ok {
				matched = true
				addTypes(c, types, kinds, catalog.KindOf(id))
			}
		}
		if !matched {
			return nil, usage{fmt.Errorf("--checks: no check is called %s", pattern)}
		}
	}
	if len(types) == 0 {
		return nil, usage{errors.New("--checks: none of them is asked of a cluster")}
	}
	return types, nil
}

// addTypes adds what a kind needs, where a name is a kind's or a type's.
func addTypes(c *catalog.Catalog, types, kinds map[string]bool, name string) {
	k := c.Kind(name)
	if k == nil {
		types[name] = true
	}
	if k == nil || kinds[name] {
		return
	}
	kinds[name] = true
	for _, typ := range k.Blocks(string(resource.Cluster)) {
		types[typ] = true
	}
	for _, needed := range k.Needs(string(resource.Cluster)) {
		addTypes(c, types, kinds, needed)
	}
}
