package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/configservice"

	"ward.dev/ward/internal/value"
)

func configRecorders(ctx context.Context, r *region) {
	c := configservice.NewFromConfig(r.config("configservice"))
	in := &configservice.DescribeConfigurationRecordersInput{}
	for item := range list(ctx, r, c.DescribeConfigurationRecorders, in, "ConfigurationRecorders") {
		name := text(item, "Name")
		b := r.resource(r.arn("config", "config-recorder/"+name), "DescribeConfigurationRecorders", item)
		ask(ctx, b, c.DescribeConfigurationRecorderStatus,
			&configservice.DescribeConfigurationRecorderStatusInput{ConfigurationRecorderNames: []string{name}})
		ask(ctx, b, c.DescribeDeliveryChannels, &configservice.DescribeDeliveryChannelsInput{})
		b.add()
	}
}

func deliveryChannels(ctx context.Context, r *region) {
	c := configservice.NewFromConfig(r.config("configservice"))
	for item := range list(ctx, r, c.DescribeDeliveryChannels, &configservice.DescribeDeliveryChannelsInput{}, "DeliveryChannels") {
		name := text(item, "Name")
		b := r.resource(r.arn("config", "delivery-channel/"+name), "DescribeDeliveryChannels", item)
		ask(ctx, b, c.DescribeDeliveryChannelStatus, &configservice.DescribeDeliveryChannelStatusInput{DeliveryChannelNames: []string{name}})
		b.add()
	}
}

func configAggregators(ctx context.Context, r *region) {
	c := configservice.NewFromConfig(r.config("configservice"))
	in := &configservice.DescribeConfigurationAggregatorsInput{}
	each(ctx, r, list(ctx, r, c.DescribeConfigurationAggregators, in, "ConfigurationAggregators"), func(item value.Value) {
		arn := text(item, "ConfigurationAggregatorArn")
		b := r.resource(arn, "DescribeConfigurationAggregators", item)
		askAll(ctx, b, c.ListTagsForResource, &configservice.ListTagsForResourceInput{ResourceArn: &arn}, "Tags")
		b.add()
	})
}

func conformancePacks(ctx context.Context, r *region) {
	c := configservice.NewFromConfig(r.config("configservice"))
	for item := range list(ctx, r, c.DescribeConformancePacks, &configservice.DescribeConformancePacksInput{}, "ConformancePackDetails") {
		r.resource(text(item, "ConformancePackArn"), "DescribeConformancePacks", item).add()
	}
}

func configRetentions(ctx context.Context, r *region) {
	c := configservice.NewFromConfig(r.config("configservice"))
	in := &configservice.DescribeRetentionConfigurationsInput{}
	for item := range list(ctx, r, c.DescribeRetentionConfigurations, in, "RetentionConfigurations") {
		r.resource(r.arn("config", "retention-configuration/"+text(item, "Name")), "DescribeRetentionConfigurations", item).add()
	}
}
