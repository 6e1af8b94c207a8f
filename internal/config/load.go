package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/yamlfile"
)

// document is ward.yaml as it stands.
type document struct {
	Estate           string            `yaml:"estate"`
	Framework        string            `yaml:"framework"`
	Include          []string          `yaml:"include"`
	PHI              PHI               `yaml:"phi"`
	Params           Params            `yaml:"params"`
	ParamsFor        []ParamsFor       `yaml:"params_for"`
	Vars             map[string]string `yaml:"vars"`
	VarFiles         []string          `yaml:"var_files"`
	Workspace        string            `yaml:"workspace"`
	Parameters       map[string]string `yaml:"parameters"`
	Signatures       Signatures        `yaml:"signatures"`
	Owners           []OwnerRule       `yaml:"owners"`
	MaxExceptionDays int               `yaml:"max_exception_days"`
	piece            `yaml:",inline"`
}

// piece is what an included file may hold.
type piece struct {
	Exceptions   []Exception   `yaml:"exceptions"`
	Attestations []Attestation `yaml:"attestations"`
	Alternatives []Alternative `yaml:"alternatives"`
	Baseline     string        `yaml:"baseline"`
}

// Find returns the path of the ward.yaml that holds for a run: in the current directory, else in the first target if
// that is a folder, else beside it. It returns "" if there is none.
func Find(targets ...string) string {
	folders := []string{"."}
	if len(targets) > 0 {
		first := targets[0]
		if info, err := os.Stat(first); err == nil && !info.IsDir() {
			first = filepath.Dir(first)
		}
		folders = append(folders, first)
	}
	return In(folders...)
}

// In returns the path of the first ward.yaml in these folders, "" if there is none.
func In(folders ...string) string {
	for _, folder := range folders {
		path := filepath.Join(folder, Name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// Load reads the file and those that it includes. The path "" is an empty Config. All faults come back joined, each a
// yamlfile.Fault with its file and line.
func Load(path string) (*Config, error) {
	if path == "" {
		return &Config{}, nil
	}
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	defer root.Close()
	l := &loader{root: root, folder: filepath.Dir(path)}
	var m document
	if !l.decode(filepath.Base(path), &m, Place{}) {
		return nil, errors.Join(l.faults...)
	}
	return l.config(path, m)
}

// Parse reads a file that somebody handed over; name is what faults call it. It may include nothing, and nothing else is read.
func Parse(name string, data []byte) (*Config, error) {
	var m document
	if len(strings.TrimSpace(string(data))) > 0 {
		if err := yamlfile.Decode(name, data, &m); err != nil {
			return nil, err
		}
	}
	if len(m.Include) > 0 {
		return nil, yamlfile.Fault{File: name, Text: "include: a file that is handed over stands alone; put what it includes into it"}
	}
	return new(loader).config(name, m)
}

// config checks what a file says and what it includes.
func (l *loader) config(path string, m document) (*Config, error) {
	c := &Config{File: path, Estate: m.Estate, Framework: m.Framework, PHI: m.PHI, Vars: m.Vars, VarFiles: m.VarFiles,
		Workspace: m.Workspace, Parameters: m.Parameters, Signatures: m.Signatures}
	l.longest = m.MaxExceptionDays
	if l.longest == 0 {
		l.longest = MaxExceptionDays
	}
	c.Params = m.Params.in(path)
	for _, p := range m.ParamsFor {
		p.File, p.Params = path, p.Params.in(path)
		c.ParamsFor = append(c.ParamsFor, p)
	}
	for _, o := range m.Owners {
		o.File = path
		l.checkOwner(o)
		c.Owners = append(c.Owners, o)
	}
	l.checkMain(c, m)
	l.add(c, path, m.piece)
	l.include(c, filepath.Base(path), m.Include)
	l.checkIDs(c)
	return c, errors.Join(l.faults...)
}

type loader struct {
	root    *os.Root
	folder  string
	longest int // days that an exception may last
	faults  []error
}

func (l *loader) fault(at Place, format string, args ...any) {
	l.faults = append(l.faults, yamlfile.Fault{File: at.File, Line: at.Line, Text: fmt.Sprintf(format, args...)})
}

// decode reads a file below the folder of ward.yaml, and nothing outside it.
func (l *loader) decode(name string, out any, from Place) bool {
	path := filepath.Join(l.folder, filepath.FromSlash(name))
	data, err := l.read(name)
	if err != nil {
		var p *os.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		if from.File == "" {
			from.File = path
		}
		l.fault(from, "read %s: %v", name, err)
		return false
	}
	if len(strings.TrimSpace(string(data))) == 0 {
		return true // an empty file decides nothing
	}
	if err := yamlfile.Decode(path, data, out); err != nil {
		l.faults = append(l.faults, err)
		return false
	}
	return true
}

func (l *loader) read(name string) ([]byte, error) {
	f, err := l.root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a file")
	}
	return io.ReadAll(io.LimitReader(f, yamlfile.MaxSize+1))
}

func (l *loader) include(c *Config, main string, names []string) {
	seen := map[string]bool{filepath.Clean(main): true}
	for _, name := range names {
		at := Place{File: c.File}
		clean := filepath.Clean(filepath.FromSlash(name))
		if seen[clean] {
			l.fault(at, "include: %s is included already", name)
			continue
		}
		seen[clean] = true
		var p piece
		if l.decode(name, &p, at) {
			l.add(c, filepath.Join(l.folder, clean), p)
		}
	}
}

// add takes over the decisions of one file.
func (l *loader) add(c *Config, file string, p piece) {
	for _, e := range p.Exceptions {
		e.File = file
		l.checkException(e)
		c.Exceptions = append(c.Exceptions, e)
	}
	for _, a := range p.Attestations {
		a.File = file
		l.checkAttestation(a)
		c.Attestations = append(c.Attestations, a)
	}
	for _, a := range p.Alternatives {
		a.File = file
		l.checkAlternative(a)
		c.Alternatives = append(c.Alternatives, a)
	}
	if p.Baseline == "" {
		return
	}
	if c.Baseline != "" {
		l.fault(Place{File: file}, "baseline is given already: %s", c.Baseline)
	}
	c.Baseline = p.Baseline
}

// Params are the parameters of checks: {CHECK: {NAME: VALUE}}.
type Params []CheckParams

func (p Params) in(file string) Params {
	for i := range p {
		p[i].File = file
	}
	return p
}

// YAMLShape implements yamlfile.Shaped.
func (p *Params) YAMLShape(*yaml.Node) any { return &map[string]map[string]kind.Literal{} }

// UnmarshalYAML remembers the line of each check.
func (p *Params) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return located(node.Line, "parameters are written as {CHECK: {NAME: VALUE}}")
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		one := CheckParams{Check: node.Content[i].Value, Place: Place{Line: node.Content[i].Line}}
		if err := node.Content[i+1].Decode(&one.Values); err != nil {
			return err
		}
		*p = append(*p, one)
	}
	return nil
}

// What follows remembers where each decision stands.

type (
	plainException   Exception
	plainAttestation Attestation
	plainAlternative Alternative
	plainParamsFor   ParamsFor
)

// YAMLShape implements yamlfile.Shaped.
func (e *Exception) YAMLShape(*yaml.Node) any { return &plainException{} }

// UnmarshalYAML implements yaml.Unmarshaler.
func (e *Exception) UnmarshalYAML(node *yaml.Node) error {
	err := node.Decode((*plainException)(e))
	e.Line = node.Line
	return err
}

// YAMLShape implements yamlfile.Shaped.
func (a *Attestation) YAMLShape(*yaml.Node) any { return &plainAttestation{} }

// UnmarshalYAML implements yaml.Unmarshaler.
func (a *Attestation) UnmarshalYAML(node *yaml.Node) error {
	err := node.Decode((*plainAttestation)(a))
	a.Line = node.Line
	return err
}

// YAMLShape implements yamlfile.Shaped.
func (a *Alternative) YAMLShape(*yaml.Node) any { return &plainAlternative{} }

// UnmarshalYAML implements yaml.Unmarshaler.
func (a *Alternative) UnmarshalYAML(node *yaml.Node) error {
	err := node.Decode((*plainAlternative)(a))
	a.Line = node.Line
	return err
}

// YAMLShape implements yamlfile.Shaped.
func (p *ParamsFor) YAMLShape(*yaml.Node) any { return &plainParamsFor{} }

// UnmarshalYAML implements yaml.Unmarshaler.
func (p *ParamsFor) UnmarshalYAML(node *yaml.Node) error {
	err := node.Decode((*plainParamsFor)(p))
	p.Line = node.Line
	return err
}
