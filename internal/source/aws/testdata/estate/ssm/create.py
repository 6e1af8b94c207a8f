import json


def create(client):
    ssm = client("ssm")
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    sessions = {
        "right": {"idleSessionTimeout": "10", "kmsKeyId": key, "cloudWatchLogGroupName": "sessions", "cloudWatchEncryptionEnabled": True},
        "wrong": {"idleSessionTimeout": "60", "kmsKeyId": "", "cloudWatchLogGroupName": "", "s3BucketName": ""},
    }
    for label, inputs in sessions.items():
        ssm.create_document(Name="estate-session-" + label, DocumentType="Session", DocumentFormat="JSON", Content=json.dumps(
            {"schemaVersion": "1.0", "description": label, "sessionType": "Standard_Stream", "inputs": inputs}))
    ssm.modify_document_permission(Name="estate-session-wrong", PermissionType="Share", AccountIdsToAdd=["all"])
    ssm.put_parameter(Name="/estate/password/right", Type="SecureString", Value="not kept", KeyId=key)
    ssm.put_parameter(Name="/estate/password/wrong", Type="String", Value="not kept")
    baselines = {label: ssm.create_patch_baseline(Name="estate-" + label, ApprovalRules={"PatchRules": [{
        "PatchFilterGroup": {"PatchFilters": [{"Key": "PRODUCT", "Values": ["*"]}]}, "ApproveAfterDays": days}]})["BaselineId"]
        for label, days in {"right": 7, "wrong": 60}.items()}
    return {"aws.ssm.document": {"right": "estate-session-right", "wrong": "estate-session-wrong"},
            "aws.ssm.parameter": {"right": "/estate/password/right", "wrong": "/estate/password/wrong"},
            "aws.ssm.patch_baseline": baselines}
