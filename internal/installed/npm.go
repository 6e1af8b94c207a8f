package installed

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ward.dev/ward/internal/software"
)

// isModule tells whether a folder is that of a package in node_modules, "node_modules/a/" or "node_modules/@scope/a/".
func isModule(dir string) bool {
	parts := strings.Split(strings.TrimSuffix(dir, "/"), "/")
	n := len(parts)
	if n >= 3 && strings.HasPrefix(parts[n-2], "@") {
		return parts[n-3] == "node_modules"
	}
	return n >= 2 && parts[n-2] == "node_modules" && !strings.HasPrefix(parts[n-1], "@") && !strings.HasPrefix(parts[n-1], ".")
}

// readNPM reads package.json of an installed package.
func readNPM(_ context.Context, _ string, data []byte, r *Record) error {
	var manifest struct {
		Name, Version any
		License       any
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		return fmt.Errorf("package.json: %w", err)
	}
	p := software.Package{Ecosystem: "npm", Name: text(manifest.Name), Version: text(manifest.Version)}
	if p.Name == "" || p.Version == "" {
		r.fault(p.Name, p.Version)
		return nil
	}
	if old, ok := manifest.License.(map[string]any); ok { // as npm wrote it before 2014
		manifest.License = old["type"]
	}
	p.Licenses = licenses(text(manifest.License))
	r.Packages = append(r.Packages, p)
	return nil
}

// lockEntry is a package in a lock file.
type lockEntry struct {
	Name, Version string
	Dev, Link     bool
	Dependencies  map[string]json.RawMessage
}

// maxDepth is how deep packages may stand in each other.
const maxDepth = 64

// readNPMLock reads package-lock.json: the packages that are installed but for development.
func readNPMLock(_ context.Context, _ string, data []byte, r *Record) error {
	r.Lock = true
	var lock struct {
		Packages     map[string]lockEntry       // since npm 7, by path
		Dependencies map[string]json.RawMessage // until npm 6, by name
	}
	if err := json.Unmarshal(data, &lock); err != nil {
		return fmt.Errorf("package-lock.json: %w", err)
	}
	if lock.Packages == nil {
		return readOldLock(lock.Dependencies, r, 0)
	}
	for _, where := range slices.Sorted(maps.Keys(lock.Packages)) {
		entry := lock.Packages[where]
		at := strings.LastIndex(where, "node_modules/")
		if at < 0 || entry.Link || entry.Dev { // the project itself or its workspaces
			continue
		}
		name := where[at+len("node_modules/"):]
		if entry.Name != "" { // installed under another name
			name = entry.Name
		}
		addLocked(r, name, entry.Version)
	}
	return nil
}

func readOldLock(dependencies map[string]json.RawMessage, r *Record, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("package-lock.json: packages stand more than %d deep", maxDepth)
	}
	for _, name := range slices.Sorted(maps.Keys(dependencies)) {
		var entry lockEntry
		if err := json.Unmarshal(dependencies[name], &entry); err != nil {
			return fmt.Errorf("package-lock.json: %s: %w", name, err)
		}
		if entry.Dev {
			continue
		}
		addLocked(r, name, entry.Version)
		if err := readOldLock(entry.Dependencies, r, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// addLocked adds a package. A version that is an address ("npm:", "git+ssh:", "file:") names no release.
func addLocked(r *Record, name, version string) {
	if alias, ok := strings.CutPrefix(version, "npm:"); ok {
		if at := strings.LastIndexByte(alias, '@'); at > 0 {
			name, version = alias[:at], alias[at+1:]
		}
	}
	if name == "" || version == "" || strings.Contains(version, ":") {
		r.Faults = append(r.Faults, fmt.Sprintf("package %q has no version of a registry", name))
		return
	}
	r.Packages = append(r.Packages, software.Package{Ecosystem: "npm", Name: name, Version: version})
}
