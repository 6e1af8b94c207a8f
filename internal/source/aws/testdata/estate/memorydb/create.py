def create(client):
    key = client("kms").create_key()["KeyMetadata"]
    client("kms").enable_key_rotation(KeyId=key["KeyId"])
    c = client("memorydb")
    c.create_cluster(ClusterName="estate-right", NodeType="db.t4g.small", ACLName="estate", TLSEnabled=True, KmsKeyId=key["Arn"],
                     SnapshotRetentionLimit=15, NumReplicasPerShard=1, AutoMinorVersionUpgrade=True)
    c.create_cluster(ClusterName="estate-wrong", NodeType="db.t4g.small", ACLName="open-access", TLSEnabled=False,
                     SnapshotRetentionLimit=0, NumReplicasPerShard=0, AutoMinorVersionUpgrade=False)
    return {"aws.memorydb.cluster": {"right": "estate-right", "wrong": "estate-wrong"}}
