import json


def policy(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Principal": "*", **statement}]})


def create(client):
    sns, sqs = client("sns"), client("sqs")
    topics = "arn:aws:sns:eu-west-1:123456789012:"
    right = sns.create_topic(Name="estate-topic-right", Attributes={
        "KmsMasterKeyId": "alias/aws/sns", "SQSFailureFeedbackRoleArn": "arn:aws:iam::123456789012:role/feedback",
        "Policy": policy(Sid="tls", Effect="Deny", Action="sns:*", Resource=topics + "estate-topic-right",
                         Condition={"Bool": {"aws:SecureTransport": "false"}})})["TopicArn"]
    wrong = sns.create_topic(Name="estate-topic-wrong", Attributes={
        "Policy": policy(Effect="Allow", Action="sns:Publish", Resource=topics + "estate-topic-wrong")})["TopicArn"]
    for name in ["estate-sns", "estate-sns-dead"]:
        sqs.create_queue(QueueName=name)
    queue = "arn:aws:sqs:eu-west-1:123456789012:estate-sns"
    to_queue = sns.subscribe(TopicArn=right, Protocol="sqs", Endpoint=queue, ReturnSubscriptionArn=True, Attributes={
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": queue + "-dead"})})
    to_web = sns.subscribe(TopicArn=wrong, Protocol="http", Endpoint="http://chart.example.org/results", ReturnSubscriptionArn=True)
    return {"aws.sns.topic": {"right": right, "wrong": wrong},
            "aws.sns.subscription": {"right": to_queue["SubscriptionArn"], "wrong": to_web["SubscriptionArn"]}}
