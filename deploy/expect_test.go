package deploy

// unseen are the checks that manifests alone cannot answer, and why.
var unseen = map[string]string{
	"kubernetes.namespace.services-speak-mutual-tls":             "a mesh is the cluster's; Ward's own services speak TLS by themselves",
	"kubernetes.persistent_volume_claim.is-encrypted":            "the storage class is the cluster's",
	"kubernetes.workload.claims-encrypted-storage":               "the storage class is the cluster's",
	"kubernetes.workload.images-are-signed":                      "the image is built and signed by who installs it",
	"kubernetes.workload.images-are-mended-in-time":              "the image is built by who installs it",
	"kubernetes.workload.images-have-no-forbidden-vulnerability": "the image is built by who installs it",
}

// accepted are findings that fail on purpose, and why. None of them is of a part that is on by default.
var accepted = map[finding]string{
	{"kubernetes.workload.runs-several-replicas", "Deployment/ward/ward-guard"}:                                     "one guard acts at a time; it holds the lock of its journal",
	{"kubernetes.workload.runs-several-replicas", "Deployment/ward/ward-activity"}:                                  "one receiver holds the lock of its journal",
	{"kubernetes.workload.replaces-pods-in-turn", "Deployment/ward/ward-guard"}:                                     "the next guard can begin only when the one before has ended",
	{"kubernetes.workload.replaces-pods-in-turn", "Deployment/ward/ward-activity"}:                                  "the next receiver can begin only when the one before has ended",
	{"kubernetes.workload.has-liveness-probes", "Deployment/ward/ward-guard"}:                                       "it answers nobody, and ends by itself when it cannot go on",
	{"kubernetes.workload.has-readiness-probes", "Deployment/ward/ward-guard"}:                                      "it answers nobody",
	{"kubernetes.persistent_volume_claim.is-mounted-by-one-workload", "PersistentVolumeClaim/ward/ward-advisories"}: "one writes what is public, all others only read it",
}
