package installed

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"

	"ward.dev/ward/internal/software"
)

// Bounds of what is read of one archive with all that are in it.
const (
	maxNesting  = 4
	maxArchives = 2000
	maxMembers  = 200_000
	maxRatio    = 50
	// maxDirectory is how many entries of directories may be in an archive and those stored in it.
	maxDirectory = 500_000
)

// jars walks an archive and those within it.
type jars struct {
	r        *Record
	left     int64 // how many bytes may still be unpacked
	archives int
}

func readJar(ctx context.Context, name string, data []byte, r *Record) error {
	j := jars{r: r, left: mib + maxRatio*int64(len(data))}
	return j.read(ctx, path.Base(name), data, 0)
}

// read reads one archive. Its coordinates stand in pom.properties, once for each artifact that was packed into it.
func (j *jars) read(ctx context.Context, name string, data []byte, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// The library reads the whole directory before it tells how large it is.
	if bytes.Count(data, []byte("PK\x01\x02")) > maxDirectory {
		return fmt.Errorf("%s: more than %d files", name, maxDirectory)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(z.File) > maxMembers {
		return fmt.Errorf("%s: more than %d files", name, maxMembers)
	}
	if j.archives++; j.archives > maxArchives {
		return fmt.Errorf("more than %d archives are in it", maxArchives)
	}
	named, classes := false, false
	for _, file := range z.File {
		member := path.Clean(strings.ReplaceAll(file.Name, `\`, "/"))
		extension := strings.ToLower(path.Ext(member))
		switch {
		case path.Base(member) == "pom.properties" && strings.HasPrefix(member, "META-INF/maven/"):
			ok, err := j.coordinates(file)
			if err != nil {
				j.fault(name, err)
			}
			named = named || ok
		case extension == ".jar" || extension == ".war":
			if err := j.nested(ctx, name, file, depth); err != nil {
				j.fault(name, err)
			}
		case extension == ".class":
			classes = true
		}
	}
	if !named && classes {
		j.unnamed(name, z)
	}
	return nil
}

func (j *jars) fault(name string, err error) {
	j.r.Faults = append(j.r.Faults, fmt.Sprintf("%s: %v", name, err))
}

// unpack reads a member. The size that an archive claims is not believed.
func (j *jars) unpack(file *zip.File, limit int64) ([]byte, error) {
	in, err := file.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.Name, err)
	}
	defer in.Close()
	limit = min(limit, j.left)
	data, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.Name, err)
	}
	j.left -= int64(len(data))
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s: larger than %d bytes", file.Name, limit)
	}
	return data, nil
}

func (j *jars) nested(ctx context.Context, name string, file *zip.File, depth int) error {
	if depth >= maxNesting {
		return fmt.Errorf("%s: more than %d archives in each other", file.Name, maxNesting)
	}
	data, err := j.unpack(file, 256*mib)
	if err != nil {
		return err
	}
	return j.read(ctx, name+"/"+path.Base(file.Name), data, depth+1)
}

func (j *jars) coordinates(file *zip.File) (bool, error) {
	data, err := j.unpack(file, 64*kib)
	if err != nil {
		return false, err
	}
	fields := properties(string(data))
	group, artifact, version := fields["groupId"], fields["artifactId"], fields["version"]
	if group == "" || artifact == "" || version == "" {
		return false, errors.New("pom.properties has no coordinates")
	}
	j.r.Packages = append(j.r.Packages, software.Package{Ecosystem: "Maven", Name: group + ":" + artifact, Version: version})
	return true, nil
}

// properties reads lines of key=value, as Maven writes them.
func properties(s string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(s) {
		if key, value, ok := strings.Cut(line, "="); ok && line[0] != '#' {
			out[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return out
}

var versioned = regexp.MustCompile(`^(.+?)-(\d[\w.+-]*)$`)

// unnamed notes an archive of classes without coordinates. Its name and its manifest tell an artifact and a version but no
// group, and a match by name alone would be a guess: so the package has no ecosystem.
func (j *jars) unnamed(name string, z *zip.Reader) {
	base := path.Base(name)
	p := software.Package{Name: strings.TrimSuffix(base, path.Ext(base))}
	if m := versioned.FindStringSubmatch(p.Name); m != nil {
		p.Name, p.Version = m[1], m[2]
	}
	for _, file := range z.File {
		if file.Name != "META-INF/MANIFEST.MF" {
			continue
		}
		data, err := j.unpack(file, mib)
		if err != nil {
			j.fault(name, err)
			break
		}
		fields := manifest(string(data))
		if p.Version == "" {
			p.Version = fields["Implementation-Version"]
		}
		if p.Version == "" {
			p.Version = fields["Bundle-Version"]
		}
	}
	j.r.Packages = append(j.r.Packages, p)
}

// manifest reads the main section of a jar's manifest, whose lines go on after a line break and a space.
func manifest(s string) map[string]string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\n ", "")
	s, _, _ = strings.Cut(s, "\n\n")
	out := map[string]string{}
	for line := range strings.Lines(s) {
		if key, value, ok := strings.Cut(line, ":"); ok {
			out[key] = strings.TrimSpace(value)
		}
	}
	return out
}
