// Package resource holds the two nouns of an inventory: the Block as a source declares it, in the source's own
// vocabulary, and the Resource as the catalog's kinds describe it.
//
// It must not know how blocks are read nor how resources are judged.
package resource

import (
	"path"
	"regexp"
	"strings"

	"ward.dev/ward/internal/value"
)

// Dialect names the vocabulary that blocks are written in; kind files use the same names for their places.
type Dialect string

const (
	Terraform      Dialect = "terraform"
	CloudFormation Dialect = "cloudformation"
	// AWS is what AWS's API replies: a block of a kind holds, for each operation that was asked about it, the reply.
	AWS Dialect = "aws"
	// Kubernetes are the objects of Kubernetes as files declare them: manifests, charts, overlays.
	Kubernetes Dialect = "kubernetes"
	// Cluster are the same objects read of a running cluster.
	Cluster Dialect = "cluster"
	// Dockerfile is what a container image is built from.
	Dockerfile Dialect = "dockerfile"
	// Image is what was read of a container image or of its bill of materials, and what advisories say of it.
	Image Dialect = "image"
)

// Live tells whether blocks of the dialect were read from what runs, rather than from code.
func (d Dialect) Live() bool { return d == AWS || d == Cluster }

// Block is one declaration in a source's own vocabulary: a Terraform resource instance, a CloudFormation resource, an
// object of Kubernetes.
type Block struct {
	Dialect Dialect
	// Type is "aws_s3_bucket", "AWS::S3::Bucket", "Pod" or "Deployment.apps".
	Type string
	// Address is unique within the target: "module.logs.aws_s3_bucket.this[0]", "Nested/Bucket".
	Address string
	// Target is the name of the target it was read from.
	Target string
	// Body is an object of the block's arguments. Nested blocks are lists of objects; a nested block of which there
	// can be one only may be a list of one. CloudFormation bodies are the resource's Properties.
	Body value.Value
	// Origin is where the block is declared; never nil.
	Origin *value.Origin
	// Maybe is set when it is not known whether the block exists at all (its count, for_each or condition could not be
	// resolved) and says why.
	Maybe *value.Reason
	// Account and Region as far as the source tells (a provider's region), "" if not. They are the scope in which names are
	// unique: of Kubernetes' objects the cluster and the namespace.
	Account, Region string
	// Data is true for a Terraform data source: something that is looked up, not declared.
	Data bool
	// Declared is the address of the Terraform block that declares an object of Kubernetes, with which its Address begins; "" of
	// one that is written as such. Account is then the alias of the provider that leads to its cluster, "" for the default one.
	Declared string
	// Owner is the address of the block that made this one and that must be changed in its place, "" if there is none: the
	// Deployment of a ReplicaSet, which owns a Pod. A block whose owner was read is no resource of its own.
	Owner string
	// Global says that the names of the block mean the same in every region of its account: a bucket, a role, whatever has no
	// namespace in a cluster.
	Global bool
}

// Root is the root module, template, chart or folder of manifests that the block belongs to where its target holds several; ""
// where the target is one.
func (b *Block) Root() string {
	if b.Declared != "" {
		return path.Join(Root(Terraform, b.Declared), "terraform", b.Account)
	}
	return Root(b.Dialect, b.Address)
}

// kindOfObject begins an address of Kubernetes within its root. A name may hold a colon, but no slash.
var kindOfObject = regexp.MustCompile(`:[A-Z][A-Za-z0-9.-]*/`)

// An object that Terraform declares has the address of its block; one that is written as such begins with its kind.
var (
	declaredObject = regexp.MustCompile(`^([^:"[]*):(module\.|kubernetes_|kubectl_|helm_release)`)
	writtenObject  = regexp.MustCompile(`^[A-Z][A-Za-z0-9.-]*/`)
)

// Root is what stands before the colon of an address where a target holds several roots, "envs/prod:aws_s3_bucket.b"; "" where it is
// one.
func Root(d Dialect, address string) string {
	if d.Live() || d == Image || strings.IndexByte(address, ':') < 0 { // an image's name, or an ARN, may hold a colon
		return ""
	}
	if d == Kubernetes {
		if all := kindOfObject.FindAllStringIndex(address, -1); len(all) > 0 {
			return address[:all[len(all)-1][0]]
		}
		if m := declaredObject.FindStringSubmatch(address); m != nil && !writtenObject.MatchString(address) {
			return m[1]
		}
		return ""
	}
	at := strings.IndexByte(address, ':')
	if at < 0 || strings.ContainsAny(address[:at], "[\"") {
		return ""
	}
	return address[:at]
}

// Placed tells of an object of Kubernetes that its namespace is known, or that it has none. What files say of a namespace without
// its name, such as "${var.namespace}", is the Region all the same: it means one thing wherever it stands in a root.
func (b *Block) Placed() bool { return b.Global || Placed(b.Region) }

// Placed tells of a namespace that its name is known.
func Placed(namespace string) bool { return namespace != "" && !strings.Contains(namespace, "${") }

// Gap is something that a source could not read: a broken file, a module that was not fetched, a denied call.
type Gap struct {
	Target string `json:"target"`
	// Kind is the kind that there may be more of, "" if the gap may hide any.
	Kind string `json:"kind,omitempty"`
	// What was not read: a path, a module address, a service in a region.
	What string `json:"what"`
	// Reason is one clause, with file and line where there is one.
	Reason string `json:"reason"`
	// Grant is what would close the gap, "" if nothing is known to.
	Grant string `json:"grant,omitempty"`
}
