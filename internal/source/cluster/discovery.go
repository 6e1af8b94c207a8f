package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// served is what the cluster says that it serves: resources by group and version.
type served struct {
	groups map[string]map[string]*servedVersion
	// doubts are why not all groups are known, by where the cluster tells them: "/api" and "/apis".
	doubts map[string]value.Reason
}

// servedVersion is one version of a group.
type servedVersion struct {
	resources []string
	doubt     *value.Reason // why they are not known, such as that the server behind it does not answer
}

// discovery is any of the replies with which the API tells what it serves. Servers since 1.26 tell everything at once
// (APIGroupDiscoveryList of apidiscovery.k8s.io), older ones the versions first (APIVersions, APIGroupList) and then the resources of
// each (APIResourceList).
type discovery struct {
	Kind  string
	Items []struct {
		Metadata struct{ Name string }
		Versions []struct {
			Version   string
			Freshness string
			Resources []struct{ Resource string }
		}
	}
	Versions []string
	Groups   []struct {
		Name     string
		Versions []struct{ Version string }
	}
	Resources []struct{ Name string }
}

const allAtOnce = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList," +
	"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"

// discover asks what the cluster serves. An error means that neither question was answered.
func (r *run) discover(ctx context.Context) (*served, error) {
	s := &served{groups: map[string]map[string]*servedVersion{}, doubts: map[string]value.Reason{}}
	var faults int
	var last error
	for _, path := range []string{"/api", "/apis"} {
		if err := r.discoverAt(ctx, path, s); err != nil {
			s.doubts[path] = why("get "+path, "get "+path, err)
			faults, last = faults+1, err
		}
	}
	for path, group := range map[string]string{"/api": "", "/apis": "apps"} { // that every cluster serves
		if _, doubt := s.doubts[path]; !doubt && s.groups[group]["v1"] == nil {
			s.doubts[path] = value.Reason{Why: "get " + path + " does not tell of " + qualified("v1", group) + ", which every cluster serves"}
		}
	}
	if faults < 2 {
		last = nil
	}
	return s, last
}

func (r *run) discoverAt(ctx context.Context, path string, s *served) error {
	var found discovery
	if err := r.document(ctx, call{verb: "get", what: path, path: path, accept: allAtOnce}, &found); err != nil {
		return err
	}
	switch {
	case found.Kind == "APIGroupDiscoveryList":
		for _, group := range found.Items {
			for _, v := range group.Versions {
				at := s.add(group.Metadata.Name, v.Version)
				for _, one := range v.Resources {
					at.resources = append(at.resources, one.Resource)
				}
				if v.Freshness == "Stale" {
					at.doubt = &value.Reason{Why: "the server of " + qualified(v.Version, group.Metadata.Name) + " does not answer the cluster"}
				}
			}
		}
	case found.Kind == "APIVersions" && path == "/api":
		for _, v := range found.Versions {
			r.discoverVersion(ctx, s, "", v, path+"/"+v)
		}
	case found.Kind == "APIGroupList" && path == "/apis":
		for _, group := range found.Groups {
			for _, v := range group.Versions {
				r.discoverVersion(ctx, s, group.Name, v.Version, path+"/"+group.Name+"/"+v.Version)
			}
		}
	default:
		return errForeign
	}
	return nil
}

// discoverVersion asks an older server for the resources of one version.
func (r *run) discoverVersion(ctx context.Context, s *served, group, v, path string) {
	at := s.add(group, v)
	var found discovery
	err := r.document(ctx, call{verb: "get", what: path, path: path}, &found)
	if err == nil && found.Kind != "APIResourceList" {
		err = errForeign
	}
	if err != nil {
		doubt := why("get "+path, "get "+path, err)
		at.doubt = &doubt
	}
	for _, one := range found.Resources {
		at.resources = append(at.resources, one.Name)
	}
}

func (s *served) add(group, v string) *servedVersion {
	if s.groups[group] == nil {
		s.groups[group] = map[string]*servedVersion{}
	}
	s.groups[group][v] = &servedVersion{}
	return s.groups[group][v]
}

// maxDocument bounds a reply that is read as a whole.
const maxDocument = 32 << 20

// document makes a call whose reply is read into a structure.
func (r *run) document(ctx context.Context, c call, into any) error {
	return r.send(ctx, c, func(body io.Reader) error {
		return json.NewDecoder(io.LimitReader(body, maxDocument)).Decode(into)
	})
}

// find tells in which version a type is to be asked for: "" if the cluster surely has none of it. doubt says why it is not known
// that it serves the type so.
func (s *served) find(t objects) (version string, doubt *value.Reason) {
	path := "/apis"
	if t.group == "" {
		path = "/api"
	}
	if why, some := s.doubts[path]; some {
		return t.versions[0], &why
	}
	group := s.groups[t.group]
	for _, v := range t.versions {
		if at := group[v]; at != nil && at.doubt == nil && slices.Contains(at.resources, t.resource) {
			return v, nil
		}
	}
	for _, v := range slices.Sorted(maps.Keys(group)) {
		if group[v].doubt != nil {
			return t.versions[0], group[v].doubt
		}
		if slices.Contains(group[v].resources, t.resource) {
			return t.versions[0], &value.Reason{Why: fmt.Sprintf("%s is served as %s, which this version of ward does not know",
				qualified(t.resource, t.group), word(v))}
		}
	}
	return "", nil
}

// gaps tell what the cluster does not say of what it serves.
func (s *served) gaps(target string) []resource.Gap {
	var all []resource.Gap
	gap := func(what string, why value.Reason) {
		all = append(all, resource.Gap{Target: target, Kind: Itself, What: what, Reason: why.Why, Grant: why.Grant})
	}
	for _, path := range slices.Sorted(maps.Keys(s.doubts)) {
		gap("groups under "+path, s.doubts[path])
	}
	for _, group := range slices.Sorted(maps.Keys(s.groups)) {
		for _, v := range slices.Sorted(maps.Keys(s.groups[group])) {
			if doubt := s.groups[group][v].doubt; doubt != nil {
				gap(qualified(v, group), *doubt)
			}
		}
	}
	return all
}

// told returns the groups with their versions as a value, open if there may be more.
func (s *served) told() value.Value {
	var all []value.Value
	for _, group := range slices.Sorted(maps.Keys(s.groups)) {
		all = append(all, value.Object(map[string]value.Value{"group": value.String(group),
			"versions": value.Strings(slices.Sorted(maps.Keys(s.groups[group]))...)}))
	}
	made := value.List(all...)
	for _, path := range slices.Sorted(maps.Keys(s.doubts)) {
		made = made.Open(s.doubts[path])
	}
	return made
}
