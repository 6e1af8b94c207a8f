package resource_test

import (
	"testing"

	"ward.dev/ward/internal/resource"
)

// TestRoot proves what the root of an address is, and that a colon in an index or a name makes none.
func TestRoot(t *testing.T) {
	for _, c := range []struct {
		dialect       resource.Dialect
		address, want string
	}{
		{resource.Terraform, "aws_s3_bucket.b", ""},
		{resource.Terraform, "envs/prod:aws_s3_bucket.b", "envs/prod"},
		{resource.CloudFormation, "templates/a.yaml:Nested/Bucket", "templates/a.yaml"},
		{resource.Terraform, `aws_s3_bucket.b["a:b"]`, ""},
		{resource.Terraform, `envs/prod:module.m["a:b"].aws_s3_bucket.b`, "envs/prod"},
		{resource.Kubernetes, "ClusterRole/system:discovery", ""},
		{resource.Kubernetes, "charts/portal:ClusterRole/system:discovery", "charts/portal"},
		{resource.Kubernetes, "base:NetworkPolicy.crd.projectcalico.org/clinic/deny", "base"},
		{resource.Kubernetes, "envs/prod:kubernetes_pod.p", "envs/prod"},
		{resource.Kubernetes, "envs/prod:module.m.helm_release.r/ClusterRole/system:x", "envs/prod"},
		{resource.Kubernetes, "helm_release.r/ClusterRole/system:x", ""},
		{resource.Kubernetes, "ClusterRole/a:kubernetes_x", ""},
		{resource.Cluster, "ClusterRole/system:discovery", ""},
		{resource.AWS, "arn:aws:sns:eu-west-1:123456789012:alarms", ""},
		{resource.Image, "clinic/portal:1", ""},
	} {
		if got := resource.Root(c.dialect, c.address); got != c.want {
			t.Errorf("%s: %q, want %q", c.address, got, c.want)
		}
	}
}

// TestDeclared proves what the root of an object is that Terraform declares, and which namespaces are known.
func TestDeclared(t *testing.T) {
	for _, test := range []struct{ declared, account, want string }{
		{"kubernetes_pod.p", "", "terraform"},
		{`envs/prod:module.m["a:b"].kubernetes_pod.p`, "", "envs/prod/terraform"},
		{"kubernetes_pod.p", "west", "terraform/west"},
	} {
		b := resource.Block{Dialect: resource.Kubernetes, Type: "Pod", Declared: test.declared, Account: test.account, Address: test.declared + "/Pod/a/b:Pod/c"}
		if got := b.Root(); got != test.want {
			t.Errorf("%s: %q, want %q", test.declared, got, test.want)
		}
	}
	for namespace, want := range map[string]bool{"": false, "clinic": true, "team-${var.x}": false} {
		if got := resource.Placed(namespace); got != want {
			t.Errorf("%q: %v", namespace, got)
		}
	}
}
