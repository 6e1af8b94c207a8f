"""Data streams, right and wrong."""
import json


def create(client):
    kinesis = client("kinesis")
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    for name in ["estate-right", "estate-wrong"]:
        kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.start_stream_encryption(StreamName="estate-right", EncryptionType="KMS", KeyId=key)
    kinesis.increase_stream_retention_period(StreamName="estate-right", RetentionPeriodHours=168)
    wrong = kinesis.describe_stream_summary(StreamName="estate-wrong")["StreamDescriptionSummary"]["StreamARN"]
    kinesis.put_resource_policy(ResourceARN=wrong, Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "kinesis:GetRecords", "Resource": wrong}]}))
    return {"aws.kinesis.stream": {"right": "estate-right", "wrong": "estate-wrong"}}
