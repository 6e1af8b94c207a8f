package sbom

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"

	"github.com/CycloneDX/cyclonedx-go"

	"ward.dev/ward/internal/software"
)

// Write writes a document as CycloneDX 1.6 in JSON. The same document gives the same bytes: it has no time and no random number.
func Write(w io.Writer, d Document) error {
	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{
		Tools: &cyclonedx.ToolsChoice{Components: &[]cyclonedx.Component{{Type: cyclonedx.ComponentTypeApplication, Name: "ward"}}},
	}
	const subject = "subject"
	if d.Name != "" {
		bom.Metadata.Component = &cyclonedx.Component{
			BOMRef: subject, Type: cyclonedx.ComponentTypeContainer, Name: d.Name, Version: d.Version,
		}
	}
	var gaps []cyclonedx.Property
	for _, gap := range slices.Sorted(slices.Values(d.Gaps)) {
		gaps = append(gaps, cyclonedx.Property{Name: propertyGap, Value: gap})
	}
	if len(gaps) > 0 {
		bom.Metadata.Properties = &gaps
		composition := cyclonedx.Composition{Aggregate: cyclonedx.CompositionAggregateIncomplete}
		if d.Name != "" {
			composition.Assemblies = &[]cyclonedx.BOMReference{subject}
		}
		bom.Compositions = &[]cyclonedx.Composition{composition}
	}
	components := componentsOf(d.Packages)
	bom.Components = &components
	encoder := cyclonedx.NewBOMEncoder(w, cyclonedx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
	if err := encoder.EncodeVersion(bom, cyclonedx.SpecVersion1_6); err != nil {
		return fmt.Errorf("write CycloneDX: %w", err)
	}
	return nil
}

func componentsOf(packages []software.Package) []cyclonedx.Component {
	packages = slices.Clone(packages)
	slices.SortStableFunc(packages, func(a, b software.Package) int {
		return cmp.Or(cmp.Compare(a.Ecosystem, b.Ecosystem), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version),
			cmp.Compare(a.Arch, b.Arch), cmp.Compare(a.Path, b.Path))
	})
	out := make([]cyclonedx.Component, 0, len(packages))
	seen := map[string]int{}
	for _, p := range packages {
		purl, err := p.Purl()
		if err != nil {
			purl = "" // of an unknown ecosystem, which whoever reads the document then knows too
		}
		ref := cmp.Or(purl, p.Name+"@"+p.Version)
		if seen[ref]++; seen[ref] > 1 { // the same package at several places
			ref = fmt.Sprintf("%s#%d", ref, seen[ref])
		}
		one := cyclonedx.Component{
			BOMRef: ref, Type: cyclonedx.ComponentTypeLibrary, Name: p.Name, Version: p.Version, PackageURL: purl,
			Licenses: licenseChoices(p.Licenses),
		}
		var more []cyclonedx.Property
		source := p.Source
		if p.SourceVersion != "" {
			source += " " + p.SourceVersion
		}
		if purl != "" {
			source = "" // the package URL says it
		}
		for _, property := range [][2]string{{propertyLayer, p.Layer}, {propertyPath, p.Path}, {propertySource, source}} {
			if property[1] != "" {
				more = append(more, cyclonedx.Property{Name: property[0], Value: property[1]})
			}
		}
		if len(more) > 0 {
			one.Properties = &more
		}
		out = append(out, one)
	}
	return out
}

// expression is an SPDX expression by its form; whether its names are on SPDX's list is not known here.
var expression = regexp.MustCompile(`^\(*[A-Za-z0-9][A-Za-z0-9.+-]*\)*( (AND|OR|WITH) \(*[A-Za-z0-9][A-Za-z0-9.+-]*\)*)*$`)

// licenseChoices writes one expression, or else names: CycloneDX does not take both.
func licenseChoices(licenses []string) *cyclonedx.Licenses {
	if len(licenses) == 0 {
		return nil
	}
	if len(licenses) == 1 && expression.MatchString(licenses[0]) {
		return &cyclonedx.Licenses{{Expression: licenses[0]}}
	}
	var out cyclonedx.Licenses
	for _, license := range licenses {
		out = append(out, cyclonedx.LicenseChoice{License: &cyclonedx.License{Name: license}})
	}
	return &out
}
