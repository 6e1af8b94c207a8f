package sbom

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"

	"ward.dev/ward/internal/software"
)

// Properties that this package writes.
const (
	propertyPath   = "ward:path"
	propertyLayer  = "ward:layer"
	propertyGap    = "ward:gap"
	propertySource = "ward:source" // name and version of the source package, where no package URL can say it
)

// readJSON tells CycloneDX from SPDX.
func readJSON(data []byte) (Document, error) {
	var mark struct {
		BOMFormat   string `json:"bomFormat"`
		SPDXVersion string `json:"spdxVersion"`
		Context     any    `json:"@context"`
	}
	if err := json.Unmarshal(data, &mark); err != nil {
		return Document{}, fmt.Errorf("JSON: %w", err)
	}
	switch {
	case mark.BOMFormat == "CycloneDX":
		return readCycloneDX(data, false)
	case mark.SPDXVersion != "":
		return readSPDXJSON(data)
	case strings.Contains(fmt.Sprint(mark.Context), "spdx.org/rdf/3"):
		return Document{}, fmt.Errorf("SPDX 3 is not read: %w", ErrFormat)
	}
	return Document{}, ErrFormat
}

func readCycloneDX(data []byte, isXML bool) (Document, error) {
	format := cyclonedx.BOMFileFormatJSON
	if isXML {
		format = cyclonedx.BOMFileFormatXML
	}
	var bom cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(data), format).Decode(&bom); err != nil {
		return Document{}, fmt.Errorf("CycloneDX: %w", err)
	}
	if isXML && !strings.HasPrefix(bom.XMLNS, "http://cyclonedx.org/schema/bom/") {
		return Document{}, ErrFormat
	}
	c := &collector{out: Document{Format: "CycloneDX " + bom.SpecVersion.String()}}
	if bom.Metadata != nil {
		if subject := bom.Metadata.Component; subject != nil {
			c.out.Name, c.out.Version = subject.Name, subject.Version
			if err := c.components(subject.Components, 0); err != nil {
				return Document{}, err
			}
		}
		for _, gap := range properties(bom.Metadata.Properties)[propertyGap] {
			c.gap(gap)
		}
	}
	if err := c.components(bom.Components, 0); err != nil {
		return Document{}, err
	}
	if bom.Compositions != nil {
		for _, composition := range *bom.Compositions {
			c.aggregate(composition.Aggregate)
		}
	}
	return c.finish(), nil
}

// aggregate notes that a document calls itself incomplete. Ours do so where they list gaps, which then say it better.
func (c *collector) aggregate(a cyclonedx.CompositionAggregate) {
	if len(c.out.Gaps) == 0 && (strings.HasPrefix(string(a), "incomplete") || a == cyclonedx.CompositionAggregateUnknown) {
		c.gap("it says itself that it may be incomplete")
	}
}

const maxDepth = 100

// components walks components and those within them.
func (c *collector) components(list *[]cyclonedx.Component, depth int) error {
	if list == nil {
		return nil
	}
	if depth > maxDepth {
		return fmt.Errorf("CycloneDX: components stand more than %d deep", maxDepth)
	}
	for i := range *list {
		one := &(*list)[i]
		if err := c.component(one); err != nil {
			return err
		}
		if err := c.components(one.Components, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (c *collector) component(one *cyclonedx.Component) error {
	switch one.Type {
	case cyclonedx.ComponentTypeOS:
		c.system = software.Distribution{ID: strings.ToLower(one.Name), Version: one.Version}
		return nil
	case cyclonedx.ComponentTypeFile, cyclonedx.ComponentTypeData, cyclonedx.ComponentTypeCryptographicAsset,
		cyclonedx.ComponentTypeMachineLearningModel, cyclonedx.ComponentTypeDevice:
		if one.PackageURL == "" { // no software by itself
			return nil
		}
	}
	p := properties(one.Properties)
	name := one.Name
	if one.Group != "" {
		name = one.Group + "/" + name
	}
	from := component{
		name: name, version: one.Version, purl: one.PackageURL, licenses: licensesOf(one.Licenses),
		path:  first(p, propertyPath, "syft:location:0:path", "aquasecurity:trivy:FilePath"),
		layer: first(p, propertyLayer, "syft:location:0:layerID", "aquasecurity:trivy:LayerDigest", "aquasecurity:trivy:LayerDiffID"),
	}
	from.source, from.sourceVer, _ = strings.Cut(first(p, propertySource), " ")
	if source := first(p, "aquasecurity:trivy:SrcName"); source != "" {
		from.source, from.sourceVer = source, trivySource(p)
	}
	return c.add(from)
}

// trivySource joins the three parts in which Trivy writes the version of a source package.
func trivySource(p map[string][]string) string {
	version := first(p, "aquasecurity:trivy:SrcVersion")
	if release := first(p, "aquasecurity:trivy:SrcRelease"); release != "" && version != "" {
		version += "-" + release
	}
	if epoch := first(p, "aquasecurity:trivy:SrcEpoch"); epoch != "" && epoch != "0" && version != "" {
		version = epoch + ":" + version
	}
	return version
}

func properties(list *[]cyclonedx.Property) map[string][]string {
	out := map[string][]string{}
	if list != nil {
		for _, p := range *list {
			out[p.Name] = append(out[p.Name], p.Value)
		}
	}
	return out
}

// first returns the first value under any of the names.
func first(p map[string][]string, names ...string) string {
	for _, name := range names {
		if len(p[name]) > 0 {
			return p[name][0]
		}
	}
	return ""
}

func licensesOf(list *cyclonedx.Licenses) []string {
	var out []string
	if list == nil {
		return nil
	}
	for _, choice := range *list {
		switch {
		case choice.Expression != "":
			out = append(out, choice.Expression)
		case choice.License != nil && choice.License.ID != "":
			out = append(out, choice.License.ID)
		case choice.License != nil && choice.License.Name != "":
			out = append(out, choice.License.Name)
		}
	}
	return out
}
