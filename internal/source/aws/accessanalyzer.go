package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"

	"ward.dev/ward/internal/value"
)

// accessAnalyzers come with the findings that are open.
func accessAnalyzers(ctx context.Context, r *region) {
	c := accessanalyzer.NewFromConfig(r.config("accessanalyzer"))
	each(ctx, r, list(ctx, r, c.ListAnalyzers, &accessanalyzer.ListAnalyzersInput{}, "Analyzers"), func(item value.Value) {
		arn := text(item, "Arn")
		b := r.resource(arn, "ListAnalyzers", item)
		most := int32(100)
		askAll(ctx, b, c.ListFindingsV2, &accessanalyzer.ListFindingsV2Input{AnalyzerArn: &arn, MaxResults: &most,
			Filter: map[string]types.Criterion{"status": {Eq: []string{"ACTIVE"}}}}, "Findings")
		b.add()
	})
}
