def create(client):
    c = client("neptune")
    c.create_db_cluster(DBClusterIdentifier="estate-right", Engine="neptune", StorageEncrypted=True, BackupRetentionPeriod=14,
                        DeletionProtection=True, CopyTagsToSnapshot=True, EnableCloudwatchLogsExports=["audit"])
    c.create_db_cluster(DBClusterIdentifier="estate-wrong", Engine="neptune", StorageEncrypted=False, BackupRetentionPeriod=1,
                        DeletionProtection=False, CopyTagsToSnapshot=False)
    return {"aws.neptune.cluster": {"right": "estate-right", "wrong": "estate-wrong"}}
