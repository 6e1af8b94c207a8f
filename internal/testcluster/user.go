package testcluster

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authorization "k8s.io/api/authorization/v1"
	rbac "k8s.io/api/rbac/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

const admin = "admin"

// Admin leads to the cluster as one who may do everything.
func (c *Cluster) Admin(tb testing.TB) *rest.Config {
	tb.Helper()
	c.signing.Lock()
	defer c.signing.Unlock()
	if c.admin == nil { // one certificate, since clients with the same one share a connection
		c.admin = c.As(tb, admin, "system:masters")
	}
	return rest.CopyConfig(c.admin)
}

// As leads to the cluster as a user in some groups, by a client certificate. Besides what roles are bound to these names, it may
// do what everybody may who is signed in (system:authenticated).
func (c *Cluster) As(tb testing.TB, user string, groups ...string) *rest.Config {
	tb.Helper()
	config, err := c.config(user, groups...)
	if err != nil {
		tb.Fatal(err)
	}
	return config
}

func (c *Cluster) config(user string, groups ...string) (*rest.Config, error) {
	own, err := c.authority.sign(user, groups...)
	if err != nil {
		return nil, err
	}
	return &rest.Config{Host: c.URL, QPS: -1, WarningHandler: rest.NoWarnings{}, TLSClientConfig: rest.TLSClientConfig{
		CAData: c.authority.certificate, CertData: own.certificate, KeyData: own.key}}, nil
}

// Reader leads to the cluster as a new user with these rights in all of it, and with no others. It returns when they hold.
func (c *Cluster) Reader(tb testing.TB, user string, rules ...rbac.PolicyRule) *rest.Config {
	tb.Helper()
	client, err := kubernetes.NewForConfig(c.Admin(tb))
	if err != nil {
		tb.Fatal(err)
	}
	ctx, named := tb.Context(), meta.ObjectMeta{Name: user}
	_, err = client.RbacV1().ClusterRoles().Create(ctx, &rbac.ClusterRole{ObjectMeta: named, Rules: rules}, meta.CreateOptions{})
	if err == nil {
		_, err = client.RbacV1().ClusterRoleBindings().Create(ctx, &rbac.ClusterRoleBinding{ObjectMeta: named,
			RoleRef:  rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: user},
			Subjects: []rbac.Subject{{APIGroup: rbac.GroupName, Kind: "User", Name: user}}}, meta.CreateOptions{})
	}
	if err != nil {
		tb.Fatalf("make user %s: %v", user, err)
	}
	for _, rule := range rules {
		c.await(tb, "the rights of "+user, func() (bool, error) { return allowed(ctx, client, user, rule) })
	}
	return c.As(tb, user)
}

// allowed asks the cluster's authorizer for the first right of a rule.
func allowed(ctx context.Context, client *kubernetes.Clientset, user string, rule rbac.PolicyRule) (bool, error) {
	spec := authorization.SubjectAccessReviewSpec{User: user, Groups: []string{"system:authenticated"}}
	if len(rule.NonResourceURLs) > 0 {
		spec.NonResourceAttributes = &authorization.NonResourceAttributes{Path: strings.TrimSuffix(rule.NonResourceURLs[0], "*"), Verb: rule.Verbs[0]}
	} else {
		name, below, _ := strings.Cut(rule.Resources[0], "/")
		spec.ResourceAttributes = &authorization.ResourceAttributes{Group: rule.APIGroups[0], Resource: name, Subresource: below, Verb: rule.Verbs[0]}
		if len(rule.ResourceNames) > 0 {
			spec.ResourceAttributes.Name = rule.ResourceNames[0]
		}
	}
	answer, err := client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorization.SubjectAccessReview{Spec: spec}, meta.CreateOptions{})
	return err == nil && answer.Status.Allowed, err
}

// await polls until something holds.
func (c *Cluster) await(tb testing.TB, what string, holds func() (bool, error)) {
	tb.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		ok, err := holds()
		switch {
		case ok:
			return
		case time.Now().After(deadline):
			tb.Fatalf("%s: not after %v (%v)", what, patience, err)
		}
	}
}

// Kubeconfig writes what leads to the cluster into a file of the test, as a context called "test", and returns its path.
func (c *Cluster) Kubeconfig(tb testing.TB, as *rest.Config) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "kubeconfig")
	config := api.NewConfig()
	config.Clusters["test"] = &api.Cluster{Server: as.Host, CertificateAuthorityData: as.CAData}
	config.AuthInfos["test"] = &api.AuthInfo{ClientCertificateData: as.CertData, ClientKeyData: as.KeyData, Token: as.BearerToken}
	config.Contexts["test"] = &api.Context{Cluster: "test", AuthInfo: "test"}
	config.CurrentContext = "test"
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		tb.Fatal(fmt.Errorf("write a kubeconfig: %w", err))
	}
	return path
}
