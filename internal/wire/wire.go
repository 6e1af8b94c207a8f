// Package wire is the one list of drivers: the readers of targets and the writers of reports. Nothing below it names
// them; to add one, add its line here.
package wire

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"ward.dev/ward/internal/activity"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/report/csvreport"
	"ward.dev/ward/internal/report/html"
	"ward.dev/ward/internal/report/jsonreport"
	"ward.dev/ward/internal/report/junit"
	"ward.dev/ward/internal/report/markdown"
	"ward.dev/ward/internal/report/oscal"
	"ward.dev/ward/internal/report/sarif"
	"ward.dev/ward/internal/report/text"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/sbom"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/aws"
	"ward.dev/ward/internal/source/cloudformation"
	"ward.dev/ward/internal/source/cluster"
	"ward.dev/ward/internal/source/cluster/mirror"
	"ward.dev/ward/internal/source/image"
	"ward.dev/ward/internal/source/kubernetes"
	"ward.dev/ward/internal/source/provision"
	"ward.dev/ward/internal/source/terraform"
	"ward.dev/ward/internal/value"
	"ward.dev/ward/internal/yamlfile"
)

// Readers in the order in which they are asked whether a path is theirs.
func Readers() []source.Reader {
	return []source.Reader{
		terraform.Plan{},
		cloudformation.Templates{},
		terraform.Directory{},
		kubernetes.Files{},
		kubernetes.Dockerfiles{},
	}
}

// Split takes what Terraform says of Kubernetes' objects out of the readings of a target, into one of Kubernetes. See
// provision.Split.
func Split(ctx context.Context, readings []source.Reading, options source.Options) []source.Reading {
	return provision.Split(ctx, readings, options)
}

// AWSOptions say which AWS accounts are read, and how; KubernetesOptions, which cluster.
type (
	AWSOptions        = aws.Options
	KubernetesOptions = cluster.Options
)

// CollectAWS reads live AWS accounts. See aws.Collect.
func CollectAWS(ctx context.Context, o AWSOptions, sink source.Sink) (source.Stats, error) {
	return aws.Collect(ctx, o, sink)
}

// AWSKinds are the kinds that can be read of a live AWS account.
func AWSKinds() []string { return aws.Kinds() }

// AWSPermissions are the IAM actions that reading kinds takes, by kind; all kinds if wanted is nil.
func AWSPermissions(wanted func(kind string) bool) map[string][]string {
	return aws.PermissionsOf(wanted)
}

// AWSFoundation are the IAM actions that every run takes, and AWSResources the ARNs that an action is granted on.
func AWSFoundation() []string             { return aws.Foundation() }
func AWSResources(action string) []string { return aws.Resources(action) }

// AWSPolicy is a document of IAM.
type AWSPolicy = aws.Policy

// AWSPolicies are the documents that allow actions, and AWSPoliciesTerraform the same for Terraform. See aws.Policies.
func AWSPolicies(actions []string, role string) []AWSPolicy { return aws.Policies(actions, role) }
func AWSPoliciesTerraform(documents []AWSPolicy) string     { return aws.TerraformPolicies(documents) }

// AWSShapes are, for each kind that is read of a live AWS account, a block of it in which everything is set.
func AWSShapes() map[string]value.Value { return aws.Shapes() }

// ImageOptions say which image is meant, and what its packages are compared with.
type ImageOptions = image.Options

// ReadImages reads container images and bills of materials. See image.Read.
func ReadImages(ctx context.Context, targets []string, o ImageOptions, say func(string)) ([]source.Reading, error) {
	return image.Read(ctx, targets, o, say)
}

// NamedImages lists the images that workloads name, but for those given. See image.Named.
func NamedImages(readings []source.Reading, given []string) []string {
	return image.Named(readings, given)
}

// ImageCache remembers what was read of images. See image.Cache.
type ImageCache = image.Cache

// RunningImages tells what pods run under which names. See image.Running.
func RunningImages(readings []source.Reading) map[string][]image.Run { return image.Running(readings) }

// AskRunning is the target that is what runs under a name. See image.Ask.
func AskRunning(name string, runs []image.Run) (target string, ok bool) { return image.Ask(name, runs) }

// VerifyRunning keeps of a reading only what is of what runs. See image.Verify.
func VerifyRunning(r source.Reading, running map[string][]image.Run) source.Reading {
	return image.Verify(r, running)
}

// Materials lists what is in a container image as a bill of materials. See image.Materials.
func Materials(ctx context.Context, target string, o ImageOptions) (sbom.Document, error) {
	return image.Materials(ctx, target, o)
}

// CollectKubernetes reads a running cluster. See cluster.Collect.
func CollectKubernetes(ctx context.Context, o KubernetesOptions, sink source.Sink) (source.Stats, error) {
	return cluster.Collect(ctx, o, sink)
}

// KubernetesConfig finds a cluster and the credentials as kubectl does. See cluster.Config.
func KubernetesConfig(o KubernetesOptions) (*rest.Config, error) {
	config, _, err := cluster.Config(o)
	return config, err
}

// Mirror is a copy of a cluster that is kept up to date, and MirrorOptions say of which.
type (
	Mirror        = mirror.Mirror
	MirrorOptions = mirror.Options
)

// StartMirror begins a copy. See mirror.Start.
func StartMirror(ctx context.Context, o MirrorOptions) (*Mirror, error) { return mirror.Start(ctx, o) }

// KubernetesGrants are the objects that give a service account what reading a cluster takes. See cluster.Grants.
func KubernetesGrants(o KubernetesOptions, name, namespace string) []runtime.Object {
	return cluster.Grants(o, name, namespace)
}

// KubernetesTypesOf are the types of objects that are read by one of some rights, as gaps name them. See cluster.TypesOf.
func KubernetesTypesOf(rights []string) []string { return cluster.TypesOf(rights) }

// MirrorKubernetes keeps a copy of a running cluster until the context ends. See mirror.Start.
func MirrorKubernetes(ctx context.Context, o KubernetesOptions) (*mirror.Mirror, error) {
	return mirror.Start(ctx, mirror.Options{Cluster: o})
}

// KubernetesAPIs are where an API server has types of objects. See cluster.APIs.
func KubernetesAPIs(types []string) []cluster.API { return cluster.APIs(types) }

// KubernetesTypes are the types of objects that are read of a cluster.
func KubernetesTypes() []string { return cluster.Types() }

// Shapes are AWSShapes, and for each type of Kubernetes' objects, for a cluster itself, and of what is read of images and heard of
// activity, one in which everything is set.
func Shapes() map[string]value.Value {
	all := kubernetes.Shapes()
	all[cluster.Itself] = cluster.Shape()
	maps.Copy(all, image.Shapes())
	maps.Copy(all, activity.Shapes())
	for kind, body := range AWSShapes() {
		all[kind] = body
	}
	return all
}

// Writers in the order in which help lists them.
func Writers() []report.Writer {
	return []report.Writer{
		text.Writer{},
		jsonreport.Writer{},
		sarif.Writer{},
		junit.Writer{},
		csvreport.Writer{},
		html.Writer{},
		markdown.Writer{},
		oscal.Results{},
		oscal.POAM{},
		oscal.SSP{},
	}
}

// Formats are the names of the writers.
func Formats() []string {
	var names []string
	for _, w := range Writers() {
		names = append(names, w.Name())
	}
	return names
}

// Writer returns the writer of a format. An unknown format is an error, never a fallback.
func Writer(format string) (report.Writer, error) {
	for _, w := range Writers() {
		if w.Name() == format {
			return w, nil
		}
	}
	return nil, fmt.Errorf("there is no format %q%s; there are %s", format, yamlfile.Suggest(format, Formats()),
		strings.Join(Formats(), ", "))
}

// ReadText reads the code of a catalog example with the real reader of its dialect.
func ReadText(dialect resource.Dialect, text string) (source.Reading, error) {
	dir, err := os.MkdirTemp("", "ward-example-")
	if err != nil {
		return source.Reading{}, fmt.Errorf("make a folder for the example: %w", err)
	}
	defer os.RemoveAll(dir)
	var reader source.Reader = terraform.Directory{}
	path := filepath.Join(dir, "main.tf")
	switch dialect {
	case resource.CloudFormation:
		reader, path = cloudformation.Templates{}, filepath.Join(dir, "template.yaml")
	case resource.Kubernetes:
		reader, path = kubernetes.Files{}, filepath.Join(dir, "manifest.yaml")
	case resource.Dockerfile:
		reader, path = kubernetes.Dockerfiles{}, filepath.Join(dir, "Dockerfile")
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return source.Reading{}, fmt.Errorf("write the example: %w", err)
	}
	if dialect == resource.Terraform {
		path = dir
	}
	return reader.Read(context.Background(), path, source.Options{})
}
