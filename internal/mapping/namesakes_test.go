package mapping_test

import (
	"testing"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// TestNamesakes proves that what two root modules call alike is told apart: a name means what its own root module declares,
// else the only one that is called so, and nothing surely where several are.
func TestNamesakes(t *testing.T) {
	in := func(root string, b resource.Block) resource.Block { b.Address = root + ":" + b.Address; return b }
	uses := func(key string) value.Value {
		return object("encryption", object("rule", object("default", object("key", text(key)))))
	}
	inv := inventoryOf(t,
		in("prod", block("t_key.k", object("name", text("main")))),
		in("dev", block("t_key.k", object("name", text("main")))),
		in("dev", block("t_key.only", object("name", text("only")))),
		in("prod", block("t_bucket.b", uses("main"))),
		in("dev", block("t_bucket.b", uses("main"))),
		in("test", block("t_bucket.b", uses("main"))),
		in("test", block("t_bucket.c", uses("only"))))
	for address, want := range map[string]string{
		"prod:t_bucket.b": "code#prod:t_key.k", "dev:t_bucket.b": "code#dev:t_key.k",
		"test:t_bucket.b": "main+?", "test:t_bucket.c": "code#dev:t_key.only",
	} {
		if got := show(inv.Lookup("code#" + address).Get("encryption.key")); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
	named := func(root, name string) resource.Block {
		return in(root, block("t_bucket.n", object("name", text(name))))
	}
	versions := func(root, name string) resource.Block {
		return in(root, block("t_versioning.v", object("bucket", text(name), "status", text("Enabled"))))
	}
	inv = inventoryOf(t, named("prod", "charts"), named("dev", "charts"), versions("dev", "charts"))
	for root, want := range map[string]string{"prod": "false", "dev": "true"} {
		if got := show(inv.Lookup("code#" + root + ":t_bucket.n").Get("versioning")); got != want {
			t.Errorf("companion in dev, bucket in %s: got %s, want %s", root, got, want)
		}
	}
	inv = inventoryOf(t, named("prod", "charts"), named("dev", "charts"), versions("test", "charts"))
	if got := show(inv.Lookup("code#prod:t_bucket.n").Get("versioning")); got != "?" {
		t.Errorf("a companion elsewhere of one of two: got %s, want ?", got)
	}
	inv = inventoryOf(t, named("prod", "charts"), versions("test", "charts"))
	if got := show(inv.Lookup("code#prod:t_bucket.n").Get("versioning")); got != "true" {
		t.Errorf("a companion elsewhere of the only one: got %s, want true", got)
	}
}

// TestRootsStandApart proves that a block of which it is not known whom it is for leaves open what is in its own root module
// only, and that it is told as a gap where it may be about another's.
func TestRootsStandApart(t *testing.T) {
	in := func(root string, b resource.Block) resource.Block { b.Address = root + ":" + b.Address; return b }
	unknown := value.Unresolved(reason)
	inv := inventoryOf(t,
		in("portal", block("t_bucket.b", object())),
		in("lab", block("t_bucket.b", object())),
		in("lab", block("t_versioning.v", object("bucket", unknown, "status", text("Enabled")))))
	for root, want := range map[string]string{"portal": "false", "lab": "?"} {
		if got := show(inv.Lookup("code#" + root + ":t_bucket.b").Get("versioning")); got != want {
			t.Errorf("%s: got %s, want %s", root, got, want)
		}
	}
	if len(inv.Gaps) != 1 || inv.Gaps[0].What != "lab:t_versioning.v" || inv.Gaps[0].Grant != reason.Grant {
		t.Errorf("gaps: %+v", inv.Gaps)
	}
	apart := inventoryOf(t,
		in("portal", block("t_bucket.b", object())),
		in("lab", block("t_bucket.b", object())),
		in("lab", block("t_default.d", object("state", text("on")))))
	for root, want := range map[string]string{"portal": "-", "lab": "[on]"} {
		if got := show(apart.Lookup("code#" + root + ":t_bucket.b").Get("declared")); got != want {
			t.Errorf("what %s declares: got %s, want %s", root, got, want)
		}
	}
	single := inventoryOf(t, block("t_bucket.b", object()), block("t_versioning.v", object("bucket", unknown)))
	if len(single.Gaps) != 0 {
		t.Errorf("one root module has gaps: %+v", single.Gaps)
	}
}

// TestSeveralNames proves that a resource with a list of names is found by each of them.
func TestSeveralNames(t *testing.T) {
	var kinds []*kind.Kind
	for name, text := range map[string]string{"aws.t.key": "identity: {aws: aliases.name}\nattributes:\n  name: {type: string, doc: d, aws: name}\n",
		"aws.t.disk": "attributes:\n  key: {type: ref aws.t.key, doc: d, aws: key}\n"} {
		k, err := kind.New(name+".yaml", "kind: "+name+"\ntitle: t\ndoc: For tests.\n"+text)
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, k)
	}
	live := func(kindName, address string, body value.Value) resource.Block {
		return resource.Block{Dialect: resource.AWS, Type: kindName, Address: address, Target: "code", Body: body}
	}
	reading := source.Reading{Name: "code", Dialect: resource.AWS, Kinds: []string{"aws.t.key", "aws.t.disk"}, Blocks: []resource.Block{
		live("aws.t.key", "k", object("aliases", value.List(object("name", text("one")), object("name", text("two"))))),
		live("aws.t.disk", "d", object("key", text("two"))),
		live("aws.t.disk", "other", object("key", text("three"))),
	}}
	inv := mapping.Map(kinds, []source.Reading{reading})
	for address, want := range map[string]string{"d": "code#k", "other": "three+?"} {
		if got := show(inv.Lookup("code#" + address).Get("key")); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}

// TestSharedAddress proves that resources of two kinds that share an address each read their own block.
func TestSharedAddress(t *testing.T) {
	var kinds []*kind.Kind
	for name, place := range map[string]string{"aws.t.host": "HostSize", "aws.t.disk": "DiskSize"} {
		k, err := kind.New(name+".yaml", "kind: "+name+"\ntitle: t\ndoc: For tests.\nattributes:\n  size: {type: int, doc: d, aws: "+place+"}\n")
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, k)
	}
	block := func(typ, member string, size int64) resource.Block {
		return resource.Block{Dialect: resource.AWS, Type: typ, Address: "one", Target: "a", Body: object(member, value.Int(size))}
	}
	inv := mapping.Map(kinds, []source.Reading{{Name: "a", Dialect: resource.AWS, Kinds: []string{"aws.t.host", "aws.t.disk"},
		Blocks: []resource.Block{block("aws.t.host", "HostSize", 1), block("aws.t.disk", "DiskSize", 2)}}})
	for _, r := range inv.Resources {
		want := map[string]string{"aws.t.host": "1", "aws.t.disk": "2"}[r.Kind.Name]
		if got := show(r.Get("size")); got != want {
			t.Errorf("%s: size %s, want %s", r.Kind.Name, got, want)
		}
	}
	if len(inv.Resources) != 2 || inv.Resources[0].ID == inv.Resources[1].ID {
		t.Errorf("the two are not told apart: %v", inv.Resources)
	}
}
