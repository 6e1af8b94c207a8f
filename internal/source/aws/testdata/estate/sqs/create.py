import json


def policy(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Principal": "*", **statement}]})


def create(client):
    kms, sqs = client("kms"), client("sqs")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.enable_key_rotation(KeyId=key)
    queues = "arn:aws:sqs:eu-west-1:123456789012:"
    names = {"right": "estate-queue-right", "wrong": "estate-queue-wrong"}
    sqs.create_queue(QueueName="estate-queue-dead", Attributes={
        "RedriveAllowPolicy": json.dumps({"redrivePermission": "allowAll"})})
    sqs.create_queue(QueueName=names["right"], Attributes={
        "KmsMasterKeyId": key, "MessageRetentionPeriod": "1209600",
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": queues + "estate-queue-dead", "maxReceiveCount": 5}),
        "Policy": policy(Sid="tls", Effect="Deny", Action="sqs:*", Resource=queues + names["right"],
                         Condition={"Bool": {"aws:SecureTransport": "false"}})})
    sqs.create_queue(QueueName=names["wrong"], Attributes={
        "SqsManagedSseEnabled": "false", "MessageRetentionPeriod": "3600",
        "Policy": policy(Effect="Allow", Action="sqs:SendMessage", Resource=queues + names["wrong"])})
    return {"aws.sqs.queue": names}
