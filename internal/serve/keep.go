package serve

import (
	"context"
	"encoding/json"
	"fmt"

	"ward.dev/ward/internal/assessor"
	"ward.dev/ward/internal/evidence"
	"ward.dev/ward/internal/evidence/contents"
	"ward.dev/ward/internal/state"
)

// keep keeps the evidence of an assessment. The digest is found again under its name in the record of the assessment.
func (p *parts) keep(ctx context.Context, e assessor.Evidence) (map[string]string, error) {
	all, err := contents.Contents{Assessment: e.Assessment, Readings: e.Readings, Config: e.Config, Catalogs: p.assessor.Layers[1:]}.Parts()
	if err != nil {
		return nil, err
	}
	for _, of := range []struct {
		name string
		what any
	}{{"estate.json", e.Estate}, {"sources.json", e.Read}} {
		text, err := json.MarshalIndent(of.what, "", " ")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", of.name, err)
		}
		all = append(all, evidence.Bytes(of.name, text))
	}
	bundle, err := p.evidence.Keep(ctx, e.Estate.ID, state.NewID(), all)
	if err != nil {
		return nil, err
	}
	return map[string]string{"evidence": bundle.Digest}, nil
}
