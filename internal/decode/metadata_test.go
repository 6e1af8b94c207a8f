package decode

import (
	"testing"

	"ward.dev/ward/internal/value"
)

// TestPeersMetadata proves that a rule leads to the credentials of a node where its addresses and its ports do, and that what cannot
// be read leaves that open.
func TestPeersMetadata(t *testing.T) {
	for _, c := range []struct{ name, rule, want string }{
		{"nobody is named", `{}`, "true"},
		{"all addresses", `{"to":[{"ipBlock":{"cidr":"0.0.0.0/0"}}]}`, "true"},
		{"all addresses of IPv6", `{"to":[{"ipBlock":{"cidr":"::/0"}}]}`, "true"},
		{"all but that one", `{"to":[{"ipBlock":{"cidr":"0.0.0.0/0","except":["169.254.169.254/32"]}}]}`, "false"},
		{"all but another", `{"to":[{"ipBlock":{"cidr":"0.0.0.0/0","except":["10.0.0.0/8"]}}]}`, "true"},
		{"taken out here, let in there", `{"to":[{"ipBlock":{"cidr":"0.0.0.0/0","except":["169.254.0.0/16"]}},
			{"ipBlock":{"cidr":"169.254.0.0/16"}}]}`, "true"},
		{"other addresses", `{"to":[{"ipBlock":{"cidr":"10.0.0.0/8"}}]}`, "false"},
		{"pods", `{"to":[{"podSelector":{}}]}`, "false"},
		{"a range that cannot be read", `{"to":[{"ipBlock":{"cidr":"10.0.0.0"}}]}`, "?"},
		{"everyone, for names", `{"ports":[{"port":53,"protocol":"UDP"},{"port":53}]}`, "false"},
		{"everyone, for the web", `{"ports":[{"port":443},{"port":80}]}`, "true"},
		{"everyone, a range of ports", `{"ports":[{"port":1,"endPort":1024}]}`, "true"},
		{"everyone, higher ports", `{"ports":[{"port":8000,"endPort":9000}]}`, "false"},
		{"everyone, all ports", `{"ports":[{"protocol":"TCP"}]}`, "true"},
		{"everyone, a port by its name", `{"ports":[{"port":"http"}]}`, "?"},
		{"a port by its name, to pods", `{"ports":[{"port":"http"}],"to":[{"podSelector":{}}]}`, "false"},
	} {
		got, want := peersMetadata(jsonTree(value.String(c.rule))), c.want
		if b, ok := got.AsBool(); !ok && want != "?" || ok && want != map[bool]string{true: "true", false: "false"}[b] {
			t.Errorf("%s: got %v, want %s", c.name, got, want)
		}
	}
	why := reason("a template")
	for _, raw := range []value.Value{
		value.Object(map[string]value.Value{"to": value.Unresolved(why...)}),
		value.Object(map[string]value.Value{"to": value.List(value.Unresolved(why...))}),
		value.Object(map[string]value.Value{"to": value.List().Open(why...)}),
		value.Object(map[string]value.Value{"ports": value.Unresolved(why...)}),
	} {
		if got := peersMetadata(raw); !got.IsUnknown() || len(got.Reasons()) == 0 {
			t.Errorf("%v: got %v, want unknown with a reason", raw, got)
		}
	}
}

// TestVersions proves that versions are compared as numbers, and that what is none is unknown.
func TestVersions(t *testing.T) {
	for text, want := range map[string]int64{"v1.34.1": 1034001, "v1.21.5-eks-9017834": 1021005, "containerd://1.6.1": 1006001,
		"5.15.0-1056-aws": 5015000, "6.1": 6001000} {
		if got := versionNumber(value.String(text)); got.Data() != want {
			t.Errorf("%s: got %v, want %d", text, got, want)
		}
	}
	if got := versionNumber(value.String("unknown")); !got.IsUnknown() {
		t.Errorf("a text without a version: got %v", got)
	}
	if got := versionContainerd(value.String("cri-o://1.31.0")); !got.IsAbsent() {
		t.Errorf("another runtime: got %v", got)
	}
	if got := versionContainerd(value.String("containerd://2.1.0")); got.Data() != int64(2001000) {
		t.Errorf("containerd: got %v", got)
	}
}

// TestPathWithin proves that a path is read without detours, so that none hides what it leads to.
func TestPathWithin(t *testing.T) {
	for text, want := range map[string]string{"/": "/", "": "/", "/etc": "/etc/", "//etc/./ssl/": "/etc/ssl/", "/srv/../etc": "/etc/"} {
		if got := pathWithin(value.String(text)); got.Data() != want {
			t.Errorf("%q: got %v, want %s", text, got, want)
		}
	}
}

// TestCommandReadable proves that an argument that holds a secret leaves open what else a command says.
func TestCommandReadable(t *testing.T) {
	got := commandReadable(value.List(value.String("serve"), value.String(LeftOut)))
	if items, _ := got.AsList(); len(items) != 1 || !got.IsOpen() {
		t.Errorf("got %v, want an open list of one", got)
	}
	if got := commandReadable(value.List(value.String("serve"))); got.IsOpen() {
		t.Errorf("got %v, want a closed list", got)
	}
}
