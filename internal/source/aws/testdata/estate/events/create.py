import json


def create(client):
    events = client("events")
    buses = {"right": "estate-bus-right", "wrong": "estate-bus-wrong"}
    rules = {"right": "estate-rule-right", "wrong": "estate-rule-wrong"}
    for label, sid, principal in [("right", "lab", {"AWS": "arn:aws:iam::111122223333:root"}), ("wrong", "all", "*")]:
        arn = events.create_event_bus(Name=buses[label])["EventBusArn"]
        events.put_permission(EventBusName=buses[label], Policy=json.dumps({"Version": "2012-10-17", "Statement": [{
            "Sid": sid, "Effect": "Allow", "Principal": principal, "Action": "events:PutEvents", "Resource": arn}]}))
        if label == "right":
            events.create_archive(ArchiveName="estate-archive", EventSourceArn=arn)
    pattern = json.dumps({"source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"]})
    queue = "arn:aws:sqs:eu-west-1:123456789012:estate-events"
    events.put_rule(Name=rules["right"], EventPattern=pattern)
    events.put_targets(Rule=rules["right"], Targets=[{"Id": "security", "Arn": queue, "DeadLetterConfig": {"Arn": queue + "-dead"}}])
    events.put_rule(Name=rules["wrong"], EventPattern=pattern, State="DISABLED")
    events.put_targets(Rule=rules["wrong"], Targets=[{"Id": "security", "Arn": queue}])
    return {"aws.events.bus": buses, "aws.events.rule": rules}
