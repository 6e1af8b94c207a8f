package export_test

import (
	"fmt"
	"math/rand/v2"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// workloads makes workloads of which every setting that a check looks at is chosen by chance: absent, right, wrong or odd. The same
// seed makes the same ones.
func workloads(seed uint64, n int) []sample {
	g := &chance{rand.New(rand.NewPCG(seed, 0))}
	all := make([]sample, n)
	for i := range all {
		all[i] = sample{fmt.Sprintf("workload %d by chance", i), &unstructured.Unstructured{Object: g.workload(i)}}
	}
	return all
}

type chance struct{ *rand.Rand }

// one returns one of several things; nil is absent.
func (g *chance) one(of ...any) any { return of[g.IntN(len(of))] }

// sometimes sets some of the members of an object.
func (g *chance) sometimes(in map[string]any, name string, of ...any) {
	if content := g.one(of...); content != nil && g.IntN(3) > 0 {
		in[name] = content
	}
}

func (g *chance) workload(i int) map[string]any {
	o := map[string]any{"metadata": g.metadata(fmt.Sprintf("w%d", i))}
	switch kind := g.one("Pod", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Sandbox").(string); kind {
	case "Pod":
		o["apiVersion"], o["kind"], o["spec"] = "v1", kind, g.pod()
		g.sometimes(o["metadata"].(map[string]any), "ownerReferences", owner("v1", "Node", true), owner("v1", "Node", nil), owner("apps/v1", "ReplicaSet", false))
	case "Sandbox":
		o["apiVersion"], o["kind"], o["spec"] = "agents.x-k8s.io/v1alpha1", kind, map[string]any{"podTemplate": g.template()}
	case "CronJob":
		o["apiVersion"], o["kind"] = "batch/v1", kind
		o["spec"] = map[string]any{"jobTemplate": map[string]any{"spec": map[string]any{"template": g.template()}}}
	case "Job":
		o["apiVersion"], o["kind"], o["spec"] = "batch/v1", kind, map[string]any{"template": g.template()}
	default:
		spec := map[string]any{"template": g.template()}
		g.sometimes(spec, "revisionHistoryLimit", int64(0), int64(1), int64(10))
		if kind == "Deployment" {
			g.sometimes(spec, "replicas", int64(0), int64(1), int64(3))
			g.sometimes(spec, "strategy", map[string]any{"type": "Recreate"}, map[string]any{"type": "RollingUpdate"})
		} else {
			g.sometimes(spec, "updateStrategy", map[string]any{"type": "OnDelete"}, map[string]any{"type": "RollingUpdate"})
		}
		o["apiVersion"], o["kind"], o["spec"] = "apps/v1", kind, spec
	}
	return o
}

func owner(version, kind string, controls any) any {
	o := map[string]any{"apiVersion": version, "kind": kind, "name": "o", "uid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}
	absent(o, "controller", controls)
	return []any{o}
}

func (g *chance) metadata(name string) map[string]any {
	m := map[string]any{"name": name, "namespace": g.one("surgery", "default", "kube-system")}
	g.sometimes(m, "labels", map[string]any{"owner": "me", "k8s-app": "a"}, map[string]any{"ward.dev/code": "untrusted"}, map[string]any{"team": ""})
	g.sometimes(m, "annotations", map[string]any{"container.apparmor.security.beta.kubernetes.io/main": "unconfined", "other": ""},
		map[string]any{"ward.dev/code": "trusted", "contact": "ops"})
	return m
}

func (g *chance) template() map[string]any {
	m := g.metadata("t")
	delete(m, "name")
	delete(m, "namespace")
	return map[string]any{"metadata": m, "spec": g.pod()}
}

func (g *chance) pod() map[string]any {
	pod := map[string]any{"volumes": g.volumes()}
	for i := range 1 + g.IntN(3) {
		names := []string{"main", "second", "third"}
		c := g.container(names[i])
		for _, v := range list(pod["volumes"]) {
			name := v.(map[string]any)["name"]
			g.sometimes(c, "volumeMounts", []any{map[string]any{"name": name, "mountPath": "/a"}}, []any{map[string]any{"name": name, "mountPath": "/a", "readOnly": true}})
		}
		pod["containers"] = append(list(pod["containers"]), c)
	}
	if g.IntN(3) == 0 {
		first := g.container("first")
		for _, probe := range []string{"livenessProbe", "readinessProbe"} {
			delete(first, probe)
		}
		g.sometimes(first, "restartPolicy", "Always")
		pod["initContainers"] = []any{first}
	}
	g.sometimes(pod, "securityContext", g.security(false))
	if security, _ := pod["securityContext"].(map[string]any); security["sysctls"] == nil {
		g.sometimes(pod, "hostNetwork", true, false)
	}
	g.sometimes(pod, "hostPID", true, false, nil)
	g.sometimes(pod, "hostIPC", true, false, nil, nil)
	g.sometimes(pod, "hostAliases", []any{map[string]any{"ip": "10.0.0.1", "hostnames": []any{"a"}}}, []any{})
	g.sometimes(pod, "automountServiceAccountToken", true, false)
	g.sometimes(pod, "serviceAccountName", "records", "default", nil)
	g.sometimes(pod, "runtimeClassName", nil)
	g.sometimes(pod, "os", map[string]any{"name": "linux"}, nil, nil)
	g.sometimes(pod, "nodeSelector", map[string]any{"kubernetes.io/os": "windows"}, map[string]any{"disk": "ssd"}, nil)
	return pod
}

func list(v any) []any { l, _ := v.([]any); return l }

func (g *chance) volumes() []any {
	all := []any{}
	for i, source := range []map[string]any{
		{"emptyDir": map[string]any{}}, {"emptyDir": map[string]any{"medium": "Memory"}}, {},
		{"hostPath": map[string]any{"path": g.one("/", "/var/run/docker.sock", "//var//./run", "/srv/data", "/etc", "/home/me/.aws/x", "var/lib/kubelet/")}},
		{"secret": map[string]any{"secretName": "s"}}, {"configMap": map[string]any{"name": "c"}},
		{"persistentVolumeClaim": map[string]any{"claimName": "p"}}, {"nfs": map[string]any{"server": "a", "path": "/"}},
	} {
		if g.IntN(4) == 0 {
			source["name"] = fmt.Sprintf("v%d", i)
			all = append(all, source)
		}
	}
	return all
}

func (g *chance) container(name string) map[string]any {
	digest := "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	c := map[string]any{"name": name, "image": g.one("nginx", "nginx:latest", "registry.k8s.io/pause:3.9", "k8s.gcr.io/pause"+digest, "localhost:5000/a/b:1"+digest,
		"localhost/a", "index.docker.io/bitnamilegacy/redis:7", "registry-1.docker.io/nginx", "gcr.io/kubernetes-helm/tiller:v2", "tiller", "a/b:", ":1", "docker.io/",
		"quay.io/argoproj/argocd:v2.1.3", "grafana/grafana:9.2.1", "a@sha256:0", "123.dkr.ecr.eu-west-1.amazonaws.com/x/y:2", "ingress-nginx/controller:v1",
		"a b", "a/b/c:latest"+digest, "docker.io/library/nginx:1", "localhost:5000/x:y", "REGISTRY.k8s.io/Pause")}
	g.sometimes(c, "securityContext", g.security(true))
	g.sometimes(c, "imagePullPolicy", "Always", "Never", nil)
	g.sometimes(c, "livenessProbe", map[string]any{"tcpSocket": map[string]any{"port": int64(80)}})
	g.sometimes(c, "readinessProbe", map[string]any{"tcpSocket": map[string]any{"port": int64(80)}})
	g.sometimes(c, "resources", map[string]any{"requests": map[string]any{"cpu": "100m"}}, map[string]any{"limits": map[string]any{"cpu": "1", "memory": "1Gi"}},
		map[string]any{"requests": map[string]any{"memory": "64Mi"}}, map[string]any{})
	g.sometimes(c, "ports", []any{map[string]any{"containerPort": int64(80)}}, []any{map[string]any{"containerPort": int64(2222)}},
		[]any{map[string]any{"containerPort": int64(8080), "hostPort": int64(8000 + g.IntN(1000))}})
	g.sometimes(c, "env", []any{map[string]any{"name": "AWS_ACCESS_KEY_ID", "value": ""}}, []any{map[string]any{"name": "GOOGLE_APPLICATION_CREDENTIALS", "value": "/a"}},
		[]any{map[string]any{"name": "A", "valueFrom": map[string]any{"secretKeyRef": map[string]any{"name": "s", "key": "k"}}}})
	g.sometimes(c, "envFrom", []any{map[string]any{"secretRef": map[string]any{"name": "s"}}}, []any{map[string]any{"configMapRef": map[string]any{"name": "s"}}})
	return c
}

// security is the security context of a container, or of a pod.
func (g *chance) security(container bool) map[string]any {
	s := map[string]any{}
	g.sometimes(s, "runAsNonRoot", true, false)
	g.sometimes(s, "runAsUser", int64(0), int64(1000), int64(20000))
	g.sometimes(s, "runAsGroup", int64(0), int64(1000), int64(20000))
	g.sometimes(s, "seccompProfile", map[string]any{"type": "RuntimeDefault"}, map[string]any{"type": "Unconfined"})
	g.sometimes(s, "appArmorProfile", map[string]any{"type": "RuntimeDefault"}, map[string]any{"type": "Unconfined"}, nil, nil, nil, nil)
	g.sometimes(s, "seLinuxOptions", map[string]any{"type": "spc_t"}, map[string]any{"user": "u", "type": "container_t"}, map[string]any{"role": "r"}, nil)
	if !container {
		g.sometimes(s, "fsGroup", int64(0), int64(1000))
		g.sometimes(s, "supplementalGroups", []any{int64(0)}, []any{int64(1), int64(2)})
		g.sometimes(s, "sysctls", []any{map[string]any{"name": "net.ipv4.tcp_syncookies", "value": "1"}},
			[]any{map[string]any{"name": "net.core.somaxconn", "value": "1"}, map[string]any{"name": "net/ipv4/tcp_syncookies", "value": "1"}}, nil)
		return s
	}
	g.sometimes(s, "privileged", true, false, nil)
	if s["privileged"] != true {
		g.sometimes(s, "allowPrivilegeEscalation", true, false)
	}
	g.sometimes(s, "readOnlyRootFilesystem", true, false)
	g.sometimes(s, "capabilities", map[string]any{"drop": []any{"ALL"}}, map[string]any{"drop": []any{"net_raw"}, "add": []any{"NET_BIND_SERVICE"}},
		map[string]any{"add": []any{"MKNOD", "CHOWN"}}, map[string]any{"drop": []any{}})
	return s
}
