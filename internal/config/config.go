// Package config reads ward.yaml: what an estate is called, what marks PHI in it, and the decisions that people have
// made about its findings. docs/format/ward-yaml.md describes the file.
//
// It knows nothing of frameworks, checks and resources beyond their names: whether a decision has any effect is found
// out where findings are folded.
package config

import (
	"path/filepath"

	"ward.dev/ward/internal/kind"
)

// Name is what the file is called.
const Name = "ward.yaml"

// MaxExceptionDays is how long an exception may last, in days after its approval, unless the file says otherwise.
const MaxExceptionDays = 366

// Config is what ward.yaml and the files that it includes say. The zero Config says nothing.
type Config struct {
	// Estate is the name that reports carry.
	Estate string
	// Framework is the id of the framework to fold by, "" for the default one.
	Framework string
	PHI       PHI
	// Params replace the parameters of checks, for all resources.
	Params []CheckParams
	// ParamsFor replace them for some resources; the last that matches a resource counts.
	ParamsFor []ParamsFor
	// Vars, VarFiles, Workspace and Parameters are for the readers of code.
	Vars       map[string]string
	VarFiles   []string // as written, relative to the folder of ward.yaml
	Workspace  string
	Parameters map[string]string
	Signatures Signatures
	// Owners say who answers for which resources; the first that matches counts.
	Owners       []OwnerRule
	Exceptions   []Exception
	Attestations []Attestation
	Alternatives []Alternative
	// Baseline is a file that holds the findings to overlook, relative to the folder of ward.yaml; "" for none.
	Baseline string

	// File is the path of ward.yaml, "" if there was none.
	File string
}

// Path returns a path that the file names, from the working directory.
func (c *Config) Path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(c.File), filepath.FromSlash(name))
}

// Signatures say whose signatures on container images count. Files are relative to the folder of ward.yaml.
type Signatures struct {
	// Keys are files with one public key each, in PEM.
	Keys []SignatureKey `yaml:"keys"`
	// Identities are those who sign with certificates for a few minutes (Sigstore, "keyless").
	Identities []SignatureIdentity `yaml:"identities"`
	// Authorities are certificate authorities whose certificates sign (Notation).
	Authorities []SignatureAuthority `yaml:"authorities"`
}

// SignatureScope is for which images somebody may sign.
type SignatureScope struct {
	// Repositories are patterns on "registry.example/team/app"; none is all.
	Repositories []string `yaml:"repositories"`
	// Predicates are types of in-toto statements about an image that count as a signature of it, beside that of cosign sign.
	Predicates []string `yaml:"predicates"`
}

// SignatureKey is a public key.
type SignatureKey struct {
	File           string `yaml:"file"`
	SignatureScope `yaml:",inline"`
}

// SignatureIdentity is whom a certificate is for, and who is trusted with saying so: either TrustedRoot, a file as Sigstore writes it, or
// Roots and Log.
type SignatureIdentity struct {
	Issuer         string `yaml:"issuer"`
	Subject        string `yaml:"subject"`
	TrustedRoot    string `yaml:"trusted_root"`
	Roots          string `yaml:"roots"`
	Log            string `yaml:"log"`
	SignatureScope `yaml:",inline"`
}

// SignatureAuthority is a certificate authority and a pattern on the subjects for which it vouches.
type SignatureAuthority struct {
	Roots   string `yaml:"roots"`
	Subject string `yaml:"subject"`
	// Signs tells that it makes signatures itself, and so is trusted with their time.
	Signs          bool `yaml:"signing_authority"`
	SignatureScope `yaml:",inline"`
}

// Place is where in which file something was decided.
type Place struct {
	File string `yaml:"-"`
	Line int    `yaml:"-"`
}

// PHI says which resources hold, carry or touch PHI, and which surely do not.
type PHI struct {
	Marks `yaml:",inline"`
	None  Marks `yaml:"none"`
	// Default holds where no mark does: "unknown", "yes" or "no"; "" is "unknown".
	Default string `yaml:"default"`
}

// Marks select resources by any one of their properties.
type Marks struct {
	// Tags lead from a key to the values that mark; the value "*" is any.
	Tags map[string]kind.Names `yaml:"tags"`
	// Names are patterns on a resource's name and on its address.
	Names []Pattern `yaml:"names"`
	// Paths are patterns on the file that declares it.
	Paths []PathPattern `yaml:"paths"`
	// Kinds are patterns on its kind: aws.rds.*.
	Kinds []Pattern `yaml:"kinds"`
}

// CheckParams are the parameters of one check.
type CheckParams struct {
	Check  string
	Values map[string]kind.Literal
	Place
}

// ParamsFor are parameters for the resources that a selector matches.
type ParamsFor struct {
	Resources Selector `yaml:"resources"`
	Params    Params   `yaml:"params"`
	Place     `yaml:"-"`
}

// Selector matches resources that have all of the properties that it names. One that names none matches nothing.
type Selector struct {
	Address Pattern `yaml:"address"`
	Target  Pattern `yaml:"target"`
	// Tags lead from a key to the values that match. A tag that is not known matches nothing.
	Tags map[string]kind.Names `yaml:"tags"`
}

// Empty tells whether the selector names nothing.
func (s Selector) Empty() bool { return s.Address == "" && s.Target == "" && len(s.Tags) == 0 }

// Exception is the decision to live with a finding for a while.
type Exception struct {
	ID string `yaml:"id"`
	// Checks are patterns on the ids of checks.
	Checks    Patterns `yaml:"checks"`
	Resources Selector `yaml:"resources"`
	Owner     string   `yaml:"owner"`
	Reason    string   `yaml:"reason"`
	// Approver must be someone else than Owner for the exception to have an effect.
	Approver string `yaml:"approver"`
	Approved Date   `yaml:"approved"` // the first day that it holds
	Expires  Date   `yaml:"expires"`  // the last day that it holds
	// Measure is what is done instead.
	Measure string `yaml:"measure"`
	Place   `yaml:"-"`
}

// Answers of an attestation.
const (
	Yes           = "yes"
	No            = "no"
	NotApplicable = "not applicable"
)

// Attestation is what a person says to a statement of the framework.
type Attestation struct {
	ID     string `yaml:"id"`
	Answer string `yaml:"answer"`
	Owner  string `yaml:"owner"`
	// Document is a path or a URL of what proves it.
	Document string `yaml:"document"`
	Reviewed Date   `yaml:"reviewed"`
	// Expires is the last day that it holds, if that is sooner than the framework's time for a review.
	Expires Date   `yaml:"expires"`
	Note    string `yaml:"note"`
	Place   `yaml:"-"`
}

// Alternative is a measure that stands in for an addressable specification: 45 CFR 164.306(d)(3)(ii)(B).
type Alternative struct {
	Citation string `yaml:"citation"`
	Measure  string `yaml:"measure"`
	// Reason says why the specification itself is not reasonable and appropriate.
	Reason   string `yaml:"reason"`
	Document string `yaml:"document"`
	Owner    string `yaml:"owner"`
	Approver string `yaml:"approver"`
	Reviewed Date   `yaml:"reviewed"`
	// Expires is the last day that it holds; a year after Reviewed if it is not given.
	Expires Date `yaml:"expires"`
	Place   `yaml:"-"`
}
