package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/mq"

	"ward.dev/ward/internal/value"
)

func mqBrokers(ctx context.Context, r *region) {
	c := mq.NewFromConfig(r.config("mq"))
	each(ctx, r, list(ctx, r, c.ListBrokers, &mq.ListBrokersInput{}, "BrokerSummaries"), func(item value.Value) {
		id := text(item, "BrokerId")
		b := r.resource(text(item, "BrokerArn"), "ListBrokers", item)
		ask(ctx, b, c.DescribeBroker, &mq.DescribeBrokerInput{BrokerId: &id})
		b.add()
	})
}
