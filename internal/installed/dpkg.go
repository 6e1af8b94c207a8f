package installed

import (
	"context"
	"strings"

	"ward.dev/ward/internal/software"
)

// readDpkg reads the status of packages in the form of deb822(5): paragraphs of fields. Files of distroless images in
// status.d hold one package each, without the field Status.
func readDpkg(_ context.Context, _ string, data []byte, r *Record) error {
	all := string(data)
	for all != "" {
		var paragraph string
		paragraph, all, _ = cutParagraph(all)
		if strings.TrimSpace(paragraph) == "" {
			continue
		}
		fields := deb822(paragraph)
		if status, ok := fields["status"]; ok && !onDisk(status) {
			continue
		}
		p := software.Package{Name: fields["package"], Version: fields["version"], Arch: fields["architecture"]}
		if p.Name == "" || p.Version == "" {
			r.fault(p.Name, p.Version)
			continue
		}
		// "Source: glibc (2.36-9)"; the version stands there only if it is another.
		source, version, _ := strings.Cut(fields["source"], " ")
		p.Source, p.SourceVersion = source, strings.Trim(version, "( )")
		r.Packages = append(r.Packages, p)
	}
	return nil
}

// onDisk tells whether the third word of a status means that files of the package are there, even if not all.
func onDisk(status string) bool {
	words := strings.Fields(status)
	if len(words) != 3 {
		return true // what is not understood counts as installed
	}
	return words[2] != "not-installed" && words[2] != "config-files"
}

// cutParagraph splits at the first empty line.
func cutParagraph(s string) (paragraph, rest string, found bool) {
	s = strings.TrimLeft(s, "\r\n")
	return strings.Cut(s, "\n\n")
}

// deb822 returns the first line of each field, by its name in lower case. Further lines are of no field that is needed.
func deb822(paragraph string) map[string]string {
	fields := make(map[string]string, 16)
	for line := range strings.Lines(paragraph) {
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		if name, value, ok := strings.Cut(line, ":"); ok {
			switch name = strings.ToLower(name); name {
			case "package", "version", "source", "architecture", "status":
				fields[name] = strings.TrimSpace(value)
			}
		}
	}
	return fields
}

// readDpkgFiles reads the names of the files of a package: one in a line, after a checksum in files called md5sums.
func readDpkgFiles(_ context.Context, path string, data []byte, r *Record) error {
	sums := strings.HasSuffix(path, ".md5sums")
	for line := range strings.Lines(string(data)) {
		name := strings.TrimRight(line, "\r\n")
		if sums {
			_, name, _ = strings.Cut(name, "  ")
		}
		if name = relative(name); name != "" && name != "." {
			r.own(name)
		}
	}
	return nil
}
