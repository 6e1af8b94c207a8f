// Package estate keeps what is to be assessed, and has it assessed: on a schedule and on demand, as jobs that survive a restart and that
// several machines share.
//
// It must not know how a source is read nor what a page shows.
package estate

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"ward.dev/ward/internal/yamlfile"
)

// Estate is everything that is assessed together, so that what refers to each other is judged together.
type Estate struct {
	ID      string   `json:"id" doc:"Made of the name; never changes"`
	Name    string   `json:"name" maxLength:"80" doc:"What reports call it"`
	Sources []Source `json:"sources" maxItems:"200"`
	// Hours between the beginnings of assessments; 0 is on demand only.
	Hours int `json:"hours" minimum:"0" maximum:"720" doc:"Hours between assessments; 0 is on demand only"`
	// Config is the path of a ward.yaml, "" for the one in the first folder that has one.
	Config string `json:"config,omitempty" maxLength:"1000" doc:"Path of a ward.yaml on the server; without it the one in the first folder counts"`
	// Images tells that the images which workloads name are read too.
	Images  bool      `json:"images,omitempty" doc:"Read the container images that workloads name"`
	Version int64     `json:"version" doc:"Goes up with each change; a change names the version that it changes"`
	Next    time.Time `json:"next,omitzero" doc:"When the schedule wants the next assessment"`
}

// Type is a sort of source.
type Type string

// The types of sources.
const (
	Folder     Type = "folder"     // of code, on the machine of the server
	Repository Type = "repository" // of code, by git
	AWS        Type = "aws"        // one account, or those of an organization
	Kubernetes Type = "kubernetes" // a running cluster
)

// Source is one thing to read. Which fields count depends on its type. Credentials are not among them: they are what the server's own
// environment gives it, or files on its machine.
type Source struct {
	Type Type `json:"type" enum:"folder,repository,aws,kubernetes"`
	// Path of a folder; within a repository, the folder in it.
	Path string `json:"path,omitempty" maxLength:"1000"`
	// URL of a repository, https or ssh, without a password.
	URL string `json:"url,omitempty" maxLength:"1000"`
	// Branch or tag of a repository, "" for its default.
	Branch string `json:"branch,omitempty" maxLength:"200"`
	// TokenFile is a file on the server with the token that a repository asks for.
	TokenFile string `json:"token_file,omitempty" maxLength:"1000"`

	Profile      string   `json:"profile,omitempty" maxLength:"200" doc:"AWS: profile of the server's configuration"`
	Role         string   `json:"role,omitempty" maxLength:"300" doc:"AWS: ARN of a role to assume"`
	ExternalID   string   `json:"external_id,omitempty" maxLength:"200" doc:"AWS: external id of the roles"`
	Organization string   `json:"organization,omitempty" maxLength:"200" doc:"AWS: role to assume in every account of the organization"`
	Regions      []string `json:"regions,omitempty" maxItems:"50" doc:"AWS: regions to read; none is all"`

	Kubeconfig string   `json:"kubeconfig,omitempty" maxLength:"1000" doc:"Kubernetes: file on the server that leads to the cluster"`
	Context    string   `json:"context,omitempty" maxLength:"200" doc:"Kubernetes: context of the kubeconfig"`
	Name       string   `json:"name,omitempty" maxLength:"200" doc:"Kubernetes: what reports call the cluster"`
	Namespaces []string `json:"namespaces,omitempty" maxItems:"1000" doc:"Kubernetes: namespaces to read; none is all"`
}

// String is what people call the source.
func (s Source) String() string {
	switch s.Type {
	case Folder:
		return "folder " + s.Path
	case Repository:
		return "repository " + s.URL
	case AWS:
		return "AWS " + cmp.Or(s.Organization, s.Role, s.Profile, "account")
	case Kubernetes:
		return "cluster " + cmp.Or(s.Name, s.Context, "of the kubeconfig")
	}
	return string(s.Type)
}

// Fault is a mistake in what somebody declared, by field: "name", "sources[0].path".
type Fault struct{ Field, Text string }

// Error implements error.
func (f *Fault) Error() string { return f.Text }

// limits of what can be declared.
const (
	maxName    = 80
	maxSources = 200
	maxHours   = 720
)

// check returns all mistakes. Folders are confined to roots, unless there are none.
func (e *Estate) check(roots []string) error {
	var faults []error
	fault := func(field, format string, args ...any) {
		faults = append(faults, &Fault{field, fmt.Sprintf(format, args...)})
	}
	e.Name = strings.TrimSpace(e.Name)
	if e.Name == "" || len(e.Name) > maxName || strings.ContainsFunc(e.Name, unprintable) {
		fault("name", "The estate needs a name of at most %d characters.", maxName)
	}
	if e.Hours < 0 || e.Hours > maxHours {
		fault("hours", "Between assessments there are 0 to %d hours; 0 is on demand only.", maxHours)
	}
	if len(e.Sources) == 0 || len(e.Sources) > maxSources {
		fault("sources", "An estate has 1 to %d sources.", maxSources)
	}
	for i, s := range e.Sources {
		for _, f := range s.check(roots) {
			fault(fmt.Sprintf("sources[%d].%s", i, f.Field), "%s", f.Text)
		}
	}
	if e.Config != "" && !confined(e.Config, roots) {
		fault("config", "The path of ward.yaml must be absolute%s.", within(roots))
	}
	return errors.Join(faults...)
}

func unprintable(r rune) bool { return r < ' ' || r == 0x7f }

var role = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$`)

func (s Source) check(roots []string) (faults []Fault) {
	switch s.Type {
	case Folder:
		if !confined(s.Path, roots) {
			faults = append(faults, Fault{"path", "The folder must be an absolute path on the server's machine" + within(roots) + "."})
		}
	case Repository:
		faults = s.checkRepository(roots)
	case AWS:
		if s.Role != "" && !role.MatchString(s.Role) {
			faults = append(faults, Fault{"role", "A role is given by its ARN, such as arn:aws:iam::123456789012:role/WardReader."})
		}
	case Kubernetes:
		if s.Kubeconfig != "" && !filepath.IsAbs(s.Kubeconfig) {
			faults = append(faults, Fault{"kubeconfig", "The kubeconfig must be an absolute path on the server's machine."})
		}
	default:
		faults = append(faults, Fault{"type", "A source is a folder, a repository, aws or kubernetes."})
	}
	return faults
}

func (s Source) checkRepository(roots []string) (faults []Fault) {
	u, err := url.Parse(s.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "ssh":
		faults = append(faults, Fault{"url", "The repository needs a URL that begins with https:// or ssh://."})
	case u.User != nil && hasPassword(u.User) || u.RawQuery != "":
		faults = append(faults, Fault{"url", "The URL must not hold a password; put the token in a file on the server and name that."})
	}
	if s.Path != "" && !filepath.IsLocal(s.Path) {
		faults = append(faults, Fault{"path", "The folder must lie within the repository."})
	}
	if s.TokenFile != "" && !filepath.IsAbs(s.TokenFile) {
		faults = append(faults, Fault{"token_file", "The file with the token must be an absolute path on the server's machine."})
	}
	return faults
}

func hasPassword(u *url.Userinfo) bool { _, has := u.Password(); return has }

// confined tells whether a path is absolute and below one of the roots, if there are any. Links are followed first, so that none leads out.
func confined(path string, roots []string) bool {
	if !filepath.IsAbs(path) {
		return false
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		real = filepath.Clean(path)
	}
	return len(roots) == 0 || slices.ContainsFunc(roots, func(root string) bool {
		below, err := filepath.Rel(root, real)
		return err == nil && filepath.IsLocal(below)
	})
}

func within(roots []string) string {
	if len(roots) == 0 {
		return ""
	}
	return " below " + strings.Join(roots, " or ") + ", as the server's settings say"
}

var notID = regexp.MustCompile(`[^a-z0-9]+`)

// idOf is the id of a new estate.
func idOf(name string) string {
	id := strings.Trim(notID.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if len(id) > 40 {
		id = strings.Trim(id[:40], "-")
	}
	return cmp.Or(id, "estate")
}

// Faults are the mistakes that an error is made of; none if it is another error.
func Faults(err error) []*Fault {
	var all []*Fault
	for _, one := range yamlfile.Faults(err) {
		if fault, ok := errors.AsType[*Fault](one); ok {
			all = append(all, fault)
		}
	}
	return all
}
