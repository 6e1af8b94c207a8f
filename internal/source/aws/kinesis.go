package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesisvideo"

	"ward.dev/ward/internal/value"
)

// maxStreamTags is how many tags a stream can have.
const maxStreamTags = 50

func kinesisStreams(ctx context.Context, r *region) {
	c := kinesis.NewFromConfig(r.config("kinesis"))
	each(ctx, r, list(ctx, r, c.ListStreams, &kinesis.ListStreamsInput{}, "StreamSummaries"), func(item value.Value) {
		arn := text(item, "StreamARN")
		b := r.resource(arn, "ListStreams", item)
		ask(ctx, b, c.DescribeStreamSummary, &kinesis.DescribeStreamSummaryInput{StreamARN: &arn})
		ask(ctx, b, c.ListTagsForStream, &kinesis.ListTagsForStreamInput{StreamARN: &arn, Limit: aws.Int32(maxStreamTags)})
		policy := ask(ctx, b, c.GetResourcePolicy, &kinesis.GetResourcePolicyInput{ResourceARN: &arn}, none("ResourceNotFoundException"))
		if text(policy, "Policy") == "{}" { // which is how Kinesis says that there is none
			b.keep("GetResourcePolicy", value.None().At(policy.Origin()))
		}
		b.add()
	})
}

func kinesisVideoStreams(ctx context.Context, r *region) {
	c := kinesisvideo.NewFromConfig(r.config("kinesisvideo"))
	each(ctx, r, list(ctx, r, c.ListStreams, &kinesisvideo.ListStreamsInput{}, "StreamInfoList"), func(item value.Value) {
		arn := text(item, "StreamARN")
		b := r.resource(arn, "ListStreams", item)
		ask(ctx, b, c.ListTagsForStream, &kinesisvideo.ListTagsForStreamInput{StreamARN: &arn})
		b.add()
	})
}

func firehoseStreams(ctx context.Context, r *region) {
	c := firehose.NewFromConfig(r.config("firehose"))
	in := &firehose.ListDeliveryStreamsInput{Limit: aws.Int32(100)}
	each(ctx, r, list(ctx, r, c.ListDeliveryStreams, in, "DeliveryStreamNames"), func(item value.Value) {
		name, _ := item.AsString()
		b := r.resource(r.arn("firehose", "deliverystream/"+name), "ListDeliveryStreams", item)
		ask(ctx, b, c.DescribeDeliveryStream, &firehose.DescribeDeliveryStreamInput{DeliveryStreamName: &name})
		tags := &firehose.ListTagsForDeliveryStreamInput{DeliveryStreamName: &name, Limit: aws.Int32(maxStreamTags)}
		ask(ctx, b, c.ListTagsForDeliveryStream, tags)
		b.add()
	})
}
