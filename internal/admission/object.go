package admission

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	review "k8s.io/api/admission/v1"

	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// object is what a request is about.
type object struct {
	block resource.Block
	// namespace is the one that the object is in, or is.
	namespace string
	// owned tells that what it says it is a part of is true, since a controller of Kubernetes sent it: anybody may write an owner into
	// an object.
	owned   bool
	create  bool
	dry     bool // nothing may follow from the request
	deleted bool // it only waits for its finalizers
	before  *object
	content map[string]any // all of it but its metadata and its status
}

// maxDepth bounds how deep an object is nested.
const maxDepth = 200

// object reads the object of a request.
func (r *Reviewer) object(q *review.AdmissionRequest, raw []byte) (*object, error) {
	data, err := decode(raw)
	if err != nil {
		return nil, err
	}
	live := r.cluster.Live()
	origin := &value.Origin{Call: &value.Call{API: "admission " + strings.ToLower(string(q.Operation)), At: time.Now().UTC().Truncate(time.Second),
		Account: live.Account, Region: q.Namespace, Caller: live.Caller}}
	b, err := manifest.Block(manifest.Value(data, origin), manifest.Scope{Dialect: resource.Cluster, Target: live.Name, Cluster: live.Account,
		Namespace:  q.Namespace,
		Namespaced: func(string) (bool, bool) { return q.Namespace != "", true }})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	o := &object{block: b, namespace: b.Region, create: q.Operation == review.Create}
	if b.Type == "Namespace" {
		o.namespace, _ = b.Body.Field("metadata").Field("name").AsString()
	}
	o.owned = b.Owner != "" && controllers[q.UserInfo.Username]
	o.block.Owner = "" // it is judged by itself, whatever it claims to be a part of
	metadata, _ := data["metadata"].(map[string]any)
	o.deleted = metadata["deletionTimestamp"] != nil
	delete(data, "metadata")
	delete(data, "status")
	o.content = data
	return o, nil
}

// decode reads one JSON object of bounded depth.
func decode(raw []byte) (map[string]any, error) {
	if depth(raw) > maxDepth {
		return nil, fmt.Errorf("%w: its object is nested deeper than %d levels", ErrRequest, maxDepth)
	}
	var data map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&data); err != nil || data == nil {
		return nil, fmt.Errorf("%w: its object is no JSON object", ErrRequest)
	}
	return data, nil
}

// depth is how deep a JSON text is nested; of what is no JSON it may be anything.
func depth(raw []byte) (most int) {
	now, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			most = max(most, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return most
}

// same tells that nothing but the metadata and the status of the object is new.
func (o *object) same() bool {
	return o.before != nil && reflect.DeepEqual(o.content, o.before.content)
}

// controllers are the users as which the controllers of Kubernetes act that make objects of others.
var controllers = func() map[string]bool {
	all := map[string]bool{"system:kube-controller-manager": true}
	for _, name := range []string{"replicaset", "deployment", "statefulset", "daemon-set", "job", "cronjob", "replication"} {
		all["system:serviceaccount:kube-system:"+name+"-controller"] = true
	}
	return all
}()
