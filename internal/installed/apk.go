package installed

import (
	"context"
	"strings"

	"ward.dev/ward/internal/software"
)

// readApk reads apk's database: paragraphs of lines with a letter, a colon and a value.
// https://wiki.alpinelinux.org/wiki/Apk_spec lists the letters.
func readApk(_ context.Context, _ string, data []byte, r *Record) error {
	all := string(data)
	for all != "" {
		var paragraph string
		paragraph, all, _ = cutParagraph(all)
		if strings.TrimSpace(paragraph) == "" {
			continue
		}
		var p software.Package
		folder := ""
		for line := range strings.Lines(paragraph) {
			letter, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
			if !ok {
				continue
			}
			switch letter {
			case "P":
				p.Name = value
			case "V":
				p.Version = value
			case "A":
				p.Arch = value
			case "L":
				p.Licenses = licenses(value)
			case "o":
				p.Source = value
			case "F":
				folder = value[:min(len(value), maxPath)]
			case "R":
				r.own(relative(folder + "/" + value))
			}
		}
		if p.Name == "" || p.Version == "" {
			r.fault(p.Name, p.Version)
			continue
		}
		if p.Source == p.Name {
			p.Source = ""
		}
		r.Packages = append(r.Packages, p)
	}
	return nil
}
