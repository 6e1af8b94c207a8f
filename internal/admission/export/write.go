package export

import (
	"encoding/json"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"
)

// Write writes the objects of the policy as YAML documents, for kubectl apply: first what the policy needs, last what makes it act.
func (p *Policy) Write(w io.Writer) error {
	objects := []any{p.Policy, p.Binding}
	if p.Params != nil {
		objects = []any{p.Params, p.Policy, p.Binding}
	}
	for _, object := range objects {
		text, err := document(object)
		if err != nil {
			return fmt.Errorf("write policy %s: %w", p.Policy.Name, err)
		}
		if _, err := fmt.Fprintf(w, "---\n%s", text); err != nil {
			return err
		}
	}
	return nil
}

// document writes an object without what only the cluster says of it.
func document(object any) ([]byte, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	delete(members, "status")
	if metadata, ok := members["metadata"].(map[string]any); ok {
		delete(metadata, "creationTimestamp")
	}
	return yaml.Marshal(members)
}
