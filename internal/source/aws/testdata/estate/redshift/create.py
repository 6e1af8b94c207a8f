def create(client):
    key = client("kms").create_key()["KeyMetadata"]
    client("kms").enable_key_rotation(KeyId=key["KeyId"])
    client("s3").create_bucket(Bucket="estate-redshift-logs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    c = client("redshift")
    common = {"NodeType": "ra3.large", "MasterUsername": "estate", "MasterUserPassword": "Estate-password-1",
              "ClusterParameterGroupName": "default.redshift-1.0"}
    c.create_cluster(ClusterIdentifier="estate-right", NumberOfNodes=2, Encrypted=True, KmsKeyId=key["Arn"],
                     PubliclyAccessible=False, AutomatedSnapshotRetentionPeriod=14, AllowVersionUpgrade=True,
                     EnhancedVpcRouting=True, **common)
    c.enable_logging(ClusterIdentifier="estate-right", BucketName="estate-redshift-logs")
    c.create_cluster(ClusterIdentifier="estate-wrong", ClusterType="single-node", Encrypted=False, PubliclyAccessible=True,
                     AutomatedSnapshotRetentionPeriod=1, AllowVersionUpgrade=False, EnhancedVpcRouting=False, **common)
    for label in ("right", "wrong"):
        c.create_cluster_snapshot(SnapshotIdentifier=f"estate-snapshot-{label}", ClusterIdentifier=f"estate-{label}")
    return {"aws.redshift.cluster": {"right": "estate-right", "wrong": "estate-wrong"},
            "aws.redshift.snapshot": {"right": "estate-snapshot-right", "wrong": "estate-snapshot-wrong"}}
