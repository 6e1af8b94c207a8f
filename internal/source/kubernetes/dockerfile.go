package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"

	"ward.dev/ward/internal/decode"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// Dockerfiles reads what container images are built from: Dockerfile, Containerfile, NAME.Dockerfile, Dockerfile.NAME. Each is
// one block "Dockerfile", whose body tells of the image that its last stage makes and of all that its stages begin from. The
// zero value is ready.
type Dockerfiles struct{}

var _ source.Reader = Dockerfiles{}

// Kind is "dockerfile".
func (Dockerfiles) Kind() string { return "dockerfile" }

// Detect tells whether the path is a Dockerfile or a folder that holds one, by names alone.
func (Dockerfiles) Detect(name string) bool {
	t, err := openDisk(name)
	if err != nil {
		return false
	}
	defer t.Close()
	return t.list(context.Background(), func(string, string) {}) == nil && slices.ContainsFunc(t.names, isDockerfile)
}

// Read reads every Dockerfile at the path. One that is broken is a gap; it is an error if there is none that can be read.
func (Dockerfiles) Read(ctx context.Context, name string, options source.Options) (source.Reading, error) {
	reading := source.Reading{Kind: "dockerfile", Name: name, Dialect: resource.Dockerfile}
	t, err := openDisk(name)
	if err != nil {
		return reading, fmt.Errorf("read %s: %w", name, err)
	}
	defer t.Close()
	if err := t.list(ctx, func(string, string) {}); err != nil { // the reader of manifests tells what was passed over
		return reading, fmt.Errorf("read %s: %w", name, err)
	}
	gaps := gaps{target: name, root: options.Root}
	for _, file := range t.names {
		if !isDockerfile(file) || ctx.Err() != nil {
			continue
		}
		body, failed := dockerfile(t, file, path.Join(options.Root, file))
		if failed != nil {
			gaps.add(file, failed.line, failed.text, "")
			continue
		}
		reading.Blocks = append(reading.Blocks, resource.Block{Dialect: resource.Dockerfile, Type: "Dockerfile",
			Address: file, Target: name, Body: body, Origin: body.Origin()})
	}
	reading.Gaps = gaps.list
	if len(reading.Blocks) == 0 {
		if len(gaps.list) > 0 {
			return reading, fmt.Errorf("read %s: %w", name, errors.New(gaps.list[0].Reason))
		}
		return reading, fmt.Errorf("read %s: there is no Dockerfile", name)
	}
	return reading, ctx.Err()
}

func isDockerfile(file string) bool {
	base := strings.ToLower(path.Base(file))
	for _, name := range []string{"dockerfile", "containerfile"} {
		before := strings.HasPrefix(base, name+".") && !strings.HasSuffix(base, ".dockerignore")
		if base == name || before || strings.HasSuffix(base, "."+name) {
			return true
		}
	}
	return false
}

const maxDockerfile = 1 << 20

var errLargeDockerfile = fmt.Errorf("the Dockerfile is larger than %d MiB", maxDockerfile>>20)

// dockerfile makes the body of a Dockerfile's block.
func dockerfile(t *disk, file, shown string) (body value.Value, failed *fault) {
	content, err := t.Read(file)
	if err == nil && len(content) > maxDockerfile {
		err = errLargeDockerfile
	}
	if err != nil {
		return body, &fault{0, err.Error()}
	}
	defer func() {
		if r := recover(); r != nil {
			body, failed = value.Value{}, &fault{0, "the Dockerfile cannot be parsed"}
		}
	}()
	made, err := parser.Parse(bytes.NewReader(content))
	if err != nil {
		return body, faultOf(err)
	}
	stages, arguments, err := instructions.Parse(made.AST, nil)
	if err != nil {
		return body, faultOf(err)
	}
	if len(stages) == 0 {
		return body, &fault{0, "the Dockerfile has no FROM"}
	}
	b := build{file: shown, stages: stages, lex: shell.NewLex(made.EscapeToken), global: map[string]*string{}}
	for _, a := range arguments {
		for _, one := range a.Args {
			b.global[one.Key] = one.Value
		}
	}
	return b.body(), nil
}

// faultOf finds the line of an error of the parser.
func faultOf(err error) *fault {
	f := &fault{text: said(err)}
	var located *parser.LocationError
	if errors.As(err, &located) && len(located.Locations) > 0 && len(located.Locations[0]) > 0 {
		f.line = located.Locations[0][0].Start.Line
	}
	return f
}

// build is one Dockerfile on its way to a body.
type build struct {
	file   string
	stages []instructions.Stage
	lex    *shell.Lex
	global map[string]*string // arguments before the first FROM; nil without a value
}

func (b *build) at(at []parser.Range, path string) value.Stamp {
	line := 0
	if len(at) > 0 {
		line = at[0].Start.Line
	}
	return value.Seen(&value.Origin{File: b.file, Line: line, Path: path})
}

// body tells of all stages what they begin from, fetch and run, and of the last one what its image is like.
func (b *build) body() value.Value {
	last := len(b.stages) - 1
	rows := map[string][]value.Value{}
	members := map[string]value.Value{}
	for i := range b.stages {
		rows["from"] = append(rows["from"], b.from(i, i == last))
		for _, c := range b.stages[i].Commands {
			b.command(c, rows)
		}
	}
	for _, i := range b.line(last) {
		for _, c := range b.stages[i].Commands {
			b.final(c, members)
		}
	}
	for _, name := range []string{"from", "adds", "runs", "env", "args", "copies"} {
		members[name] = value.List(rows[name]...)
	}
	return b.at(b.stages[last].Location, "").On(value.Object(members))
}

// line lists the stages that a stage is made of, the first of them first.
func (b *build) line(i int) []int {
	for j := range i {
		if strings.EqualFold(b.stages[j].Name, b.stages[i].BaseName) && b.stages[j].Name != "" {
			return append(b.line(j), i)
		}
	}
	return []int{i}
}

// from is what a stage begins from.
func (b *build) from(i int, last bool) value.Value {
	stage := b.stages[i]
	at := b.at(stage.Location, "FROM "+stage.BaseName)
	row := map[string]value.Value{"last": value.Bool(last), "stage": value.Bool(len(b.line(i)) > 1 || stage.BaseName == "scratch")}
	row["image"] = at.On(b.expand(stage.BaseName))
	if stage.Name != "" {
		row["name"] = at.On(value.String(stage.Name))
	}
	if stage.Platform != "" {
		row["platform"] = at.On(b.expand(stage.Platform))
	}
	return at.On(value.Object(row))
}

// expand puts the arguments into a text; it is unknown where one has no value.
func (b *build) expand(text string) value.Value {
	environment := make([]string, 0, len(b.global))
	for name, v := range b.global {
		if v != nil {
			environment = append(environment, name+"="+*v)
		}
	}
	made, err := b.lex.ProcessWordWithMatches(text, shell.EnvsFromSlice(environment))
	if err != nil || len(made.Unmatched) > 0 {
		return value.Unresolved(value.Reason{Why: "an argument of the build has no value in the file", Grant: "give ARG a default"}).Text(text)
	}
	return value.String(made.Result)
}

// command tells what a command of any stage does.
func (b *build) command(c instructions.Command, rows map[string][]value.Value) {
	at := b.at(c.Location(), strings.ToUpper(c.Name()))
	add := func(name string, members map[string]value.Value) {
		rows[name] = append(rows[name], at.On(value.Object(members)))
	}
	text := func(s string) value.Value { return at.On(value.String(s)) }
	switch c := c.(type) {
	case *instructions.AddCommand:
		for _, from := range c.SourcePaths {
			row := map[string]value.Value{"source": text(withoutLogin(from)), "remote": at.On(value.Bool(fetched(from)))}
			if c.Checksum != "" {
				row["checksum"] = text(c.Checksum)
			}
			add("adds", row)
		}
	case *instructions.CopyCommand:
		for _, from := range c.SourcePaths {
			row := map[string]value.Value{"source": text(from)}
			if c.From != "" {
				row["from"] = text(c.From)
			}
			add("copies", row)
		}
	case *instructions.RunCommand:
		command := strings.Join(c.CmdLine, " ")
		for _, file := range c.Files {
			command += "\n" + file.Data
		}
		row := map[string]value.Value{"command": b.script(at, command)}
		if found := installed(command); len(found) > 0 {
			row["installs"] = at.On(value.Strings(found...))
		}
		add("runs", row)
	case *instructions.EnvCommand:
		for _, one := range c.Env {
			add("env", map[string]value.Value{"name": text(one.Key), "value": text(decode.Scrub(one.Key, one.Value))})
		}
	case *instructions.ArgCommand:
		for _, one := range c.Args {
			row := map[string]value.Value{"name": text(one.Key)}
			if one.Value != nil {
				row["value"] = text(decode.Scrub(one.Key, *one.Value))
			}
			add("args", row)
		}
	}
}

// final tells what a command of the last stage, or of one that it is made of, says of the image.
func (b *build) final(c instructions.Command, members map[string]value.Value) {
	at := b.at(c.Location(), strings.ToUpper(c.Name()))
	switch c := c.(type) {
	case *instructions.UserCommand:
		members["user"] = at.On(b.expandLocal(c.User))
	case *instructions.ExposeCommand:
		held, _ := members["expose"].AsList()
		for _, port := range c.Ports {
			held = append(slices.Clone(held), at.On(b.expandLocal(port)))
		}
		members["expose"] = at.On(value.List(held...))
	case *instructions.HealthCheckCommand:
		test := c.Health.Test
		members["healthcheck"] = at.On(value.Bool(len(test) > 0 && test[0] != "NONE"))
	case *instructions.CmdCommand:
		members["cmd"] = b.script(at, strings.Join(c.CmdLine, " "))
	case *instructions.EntrypointCommand:
		members["entrypoint"] = b.script(at, strings.Join(c.CmdLine, " "))
		delete(members, "cmd") // an entry point takes back the command that came before it
	case *instructions.LabelCommand:
		labels, _ := members["labels"].AsObject()
		all := map[string]value.Value{}
		for k, v := range labels {
			all[k] = v
		}
		for _, one := range c.Labels {
			all[strings.Trim(one.Key, `"'`)] = at.On(value.String(decode.Scrub("", strings.Trim(one.Value, `"'`))))
		}
		members["labels"] = at.On(value.Object(all))
	}
}

// expandLocal is expand for texts of a stage, whose own arguments and variables are not followed.
func (b *build) expandLocal(text string) value.Value {
	if strings.Contains(text, "$") {
		return value.Unresolved(value.Reason{Why: "a variable of the build stands in it"}).Text(text)
	}
	return value.String(text)
}

// script is a command without the secrets that it sets.
func (b *build) script(at value.Stamp, command string) value.Value {
	look, _ := decode.ByName("secret.lines")
	found := look(value.String(command))
	if names, ok := found.AsList(); ok && len(names) > 0 || decode.Scrub("", command) != command {
		return at.On(value.String(decode.LeftOut))
	}
	if found.IsUnknown() {
		return at.On(value.Unresolved(found.Reasons()...))
	}
	return at.On(value.String(command))
}

// fetched tells whether a source of ADD is an address or a repository.
func fetched(from string) bool {
	return strings.Contains(from, "://") || strings.HasPrefix(from, "git@")
}

var login = regexp.MustCompile(`://[^/\s@]+@`)

func withoutLogin(address string) string {
	return login.ReplaceAllString(address, "://"+decode.LeftOut+"@")
}

var (
	commandEnd = regexp.MustCompile(`&&|\|\||;|\||\n`)
	installer  = regexp.MustCompile(`^(?:sudo\s+)?(apt-get|apt|apk|yum|dnf|microdnf|zypper|pip|pip3|npm|gem)\s+(.*)$`)
)

// installed lists the packages that the package managers in a command are told to install, "MANAGER PACKAGE".
func installed(command string) []string {
	var all []string
	for _, one := range commandEnd.Split(strings.ReplaceAll(command, "\\\n", " "), -1) {
		m := installer.FindStringSubmatch(strings.TrimSpace(one))
		if m == nil {
			continue
		}
		on := false
		for _, word := range strings.Fields(m[2]) {
			switch {
			case word == "install" || word == "add" || word == "i":
				on = true
			case on && !strings.HasPrefix(word, "-"):
				all = append(all, m[1]+" "+word)
			}
		}
	}
	return all
}
