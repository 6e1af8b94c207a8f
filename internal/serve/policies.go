package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	rbac "k8s.io/api/rbac/v1"
	core "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/grants"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/pages/dashboard"
	"ward.dev/ward/internal/sheet"
	"ward.dev/ward/internal/wire"
)

// missing is what to grant so that what is unknown in a run becomes known.
func (s *Server) missing(ctx context.Context, id string, run int64) ([]grants.Missing, error) {
	all, err := grants.Of(ctx, s.db, id, run)
	if errors.Is(err, sheet.ErrNone) {
		return nil, history.ErrNone
	}
	return all, err
}

// policies are what reading the sources of an estate takes: for each sort of source what closes the missing grants, if one of them is a right
// that Ward asks for, and the whole of it.
func (s *Server) policies(ctx context.Context, id string, missing []string) ([]dashboard.Policy, error) {
	e, err := s.estates.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	var all []dashboard.Policy
	var cloud, cluster []estate.Source
	for _, source := range e.Sources {
		switch source.Type {
		case estate.AWS:
			cloud = append(cloud, source)
		case estate.Kubernetes:
			cluster = append(cluster, source)
		}
	}
	if len(cloud) > 0 {
		some, err := awsPolicies(cloud, missing)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	if len(cluster) > 0 {
		some, err := clusterPolicies(cluster, missing)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// action is one of IAM, as grants name them.
var action = regexp.MustCompile(`\b[a-z0-9-]+:[A-Z][A-Za-z0-9]*\b`)

// awsPolicies are those for accounts. What a refusal names beyond the actions that Ward's own collectors ask for is not handed on: a policy that
// Ward offers only reads settings.
func awsPolicies(sources []estate.Source, missing []string) ([]dashboard.Policy, error) {
	whole := wire.AWSFoundation()
	for _, some := range wire.AWSPermissions(nil) {
		whole = append(whole, some...)
	}
	var roles []string // that are entered in the accounts of organizations
	for _, source := range sources {
		if source.Organization != "" && !slices.Contains(roles, source.Organization) {
			roles = append(roles, source.Organization)
		}
	}
	if len(roles) > 0 {
		whole = append(whole, "organizations:ListAccounts")
	}
	slices.Sort(whole)
	whole = slices.Compact(whole)
	var wanted []string
	for _, grant := range missing {
		for _, a := range action.FindAllString(grant, -1) {
			if slices.Contains(whole, a) {
				wanted = append(wanted, a)
			}
		}
	}
	slices.Sort(wanted)
	var all []dashboard.Policy
	if wanted = slices.Compact(wanted); len(wanted) > 0 {
		some, err := awsPolicy("aws-missing", "IAM policy that closes what is missing",
			"To add to the user or role that Ward reads as. It allows what was refused, and nothing else.", wanted, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	some, err := awsPolicy("aws", "The whole IAM policy", "All that Ward asks of an account, in place of any other policy.", whole, roles)
	return append(all, some...), err
}

// awsPolicy writes actions as policies of IAM: several if they are longer than one may be.
func awsPolicy(name, title, about string, actions, roles []string) ([]dashboard.Policy, error) {
	documents := wire.AWSPolicies(actions, "")
	if len(roles) > 0 {
		documents = wire.AWSPolicies(actions, roles[0])
		enter := &documents[len(documents)-1].Statement
		for _, role := range roles[1:] {
			last := &(*enter)[len(*enter)-1]
			last.Resource = append(last.Resource, "arn:aws:iam::*:role/"+role)
		}
	}
	var all []dashboard.Policy
	for i, document := range documents {
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(document); err != nil {
			return nil, err
		}
		one := dashboard.Policy{Name: name, Title: title, About: about, Source: "aws", Form: "json", Text: out.String()}
		if len(documents) > 1 {
			one.Name, one.Title = fmt.Sprintf("%s-%d", name, i+1), fmt.Sprintf("%s, part %d of %d", title, i+1, len(documents))
			one.About += " It is longer than one managed policy may be: attach all parts."
		}
		all = append(all, one)
	}
	return append(all, dashboard.Policy{Name: name + "-terraform", Title: title + ", for Terraform", About: about, Source: "aws", Form: "tf",
		Text: wire.AWSPoliciesTerraform(documents)}), nil
}

// The names that ward policy kubernetes gives what it makes.
const (
	readerName = "ward-reader"
	readerHome = "ward"
)

// clusterPolicies are those for clusters. All are granted the same, with the namespaces that any of the sources names.
func clusterPolicies(sources []estate.Source, missing []string) ([]dashboard.Policy, error) {
	o := wire.KubernetesOptions{}
	for _, source := range sources {
		if len(source.Namespaces) == 0 {
			o.Namespaces = nil
			break
		}
		for _, namespace := range source.Namespaces {
			if !slices.Contains(o.Namespaces, namespace) {
				o.Namespaces = append(o.Namespaces, namespace)
			}
		}
	}
	var all []dashboard.Policy
	if types := wire.KubernetesTypesOf(missing); len(types) > 0 {
		narrow := o
		narrow.Types = func(typ string) bool { return slices.Contains(types, typ) }
		text, err := manifest(added(wire.KubernetesGrants(narrow, readerName+"-missing", readerHome)))
		if err != nil {
			return nil, err
		}
		all = append(all, dashboard.Policy{Name: "kubernetes-missing", Title: "Role that closes what is missing", Source: "kubernetes", Form: "yaml", Text: text,
			About: "For kubectl apply. It is bound to the service account " + readerName + " of the namespace " + readerHome +
				": name another subject if Ward signs in as somebody else."})
	}
	text, err := manifest(wire.KubernetesGrants(o, readerName, readerHome))
	return append(all, dashboard.Policy{Name: "kubernetes", Title: "The whole role", Source: "kubernetes", Form: "yaml", Text: text,
		About: "For kubectl apply, with the service account that it is bound to: all of it is the right to list."}), err
}

// added leaves the account out of grants and binds them to the one that is there.
func added(objects []runtime.Object) []runtime.Object {
	var all []runtime.Object
	for _, object := range objects {
		switch o := object.(type) {
		case *rbac.ClusterRoleBinding:
			o.Subjects[0].Name = readerName
		case *rbac.RoleBinding:
			o.Subjects[0].Name = readerName
		case *core.PartialObjectMetadata:
			continue
		}
		all = append(all, object)
	}
	return all
}

func manifest(objects []runtime.Object) (string, error) {
	var parts []string
	for _, object := range objects {
		text, err := yaml.Marshal(object)
		if err != nil {
			return "", err
		}
		parts = append(parts, string(text))
	}
	return strings.Join(parts, "---\n"), nil
}
