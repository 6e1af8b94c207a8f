package image

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"ward.dev/ward/internal/decode"
)

// Config is what the image says of how it is to be run. What looks like a secret is left out everywhere in it.
type Config struct {
	// User is as it is written: "", "1000", "app:app". "" is root.
	User            string
	Entrypoint, Cmd []string
	WorkingDir      string
	StopSignal      string
	Env             []Variable
	// Ports are as "8080/tcp", sorted, as are Volumes.
	Ports, Volumes []string
	Labels         map[string]string
	// Healthcheck is nil if there is none.
	Healthcheck *Healthcheck
	History     []Step
}

// Variable is one variable of the environment.
type Variable struct {
	Name, Value string
	// Masked tells that the value looked like a secret: Value stands in its place.
	Masked bool
}

// Healthcheck is the command by which a runtime asks whether the container works.
type Healthcheck struct {
	// Test is the command after "CMD" or "CMD-SHELL"; "NONE" alone says that a check of the base is not wanted.
	Test              []string
	Interval, Timeout time.Duration
	Retries           int
}

// Step is one step of how the image was built.
type Step struct {
	Created   time.Time
	CreatedBy string
	// Empty tells that no layer came of it.
	Empty bool
}

// config reads the configuration.
func config(raw []byte) (*v1.ConfigFile, Config, error) {
	c, err := v1.ParseConfigFile(bytes.NewReader(raw))
	if err != nil {
		return nil, Config{}, fmt.Errorf("configuration: %w", err)
	}
	from := c.Config
	out := Config{
		User: from.User, Entrypoint: scrubWords(from.Entrypoint), Cmd: scrubWords(from.Cmd), WorkingDir: from.WorkingDir,
		StopSignal: from.StopSignal,
		Ports:      slices.Sorted(maps.Keys(from.ExposedPorts)), Volumes: slices.Sorted(maps.Keys(from.Volumes)),
	}
	for _, variable := range from.Env {
		name, value, _ := strings.Cut(variable, "=")
		kept := decode.Scrub(name, value)
		out.Env = append(out.Env, Variable{name, kept, kept != value || kept == decode.LeftOut})
	}
	for name, value := range from.Labels {
		if out.Labels == nil {
			out.Labels = map[string]string{}
		}
		out.Labels[name] = decode.Scrub(name, value)
	}
	if h := from.Healthcheck; h != nil {
		out.Healthcheck = &Healthcheck{Test: scrubWords(h.Test), Interval: h.Interval, Timeout: h.Timeout, Retries: h.Retries}
	}
	for _, h := range c.History {
		out.History = append(out.History, Step{h.Created.Time, scrubText(h.CreatedBy), h.EmptyLayer})
	}
	return c, out, nil
}

var (
	// assignment is NAME=value, also of an option; the value may be quoted.
	assignment = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_.-]*)=("[^"]*"|'[^']*'|[^\s"']+)`)
	// option is an option with its value as the next word.
	option = regexp.MustCompile(`(--?[A-Za-z][A-Za-z0-9-]*|\b(?i:password|passwd|token|secret))([ \t]+)` +
		`("[^"]*"|'[^']*'|[^\s"'-][^\s"']*)`)
	// login is the value of the header Authorization.
	login = regexp.MustCompile(`(?i)\b(bearer|basic)([ \t]+)[a-z0-9._~+/=-]{8,}`)
)

// scrubText leaves out of a command what looks like a secret.
func scrubText(s string) string {
	s = assignment.ReplaceAllStringFunc(s, func(found string) string {
		name, value, _ := strings.Cut(found, "=")
		if decode.Scrub(name, strings.Trim(value, `"'`)) == decode.LeftOut {
			return name + "=" + decode.LeftOut
		}
		return found
	})
	s = option.ReplaceAllStringFunc(s, func(found string) string {
		m := option.FindStringSubmatch(found)
		if decode.Scrub(strings.TrimLeft(m[1], "-"), strings.Trim(m[3], `"'`)) == decode.LeftOut {
			return m[1] + m[2] + decode.LeftOut
		}
		return found
	})
	s = login.ReplaceAllString(s, "${1}${2}"+decode.LeftOut)
	words := strings.Split(s, " ")
	for i, word := range words { // known forms of secrets, wherever they stand
		if decode.Scrub("", word) == decode.LeftOut {
			words[i] = decode.LeftOut
		}
	}
	return strings.Join(words, " ")
}

// scrubWords does the same with a command that is split into words.
func scrubWords(words []string) []string {
	if words == nil {
		return nil
	}
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = scrubText(word)
		if i > 0 && strings.HasPrefix(words[i-1], "-") && !strings.HasPrefix(word, "-") &&
			decode.Scrub(strings.TrimLeft(words[i-1], "-"), word) == decode.LeftOut {
			out[i] = decode.LeftOut
		}
	}
	return out
}
