package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	review "k8s.io/api/admission/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	"ward.dev/ward/internal/admission"
	"ward.dev/ward/internal/admission/images"
	"ward.dev/ward/internal/admission/webhook"
	"ward.dev/ward/internal/source/cluster"
	"ward.dev/ward/internal/source/cluster/mirror"
	"ward.dev/ward/internal/testcluster"
)

// BenchmarkReview asks the server, over TLS as an API server does, about 1,000 objects in a cluster of 5,000 pods, once everything is known;
// promised: 99 of 100 within 10 ms. Half of the objects are let in and half are refused. The API server of the cluster runs on the same cores.
func BenchmarkReview(b *testing.B) {
	const pods, namespaces, requests = 5000, 50, 1000
	c := testcluster.Start(b, testcluster.Options{})
	populate(b, c, pods, namespaces)
	defer debug.SetGCPercent(debug.SetGCPercent(1000)) // as the program does
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(385 << 20))
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	url, transport := served(b, ctx, c, images.Options{Image: advisories(b), Given: []string{
		"registry.example.com/portal:1=" + saved(b, debian(b, "3.0.9-1")), "registry.example.com/portal:2=" + saved(b, debian(b, "3.0.11-1"))}})
	client := &http.Client{Transport: transport}
	var took []time.Duration
	var before, after syscall.Rusage
	for b.Loop() {
		took = took[:0]
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
		for i := range requests {
			body := asking(b, fmt.Sprintf("n%d", i%namespaces), i)
			start := time.Now()
			reply, err := client.Post(url+webhook.Path+"?timeout=10s", "application/json", bytes.NewReader(body))
			if err != nil {
				b.Fatal(err)
			}
			text, err := io.ReadAll(reply.Body)
			reply.Body.Close()
			took = append(took, time.Since(start))
			if err != nil || reply.StatusCode != http.StatusOK || strings.Contains(string(text), `"allowed":true`) != (i%2 == 0) {
				b.Fatalf("%s, %v: %s", reply.Status, err, text)
			}
		}
	}
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	slices.Sort(took)
	b.ReportMetric((spent(after)-spent(before)).Seconds()*1000/requests, "cpu-ms/review") // of both ends, and of the copy of the cluster
	b.ReportMetric(took[requests/2].Seconds()*1000, "p50-ms")
	b.ReportMetric(took[requests*99/100].Seconds()*1000, "p99-ms")
}

func spent(u syscall.Rusage) time.Duration {
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// served starts a server with the checks that are asked if nobody chooses, and returns where it is and what trusts it.
func served(b *testing.B, ctx context.Context, c *testcluster.Cluster, o images.Options) (string, *http.Transport) {
	b.Helper()
	all, err := loaded()
	if err != nil {
		b.Fatal(err)
	}
	r, err := admission.New(admission.Options{Catalog: all, Framework: all.Framework("hipaa-security-rule"), Unknown: admission.WarnUnknown})
	if err != nil {
		b.Fatal(err)
	}
	o.Kinds = r.ImageKinds()
	known, err := images.Open(ctx, o)
	if err != nil {
		b.Fatal(err)
	}
	copied, err := mirror.Start(ctx, mirror.Options{Cluster: cluster.Options{Config: c.Admin(b), QPS: 1000,
		Types: func(typ string) bool { return slices.Contains(r.Needed(), typ) }}})
	if err != nil {
		b.Fatal(err)
	}
	if err := copied.Wait(ctx); err != nil {
		b.Fatal(err)
	}
	r.Join(copied, known)
	keys, ca := keysFor(b, "127.0.0.1")
	listener := listen(b)
	go func() {
		_ = webhook.Server{Listener: listener, Keys: keys}.Serve(ctx, prepared(r, admission.Deny), func() {})
	}()
	transport, err := pool(ca)
	if err != nil {
		b.Fatal(err)
	}
	transport.ForceAttemptHTTP2 = true
	return "https://" + listener.Addr().String(), transport
}

// populate fills a cluster with pods and what stands around them.
func populate(b *testing.B, c *testcluster.Cluster, pods, namespaces int) {
	b.Helper()
	var manifest strings.Builder
	for n := range namespaces {
		fmt.Fprintf(&manifest, `---
{apiVersion: v1, kind: Namespace, metadata: {name: n%[1]d}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: app, namespace: n%[1]d}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r, namespace: n%[1]d}, rules: [{apiGroups: [""], resources: [pods], verbs: [list]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: r, namespace: n%[1]d}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}
subjects: [{kind: ServiceAccount, name: app, namespace: n%[1]d}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: walls, namespace: n%[1]d}
spec: {podSelector: {}, policyTypes: [Ingress, Egress], egress: [{to: [{podSelector: {}}]}]}
---
{apiVersion: v1, kind: Service, metadata: {name: app, namespace: n%[1]d}, spec: {selector: {app: app-1}, ports: [{port: 443}]}}
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: app, namespace: n%[1]d}, spec: {maxUnavailable: 1, selector: {matchLabels: {app: app-1}}}}
`, n)
	}
	c.Apply(b, manifest.String())
	client, err := kubernetes.NewForConfig(c.Admin(b))
	if err != nil {
		b.Fatal(err)
	}
	var all sync.WaitGroup
	for worker := range 16 {
		all.Go(func() {
			for i := worker; i < pods; i += 16 {
				pod := running(fmt.Sprintf("pod-%d", i), i)
				if _, err := client.CoreV1().Pods(fmt.Sprintf("n%d", i%namespaces)).Create(b.Context(), pod, meta.CreateOptions{}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// running is a pod as large as pods commonly are; every second one has a vulnerable image.
func running(name string, i int) *core.Pod {
	off := false
	size := core.ResourceList{"cpu": resource.MustParse("1"), "memory": resource.MustParse("1Gi")}
	container := core.Container{Name: "app", Resources: core.ResourceRequirements{Limits: size}, Image: fmt.Sprintf("registry.example.com/portal:%d", 2-i%2), Ports: []core.ContainerPort{{ContainerPort: 8443}},
		VolumeMounts: []core.VolumeMount{{Name: "tmp", MountPath: "/tmp"}}}
	for n := range 12 {
		container.Env = append(container.Env, core.EnvVar{Name: fmt.Sprintf("SETTING_%d", n), Value: fmt.Sprintf("value %d of %d", n, i)})
	}
	side := container
	side.Name = "proxy"
	return &core.Pod{TypeMeta: meta.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: meta.ObjectMeta{Name: name, Labels: map[string]string{"app": fmt.Sprintf("app-%d", i%20)},
			Annotations: map[string]string{"note": strings.Repeat("x", 200)}},
		Spec: core.PodSpec{ServiceAccountName: "app", AutomountServiceAccountToken: &off,
			Containers: []core.Container{container, side},
			Volumes:    []core.Volume{{Name: "tmp", VolumeSource: core.VolumeSource{EmptyDir: &core.EmptyDirVolumeSource{}}}}}}
}

// asking is a review of a new pod.
func asking(b *testing.B, namespace string, i int) []byte {
	b.Helper()
	pod := running(fmt.Sprintf("new-%d", i), i)
	pod.Namespace = namespace
	raw, err := json.Marshal(pod)
	if err != nil {
		b.Fatal(err)
	}
	body, err := json.Marshal(review.AdmissionReview{TypeMeta: meta.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request: &review.AdmissionRequest{UID: "1", Operation: review.Create, Namespace: namespace, Object: runtime.RawExtension{Raw: raw}}})
	if err != nil {
		b.Fatal(err)
	}
	return body
}
