package terraform

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"crypto/md5"  // #nosec: Terraform has the function
	"crypto/sha1" // #nosec: Terraform has the function
	"crypto/sha256"
	"crypto/sha512"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// fileFunctions read files below the target's root and nothing else.
func fileFunctions() map[string]func(*call) (cty.Value, error) {
	return map[string]func(*call) (cty.Value, error){
		"file":             content(func(data []byte) (string, bool) { return string(data), utf8.Valid(data) }),
		"filebase64":       content(func(data []byte) (string, bool) { return base64.StdEncoding.EncodeToString(data), true }),
		"filemd5":          content(fileDigest(md5.New)),
		"filesha1":         content(fileDigest(sha1.New)),
		"filesha256":       content(fileDigest(sha256.New)),
		"filesha512":       content(fileDigest(sha512.New)),
		"filebase64sha256": content(fileDigest64(sha256.New)),
		"filebase64sha512": content(fileDigest64(sha512.New)),
		"fileexists":       (*call).fileExists,
		"fileset":          (*call).fileSet,
		"templatefile":     (*call).templateFile,
	}
}

func fileDigest(newHash func() hash.Hash) func([]byte) (string, bool) {
	return func(data []byte) (string, bool) { return hex.EncodeToString(sum(newHash(), string(data))), true }
}

func fileDigest64(newHash func() hash.Hash) func([]byte) (string, bool) {
	return func(data []byte) (string, bool) {
		return base64.StdEncoding.EncodeToString(sum(newHash(), string(data))), true
	}
}

// include resolves the path in the first argument against the root module's folder. ok is false, with a result or an
// error, if it is not known or leads out of the target.
func (c *call) include() (name string, out cty.Value, err error) {
	if len(c.args) == 0 {
		return "", cty.NilVal, c.fault("wrong number of arguments")
	}
	plain, err := argument(c.args[0], cty.String)
	if err != nil || plain.IsKnown() && plain.IsNull() {
		return "", cty.NilVal, c.fault("the path is not a string")
	}
	if !plain.IsKnown() {
		return "", c.unresolved(), nil
	}
	given := filepath.ToSlash(plain.AsString())
	name = path.Join(c.scope.mod.root.config.dir, given)
	if path.IsAbs(given) || strings.HasPrefix(given, "~") || name == ".." || strings.HasPrefix(name, "../") {
		return "", c.refused(given, "lies outside the target"), nil
	}
	return name, cty.NilVal, nil
}

// refused records that a file was not read.
func (c *call) refused(name, why string) cty.Value {
	where := at(c.expr.NameRange)
	c.scope.mod.estate.gap(where, fmt.Sprintf("%s(%q) %s", c.name, name, why), "")
	return derived(cty.DynamicVal, append(c.args, unknown(fmt.Sprintf("%s(%q) %s (%s)", c.name, name, why, where)))...)
}

// read returns the file that the call names.
func (c *call) read() (data []byte, out cty.Value, err error) {
	name, out, err := c.include()
	if err != nil || out != cty.NilVal {
		return nil, out, err
	}
	data, err = c.scope.mod.estate.files.file(name, maxInclude)
	switch {
	case err == nil:
		return data, cty.NilVal, nil
	case errors.Is(err, fs.ErrNotExist) && c.scope.strict:
		return nil, cty.NilVal, c.fault("there is no such file")
	case errors.Is(err, fs.ErrNotExist):
		return nil, c.refused(name, "does not exist"), nil
	}
	return nil, c.refused(name, err.Error()), nil
}

func content(f func([]byte) (string, bool)) func(*call) (cty.Value, error) {
	return func(c *call) (cty.Value, error) {
		data, out, err := c.read()
		if err != nil || out != cty.NilVal {
			return out, err
		}
		s, ok := f(data)
		if !ok {
			return cty.NilVal, c.fault("the file is not text")
		}
		return derived(cty.StringVal(s), c.args...), nil
	}
}

func (c *call) fileExists() (cty.Value, error) {
	name, out, err := c.include()
	if err != nil || out != cty.NilVal {
		return out, err
	}
	info, err := c.scope.mod.estate.files.root.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return derived(cty.False, c.args...), nil
	case err != nil:
		return c.refused(name, plainPathError(err).Error()), nil
	}
	return derived(cty.BoolVal(info.Mode().IsRegular()), c.args...), nil
}

// fileSet returns the names of files below a folder that match a pattern.
func (c *call) fileSet() (cty.Value, error) {
	const most = 20_000
	if len(c.args) != 2 {
		return cty.NilVal, c.fault("wrong number of arguments")
	}
	dir, out, err := c.include()
	if err != nil || out != cty.NilVal {
		return out, err
	}
	pattern, err := argument(c.args[1], cty.String)
	if err != nil || !pattern.IsKnown() || pattern.IsNull() {
		return c.unresolved(), err
	}
	var names []string
	seen := 0
	_ = fs.WalkDir(c.scope.mod.estate.files.root.FS(), dir, func(name string, entry fs.DirEntry, err error) error {
		if seen++; seen > most {
			return fs.SkipAll
		}
		if err != nil || entry.IsDir() {
			return nil
		}
		rel, err := filepath.Rel(filepath.FromSlash(dir), filepath.FromSlash(name))
		if err == nil && matches(strings.Split(pattern.AsString(), "/"), strings.Split(filepath.ToSlash(rel), "/")) {
			names = append(names, filepath.ToSlash(rel))
		}
		return nil
	})
	if seen > most {
		return c.refused(dir, "has more files than this reader looks at"), nil
	}
	slices.Sort(names)
	items := make([]cty.Value, len(names))
	for i, name := range names {
		items[i] = cty.StringVal(name)
	}
	return cty.TupleVal(items), nil
}

// matches tells whether a path matches a pattern in which ** stands for any number of folders and {a,b} for either.
func matches(pattern, name []string) bool {
	if len(pattern) == 0 {
		return len(name) == 0
	}
	if pattern[0] == "**" {
		for i := range len(name) + 1 {
			if matches(pattern[1:], name[i:]) {
				return true
			}
		}
		return false
	}
	if len(name) == 0 || !matchesOne(pattern[0], name[0]) {
		return false
	}
	return matches(pattern[1:], name[1:])
}

func matchesOne(pattern, name string) bool {
	if head, tail, ok := strings.Cut(pattern, "{"); ok {
		if choices, tail, ok := strings.Cut(tail, "}"); ok && strings.Count(pattern, "{") <= 4 {
			for choice := range strings.SplitSeq(choices, ",") {
				if matchesOne(head+choice+tail, name) {
					return true
				}
			}
			return false
		}
	}
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

// templateFile evaluates a template in a file with the names it is given and no others.
func (c *call) templateFile() (cty.Value, error) {
	const deepest = 16
	if len(c.args) != 2 {
		return cty.NilVal, c.fault("wrong number of arguments")
	}
	data, out, err := c.read()
	if err != nil || out != cty.NilVal {
		return out, err
	}
	given, out, err := (&call{scope: c.scope, expr: c.expr, name: c.name, args: c.args[1:]}).only(0)
	if err != nil || out != cty.NilVal {
		return out, err
	}
	e := c.scope.mod.estate
	name := at(c.expr.NameRange)
	if e.templates >= deepest || outsized(given.known) {
		return cty.NilVal, c.fault("templates nest too deep or are given too much")
	}
	if tooDeep(data, templateSyntax) {
		return c.refused(name, "nests too deep"), nil
	}
	expr, diags := hclsyntax.ParseTemplate(data, name, hcl.InitialPos)
	if diags.HasErrors() {
		return cty.NilVal, c.fault("the template is broken")
	}
	vars := map[string]cty.Value{}
	if isMapping(given.known) {
		for it := given.known.ElementIterator(); it.Next(); {
			key, v := it.Element()
			vars[key.AsString()] = v
		}
	}
	inner := &scope{mod: c.scope.mod, vars: vars, strict: c.scope.strict, bare: given.more == nil}
	if given.more != nil {
		return c.unresolved(), nil
	}
	e.templates++
	v, err := inner.eval(expr)
	e.templates--
	if err != nil {
		return cty.NilVal, err
	}
	if str, err := convert2string(v); err == nil {
		v = str
	}
	return v, nil
}

// convert2string converts a known scalar to a string and leaves its marks.
func convert2string(v cty.Value) (cty.Value, error) {
	plain, marks := v.Unmark()
	str, err := argument(plain, cty.String)
	if err != nil || !plain.IsKnown() {
		return v, err
	}
	return str.WithMarks(marks), nil
}
