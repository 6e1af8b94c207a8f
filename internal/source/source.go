// Package source says what a reader of code, of an account or of a cluster gives: blocks or resources, and gaps.
package source

import (
	"context"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// Reading is what was read of one target.
type Reading struct {
	// Kind of target: "terraform", "terraform-plan", "cloudformation", "kubernetes", "dockerfile".
	Kind string
	// Name is the target as the user gave it.
	Name   string
	Blocks []resource.Block
	Gaps   []resource.Gap
	// Dialect of the blocks; that of the first one if it is not said.
	Dialect resource.Dialect
	// Partial says, of a live target, why there may be more blocks of a type than were read. A type of Kinds that is not in
	// it was read whole: there are no others. Of a type that is not in Kinds nothing was read, because of Left or of Unasked.
	Partial map[string][]value.Reason
	Kinds   []string
	Left    string
	Unasked map[string]value.Reason // see Live
	live    Live                    // what a live target was begun with
}

// Reader reads one kind of target.
type Reader interface {
	// Kind is the Kind of the Readings.
	Kind() string
	// Detect tells whether the path is something this Reader reads. It MUST be cheap: names and a file's first bytes.
	Detect(path string) bool
	// Read reads the whole target. What is broken becomes a Gap, and the rest is still read; an error means that
	// nothing could be read. Read MUST NOT read outside path, follow symbolic links out of it, or use the network, and
	// MUST bound the size of what it reads.
	Read(ctx context.Context, path string, options Options) (Reading, error)
}

// Options are what the user gave on the command line or in ward.yaml.
type Options struct {
	// Vars are Terraform variables (--var NAME=VALUE), in HCL expression syntax where the variable is not a string.
	Vars map[string]string
	// VarFiles are Terraform variable files (--var-file).
	VarFiles []string
	// Parameters are CloudFormation parameters (--parameter NAME=VALUE).
	Parameters map[string]string
	// Namespace is that of Kubernetes' objects which do not say theirs (--namespace); "" means that it is not known.
	Namespace string
	// HelmValues are files with values for Helm charts (--helm-values), HelmSet are single values (--helm-set NAME=VALUE). They
	// are for every chart of a target.
	HelmValues []string
	HelmSet    []string
	// Root is put before the paths of files in origins and gaps, so that they can be found from the working directory: the
	// folder that was given as target. "" leaves them relative to the target.
	Root string
	// Workspace is terraform.workspace; "" means that it is not known.
	Workspace string
}
