package wire_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/source/aws"
)

var update = flag.Bool("update", false, "write what the program says into the files that say it")

// permissions tells, from the collectors, what an attribute's places need.
type permissions struct {
	catalog    *catalog.Catalog
	operations map[string][]string // by kind
	// made is set when a place read what a collector made of replies: then any call of the kind may be behind it.
	made map[string]bool
}

// of returns the IAM actions that reading places of a kind takes; nil for places that read nothing.
func (p *permissions) of(k *kind.Kind, places []kind.Place) []string {
	var all []string
	for _, place := range places {
		switch {
		case place.Part != "":
			all = append(all, p.of(k, k.Parts[place.Part].In("aws"))...)
		case place.Join != nil:
			other := p.catalog.Kind(place.Join.Type)
			if other == nil {
				continue
			}
			for _, path := range [][]string{place.Join.Key, place.Path} {
				all = append(all, p.operation(other, path)...)
			}
			if place.Join.All && len(place.Path) == 0 {
				all = append(all, p.listing(other)...)
			}
		default:
			all = append(all, p.operation(k, place.Path)...)
		}
		all = append(all, p.of(k, place.Concat)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// operation returns what the operation needs that a path begins with.
func (p *permissions) operation(k *kind.Kind, path []string) []string {
	if len(path) == 0 {
		return nil
	}
	for _, o := range p.operations[k.Name] {
		if service, name, _ := strings.Cut(o, ":"); name == path[0] {
			return aws.Permissions(service, name)
		}
	}
	if path[0][0] != '@' {
		p.made[k.Name] = true
	}
	return nil
}

// any tells whether permissions are some of those that the kinds need whose replies collectors made something of.
func (p *permissions) any(some []string) bool {
	var all []string
	for name := range p.made {
		for _, o := range p.operations[name] {
			service, operation, _ := strings.Cut(o, ":")
			all = append(all, aws.Permissions(service, operation)...)
		}
	}
	return len(some) > 0 && !slices.ContainsFunc(some, func(one string) bool { return !slices.Contains(all, one) })
}

// listing returns what finding the resources of a kind needs: its first operation.
func (p *permissions) listing(k *kind.Kind) []string {
	if len(p.operations[k.Name]) == 0 {
		return nil
	}
	service, name, _ := strings.Cut(p.operations[k.Name][0], ":")
	return aws.Permissions(service, name)
}

// TestLivePermissions proves that each attribute names just the permissions that reading it takes. -update writes them.
func TestLivePermissions(t *testing.T) {
	c := loaded(t)
	p := &permissions{catalog: c, operations: aws.Operations(nil)}
	for _, k := range c.Kinds {
		if k.Provider() != "aws" {
			continue
		}
		if !slices.Contains(aws.Kinds(), k.Name) {
			t.Errorf("%s: no collector reads it", k.Name)
		}
		right := map[string][]string{}
		for _, a := range k.All() {
			p.made = map[string]bool{}
			want := p.of(k, a.AWS)
			if len(p.made) > 0 {
				rest := slices.DeleteFunc(slices.Clone(a.Live), func(one string) bool { return slices.Contains(want, one) })
				if len(rest) > 0 && !p.any(rest) {
					t.Errorf("%s: %s needs none of %v", k.File, a.Name, rest)
				}
				continue
			}
			if !slices.Equal(slices.Sorted(slices.Values(a.Live)), want) {
				right[a.Name] = want
			}
		}
		switch {
		case len(right) > 0 && *update:
			rewriteLive(t, k, right)
		case len(right) > 0:
			t.Errorf("%s: live permissions should be %v; run this test with -update", k.File, right)
		}
	}
}

// rewriteLive puts the permissions into a kind file, without touching anything else of it.
func rewriteLive(t *testing.T, k *kind.Kind, right map[string][]string) {
	t.Helper()
	path := filepath.Join(root, "catalog", "kinds", k.Name+".yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	head, attributes, _ := strings.Cut(text, "\nattributes:\n")
	for name, want := range right {
		line := ""
		switch len(want) {
		case 0:
		case 1:
			line = "    live: " + want[0] + "\n"
		default:
			line = "    live: [" + strings.Join(want, ", ") + "]\n"
		}
		entry := regexp.MustCompile(`(?m)^  "?` + regexp.QuoteMeta(name) + `"?:\n((?:    .*\n?|\n)*)`)
		at := entry.FindStringSubmatchIndex(attributes + "\n")
		if at == nil {
			t.Errorf("%s: %s is written on one line; give it its permissions by hand: %v", path, name, want)
			continue
		}
		body := (attributes + "\n")[at[2]:at[3]]
		fresh := regexp.MustCompile(`(?m)^    live:.*\n(      .*\n)*`).ReplaceAllString(body, "")
		cut := regexp.MustCompile(`(?m)^    (terraform|cloudformation|aws|via|default|is|item|phi|secret):`).FindStringIndex(fresh)
		if cut == nil {
			cut = []int{len(fresh)}
		}
		fresh = fresh[:cut[0]] + line + fresh[cut[0]:]
		attributes = strings.TrimSuffix((attributes + "\n")[:at[2]]+fresh+(attributes + "\n")[at[3]:], "\n")
	}
	if err := os.WriteFile(path, []byte(head+"\nattributes:\n"+attributes), 0o644); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(os.Stderr, "rewrote", path)
}
