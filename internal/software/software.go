// Package software has the noun that images, bills of materials and advisories share: one installed package.
//
// It must not know where packages are read from nor what is known to be wrong with them.
package software

// Package is one piece of installed software.
type Package struct {
	// Ecosystem is as the OSV schema names it: "Debian:12", "Alpine:v3.20", "npm", "PyPI", "Go", "Maven"; "" if it is not known.
	Ecosystem string
	// Name and Version are those of the binary package; Version has epoch and release as the ecosystem writes them.
	Name, Version string
	// Source and SourceVersion name the source package that it was built from, "" if they are the same.
	Source, SourceVersion string
	// Arch is the architecture as the ecosystem names it, "" if it has none.
	Arch string
	// Path is where in the image the record of it stands, and Layer the digest of the layer that it came with; "" if not known.
	Path, Layer string
	// Licenses are SPDX expressions, as far as the record says.
	Licenses []string
}
