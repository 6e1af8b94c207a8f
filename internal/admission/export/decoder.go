package export

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"ward.dev/ward/internal/decode"
)

func undecoded(name string) error {
	return refuse("a policy cannot read it (%s: %s)", name, strings.TrimSuffix(decode.Doc(name), "."))
}

// decoders are the decoders that can be said in the CEL of policies: each makes of the CEL of an optional value, or of an object,
// the CEL of what the decoder of package decode makes of it. Where that is unknown, the CEL is an error.
var decoders = map[string]func(found) (found, bool){
	"csv":               csv,
	"image.digest":      imageDigest,
	"image.registry":    imageRegistry,
	"image.repository":  imageRepository,
	"image.tag":         imageTag,
	"ingress.any":       ingressAny,
	"path.within":       pathWithin,
	"peers.all":         peersAll,
	"peers.world":       peersWorld,
	"quantity.bytes":    quantity,
	"quantity.milli":    quantity,
	"storage.encrypted": storageEncrypted,
	"volume.type":       volumeType,
}

func (c *compiler) decoded(name string, from found) (found, error) {
	decoder, ok := decoders[name]
	if !ok || from.list != "" {
		return found{}, undecoded(name)
	}
	made, ok := decoder(from)
	if !ok {
		return found{}, undecoded(name)
	}
	if from.definite && from.text == c.root { // the decoder looks at the object
		for _, path := range bodies[name] {
			c.look(strings.Split(path, "."))
		}
	}
	return made, nil
}

// bodies are what the decoders that take a whole object look at.
var bodies = map[string][]string{"ingress.any": {"spec.rules", "spec.defaultBackend"}, "storage.encrypted": {"parameters", "provisioner"}}

// with makes something of an optional value, called e0 in the CEL.
func (f found) with(text string) (found, bool) {
	return found{text: fmt.Sprintf("%s.optMap(e0, %s)", f.text, text), shape: textShape}, !f.definite
}

// then makes something of what with made, called e0 again.
func (f found) then(text string) found {
	f.text = fmt.Sprintf("%s.optMap(e0, %s)", f.text, text)
	return f
}

func csv(f found) (found, bool) {
	made, ok := f.with(`e0.split(",").map(e, e.trim()).filter(e, e != "")`)
	made.shape = &shape{form: "list", elem: textShape}
	return made, ok
}

// quantity tells only whether there is one: how thousandths and bytes are rounded differs.
func quantity(f found) (found, bool) {
	made, ok := f.with("quantity(string(e0))")
	made.shape, made.only = &shape{form: "int"}, "a policy cannot count with quantities as Ward does"
	return made, ok
}

// pathWithin takes detours out of a path. One with ".." in it, which the API refuses, is an error.
func pathWithin(f found) (found, bool) {
	return f.with(`e0.split("/").filter(e, e != "" && e != ".").map(e, "/" + (e == ".." ? string(int(e)) : e)).join("") + "/"`)
}

func volumeType(f found) (found, bool) {
	names := fmt.Sprintf(`%s.filter(e0, e0 != "name")`, f.text)
	return found{text: fmt.Sprintf(`(%s + ["emptyDir"])[0]`, names), definite: true, shape: textShape}, f.definite
}

func peersAll(f found) (found, bool) {
	return found{text: fmt.Sprintf("size(%s) == 0", peers(f)), definite: true, shape: boolShape}, f.definite
}

func peersWorld(f found) (found, bool) {
	text := fmt.Sprintf(`(size(%s) == 0 || (%s).exists(e0, e0.?ipBlock.?cidr.orValue("").endsWith("/0")))`, peers(f), peers(f))
	return found{text: text, definite: true, shape: boolShape}, f.definite
}

func peers(f found) string {
	var lists []string
	for _, name := range []string{"from", "to"} {
		if f.shape.member(name) != nil {
			lists = append(lists, f.text+step(name)+".orValue([])")
		}
	}
	return strings.Join(lists, " + ")
}

func ingressAny(f found) (found, bool) {
	text := fmt.Sprintf(`(has(%s.spec.defaultBackend) || %s.spec.?rules.orValue([]).exists(e0, e0.?host.orValue("") in ["", "*"]))`, f.text, f.text)
	return found{text: text, definite: true, shape: boolShape}, f.definite
}

func storageEncrypted(f found) (found, bool) {
	always, by := decode.StorageEncryption()
	var told []string
	for _, name := range by {
		told = append(told, f.text+".?parameters"+step(name))
	}
	provisioners := make([]string, 0, len(always))
	for _, name := range always {
		provisioners = append(provisioners, strconv.Quote(name))
	}
	text := fmt.Sprintf(`(%[1]s.orValue("") != "" ? optional.of(%[1]s.value().lowerAscii() == "true") :
		%[2]s.provisioner in [%[3]s] ? optional.of(true) : optional.none())`, either(told), f.text, strings.Join(provisioners, ", "))
	return found{text: text, shape: boolShape}, f.definite
}

// The name of an image is REGISTRY/REPOSITORY:TAG@DIGEST, of which all but the repository may be left out; decode reads it in the
// same way. A name that cannot be read is no number either, so that int() makes an error of it.
const (
	imageNamed   = `^[^ \\t\\n$@]+(@(sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}))?$`
	imageUnnamed = `^(([^/]*[.:][^/]*|localhost)/)?(:[^:/@]*)?(@.*)?$`
	imageTagged  = `:[^/:]*$`
	// imageHosted is a name that begins with a registry, imageHub one that begins with Docker Hub's.
	imageHosted = `^([^/]*[.:][^/]*|localhost)/`
	imageHub    = `^(docker[.]io|index[.]docker[.]io|registry-1[.]docker[.]io)/`
)

func imageName(f found) (found, bool) {
	return f.with(fmt.Sprintf(`e0.matches("%s") && !e0.matches("%s") ? e0 : string(int(e0))`, imageNamed, imageUnnamed))
}

// imageBare leaves out the digest and the tag.
func imageBare(f found) (found, bool) {
	made, ok := imageName(f)
	return made.then(`e0.split("@")[0]`).then(fmt.Sprintf(`e0.substring(0, size(e0) - size(e0.find("%s")))`, imageTagged)), ok
}

func imageRegistry(f found) (found, bool) {
	made, ok := imageBare(f)
	return made.then(fmt.Sprintf(`e0.matches("%s") && !e0.matches("%s") ? e0.split("/")[0] : "docker.io"`, imageHosted, imageHub)), ok
}

// imageRepository marks with a blank what is not of Docker Hub: there, a repository without a slash is one of the library.
func imageRepository(f found) (found, bool) {
	made, ok := imageBare(f)
	made = made.then(fmt.Sprintf(`e0.matches("%s") ? (e0.matches("%s") ? "" : " ") + e0.substring(e0.indexOf("/") + 1) : e0`, imageHosted, imageHub))
	return made.then(`e0.startsWith(" ") ? e0.substring(1) : e0.contains("/") ? e0 : "library/" + e0`), ok
}

func imageTag(f found) (found, bool) {
	made, ok := imageName(f)
	made = made.then(fmt.Sprintf(`e0.contains("@") ? e0.split("@")[0].find("%[1]s") :
		(e0.matches(":[^/:]+$") ? e0 : e0 + ":latest").find("%[1]s")`, imageTagged))
	return made.unlessEmpty(`e0.replace(":", "")`), ok
}

func imageDigest(f found) (found, bool) {
	made, ok := imageName(f)
	return made.unlessEmpty(`e0.contains("@") ? e0.split("@")[1] : ""`), ok
}

// unlessEmpty makes a text of e0, and nothing if it is empty.
func (f found) unlessEmpty(text string) found {
	f.text = fmt.Sprintf("%s.optFlatMap(e0, optional.ofNonZeroValue(%s))", f.text, text)
	return f
}

// sortedKeys lists the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
