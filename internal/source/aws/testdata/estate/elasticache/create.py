def create(client):
    key = client("kms").create_key()["KeyMetadata"]
    client("kms").enable_key_rotation(KeyId=key["KeyId"])
    c = client("elasticache")
    common = {"ReplicationGroupDescription": "Estate", "Engine": "redis", "CacheNodeType": "cache.t3.micro", "NumNodeGroups": 1}
    c.create_replication_group(
        ReplicationGroupId="estate-group-right", AtRestEncryptionEnabled=True, KmsKeyId=key["Arn"], TransitEncryptionEnabled=True,
        AuthToken="estate-token-0123456789", SnapshotRetentionLimit=15, MultiAZEnabled=True, AutomaticFailoverEnabled=True,
        AutoMinorVersionUpgrade=True, LogDeliveryConfigurations=[{
            "LogType": "engine-log", "DestinationType": "cloudwatch-logs", "LogFormat": "json",
            "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": "estate"}}}], **common)
    c.create_replication_group(
        ReplicationGroupId="estate-group-wrong", AtRestEncryptionEnabled=False, TransitEncryptionEnabled=False,
        AutoMinorVersionUpgrade=False, **common)
    c.create_cache_cluster(CacheClusterId="estate-cache-right", Engine="memcached", CacheNodeType="cache.t3.micro", NumCacheNodes=1,
                           TransitEncryptionEnabled=True, AutoMinorVersionUpgrade=True)
    c.create_cache_cluster(CacheClusterId="estate-cache-wrong", Engine="redis", CacheNodeType="cache.t3.micro", NumCacheNodes=1,
                           AutoMinorVersionUpgrade=False)
    return {"aws.elasticache.replication_group": {"right": "estate-group-right", "wrong": "estate-group-wrong"},
            "aws.elasticache.cluster": {"right": "estate-cache-right", "wrong": "estate-cache-wrong"}}
