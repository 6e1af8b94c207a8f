package cloudformation

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// files is a directory of a test, by relative path.
type files map[string]string

func (f files) write(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range f {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (f files) read(t testing.TB, parameters map[string]string) source.Reading {
	t.Helper()
	reading, err := Templates{}.Read(context.Background(), f.write(t), source.Options{Parameters: parameters})
	if err != nil {
		t.Fatal(err)
	}
	return reading
}

// blocks indexes by address, and proves what must hold of every block: a unique address and an origin, and that each
// unknown says why.
func blocks(t testing.TB, reading source.Reading) map[string]resource.Block {
	t.Helper()
	byAddress := map[string]resource.Block{}
	for _, b := range reading.Blocks {
		if _, taken := byAddress[b.Address]; taken {
			t.Errorf("two blocks have the address %s", b.Address)
		}
		byAddress[b.Address] = b
		if b.Origin == nil || b.Target != reading.Name || b.Dialect != resource.CloudFormation || b.Type == "" {
			t.Errorf("the block %s is not complete: %+v", b.Address, b)
		}
		visit(b.Body, func(v value.Value) {
			if v.Origin() == nil || v.Origin().File == "" {
				t.Errorf("%s: %s has no origin", b.Address, show(v))
			}
			if v.IsUnknown() && (len(v.Reasons()) == 0 || v.Reasons()[0].Why == "nothing was read") {
				t.Errorf("%s: %s says not why", b.Address, v.Origin())
			}
		})
	}
	return byAddress
}

// show writes a value so that every mark on it can be seen: "?" is unknown, "->A.Arn!" an exact reference, "->A" an
// inexact one, "->*" one to any block, "~text~" a template, "..." an open list or object.
func show(v value.Value) string {
	var b strings.Builder
	switch {
	case v.IsAbsent():
		return "none"
	case v.IsUnknown():
		b.WriteString("?")
	}
	switch d := v.Data().(type) {
	case []value.Value:
		var parts []string
		for _, e := range d {
			parts = append(parts, show(e))
		}
		if v.IsOpen() {
			parts = append(parts, "...")
		}
		fmt.Fprintf(&b, "[%s]", strings.Join(parts, " "))
	case map[string]value.Value:
		var parts []string
		for _, k := range v.Keys() {
			parts = append(parts, k+":"+show(d[k]))
		}
		if v.IsOpen() {
			parts = append(parts, "...")
		}
		fmt.Fprintf(&b, "{%s}", strings.Join(parts, " "))
	case string:
		fmt.Fprintf(&b, "%q", d)
	case nil:
	default:
		fmt.Fprint(&b, d)
	}
	if text, ok := v.Template(); ok {
		b.WriteString("~" + text + "~")
	}
	_, exact := v.ExactRef()
	var refs []string
	for _, r := range v.Refs() {
		name := strings.TrimSuffix(r.Address+"."+r.Attribute, ".")
		if name == "" {
			name = "*"
		}
		refs = append(refs, name)
	}
	sort.Strings(refs)
	if len(refs) > 0 {
		b.WriteString("->" + strings.Join(refs, ","))
	}
	if exact {
		b.WriteString("!")
	}
	return b.String()
}

// whys returns the reasons of a value as texts.
func whys(v value.Value) string {
	var texts []string
	for _, r := range v.Reasons() {
		text := r.Why
		if r.Grant != "" {
			text += " (" + r.Grant + ")"
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}

func gapTexts(reading source.Reading) string {
	var texts []string
	for _, g := range reading.Gaps {
		texts = append(texts, g.What+" | "+g.Reason)
	}
	return strings.Join(texts, "\n")
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+by)
}
