"""Workgroups, right and wrong."""


def create(client):
    athena = client("athena")
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    athena.create_work_group(Name="estate-right", Configuration={
        "EnforceWorkGroupConfiguration": True, "PublishCloudWatchMetricsEnabled": True,
        "ResultConfiguration": {"OutputLocation": "s3://results/right", "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": key}},
    })
    athena.create_work_group(Name="estate-wrong", Configuration={
        "EnforceWorkGroupConfiguration": False, "PublishCloudWatchMetricsEnabled": False,
        "ResultConfiguration": {"OutputLocation": "s3://results/wrong"},
    })
    return {"aws.athena.workgroup": {"right": "estate-right", "wrong": "estate-wrong"}}
