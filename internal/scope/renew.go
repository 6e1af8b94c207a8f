package scope

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"

	"ward.dev/ward/internal/dated"
)

// Renewal is what a provider's own page says anew of the services that may hold PHI.
type Renewal struct {
	list
	// Added are names that the old list did not have, with the names that kinds would give them; Removed those that the
	// page no longer has.
	Added, Removed []string
}

// fewest is the share of the known services that a page must name to be taken for the list.
const fewest = 0.7

// maxPage bounds the page, in bytes.
const maxPage = 16 << 20

// Renew reads a provider's page: the services are the items of its lists. A page that names too few of the services that
// are known is not the list, and an error.
func (s *Services) Renew(provider string, page io.Reader, day time.Time) (*Renewal, error) {
	old := s.lists[provider]
	if old == nil {
		return nil, fmt.Errorf("there is no list of %s to renew", provider)
	}
	doc, err := html.Parse(io.LimitReader(page, maxPage))
	if err != nil {
		return nil, fmt.Errorf("read page: %w", err)
	}
	r := &Renewal{list: list{Head: dated.Head{Provider: provider, Source: old.Source, AsOf: day.Format(time.DateOnly)},
		Eligible: map[string]string{}, NotEligible: map[string]string{}}}
	keys := map[string]string{}
	for key, name := range old.Eligible {
		keys[plainName(name)] = key
	}
	for _, name := range listed(doc) {
		key, known := keys[plainName(name)]
		switch {
		case known:
			r.Eligible[key] = old.Eligible[key]
		case serviceName.MatchString(name):
			key = slug(name)
			r.Eligible[key] = name
			r.Added = append(r.Added, name)
		}
	}
	found := len(r.Eligible) - len(r.Added)
	if float64(found) < fewest*float64(len(old.Eligible)) {
		return nil, fmt.Errorf("the page names %d of the %d services that are known: it is not the list, or is written in another way now",
			found, len(old.Eligible))
	}
	for key, name := range old.Eligible {
		if r.Eligible[key] == "" {
			r.Removed = append(r.Removed, name)
		}
	}
	for key, name := range old.NotEligible {
		if r.Eligible[key] == "" {
			r.NotEligible[key] = name
		}
	}
	slices.Sort(r.Added)
	slices.Sort(r.Removed)
	return r, nil
}

var (
	serviceName = regexp.MustCompile(`^(Amazon|AWS) [A-Z][A-Za-z0-9 .,&()/@-]{1,80}$`)
	brackets    = regexp.MustCompile(`\s*[\[(].*$`)
	notes       = regexp.MustCompile(`,? (with|except|a part of) .*$`)
)

// plainName is what two ways to write a service's name have in common.
func plainName(name string) string {
	name = notes.ReplaceAllString(brackets.ReplaceAllString(name, ""), "")
	name = strings.NewReplacer("Amazon ", "", "AWS ", "", "*", "", "®", "", "™", "").Replace(name)
	return strings.ToLower(strings.Join(strings.Fields(name), " "))
}

// slug is the name that a kind would give a service.
func slug(name string) string { return strings.ReplaceAll(plainName(name), " ", "") }

// listed returns the texts of the items of all lists, each once.
func listed(doc *html.Node) []string {
	var all []string
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "li" {
			if text := strings.Join(strings.Fields(textOf(n)), " "); text != "" && len(text) < 200 && !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	return all
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for below := range n.Descendants() {
		if below.Type == html.TextNode {
			b.WriteString(below.Data)
		}
	}
	return b.String()
}

// Write writes the list as catalog/eligible/PROVIDER.yaml has it.
func (r *Renewal) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Which services may hold PHI under the provider's business associate agreement. The names on the left are those that kinds\n"+
		"# give as their service. What stands in neither list is unknown.\nprovider: %s\nsource: %s\nas_of: %s\n", r.Provider, r.Source, r.AsOf)
	for _, part := range []struct {
		title string
		names map[string]string
	}{{"eligible", r.Eligible}, {"not_eligible", r.NotEligible}} {
		if len(part.names) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s:\n", part.title)
		for _, key := range slices.Sorted(maps.Keys(part.names)) {
			fmt.Fprintf(&b, "  %s: %q\n", key, part.names[key])
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
