package image

import (
	"fmt"
	"strings"

	"ward.dev/ward/internal/software"
)

// osReleaseFiles are the places of os-release(5); the first one wins.
var osReleaseFiles = map[string]bool{"etc/os-release": true, "usr/lib/os-release": true}

// osRelease reads the variables of os-release(5), which are assignments of a shell.
func osRelease(content []byte) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		}
		out[name] = strings.NewReplacer(`\"`, `"`, `\$`, `$`, `\\`, `\`, "\\`", "`").Replace(value)
	}
	return out
}

// os tells the operating system. A gap says what is not known of it.
func (t *tree) os() (OS, string) {
	var content []byte
	for _, name := range []string{"etc/os-release", "usr/lib/os-release"} {
		if target, ok := t.links[name]; ok { // etc/os-release mostly is one
			name = t.target(name, target)
		}
		if f := t.files[name]; f != nil && f.content != nil {
			content = f.content
			break
		}
	}
	if content == nil {
		return OS{}, "it has no os-release, so the distribution is not known"
	}
	release := osRelease(content)
	id := strings.ToLower(release["ID"])
	system := OS{ID: id, Version: release["VERSION_ID"], Name: release["PRETTY_NAME"]}
	version := system.Version
	switch id {
	case "rhel": // CPE_NAME="cpe:/o:redhat:enterprise_linux:9::baseos"
		if _, cpe, ok := strings.Cut(release["CPE_NAME"], ":redhat:"); ok {
			version = cpe
		}
	case "openeuler": // VERSION="22.03 (LTS-SP1)"
		if _, service, ok := strings.Cut(release["VERSION"], "("); ok {
			version += "-" + strings.TrimSuffix(service, ")")
		}
	}
	name, advised := software.Distribution{ID: id, Version: version}.Ecosystem()
	system.Ecosystem = name
	switch {
	case name == "":
		return system, fmt.Sprintf("the distribution %q is not known", id)
	case !advised:
		return system, fmt.Sprintf("there are no advisories to compare packages of %s %s with", id, system.Version)
	}
	return system, ""
}

// target is the real name of what a link stands for.
func (t *tree) target(name, target string) string {
	if !strings.HasPrefix(target, "/") {
		at := strings.LastIndexByte(name, '/')
		target = name[:max(at, 0)] + "/" + target
	}
	clean, _ := confined("/" + strings.TrimLeft(target, "/"))
	return t.real(clean)
}
