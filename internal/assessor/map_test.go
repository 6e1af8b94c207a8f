package assessor

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/phimap"
)

// town is code of which everything holds PHI: what stands in each zone, and ways that are encrypted, that are not, and of which nobody knows.
var town = map[string]string{
	"ward.yaml": "estate: Town\nphi: {kinds: [\"*\"]}\n",
	"main.tf": `
resource "aws_vpc" "v" { cidr_block = "10.0.0.0/16" }
resource "aws_subnet" "open" {
  vpc_id                  = aws_vpc.v.id
  map_public_ip_on_launch = true
}
resource "aws_subnet" "closed" { vpc_id = aws_vpc.v.id }
resource "aws_subnet" "either" {
  vpc_id                  = aws_vpc.v.id
  map_public_ip_on_launch = var.either
}
variable "either" { type = bool }

resource "aws_instance" "shown" { associate_public_ip_address = true }
resource "aws_instance" "edge" {
  subnet_id                   = aws_subnet.open.id
}
resource "aws_instance" "inner" {
  subnet_id                   = aws_subnet.closed.id
}
resource "aws_instance" "either" {
  subnet_id                   = aws_subnet.either.id
}
resource "aws_db_instance" "db" {
  engine              = "postgres"
  publicly_accessible = false
}
resource "aws_s3_bucket" "b" { bucket = "b" }
resource "aws_lb" "front" { internal = false }
resource "aws_lb" "back" { internal = true }
resource "aws_lb_listener" "tls" {
  load_balancer_arn = aws_lb.front.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.plain.arn
  }
}
resource "aws_lb_listener" "plain" {
  load_balancer_arn = aws_lb.back.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.tls.arn
  }
}
resource "aws_lb_target_group" "plain" {
  port     = 80
  protocol = "HTTP"
}
resource "aws_lb_target_group" "tls" {
  port     = 443
  protocol = "HTTPS"
}
resource "aws_lb_target_group_attachment" "one" {
  target_group_arn = aws_lb_target_group.plain.arn
  target_id        = aws_instance.inner.id
}
resource "aws_kms_key" "idle" {
  is_enabled          = false
  enable_key_rotation = false
}
resource "aws_ebs_volume" "disk" { availability_zone = "eu-west-1a" }
resource "aws_ebs_snapshot" "copy" { volume_id = aws_ebs_volume.disk.id }
`,
	"k8s.yaml": `
apiVersion: v1
kind: Service
metadata: {name: outside, namespace: records}
spec: {type: LoadBalancer, selector: {app: a}}
---
apiVersion: v1
kind: Service
metadata: {name: inside, namespace: records}
spec: {selector: {app: a}}
`,
}

// TestMap proves in which zone of the network what each kind says puts a resource, that not knowing is a zone of its own, and what is known of the
// encryption of each way: what a listener asks of clients says nothing of what goes on behind it.
func TestMap(t *testing.T) {
	h := open(t)
	dir := t.TempDir()
	for name, text := range town {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.assess("Town", estate.Source{Type: estate.Folder, Path: dir}); err != nil {
		t.Fatal(err)
	}
	m, err := phimap.Of(h.ctx, h.DB, "town", 1)
	if err != nil {
		t.Fatal(err)
	}
	zones, addresses := map[string]string{}, map[string]string{}
	for _, n := range m.Nodes {
		addresses[n.ID] = n.Address
		zones[n.Address] = n.Zone
		if want, ok := map[string]string{"aws_kms_key.idle": "", "aws_ebs_volume.disk": "no", "aws_lb_listener.tls": "yes"}[n.Address]; ok && n.Encrypted != want {
			t.Errorf("%s is encrypted: %q, want %q", n.Address, n.Encrypted, want)
		}
		if n.Kind == "kubernetes.service" && n.Namespace != "records" {
			t.Errorf("%s is in the namespace %q", n.Address, n.Namespace)
		}
	}
	want := map[string]string{"aws_instance.shown": phimap.Internet, "aws_instance.edge": phimap.Public, "aws_instance.inner": phimap.Private,
		"aws_instance.either": phimap.Unknown, "aws_db_instance.db": phimap.Private, "aws_s3_bucket.b": "", "aws_lb.front": phimap.Internet,
		"aws_lb.back": phimap.Private, "Service/records/outside": phimap.Internet, "Service/records/inside": phimap.Cluster}
	got := map[string]string{}
	for address := range want {
		zone, there := zones[address]
		if !there {
			zone = "not in the map"
		}
		got[address] = zone
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("zones: %s\n%v", diff, zones)
	}
	ways := map[string]string{}
	for _, e := range m.Edges {
		ways[addresses[e.From]+" - "+addresses[e.To]] = e.Encrypted
	}
	for way, want := range map[string]string{
		"aws_lb_target_group.plain - aws_lb_listener.tls": "no",
		"aws_lb_listener.tls - aws_lb.front":              "yes",
		"aws_lb_target_group.tls - aws_lb_listener.plain": "yes",
		"aws_lb_listener.plain - aws_lb.back":             "no",
		"aws_instance.inner - aws_lb_target_group.plain":  "no",
		"aws_ebs_volume.disk - aws_ebs_snapshot.copy":     "unknown",
	} {
		if ways[way] != want {
			t.Errorf("%s is %q, want %q; ways: %v", way, ways[way], want, ways)
		}
	}
}
