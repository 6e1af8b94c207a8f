import os


def create(client):
    key = client("kms").create_key()["KeyMetadata"]
    client("kms").enable_key_rotation(KeyId=key["KeyId"])
    # With the endpoint said outright, boto3 does not ask where the service is.
    c = client("timestream-write", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))
    c.create_database(DatabaseName="estate-right", KmsKeyId=key["Arn"])
    c.create_database(DatabaseName="estate-wrong")
    influx = client("timestream-influxdb")
    common = {"username": "estate", "password": "estate-password", "organization": "estate", "bucket": "estate",
              "dbInstanceType": "db.influx.medium", "allocatedStorage": 20, "vpcSubnetIds": ["subnet-1"],
              "vpcSecurityGroupIds": ["sg-1"]}
    influx.create_db_instance(name="estate-influx-right", publiclyAccessible=False, deploymentType="WITH_MULTIAZ_STANDBY",
                              logDeliveryConfiguration={"s3Configuration": {"bucketName": "estate", "enabled": True}}, **common)
    influx.create_db_instance(name="estate-influx-wrong", publiclyAccessible=True, deploymentType="SINGLE_AZ", **common)
    return {"aws.timestream.database": {"right": "estate-right", "wrong": "estate-wrong"},
            "aws.timestream.influxdb": {"right": "estate-influx-right", "wrong": "estate-influx-wrong"}}
