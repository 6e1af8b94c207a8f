package image

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"ward.dev/ward/internal/image"
	"ward.dev/ward/internal/sbom"
	"ward.dev/ward/internal/software"
	"ward.dev/ward/internal/value"
)

// subject is an image as blocks are made of it, whatever it was read from.
type subject struct {
	target string
	names  []string // what others may call it
	body   map[string]value.Value
	// packages with those reasons for which there may be more of them.
	packages []software.Package
	more     []value.Reason
	doubts   []value.Reason // why what is wrong with the packages is not all known, beside more
	commands map[string]string
	origin   value.Stamp
}

// ofImage tells what was read of an image.
func ofImage(i found, target string) subject {
	s := subject{target: target, packages: i.Packages, origin: value.Seen(&value.Origin{File: target}), commands: map[string]string{}}
	var files []value.Reason // why there may be more files
	for _, gap := range i.Gaps {
		why := value.Reason{Why: gap.Reason}
		if gap.Where != "" {
			why.Why = gap.Where + ": " + gap.Reason
		}
		switch gap.Kind {
		case image.GapOS, image.GapNames:
			s.doubts = append(s.doubts, why)
		case image.GapLayer, image.GapPath:
			files, s.more = append(files, why), append(s.more, why)
		default:
			s.more = append(s.more, why)
		}
	}
	for _, layer := range i.Layers {
		s.commands[layer.Digest] = layer.CreatedBy
	}
	s.names = namesOf(i.Reference, i.Digest)
	c := i.Config
	s.body = map[string]value.Value{
		"reference": value.String(i.Reference), "digest": orNone(i.Digest), "id": orNone(i.ID), "platform": orNone(i.Platform),
		"created": moment(i.Created), "bill": value.Bool(false),
		"os": value.Object(map[string]value.Value{"id": orNone(i.OS.ID), "version": orNone(i.OS.Version), "name": orNone(i.OS.Name),
			"ecosystem": orNone(i.OS.Ecosystem)}),
		"user": value.String(c.User), "entrypoint": value.Strings(c.Entrypoint...), "command": value.Strings(c.Cmd...),
		"ports": value.Strings(c.Ports...), "volumes": value.Strings(c.Volumes...), "labels": labels(c.Labels),
		"healthcheck": value.Bool(c.Healthcheck != nil && !slices.Equal(c.Healthcheck.Test, []string{"NONE"})),
		"env":         environment(c.Env), "layers": layers(i.Layers),
		"setuid": opened(filesOf(i.Facts.Setuid), files), "ssh_servers": opened(value.Strings(i.Facts.SSHServers...), files),
		"shells": opened(value.Strings(i.Facts.Shells...), files), "sudo": opened(value.Strings(i.Facts.Sudo...), files),
		"package_managers": opened(value.Strings(i.Facts.PackageManagers...), files),
		"secrets":          opened(secrets(i.Facts.Secrets), files), "writable": opened(writable(i.Facts), files),
		"devices":    opened(value.Strings(i.Facts.Devices...), files),
		"gaps":       gapsOf(i.Gaps),
		"signatures": signaturesOf(i.signatures),
	}
	s.body["repository"], s.body["public"] = fetched(i.registry)
	return s
}

// ofMaterials tells what a bill of materials says. Nothing but packages stands in one.
func ofMaterials(d sbom.Document, target string) subject {
	s := subject{target: target, packages: d.Packages, origin: value.Seen(&value.Origin{File: target}), commands: map[string]string{}}
	var gaps []value.Value
	for _, gap := range d.Gaps {
		s.more = append(s.more, value.Reason{Why: gap})
		gaps = append(gaps, value.Object(map[string]value.Value{"kind": value.String("record"), "reason": value.String(gap)}))
	}
	reference := cmp.Or(d.Name, target)
	digest := ""
	if strings.HasPrefix(d.Version, "sha256:") {
		digest = d.Version
	}
	s.names = append([]string{reference}, namesOf(reference, digest)...) // no digest first: a bill is not the image
	s.body = map[string]value.Value{"reference": value.String(reference), "digest": orNone(digest), "bill": value.Bool(true),
		"gaps": value.List(gaps...)}
	unsaid := value.Unresolved(value.Reason{Why: "a bill of materials does not say it", Grant: "the image itself"})
	for _, member := range imageOnly {
		s.body[member] = unsaid
	}
	return s
}

// imageOnly are the members of the body that a bill of materials says nothing of.
var imageOnly = []string{"id", "platform", "created", "os", "user", "entrypoint", "command", "ports", "volumes", "labels", "healthcheck",
	"env", "layers", "setuid", "ssh_servers", "shells", "sudo", "package_managers", "secrets", "writable", "devices", "signatures", "repository", "public"}

// namesOf are the ways to name an image that mean it and no other: first its digest, then the one it was asked for by, which may be that of
// an index, and the registry with repository and tag.
func namesOf(reference, digest string) []string {
	var names []string
	add := func(one string) {
		if one != "" && !slices.Contains(names, one) {
			names = append(names, one)
		}
	}
	add(digest)
	if _, asked, ok := strings.Cut(reference, "@"); ok {
		add(asked)
		return names
	}
	if tag, err := name.NewTag(reference); err == nil && !isPath(reference) {
		registry := tag.RegistryStr()
		if registry == name.DefaultRegistry {
			registry = "docker.io"
		}
		add(registry + "/" + tag.RepositoryStr() + ":" + tag.TagStr())
	}
	return names
}

func orNone(text string) value.Value {
	if text == "" {
		return value.None()
	}
	return value.String(text)
}

// moment writes a time; one that nobody said, or that a builder set to the beginning of time so that its images are the same
// bytes each time, is unknown.
func moment(t time.Time) value.Value {
	if t.Unix() <= 0 || t.Year() <= 1980 {
		return value.Unresolved(value.Reason{Why: "the image does not say when it was made", Grant: "build it without SOURCE_DATE_EPOCH=0"})
	}
	return value.String(t.UTC().Format(time.RFC3339))
}

func opened(list value.Value, why []value.Reason) value.Value {
	if len(why) == 0 {
		return list
	}
	return list.Open(few(why)...)
}

// maxReasons bounds how many reasons a list is told to be open for.
const maxReasons = 12

func few(why []value.Reason) []value.Reason {
	if len(why) <= maxReasons {
		return why
	}
	more := value.Reason{Why: fmt.Sprintf("and %d more reasons", len(why)-maxReasons)}
	return append(slices.Clone(why[:maxReasons]), more)
}

func labels(all map[string]string) value.Value {
	m := make(map[string]value.Value, len(all))
	for k, v := range all {
		m[k] = value.String(v)
	}
	return value.Object(m)
}

// environment tells names only: a value may be a secret that does not look like one.
func environment(all []image.Variable) value.Value {
	rows := make([]value.Value, 0, len(all))
	for _, v := range all {
		rows = append(rows, value.Object(map[string]value.Value{"name": value.String(v.Name), "secret": value.Bool(v.Masked)}))
	}
	return value.List(rows...)
}

func layers(all []image.Layer) value.Value {
	rows := make([]value.Value, 0, len(all))
	for _, l := range all {
		rows = append(rows, value.Object(map[string]value.Value{"digest": orNone(cmp.Or(l.Digest, l.DiffID)), "size": value.Int(l.Size),
			"created_by": orNone(l.CreatedBy)}))
	}
	return value.List(rows...)
}

func filesOf(all []image.File) value.Value {
	rows := make([]value.Value, 0, len(all))
	for _, f := range all {
		rows = append(rows, value.Object(map[string]value.Value{"path": value.String("/" + f.Path), "mode": value.String(f.Mode),
			"layer": orNone(f.Layer)}))
	}
	return value.List(rows...)
}

func secrets(all []image.Secret) value.Value {
	rows := make([]value.Value, 0, len(all))
	for _, f := range all {
		rows = append(rows, value.Object(map[string]value.Value{"path": value.String("/" + f.Path), "layer": orNone(f.Layer),
			"removed": value.Bool(f.Removed)}))
	}
	return value.List(rows...)
}

func writable(f image.Facts) value.Value {
	list := value.Strings(f.Writable...)
	if more := f.WritableCount - len(f.Writable); more > 0 {
		return list.Open(value.Reason{Why: fmt.Sprintf("%d more files are not listed", more)})
	}
	return list
}

func gapsOf(all []image.Gap) value.Value {
	rows := make([]value.Value, 0, len(all))
	for _, g := range all {
		rows = append(rows, value.Object(map[string]value.Value{"kind": value.String(string(g.Kind)), "where": orNone(g.Where),
			"reason": value.String(g.Reason)}))
	}
	return value.List(rows...)
}
