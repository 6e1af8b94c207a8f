package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"

	"ward.dev/ward/internal/value"
)

// cloudwatchClient speaks the older of the protocols of CloudWatch, which other endpoints than AWS's know too.
func cloudwatchClient(r *region) *cloudwatch.Client {
	return cloudwatch.NewFromConfig(r.config("cloudwatch"), func(o *cloudwatch.Options) {
		o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801)
	})
}

// alarms lists composite alarms first: where both are told by one shape, it is that of the alarms on a metric. An alarm and
// a filter keep the namespace of their metric beside the reply, where the two can be compared: its name alone may be that of
// another metric.
func alarms(ctx context.Context, r *region) {
	c := cloudwatchClient(r)
	tags := tagged(ctx, r, "cloudwatch:alarm")
	for _, of := range []struct {
		kind types.AlarmType
		path string
	}{{types.AlarmTypeCompositeAlarm, "CompositeAlarms"}, {types.AlarmTypeMetricAlarm, "MetricAlarms"}} {
		in := &cloudwatch.DescribeAlarmsInput{AlarmTypes: []types.AlarmType{of.kind}, MaxRecords: aws.Int32(100)}
		for item := range list(ctx, r, c.DescribeAlarms, in, of.path) {
			arn := text(item, "AlarmArn")
			b := r.resource(arn, "DescribeAlarms", item)
			b.keep("Namespace", item.Field("Namespace"))
			tags.label(b, arn)
			b.add()
		}
	}
}

func logGroups(ctx context.Context, r *region) {
	c := logs.NewFromConfig(r.config("cloudwatchlogs"))
	tags := tagged(ctx, r, "logs:log-group")
	for item := range list(ctx, r, c.DescribeLogGroups, &logs.DescribeLogGroupsInput{Limit: aws.Int32(50)}, "LogGroups") {
		arn := r.arn("logs", "log-group:"+text(item, "LogGroupName"))
		b := r.resource(arn, "DescribeLogGroups", item)
		tags.label(b, arn)
		b.add()
	}
}

func metricFilters(ctx context.Context, r *region) {
	c := logs.NewFromConfig(r.config("cloudwatchlogs"))
	for item := range list(ctx, r, c.DescribeMetricFilters, &logs.DescribeMetricFiltersInput{Limit: aws.Int32(50)}, "MetricFilters") {
		name := "log-group:" + text(item, "LogGroupName") + ":metric-filter:" + text(item, "FilterName")
		b := r.resource(r.arn("logs", name), "DescribeMetricFilters", item)
		b.keep("Namespace", value.List(found(item, []string{"MetricTransformations", "MetricNamespace"})...).At(item.Origin()))
		b.add()
	}
}
