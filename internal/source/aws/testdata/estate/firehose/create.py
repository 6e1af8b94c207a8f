"""Delivery streams, right and wrong."""


def create(client):
    firehose = client("firehose")
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    bucket = {"RoleARN": "arn:aws:iam::123456789012:role/firehose", "BucketARN": "arn:aws:s3:::estate-firehose"}
    firehose.create_delivery_stream(
        DeliveryStreamName="estate-right", DeliveryStreamType="DirectPut",
        DeliveryStreamEncryptionConfigurationInput={"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": key},
        ExtendedS3DestinationConfiguration=bucket | {
            "EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": key}},
            "CloudWatchLoggingOptions": {"Enabled": True, "LogGroupName": "firehose", "LogStreamName": "right"},
        })
    firehose.create_delivery_stream(DeliveryStreamName="estate-wrong", DeliveryStreamType="DirectPut", ExtendedS3DestinationConfiguration=bucket)
    return {"aws.firehose.stream": {"right": "estate-right", "wrong": "estate-wrong"}}
