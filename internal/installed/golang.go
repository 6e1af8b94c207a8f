package installed

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"

	"ward.dev/ward/internal/software"
)

// IsBinary tells by its first bytes whether a file is an executable or a library of machine code: ELF, Mach-O or PE.
func IsBinary(start []byte) bool {
	for _, magic := range []string{
		"\x7fELF", "\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xfe\xed\xfa\xcf", "\xfe\xed\xfa\xce", "\xca\xfe\xba\xbf",
	} {
		if bytes.HasPrefix(start, []byte(magic)) {
			return true
		}
	}
	return len(start) >= 64 && bytes.HasPrefix(start, []byte("MZ")) && start[0x3c]|start[0x3d] != 0
}

var goRelease = regexp.MustCompile(`^go(\d+(?:\.\d+)+(?:(?:rc|beta)\d+)?)`)

// readGo reads the modules that a Go binary was built from. A binary of another language has none, and is no error: nothing
// tells what is in it.
func readGo(_ context.Context, _ string, data []byte, r *Record) (err error) {
	defer func() {
		// debug/elf and its kin are hardened against broken files, but promise nothing.
		if p := recover(); p != nil {
			err = fmt.Errorf("build information: %v", p)
		}
	}()
	info, err := buildinfo.Read(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	standard := software.Package{Ecosystem: "Go", Name: "stdlib"}
	if m := goRelease.FindStringSubmatch(info.GoVersion); m != nil {
		standard.Version = m[1]
	} else { // built by a compiler between releases
		r.Faults = append(r.Faults, "the Go release that it was built with is not known")
	}
	r.Packages = append(r.Packages, standard)
	if info.Main.Path != "" {
		r.Packages = append(r.Packages, module(&info.Main))
	}
	for _, dependency := range info.Deps {
		r.Packages = append(r.Packages, module(dependency))
	}
	if info.Main.Path == "" && len(info.Deps) == 0 {
		r.Faults = append(r.Faults, "it was built without modules, so what is in it is not known")
	}
	return nil
}

// module is a package with a version as OSV has it, without the "v". It has none where the build knew none.
func module(m *debug.Module) software.Package {
	if m.Replace != nil {
		m = m.Replace
	}
	version := strings.TrimPrefix(m.Version, "v")
	if version == "(devel)" {
		version = ""
	}
	return software.Package{Ecosystem: "Go", Name: m.Path, Version: version}
}
