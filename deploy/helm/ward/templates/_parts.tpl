{{- /* What the parts have in common. Each takes a dict with "root" and "part". */ -}}

{{- define "ward.name" -}}{{ .root.Release.Name }}-{{ .part }}{{- end }}

{{- define "ward.labels" -}}
app.kubernetes.io/name: ward
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: ward
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
owner: {{ .root.Values.owner | quote }}
{{- end }}

{{- define "ward.selector" -}}
app.kubernetes.io/name: ward
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "ward.meta" -}}
name: {{ include "ward.name" . }}
namespace: {{ .root.Release.Namespace }}
labels: {{- include "ward.labels" . | nindent 2 }}
{{- end }}

{{- define "ward.image" -}}
{{- $image := .root.Values.image -}}
{{- $digest := required "image.digest is wanted: sha256:..., of the image in your registry" $image.digest -}}
{{- required "image.repository is wanted: registry.example.com/ward" $image.repository }}@{{ $digest }}
{{- end }}

{{- /* The account and security of a pod. */ -}}
{{- define "ward.pod" -}}
serviceAccountName: {{ include "ward.name" . }}
automountServiceAccountToken: {{ .token }}
enableServiceLinks: false
terminationGracePeriodSeconds: 30
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
  appArmorProfile: {type: RuntimeDefault}
  seLinuxOptions: {type: container_t}
{{- end }}

{{- /* The security and resources of a container. */ -}}
{{- define "ward.container" -}}
name: {{ .part }}
image: {{ include "ward.image" . }}
imagePullPolicy: Always
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  privileged: false
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
  seccompProfile: {type: RuntimeDefault}
resources: {{- toYaml .resources | nindent 2 }}
{{- end }}

{{- /* Pods of one part stay on different nodes and zones. */ -}}
{{- define "ward.spread" -}}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels: {{- include "ward.selector" . | nindent 14 }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "ward.selector" . | nindent 8 }}
{{- end }}

{{- /* Environment, mounts and volumes that follow from what is switched on; "images": true for parts that read images. */ -}}
{{- define "ward.env" -}}
- {name: HOME, value: /nonexistent}
- {name: GOMEMLIMIT, valueFrom: {resourceFieldRef: {containerName: {{ .part }}, resource: limits.memory}}}
{{- if .root.Values.advisories.enabled }}
- {name: WARD_VULNDB, value: /var/lib/ward/vulndb}
{{- end }}
{{- if and .images .root.Values.registries.loginSecret }}
- {name: DOCKER_CONFIG, value: /etc/ward/registries}
{{- end }}
{{- end }}

{{- define "ward.mounts" -}}
- {name: config, mountPath: /etc/ward/config, readOnly: true}
{{- if and .images .root.Values.advisories.enabled }}
- {name: advisories, mountPath: /var/lib/ward/vulndb, readOnly: true}
{{- end }}
{{- if and .images .root.Values.registries.loginSecret }}
- {name: registries, mountPath: /etc/ward/registries, readOnly: true}
{{- end }}
{{- end }}

{{- define "ward.volumes" -}}
- name: config
  configMap: {name: {{ include "ward.config" .root }}, defaultMode: 0440}
{{- if and .images .root.Values.advisories.enabled }}
- name: advisories
  persistentVolumeClaim: {claimName: {{ .root.Release.Name }}-advisories, readOnly: true}
{{- end }}
{{- if and .images .root.Values.registries.loginSecret }}
- name: registries
  secret:
    secretName: {{ .root.Values.registries.loginSecret }}
    defaultMode: 0440
    items: [{key: .dockerconfigjson, path: config.json}]
{{- end }}
{{- end }}

{{- /* The configuration has the digest of its content in its name: pods start anew when it changes, and it can be immutable. */ -}}
{{- define "ward.config" -}}{{ .Release.Name }}-config-{{ toYaml .Values.ward | sha256sum | trunc 10 }}{{- end }}

{{- /* A claim to a volume: "storage" with class, size and accessModes. */ -}}
{{- define "ward.claim" -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  {{- include "ward.meta" . | nindent 2 }}
  annotations: {helm.sh/resource-policy: keep}
spec:
  accessModes: {{- toYaml (.storage.accessModes | default (list "ReadWriteOnce")) | nindent 4 }}
  {{- with .storage.class }}
  storageClassName: {{ . }}
  {{- end }}
  resources: {requests: {storage: {{ .storage.size }}}}
{{- end }}

{{- /* The rights to read a cluster; "watch": true also to be told of changes. */ -}}
{{- define "ward.rules" -}}
{{- range (.root.Files.Get "files/reader-rules.yaml" | fromYamlArray) }}
- apiGroups: {{ toJson .apiGroups }}
  resources: {{ toJson .resources }}
  verbs: {{ if $.watch }}[list, watch]{{ else }}{{ toJson .verbs }}{{ end }}
{{- end }}
{{- end }}

{{- /* An account with the rights to read the cluster. */ -}}
{{- define "ward.account" -}}
apiVersion: v1
kind: ServiceAccount
metadata: {{- include "ward.meta" . | nindent 2 }}
automountServiceAccountToken: false
{{- end }}

{{- define "ward.reader" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ include "ward.name" . }}
  labels: {{- include "ward.labels" . | nindent 4 }}
rules: {{- include "ward.rules" . | nindent 2 }}
{{- with .more }}
{{- toYaml . | nindent 2 }}
{{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ include "ward.name" . }}
  labels: {{- include "ward.labels" . | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {{ include "ward.name" . }}}
subjects:
  - {kind: ServiceAccount, name: {{ include "ward.name" . }}, namespace: {{ .root.Release.Namespace }}}
{{- end }}

{{- /* Where a pod may send: to the API server, and to registries if it reads images. */ -}}
{{- define "ward.egress" -}}
{{- if .token }}
- to:
    {{- range .root.Values.apiServer.cidrs }}
    - ipBlock: {cidr: {{ . }}}
    {{- end }}
  ports:
    {{- range .root.Values.apiServer.ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end }}
{{- if .world }}
- to:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
      podSelector: {matchLabels: {k8s-app: kube-dns}}
  ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
- to:
    {{- range .root.Values.registries.cidrs }}
    - ipBlock: {cidr: {{ . }}}
    {{- end }}
  ports: [{protocol: TCP, port: 443}]
{{- end }}
{{- end }}
