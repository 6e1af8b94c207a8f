import json


def create(client):
    kms = client("kms")
    right = kms.create_key(Description="right")["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=right)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}
    wrong = kms.create_key(Description="wrong", Policy=json.dumps(policy))["KeyMetadata"]["KeyId"]
    return {"aws.kms.key": {"right": right, "wrong": wrong}}
