"""Policies of devices, right and wrong."""
import json


def create(client):
    iot = client("iot")
    right = {"Effect": "Allow", "Action": "iot:Publish", "Resource": "arn:aws:iot:eu-west-1:123456789012:topic/readings/${iot:Connection.Thing.ThingName}"}
    wrong = {"Effect": "Allow", "Action": "iot:*", "Resource": "*"}
    for name, statement in [("estate-right", right), ("estate-wrong", wrong)]:
        iot.create_policy(policyName=name, policyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return {"aws.iot.policy": {"right": "estate-right", "wrong": "estate-wrong"}}
