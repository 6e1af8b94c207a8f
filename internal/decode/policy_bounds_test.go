package decode

import (
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/value"
)

// A document several times greater than AWS accepts takes a moment, whatever stands in it: nothing is quadratic.
func TestPolicyIsBounded(t *testing.T) {
	const size = 1 << 16
	fill := func(head, item, tail string) string {
		n := (size - len(head) - len(tail)) / (len(item) + 1)
		return head + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + tail
	}
	const allow = `{"Statement":{"Effect":"Allow","Action":`
	if got := policy(value.String(strings.Repeat(" ", maxDocument) + "{}")); !got.IsUnknown() {
		t.Errorf("a document beyond the bound is read as %v", plainly(got))
	}
	for name, text := range map[string]string{
		"actions":           fill(allow+`[`, `"*a*b"`, `],"Resource":"*"}}`),
		"actions in part":   fill(allow+`[`, `"${var.a}:x"`, `],"Resource":"*"}}`),
		"resources":         fill(allow+`"sts:*","Resource":[`, `"arn:aws:s3:::*"`, `]}}`),
		"resources in part": fill(allow+`"*","Resource":[`, `"arn:aws:s3:::${var.b}/*"`, `]}}`),
		"conditions":        fill(`{"Statement":{"Effect":"Deny","Principal":"*","Action":"*","Condition":{"Bool":{"aws:SecureTransport":[`, `"false"`, `]}}}}`),
		"statements":        fill(`{"Statement":[`, `{"Effect":"Allow","Action":"*"}`, `]}`),
		"one long pattern":  allow + `"` + strings.Repeat("*a", size/2-100) + `","Resource":"*"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			if got := policy(template(text)); !got.IsKnown() {
				t.Fatalf("it was not read: %v", got.Reasons())
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it took %v", took)
			} else {
				t.Logf("%d bytes: %v", len(text), took)
			}
		})
	}
}
