package guard

import (
	"context"
	"fmt"
	"strings"
	"time"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// tell writes an Event on an object, so that kubectl describe tells what was done to it and why. It is no fault of the act if that is
// denied.
func (g *Guard) tell(ctx context.Context, o Object, r Record) error {
	const most = 1000 // bytes of a message that the API takes
	message := fmt.Sprintf("ward guard: %s (%s). %s: %s. Approved by %s; record %s", r.Act, r.Detail, r.Check,
		strings.Join(r.Why, "; "), r.ApprovedBy, r.ID)
	if len(message) > most {
		message = strings.ToValidUTF8(message[:most], "") + "…"
	}
	now := meta.Now().Rfc3339Copy().Format(time.RFC3339)
	event := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Event",
		"metadata":       map[string]any{"generateName": trimmed(o.Name, 200) + ".", "namespace": o.Namespace},
		"involvedObject": map[string]any{"apiVersion": o.APIVersion, "kind": o.Kind, "name": o.Name, "namespace": o.Namespace, "uid": o.UID},
		"reason":         "WardGuard", "message": message, "type": "Warning", "count": int64(1), "firstTimestamp": now, "lastTimestamp": now,
		"source": map[string]any{"component": manager}, "reportingComponent": "ward.dev/guard", "reportingInstance": manager, "action": r.Act}}
	_, err := g.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "events"}).Namespace(o.Namespace).Create(ctx, event,
		meta.CreateOptions{FieldManager: manager})
	if err != nil {
		return plain("create events", o.Namespace, err)
	}
	return nil
}
