import json

COMMON = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
          "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}


def create(client):
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.enable_key_rotation(KeyId=key["KeyId"])
    c = client("dynamodb")
    c.create_table(TableName="estate-right", BillingMode="PAY_PER_REQUEST", DeletionProtectionEnabled=True,
                   SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key["Arn"]}, **COMMON)
    c.update_continuous_backups(TableName="estate-right",
                                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    c.create_table(TableName="estate-wrong", BillingMode="PROVISIONED",
                   ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}, **COMMON)
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/estate-wrong"
    c.put_resource_policy(ResourceArn=arn, Policy=json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": arn}]}))
    client("application-autoscaling").register_scalable_target(
        ServiceNamespace="dynamodb", ResourceId="table/estate-wrong", ScalableDimension="dynamodb:table:ReadCapacityUnits",
        MinCapacity=1, MaxCapacity=5)
    return {"aws.dynamodb.table": {"right": "estate-right", "wrong": "estate-wrong"}}
