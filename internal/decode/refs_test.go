package decode

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/value"
)

// References are found wherever they stand in an environment, each once, and plain values are none.
func TestReferences(t *testing.T) {
	table := value.Ref{Address: "aws_dynamodb_table.t", Attribute: "name"}
	bucket := value.Ref{Address: "aws_s3_bucket.b", Attribute: "id"}
	exact := unknown().Referring(true, table)
	got := references(tree(t, list{obj{
		"A": exact, "B": "plain", "C": template("${aws_s3_bucket.b.id}-${aws_dynamodb_table.t.name}", bucket, table), "D": unknown(),
	}}))
	var refs []value.Ref
	elements, _ := got.AsList()
	for _, element := range elements {
		ref, ok := element.ExactRef()
		if !ok {
			t.Errorf("%v is not an exact reference", element)
		}
		refs = append(refs, ref)
	}
	if diff := cmp.Diff([]value.Ref{table, bucket}, refs); diff != "" {
		t.Error(diff)
	}
	if !references(value.None()).IsAbsent() {
		t.Error("no environment should stay absent")
	}
}

// Known texts count for the ARNs in them, and as a name where their variable says so.
func TestReferencesByText(t *testing.T) {
	arn := "arn:aws:dynamodb:eu-west-1:123456789012:table/charts"
	got := references(tree(t, list{
		obj{"A": "from " + arn + " on", "STAGE": "prod", "LAB_TABLE": "labs", "BUCKET_NAME": LeftOut},
		list{obj{"Name": "QUEUE_URL", "Value": "https://sqs/1/q", "Type": "PLAINTEXT"}, obj{"Name": "B", "Value": arn}},
	}))
	var texts []string
	elements, _ := got.AsList()
	for _, element := range elements {
		s, _ := element.AsString()
		texts = append(texts, s)
	}
	if diff := cmp.Diff([]string{arn, "labs", "https://sqs/1/q"}, texts); diff != "" {
		t.Error(diff)
	}
}
