package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/qldb"

	"ward.dev/ward/internal/value"
)

// qldbLedgers asks a service that AWS ended in July 2025. Where its endpoint is gone there are no ledgers either.
func qldbLedgers(ctx context.Context, r *region) {
	c := qldb.NewFromConfig(r.config("qldb"))
	each(ctx, r, list(ctx, r, c.ListLedgers, &qldb.ListLedgersInput{}, "Ledgers", retired), func(item value.Value) {
		name := text(item, "Name")
		arn := r.arn("qldb", "ledger/"+name)
		b := r.resource(arn, "ListLedgers", item)
		ask(ctx, b, c.DescribeLedger, &qldb.DescribeLedgerInput{Name: &name})
		ask(ctx, b, c.ListTagsForResource, &qldb.ListTagsForResourceInput{ResourceArn: &arn})
		b.add()
	})
}
