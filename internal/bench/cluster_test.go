package bench

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"ward.dev/ward/internal/testcluster"
)

// pods is how many BenchmarkCluster has, and namespaces how many these are in.
const pods, namespaces = 5000, 50

// BenchmarkCluster assesses a live cluster of 5,000 pods, each namespace with an account, a role and a binding, with the program
// itself; promised: under 20 s on 2 cores and under 512 MiB. The API that it asks runs on the same cores.
func BenchmarkCluster(b *testing.B) {
	program := build(b)
	c := testcluster.Start(b, testcluster.Options{})
	var manifest bytes.Buffer
	for n := range namespaces {
		fmt.Fprintf(&manifest, `---
{apiVersion: v1, kind: Namespace, metadata: {name: n%[1]d}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r, namespace: n%[1]d}, rules: [{apiGroups: [""], resources: [pods], verbs: [list]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: r, namespace: n%[1]d}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}
subjects: [{kind: ServiceAccount, name: default, namespace: n%[1]d}]
`, n)
	}
	c.Apply(b, manifest.String())
	fill(b, c)
	kubeconfig := c.Kubeconfig(b, c.Admin(b))
	for b.Loop() {
		report := filepath.Join(b.TempDir(), "ward.json")
		command := exec.Command(program, "assess", "kubernetes", "--kubeconfig", kubeconfig, "--quiet", "-o", "json="+report)
		var faults bytes.Buffer
		command.Stderr = &faults
		start := time.Now()
		own, err := held(command)
		took := time.Since(start)
		if code := command.ProcessState.ExitCode(); code != 3 && code != 4 {
			b.Fatalf("exit code %d, %v: %s", code, err, &faults)
		}
		b.ReportMetric(took.Seconds(), "s/op")
		b.ReportMetric((command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Seconds(), "cpu-s/op")
		b.ReportMetric(float64(command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)/1024, "peak-MiB")
		b.ReportMetric(own, "own-MiB")
	}
}

// fill makes the pods, as large as pods commonly are.
func fill(b *testing.B, c *testcluster.Cluster) {
	b.Helper()
	client, err := kubernetes.NewForConfig(c.Admin(b))
	if err != nil {
		b.Fatal(err)
	}
	var all sync.WaitGroup
	for worker := range 16 {
		all.Go(func() {
			for i := worker; i < pods; i += 16 {
				pod := common(i)
				if _, err := client.CoreV1().Pods(pod.Namespace).Create(b.Context(), pod, meta.CreateOptions{}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

func common(i int) *core.Pod {
	off, on := false, true
	container := core.Container{Name: "app", Image: fmt.Sprintf("registry.example.org/team/app-%d@sha256:%s", i%200, strings.Repeat("0a", 32)),
		Ports:           []core.ContainerPort{{Name: "http", ContainerPort: 8080}},
		SecurityContext: &core.SecurityContext{AllowPrivilegeEscalation: &off, ReadOnlyRootFilesystem: &on, RunAsNonRoot: &on},
		Resources: core.ResourceRequirements{Limits: core.ResourceList{"cpu": resource.MustParse("1"), "memory": resource.MustParse("1Gi")},
			Requests: core.ResourceList{"cpu": resource.MustParse("100m"), "memory": resource.MustParse("128Mi")}},
		VolumeMounts: []core.VolumeMount{{Name: "tmp", MountPath: "/tmp"}}}
	for n := range 12 {
		container.Env = append(container.Env, core.EnvVar{Name: fmt.Sprintf("SETTING_%d", n), Value: fmt.Sprintf("value %d of %d", n, i)})
	}
	side := container
	side.Name = "proxy"
	return &core.Pod{ObjectMeta: meta.ObjectMeta{Name: fmt.Sprintf("pod-%d", i), Namespace: fmt.Sprintf("n%d", i%namespaces),
		Labels: map[string]string{"app": fmt.Sprintf("app-%d", i%200), "tier": "web"}, Annotations: map[string]string{"note": strings.Repeat("x", 200)}},
		Spec: core.PodSpec{Containers: []core.Container{container, side},
			Volumes: []core.Volume{{Name: "tmp", VolumeSource: core.VolumeSource{EmptyDir: &core.EmptyDirVolumeSource{}}}}}}
}
