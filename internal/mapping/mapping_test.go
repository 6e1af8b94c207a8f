package mapping_test

import (
	"fmt"
	"strings"
	"testing"

	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

const bucketKind = `
kind: t.bucket
title: bucket
doc: For tests.
terraform: t_bucket
identity: {terraform: name}
through: {t_other: target}
parts:
  encryption:
    terraform: [t_encryption by bucket > rule.default, encryption.rule.default]
attributes:
  name: {type: string, doc: d, terraform: name}
  encryption.algorithm: {type: string, doc: d, terraform: $encryption.algorithm, default: AES256}
  encryption.key: {type: ref t.key, doc: d, terraform: $encryption.key}
  versioning: {type: bool, doc: d, default: false, terraform: [{path: "t_versioning by bucket > status", map: {Enabled: true, Suspended: false}}, versioning.enabled]}
  logged: {type: bool, doc: d, terraform: {present: logging}}
  port: {type: int, doc: d, terraform: port}
  rules:
    type: list
    doc: d
    terraform: {concat: [rule, {path: "t_rule by bucket", where: {direction: in}}]}
    item: {port: {type: int, doc: d, terraform: port}, open: {type: bool, doc: d, terraform: open, default: false}}
  readers: {type: list string, doc: d, terraform: rule.readers}
  owner: {type: string, doc: d, default: nobody, terraform: {path: tag, where: {key: owner}, take: value}}
  accounts: {type: list ref t.key, doc: d, terraform: t_grant by bucket > key}
  declared: {type: list string, doc: d, terraform: declared t_default > state}
  account: {type: list string, doc: d, terraform: all t_default > state}
  label: {type: string, doc: d, via: lower, terraform: t_label by bucket > text}
  peers: {type: list string, doc: d, terraform: {path: t_peer by bucket, same: {zone: place}, take: name}}
  nowhere: {type: string, doc: d}
  never: {type: string, doc: d, terraform: "@none", default: no-way}
`

const keyKind = `
kind: t.key
title: key
doc: For tests.
terraform: t_key
identity: {terraform: name}
through: {t_alias: target, t_attachment: bucket}
builtin: [{match: ^own/, attributes: {manager: provider}}, {match: '^data\.t_own\.', attributes: {manager: provider}}]
attributes:
  name: {type: string, doc: d, terraform: name}
  manager: {type: string, doc: d, terraform: "@none", default: us}
`

var reason = value.Reason{Why: "var.x has no value", Grant: "--var x=VALUE"}

func text(s string) value.Value { return value.String(s) }

func object(pairs ...any) value.Value {
	m := map[string]value.Value{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1].(value.Value)
	}
	return value.Object(m)
}

func ref(address string) value.Value {
	return value.Unresolved(value.Reason{Why: address + " is known after apply"}).Referring(true, value.Ref{Address: address, Attribute: "id"})
}

func block(address string, body value.Value) resource.Block {
	typ, _, _ := strings.Cut(address, ".")
	return resource.Block{Dialect: resource.Terraform, Type: typ, Address: address, Body: body,
		Origin: &value.Origin{File: "main.tf", Line: 1}}
}

func inventoryOf(t *testing.T, blocks ...resource.Block) *inventory.Inventory {
	t.Helper()
	var kinds []*kind.Kind
	for _, text := range []string{bucketKind, keyKind} {
		name := strings.Fields(text)[1]
		k, err := kind.New(name+".yaml", text)
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, k)
	}
	return mapping.Map(kinds, []source.Reading{{Kind: "terraform", Name: "code", Blocks: blocks}})
}

// show writes a value so that tests can compare it: "?" for unknown, "-" for absent, "+?" behind what is open.
func show(v value.Value) string {
	open := ""
	if v.IsOpen() {
		open = "+?"
	}
	switch data := v.Data().(type) {
	case []value.Value:
		var items []string
		for _, item := range data {
			items = append(items, show(item))
		}
		return "[" + strings.Join(items, " ") + "]" + open
	case map[string]value.Value:
		var fields []string
		for _, k := range v.Keys() {
			fields = append(fields, k+":"+show(data[k]))
		}
		return "{" + strings.Join(fields, " ") + "}" + open
	}
	switch v.State() {
	case value.Unknown:
		return "?"
	case value.Absent:
		return "-"
	}
	return fmt.Sprint(v.Data()) + open
}

// TestPlaces proves what each way to write a place reads, and that what is unknown in the code stays unknown.
func TestPlaces(t *testing.T) {
	unknown := value.Unresolved(reason)
	lookup := func(address string) resource.Block { b := block(address, object()); b.Data = true; return b }
	found := func(address string, body value.Value) resource.Block {
		b := block(address, body)
		b.Type, b.Data = "t_bucket", true
		return b
	}
	made := func(template, from string) value.Value {
		return unknown.Text(template).Referring(false, value.Ref{Address: from, Attribute: "id"})
	}
	maybe := func(b resource.Block) resource.Block { b.Maybe = &reason; return b }
	tests := []struct {
		name      string
		body      value.Value
		others    []resource.Block
		attribute string
		want      string
	}{
		{"a default stands in for absent", object(), nil, "encryption.algorithm", "AES256"},
		{"what stands in the row that is kept", object("tag", value.List(object("key", text("a"), "value", text("b")), object("key", text("owner"), "value", text("lab")))), nil, "owner", "lab"},
		{"no row is kept", object("tag", value.List(object("key", text("a"), "value", text("b")))), nil, "owner", "nobody"},
		{"a row that may be the one", object("tag", value.List(object("key", unknown, "value", text("b")))), nil, "owner", "?"},
		{"an inline block", object("encryption", value.List(object("rule", value.List(object("default", value.List(object("algorithm", text("kms")))))))), nil, "encryption.algorithm", "kms"},
		{"a default never stands in for unknown", object("encryption", value.List(object("rule", unknown))), nil, "encryption.algorithm", "?"},
		{"a companion by reference", object(), []resource.Block{block("t_encryption.e", object("bucket", ref("t_bucket.b"), "rule", value.List(object("default", object("algorithm", text("kms"))))))}, "encryption.algorithm", "kms"},
		{"a companion by name", object("name", text("charts")), []resource.Block{block("t_versioning.v", object("bucket", text("charts"), "status", text("Enabled")))}, "versioning", "true"},
		{"a companion of another", object(), []resource.Block{block("t_versioning.v", object("bucket", ref("t_bucket.other"), "status", text("Enabled")))}, "versioning", "false"},
		{"a companion with an unknown key may be ours", object(), []resource.Block{block("t_versioning.v", object("bucket", unknown, "status", text("Enabled")))}, "versioning", "?"},
		{"a companion that may not exist", object(), []resource.Block{maybe(block("t_versioning.v", object("bucket", ref("t_bucket.b"), "status", text("Enabled"))))}, "versioning", "?"},
		{"a companion that may be another's", object(), []resource.Block{block("t_versioning.v", object("bucket", unknown.Referring(false, value.Ref{Address: "t_bucket.b"}, value.Ref{Address: "t_bucket.c"}), "status", text("Enabled")))}, "versioning", "?"},
		{"a companion that is surely not ours", object(), []resource.Block{block("t_versioning.v", object("bucket", unknown.Referring(false, value.Ref{Address: "t_bucket.c"}, value.Ref{Address: "t_bucket.d"}), "status", text("Enabled"))), block("t_bucket.c", object()), block("t_bucket.d", object())}, "versioning", "false"},
		{"a companion by a name that is made of the same parts", object("name", made("logs-${data.me.id}", "data.me")), []resource.Block{block("t_versioning.v", object("bucket", made("logs-${data.me.id}", "data.me"), "status", text("Enabled")))}, "versioning", "true"},
		{"a companion by a name that is another's", object("name", made("logs-${data.me.id}", "data.me")), []resource.Block{block("t_bucket.c", object("name", made("labs-${data.me.id}", "data.me"))),
			block("t_versioning.v", object("bucket", made("labs-${data.me.id}", "data.me"), "status", text("Enabled")))}, "versioning", "false"},
		{"a companion by a name that may be ours", object("name", text("logs-1")), []resource.Block{block("t_versioning.v", object("bucket", made("logs-${data.me.id}", "data.me"), "status", text("Enabled")))}, "versioning", "?"},
		{"a companion by a name that cannot be ours", object("name", text("charts")), []resource.Block{block("t_versioning.v", object("bucket", made("logs-${data.me.id}", "data.me"), "status", text("Enabled")))}, "versioning", "false"},
		{"a companion by a name that nobody writes down", object(), []resource.Block{block("t_versioning.v", object("bucket", made("logs-${data.me.id}", "data.me"), "status", text("Enabled")))}, "versioning", "false"},
		{"a companion by an ARN", object("name", text("logs")), []resource.Block{block("t_versioning.v", object("bucket", text("arn:aws:t:us-east-1:123456789012:bucket/logs"), "status", text("Enabled")))}, "versioning", "true"},
		{"a companion by an ARN of which the account is not known", object("name", text("logs")), []resource.Block{block("t_versioning.v", object("bucket", made("arn:aws:t:us-east-1:${data.me.id}:logs", "data.me"), "status", text("Enabled")))}, "versioning", "true"},
		{"a companion by a URL", object("name", text("logs")), []resource.Block{block("t_versioning.v", object("bucket", made("https://t.example/${data.me.id}/logs", "data.me"), "status", text("Enabled")))}, "versioning", "true"},
		{"a companion by a URL of another", object("name", text("https")), []resource.Block{block("t_versioning.v", object("bucket", made("https://t.example/${data.me.id}/logs", "data.me"), "status", text("Enabled")))}, "versioning", "false"},
		{"a companion by a generated name", object("name", ref("random.r")), []resource.Block{block("t_versioning.v", object("bucket", ref("random.r"), "status", text("Enabled")))}, "versioning", "true"},
		{"a companion by name that may not exist", object("name", text("logs")), []resource.Block{maybe(block("t_versioning.v", object("bucket", text("logs"), "status", text("Enabled"))))}, "versioning", "?"},
		{"another's companion by name that may not exist", object("name", text("charts")), []resource.Block{maybe(block("t_versioning.v", object("bucket", text("logs"), "status", text("Enabled"))))}, "versioning", "false"},
		{"a companion of what a lookup finds by name", object("name", text("logs")), []resource.Block{found("data.t_bucket.l", object("name", text("logs"))),
			block("t_versioning.v", object("bucket", ref("data.t_bucket.l"), "status", text("Enabled")))}, "versioning", "true"},
		{"a companion of what a lookup finds by reference", object(), []resource.Block{found("data.t_bucket.l", object("name", ref("t_bucket.b"))),
			block("t_versioning.v", object("bucket", ref("data.t_bucket.l"), "status", text("Enabled")))}, "versioning", "true"},
		{"companions that do not say the same", object(), []resource.Block{block("t_encryption.e", object("bucket", ref("t_bucket.b"), "rule", object("default", object("algorithm", text("kms"))))),
			block("t_encryption.f", object("bucket", ref("t_bucket.b"), "rule", object("default", object())))}, "encryption.algorithm", "?"},
		{"a decoder of one text over companions", object(), []resource.Block{block("t_label.a", object("bucket", ref("t_bucket.b"), "text", text("Blue"))), block("t_label.b", object("bucket", unknown, "text", text("Red")))}, "label", "blue"},
		{"a word that the map does not list", object(), []resource.Block{block("t_versioning.v", object("bucket", ref("t_bucket.b"), "status", text("Perhaps")))}, "versioning", "?"},
		{"present", object("logging", value.List(object())), nil, "logged", "true"},
		{"an empty text is nothing", object("logging", text("")), nil, "logged", "false"},
		{"not present", object(), nil, "logged", "false"},
		{"a text around a placeholder is present", object("logging", unknown.Text("${a.b.arn}/*")), nil, "logged", "true"},
		{"a placeholder alone may be nothing", object("logging", unknown.Text("${var.x}")), nil, "logged", "?"},
		{"present or not", object("logging", value.List().Open(reason)), nil, "logged", "?"},
		{"a number as text", object("port", text("443")), nil, "port", "443"},
		{"what is no number", object("port", text("https")), nil, "port", "?"},
		{"inline rows and companion rows that match", object("rule", value.List(object("port", value.Int(1)))), []resource.Block{
			block("t_rule.a", object("bucket", ref("t_bucket.b"), "direction", text("in"), "port", value.Int(2), "open", value.Bool(true))),
			block("t_rule.b", object("bucket", ref("t_bucket.b"), "direction", text("out"), "port", value.Int(3)))}, "rules", "[{open:false port:1} {open:true port:2}]"},
		{"a row of which it is not known whether it matches", object(), []resource.Block{
			block("t_rule.a", object("bucket", ref("t_bucket.b"), "direction", unknown, "port", value.Int(2)))}, "rules", "[]+?"},
		{"lists in several rows make one", object("rule", value.List(object("readers", value.Strings("a")), object("readers", value.Strings("b", "c")))), nil, "readers", "[a b c]"},
		{"an unknown element stays one", object("rule", value.List(object("readers", value.List(text("a"), unknown)))), nil, "readers", "[a ?]"},
		{"all that the account has, which code never shows", object(), []resource.Block{block("t_default.d", object("state", text("on")))}, "account", "[on]+?"},
		{"all that the code declares", object(), []resource.Block{block("t_default.d", object("state", text("on")))}, "declared", "[on]"},
		{"what the code does not declare", object(), nil, "declared", "-"},
		{"what the code may declare", object(), []resource.Block{maybe(block("t_default.d", object("state", text("on"))))}, "declared", "[]+?"},
		{"rows with the same field as the block", object("place", text("a")), []resource.Block{
			block("t_peer.a", object("bucket", ref("t_bucket.b"), "zone", text("a"), "name", text("near"))),
			block("t_peer.b", object("bucket", ref("t_bucket.b"), "zone", text("b"), "name", text("far")))}, "peers", "[near]"},
		{"rows that refer to the same as the block", object("place", ref("t_key.a")), []resource.Block{
			block("t_peer.a", object("bucket", ref("t_bucket.b"), "zone", ref("t_key.a"), "name", text("near"))),
			block("t_peer.b", object("bucket", ref("t_bucket.b"), "zone", ref("t_key.b"), "name", text("far")))}, "peers", "[near]"},
		{"rows of which it is not known whether they are the same", object("place", text("a")), []resource.Block{
			block("t_peer.a", object("bucket", ref("t_bucket.b"), "zone", unknown, "name", text("near"))),
			block("t_peer.b", object("bucket", ref("t_bucket.b"), "zone", ref("t_key.b"), "name", text("far")))}, "peers", "[]+?"},
		{"an attribute without a place", object(), nil, "nowhere", "?"},
		{"what the vocabulary cannot set", object(), nil, "never", "no-way"},
		{"a reference", object("encryption", object("rule", object("default", object("key", ref("t_key.k"))))), []resource.Block{block("t_key.k", object())}, "encryption.key", "code#t_key.k"},
		{"a reference by name", object("encryption", object("rule", object("default", object("key", text("k1"))))), []resource.Block{block("t_key.k", object("name", text("k1")))}, "encryption.key", "code#t_key.k"},
		{"a reference through an alias", object("encryption", object("rule", object("default", object("key", ref("t_alias.a"))))), []resource.Block{block("t_key.k", object()), block("t_alias.a", object("target", ref("t_key.k")))}, "encryption.key", "code#t_key.k"},
		{"a lookup that can only find the provider's own", object("encryption", object("rule", object("default", object("key", ref("data.t_own.o"))))), []resource.Block{lookup("data.t_own.o")}, "encryption.key", "builtin:t.key:^data\\.t_own\\."},
		{"another lookup", object("encryption", object("rule", object("default", object("key", ref("data.t_key.k"))))), []resource.Block{lookup("data.t_key.k")}, "encryption.key", "data.t_key.k+?"},
		{"a reference to the provider's own", object("encryption", object("rule", object("default", object("key", text("own/s3"))))), nil, "encryption.key", "builtin:t.key:^own/"},
		{"a reference to what is not there is set all the same", object("encryption", object("rule", object("default", object("key", text("other"))))), nil, "encryption.key", "other+?"},
		{"an unknown reference may be none", object("encryption", object("rule", object("default", object("key", unknown)))), nil, "encryption.key", "?"},
		{"a companion of an alias", object(), []resource.Block{block("t_other.o", object("target", ref("t_bucket.b"))),
			block("t_versioning.v", object("bucket", ref("t_other.o"), "status", text("Enabled")))}, "versioning", "true"},
		{"a companion by way of a block that leads here", object(), []resource.Block{block("t_attachment.a", object("bucket", ref("t_bucket.b"))),
			block("t_versioning.v", object("bucket", ref("t_attachment.a"), "status", text("Enabled")))}, "versioning", "true"},
		{"references by companions", object(), []resource.Block{block("t_key.k", object()), block("t_grant.g", object("bucket", ref("t_bucket.b"), "key", ref("t_key.k")))}, "accounts", "[code#t_key.k]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inv := inventoryOf(t, append([]resource.Block{block("t_bucket.b", test.body)}, test.others...)...)
			got := show(inv.Lookup("code#t_bucket.b").Get(test.attribute))
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestUnknownSaysWhy proves that the reason and the grant of the source reach the attribute.
func TestUnknownSaysWhy(t *testing.T) {
	inv := inventoryOf(t, block("t_bucket.b", object("port", value.Unresolved(reason))))
	got := inv.Lookup("code#t_bucket.b").Get("port").Reasons()
	if len(got) != 1 || got[0] != reason {
		t.Errorf("got %v", got)
	}
}

// TestUnjudged proves that what nobody judges is told: types without a kind, and companions of what is not declared.
func TestUnjudged(t *testing.T) {
	inv := inventoryOf(t,
		block("t_bucket.b", object("name", text("charts"))),
		block("t_versioning.ours", object("bucket", ref("t_bucket.b"), "status", text("Enabled"))),
		block("t_versioning.named", object("bucket", text("charts"), "status", text("Enabled"))),
		block("t_versioning.stray", object("bucket", ref("data.t_bucket.other"), "status", text("Enabled"))),
		block("t_versioning.elsewhere", object("bucket", text("letters"), "status", text("Enabled"))),
		block("t_versioning.perhaps", object("bucket", value.Unresolved(reason))),
		block("t_alias.a", object("target", ref("t_key.k"))),
		block("t_stranger.s", object()))
	got := inv.Unjudged[0]
	if fmt.Sprint(got.Stray) != "[t_versioning.stray t_versioning.elsewhere]" || fmt.Sprint(got.Types) != "map[t_stranger:1]" {
		t.Errorf("got %+v", got)
	}
}

// TestTogether proves that a companion that hangs on the same unknown count as its resource is part of it, and that one that
// hangs on another is not surely so.
func TestTogether(t *testing.T) {
	hanging := func(b resource.Block, on string) resource.Block {
		b.Maybe = &value.Reason{Why: "count of " + on + " is not known", Grant: "--var x=VALUE"}
		return b
	}
	for on, want := range map[string]string{"module.m": "true", "module.n": "?"} {
		inv := inventoryOf(t, hanging(block("t_bucket.b", object()), "module.m"),
			hanging(block("t_versioning.v", object("bucket", ref("t_bucket.b"), "status", text("Enabled"))), on))
		if got := show(inv.Lookup("code#t_bucket.b").Get("versioning")); got != want {
			t.Errorf("%s: got %s, want %s", on, got, want)
		}
	}
}

// TestAllOfAnAccount proves that an account which surely has none of a type says so, and that one of which not all could be
// read does not.
func TestAllOfAnAccount(t *testing.T) {
	var kinds []*kind.Kind
	for name, text := range map[string]string{"aws.t.rule": `
kind: aws.t.rule
title: rule
doc: For tests.
attributes:
  name: {type: string, doc: d, aws: name}
`, "aws.t.bucket": `
kind: aws.t.bucket
title: bucket
doc: For tests.
attributes:
  name: {type: string, doc: d, aws: name}
  rows: {type: list, doc: d, aws: all aws.t.rule, item: {port: {type: int, doc: d, aws: port}}}
  ports: {type: list int, doc: d, aws: all aws.t.rule > port}
  open: {type: bool, doc: d, aws: {present: all aws.t.rule}}
`} {
		k, err := kind.New(name+".yaml", text)
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, k)
	}
	b := resource.Block{Dialect: resource.AWS, Type: "aws.t.bucket", Address: "b", Target: "code", Body: object()}
	reading := source.Reading{Name: "code", Dialect: resource.AWS, Kinds: []string{"aws.t.bucket", "aws.t.rule"}, Blocks: []resource.Block{b}}
	for why, want := range map[string]string{"": "[] [] false", "denied": "[]+? []+? ?"} {
		reading.Partial = nil
		if why != "" {
			reading.Partial = map[string][]value.Reason{"aws.t.rule": {{Why: why}}}
		}
		r := mapping.Map(kinds, []source.Reading{reading}).Lookup("code#b")
		if got := show(r.Get("rows")) + " " + show(r.Get("ports")) + " " + show(r.Get("open")); got != want {
			t.Errorf("%q: got %s, want %s", why, got, want)
		}
	}
}

// TestTwoVocabulariesInOneFolder proves that what a template calls alike is no block of the Terraform code beside it.
func TestTwoVocabulariesInOneFolder(t *testing.T) {
	k, err := kind.New("t.user.yaml", `
kind: t.user
title: user
doc: For tests.
terraform: t_user
cloudformation: T::User
identity: {terraform: name, cloudformation: Name}
attributes:
  name: {type: string, doc: d, terraform: name, cloudformation: Name}
  member: {type: bool, doc: d, terraform: {present: t_member by user}, cloudformation: {present: "T::Member by User"}}
`)
	if err != nil {
		t.Fatal(err)
	}
	reading := func(dialect resource.Dialect, blocks ...resource.Block) source.Reading {
		for i := range blocks {
			blocks[i].Dialect, blocks[i].Target = dialect, "code"
		}
		return source.Reading{Name: "code", Dialect: dialect, Blocks: blocks}
	}
	inv := mapping.Map([]*kind.Kind{k}, []source.Reading{
		reading(resource.Terraform,
			resource.Block{Type: "t_user", Address: "t_user.a", Body: object("name", text("ana"))},
			resource.Block{Type: "t_member", Address: "t_member.a", Body: object("user", text("ana"))}),
		reading(resource.CloudFormation,
			resource.Block{Type: "T::User", Address: "UserA", Body: object("Name", text("ana"))}),
	})
	for address, want := range map[string]string{"t_user.a": "true", "UserA": "false"} {
		if got := show(inv.Lookup("code#" + address).Get("member")); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}

// TestRefToAny proves that a reference to any kind finds what an account calls so, if only one thing is.
func TestRefToAny(t *testing.T) {
	var kinds []*kind.Kind
	for name, text := range map[string]string{
		"aws.t.bucket": "kind: aws.t.bucket\ntitle: b\ndoc: d.\nidentity: {aws: [name, '@address']}\nattributes:\n  name: {type: string, doc: d, aws: name}\n",
		"aws.t.table":  "kind: aws.t.table\ntitle: t\ndoc: d.\nidentity: {aws: name}\nattributes:\n  to: {type: ref any, doc: d, aws: to}\n",
	} {
		k, err := kind.New(name+".yaml", text)
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, k)
	}
	live := func(typ, address string, body value.Value) resource.Block {
		return resource.Block{Dialect: resource.AWS, Type: typ, Address: address, Target: "aws", Region: "eu-west-1", Body: body}
	}
	inv := mapping.Map(kinds, []source.Reading{{Name: "aws", Dialect: resource.AWS, Kinds: []string{"aws.t.bucket", "aws.t.table"},
		Blocks: []resource.Block{
			live("aws.t.bucket", "arn:aws:s3:::b", object("name", text("b"))),
			live("aws.t.bucket", "arn:aws:s3:::twice", object("name", text("twice"))),
			live("aws.t.table", "arn", object("to", text("arn:aws:s3:::b"))),
			live("aws.t.table", "name", object("name", text("twice"), "to", text("b"))),
			live("aws.t.table", "several", object("to", text("twice"))),
		}}})
	for address, want := range map[string]string{"arn": "aws#arn:aws:s3:::b", "name": "aws#arn:aws:s3:::b", "several": "twice+?"} {
		if got := show(inv.Lookup("aws#" + address).Get("to")); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}
