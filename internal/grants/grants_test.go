package grants_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/grants"
)

// TestSum proves that gaps and unknown findings are counted by what would close them, that a finding which wants two grants is closed by neither
// alone, that what matters for PHI comes first, and that what nothing helps with is told too.
func TestSum(t *testing.T) {
	finding := func(id, kind, phi string, status assessment.Status, wants ...string) assessment.Finding {
		f := assessment.Finding{ID: id, Status: status, Question: &assessment.Question{Check: kind + ".c"},
			Subject: &assessment.Subject{Kind: kind, PHI: phi, Resource: assessment.Resource{ID: id[:1]}}}
		for _, grant := range wants {
			f.Unknown = append(f.Unknown, assessment.UnknownValue{Attribute: "a", Reason: "why " + grant, Grant: grant})
		}
		return f
	}
	const policy, keys = "s3:GetBucketPolicy", "kms:ListKeys"
	a := &assessment.Assessment{
		Gaps: []assessment.Gap{{What: "keys", Grant: keys, Reason: "denied"}, {What: "more keys", Grant: keys, Reason: "denied"}},
		Findings: []assessment.Finding{
			finding("a1", "aws.s3.bucket", "yes", assessment.Unknown, policy),
			finding("a2", "aws.s3.bucket", "yes", assessment.Unknown, policy, keys),
			finding("b1", "aws.s3.bucket", "no", assessment.Unknown, policy, policy),
			finding("c1", "aws.kms.key", "unknown", assessment.Unknown, keys),
			finding("d1", "aws.sns.topic", "no", assessment.Unknown, ""),
			finding("e1", "aws.sns.topic", "no", assessment.Unknown),
			finding("f1", "aws.s3.bucket", "yes", assessment.Fail, policy),
		},
	}
	want := []grants.Missing{
		{Grant: policy, Findings: 3, Alone: 2, PHI: 2, Resources: 2, Kinds: []string{"aws.s3.bucket"}, Reasons: []string{"why " + policy}},
		{Grant: keys, Findings: 2, Alone: 1, PHI: 1, Resources: 2, Gaps: 2, Kinds: []string{"aws.kms.key", "aws.s3.bucket"}, Reasons: []string{"denied", "why " + keys}},
		{Findings: 2, Alone: 2, Resources: 2, Kinds: []string{"aws.sns.topic"}, Reasons: []string{"why "}},
	}
	if diff := cmp.Diff(want, grants.Sum(a)); diff != "" {
		t.Error(diff)
	}
	if none := grants.Sum(&assessment.Assessment{}); none == nil || len(none) != 0 {
		t.Errorf("nothing is missing: %v", none)
	}
}
