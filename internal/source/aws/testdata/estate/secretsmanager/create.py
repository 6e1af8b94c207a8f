import json


def create(client):
    secrets = client("secretsmanager")
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    names = {"right": "estate-secret-right", "wrong": "estate-secret-wrong"}
    secrets.create_secret(Name=names["right"], SecretString="not kept", KmsKeyId=key)
    secrets.create_secret(Name=names["wrong"], SecretString="not kept")
    secrets.put_resource_policy(SecretId=names["wrong"], ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]}))
    return {"aws.secretsmanager.secret": names}
