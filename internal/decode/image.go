package decode

import (
	"regexp"
	"strings"

	"ward.dev/ward/internal/value"
)

// imageReference is a container image as people name it: REGISTRY/REPOSITORY:TAG@DIGEST, of which all but the repository may
// be left out.
type imageReference struct{ registry, repository, tag, digest string }

var imageDigest = regexp.MustCompile(`^(sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$`)

// parseImage reads a reference as the runtimes do: without a registry it is Docker Hub's, without tag and digest the tag is latest.
func parseImage(text string) (imageReference, bool) {
	var r imageReference
	name, digest, pinned := strings.Cut(text, "@")
	if pinned && !imageDigest.MatchString(digest) {
		return r, false
	}
	r.digest = digest
	if at := strings.LastIndexByte(name, ':'); at > strings.LastIndexByte(name, '/') {
		name, r.tag = name[:at], name[at+1:]
	}
	first, rest, deeper := strings.Cut(name, "/")
	switch {
	case deeper && (strings.ContainsAny(first, ".:") || first == "localhost"):
		r.registry, r.repository = first, rest
	case deeper:
		r.registry, r.repository = "docker.io", name
	default:
		r.registry, r.repository = "docker.io", "library/"+name
	}
	if r.registry == "index.docker.io" || r.registry == "registry-1.docker.io" {
		r.registry = "docker.io"
	}
	if r.registry == "docker.io" && r.repository != "" && !strings.Contains(r.repository, "/") {
		r.repository = "library/" + r.repository
	}
	if r.tag == "" && !pinned {
		r.tag = "latest"
	}
	return r, name != "" && !strings.ContainsAny(text, " \t\n$") && r.repository != ""
}

// name is the same for every way to write the reference.
func (r imageReference) name() string {
	if r.digest != "" {
		return r.digest
	}
	return r.registry + "/" + r.repository + ":" + r.tag
}

// imagePart makes a decoder of one part of a reference; absent if the reference does not have it.
func imagePart(part func(imageReference) string) Decoder {
	return func(v value.Value) value.Value {
		return known(v, func(v value.Value) value.Value {
			text, ok := v.AsString()
			if !ok {
				return unreadable(v, "an image is named by a text")
			}
			r, ok := parseImage(text)
			if !ok {
				return unreadable(v, "the name of the image cannot be read")
			}
			if made := part(r); made != "" {
				return from(v, value.String(made))
			}
			return from(v, value.None())
		})
	}
}
