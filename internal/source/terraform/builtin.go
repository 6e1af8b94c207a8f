package terraform

import (
	"crypto/md5"  // #nosec: Terraform has the function
	"crypto/sha1" // #nosec: Terraform has the function
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/go-cty-funcs/cidr"
	"github.com/hashicorp/go-cty-funcs/encoding"
	"github.com/hashicorp/go-cty-funcs/uuid"
	ctyyaml "github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// builtins are the functions whose result depends on nothing but the values of their arguments.
var builtins = map[string]function.Function{
	"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc, "log": stdlib.LogFunc,
	"max": stdlib.MaxFunc, "min": stdlib.MinFunc, "parseint": stdlib.ParseIntFunc, "pow": stdlib.PowFunc,
	"signum": stdlib.SignumFunc,

	"chomp": stdlib.ChompFunc, "formatlist": stdlib.FormatListFunc,
	"indent": stdlib.IndentFunc, "lower": stdlib.LowerFunc, "regex": stdlib.RegexFunc,
	"regexall": stdlib.RegexAllFunc, "split": stdlib.SplitFunc, "strrev": stdlib.ReverseFunc,
	"substr": stdlib.SubstrFunc, "title": stdlib.TitleFunc, "trim": stdlib.TrimFunc,
	"trimprefix": stdlib.TrimPrefixFunc, "trimspace": stdlib.TrimSpaceFunc, "trimsuffix": stdlib.TrimSuffixFunc,
	"upper": stdlib.UpperFunc, "replace": replaceFunc,
	"startswith":  predicate(strings.HasPrefix),
	"endswith":    predicate(strings.HasSuffix),
	"strcontains": predicate(strings.Contains),

	"range": stdlib.RangeFunc, "setintersection": stdlib.SetIntersectionFunc,
	"setsubtract": stdlib.SetSubtractFunc,

	"base64encode": text2text(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }),
	"base64decode": base64DecodeFunc, "urlencode": encoding.URLEncodeFunc,
	"csvdecode": stdlib.CSVDecodeFunc, "jsondecode": stdlib.JSONDecodeFunc,
	"yamldecode": ctyyaml.YAMLDecodeFunc, "yamlencode": ctyyaml.YAMLEncodeFunc,

	"md5": digest(md5.New), "sha1": digest(sha1.New), "sha256": digest(sha256.New), "sha512": digest(sha512.New),
	"base64sha256": digest64(sha256.New), "base64sha512": digest64(sha512.New), "uuidv5": uuid.V5Func,

	"cidrhost": cidr.HostFunc, "cidrnetmask": cidr.NetmaskFunc, "cidrsubnet": cidr.SubnetFunc,
	"cidrsubnets": cidr.SubnetsFunc,

	"formatdate": stdlib.FormatDateFunc, "timeadd": stdlib.TimeAddFunc, "timecmp": timeCompareFunc,

	"basename": text2text(path.Base), "dirname": text2text(path.Dir),
	"tobool": stdlib.MakeToFunc(cty.Bool), "tonumber": stdlib.MakeToFunc(cty.Number),
	"tostring": stdlib.MakeToFunc(cty.String),
}

// volatile are the functions that nobody can foresee, with the reason.
var volatile = map[string]string{
	"timestamp": "is the time at which Terraform runs", "plantimestamp": "is the time at which Terraform runs",
	"uuid": "is random", "bcrypt": "is random", "rsadecrypt": "decrypts a secret",
	"pathexpand": "depends on where Terraform runs", "abspath": "depends on where Terraform runs",
	"base64gzip": "is not computed here", "textencodebase64": "is not computed here",
	"textdecodebase64": "is not computed here", "templatestring": "is not computed here",
	"ephemeralasnull": "is known only while Terraform runs", "issensitive": "is known only while Terraform runs",
}

func text2text(f func(string) string) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.StringVal(f(args[0].AsString())), nil
		},
	})
}

func predicate(f func(s, part string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: "part", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(f(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

// base64DecodeFunc is base64decode. Of what is not text nothing is said: it may be a secret.
var base64DecodeFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "text", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		data, err := base64.StdEncoding.DecodeString(args[0].AsString())
		if err != nil || !utf8.Valid(data) {
			return cty.NilVal, function.NewArgErrorf(0, "is not text in base64")
		}
		return cty.StringVal(string(data)), nil
	},
})

func sum(h hash.Hash, s string) []byte {
	h.Write([]byte(s))
	return h.Sum(nil)
}

func digest(newHash func() hash.Hash) function.Function {
	return text2text(func(s string) string { return hex.EncodeToString(sum(newHash(), s)) })
}

func digest64(newHash func() hash.Hash) function.Function {
	return text2text(func(s string) string { return base64.StdEncoding.EncodeToString(sum(newHash(), s)) })
}

// replaceFunc is replace: with slashes around it the text looked for is a regular expression.
var replaceFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: "old", Type: cty.String},
		{Name: "new", Type: cty.String}},
	Type: function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		text, old, replacement := args[0].AsString(), args[1].AsString(), args[2].AsString()
		if (len(text)+1)*(len(replacement)+1) > maxText*16 {
			return cty.UnknownVal(cty.String), nil
		}
		if len(old) > 1 && old[0] == '/' && old[len(old)-1] == '/' {
			return stdlib.RegexReplace(args[0], cty.StringVal(old[1:len(old)-1]), args[2])
		}
		return cty.StringVal(strings.ReplaceAll(text, old, replacement)), nil
	},
})

var timeCompareFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "a", Type: cty.String}, {Name: "b", Type: cty.String}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		a, err := time.Parse(time.RFC3339, args[0].AsString())
		if err != nil {
			return cty.NilVal, function.NewArgErrorf(0, "is not a time")
		}
		b, err := time.Parse(time.RFC3339, args[1].AsString())
		if err != nil {
			return cty.NilVal, function.NewArgErrorf(1, "is not a time")
		}
		return cty.NumberIntVal(int64(a.Compare(b))), nil
	},
})
