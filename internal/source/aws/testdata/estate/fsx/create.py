"""File systems for Windows, right and wrong."""


def create(client):
    fsx = client("fsx")
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    base = {"FileSystemType": "WINDOWS", "StorageCapacity": 300, "SecurityGroupIds": ["sg-0123456789abcdef0"]}
    audit = {"FileAccessAuditLogLevel": "SUCCESS_AND_FAILURE", "FileShareAccessAuditLogLevel": "SUCCESS_AND_FAILURE",
             "AuditLogDestination": "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/fsx/windows"}
    right = fsx.create_file_system(SubnetIds=["subnet-0123456789abcdef1", "subnet-0123456789abcdef2"], KmsKeyId=key, WindowsConfiguration={
        "DeploymentType": "MULTI_AZ_1", "PreferredSubnetId": "subnet-0123456789abcdef1", "ThroughputCapacity": 32, "AutomaticBackupRetentionDays": 35,
        "AuditLogConfiguration": audit}, **base)
    wrong = fsx.create_file_system(SubnetIds=["subnet-0123456789abcdef1"], WindowsConfiguration={
        "DeploymentType": "SINGLE_AZ_1", "ThroughputCapacity": 32, "AutomaticBackupRetentionDays": 0,
        "AuditLogConfiguration": {"FileAccessAuditLogLevel": "DISABLED", "FileShareAccessAuditLogLevel": "DISABLED"}}, **base)
    return {"aws.fsx.file_system": {"right": right["FileSystem"]["FileSystemId"], "wrong": wrong["FileSystem"]["FileSystemId"]}}
