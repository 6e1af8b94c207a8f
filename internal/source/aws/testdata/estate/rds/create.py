TOPIC = "arn:aws:sns:eu-west-1:123456789012:estate"


def create(client):
    rds = client("rds")
    made = {}
    made["aws.rds.instance"] = instances(rds)
    made["aws.rds.cluster"] = clusters(rds)
    made["aws.rds.global_cluster"] = {"right": "estate-global-right", "wrong": "estate-global-wrong"}
    for label, on in (("right", True), ("wrong", False)):
        rds.create_global_cluster(GlobalClusterIdentifier=f"estate-global-{label}", Engine="aurora-postgresql",
                                  StorageEncrypted=on, DeletionProtection=on)
    for label in ("right", "wrong"):
        rds.create_db_snapshot(DBSnapshotIdentifier=f"estate-snapshot-{label}", DBInstanceIdentifier=f"estate-db-{label}")
    rds.modify_db_snapshot_attribute(DBSnapshotIdentifier="estate-snapshot-wrong", AttributeName="restore", ValuesToAdd=["all"])
    made["aws.rds.snapshot"] = {"right": "estate-snapshot-right", "wrong": "estate-snapshot-wrong"}
    made["aws.rds.proxy"] = proxies(client("ec2"), rds)
    for label, on in (("right", True), ("wrong", False)):
        rds.create_event_subscription(SubscriptionName=f"estate-events-{label}", SnsTopicArn=TOPIC, Enabled=on)
    made["aws.rds.event_subscription"] = {"right": "estate-events-right", "wrong": "estate-events-wrong"}
    return made


def instances(rds):
    rds.create_db_parameter_group(DBParameterGroupName="estate-postgres", DBParameterGroupFamily="postgres16", Description="Estate")
    rds.modify_db_parameter_group(DBParameterGroupName="estate-postgres", Parameters=[
        {"ParameterName": name, "ParameterValue": "1", "ApplyMethod": "immediate"}
        for name in ("rds.force_ssl", "log_connections", "log_disconnections")])
    rds.create_db_instance(
        DBInstanceIdentifier="estate-db-right", Engine="postgres", EngineVersion="16.3", DBInstanceClass="db.t3.micro",
        MasterUsername="estate", ManageMasterUserPassword=True, AllocatedStorage=20, StorageEncrypted=True,
        PubliclyAccessible=False, BackupRetentionPeriod=14, MultiAZ=True, EnableCloudwatchLogsExports=["postgresql"],
        MonitoringInterval=60, MonitoringRoleArn="arn:aws:iam::123456789012:role/monitor", AutoMinorVersionUpgrade=True,
        DeletionProtection=True, EnableIAMDatabaseAuthentication=True, CopyTagsToSnapshot=True,
        DBParameterGroupName="estate-postgres", CACertificateIdentifier="rds-ca-rsa2048-g1")
    rds.create_db_instance(
        DBInstanceIdentifier="estate-db-wrong", Engine="postgres", EngineVersion="13.3", DBInstanceClass="db.t3.micro",
        MasterUsername="estate", MasterUserPassword="estate-password", AllocatedStorage=20, StorageEncrypted=False,
        PubliclyAccessible=True, BackupRetentionPeriod=0, MultiAZ=False, AutoMinorVersionUpgrade=False,
        DeletionProtection=False, EnableIAMDatabaseAuthentication=False, CopyTagsToSnapshot=False,
        CACertificateIdentifier="rds-ca-2019")
    return {"right": "estate-db-right", "wrong": "estate-db-wrong"}


def clusters(rds):
    rds.create_db_cluster_parameter_group(DBClusterParameterGroupName="estate-aurora",
                                          DBParameterGroupFamily="aurora-postgresql16", Description="Estate")
    rds.modify_db_cluster_parameter_group(DBClusterParameterGroupName="estate-aurora", Parameters=[
        {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}])
    rds.create_db_cluster(
        DBClusterIdentifier="estate-cluster-right", Engine="aurora-postgresql", EngineVersion="16.3", MasterUsername="estate",
        ManageMasterUserPassword=True, StorageEncrypted=True, BackupRetentionPeriod=14, EnableCloudwatchLogsExports=["postgresql"],
        DeletionProtection=True, EnableIAMDatabaseAuthentication=True, CopyTagsToSnapshot=True,
        DBClusterParameterGroupName="estate-aurora")
    for name, zone in (("first", "eu-west-1a"), ("second", "eu-west-1b")):
        rds.create_db_instance(DBInstanceIdentifier=f"estate-member-{name}", DBClusterIdentifier="estate-cluster-right",
                               Engine="aurora-postgresql", DBInstanceClass="db.r6g.large", AvailabilityZone=zone)
    rds.create_db_cluster(
        DBClusterIdentifier="estate-cluster-wrong", Engine="aurora-postgresql", EngineVersion="14.6", MasterUsername="estate",
        MasterUserPassword="estate-password", StorageEncrypted=False, BackupRetentionPeriod=1, DeletionProtection=False,
        EnableIAMDatabaseAuthentication=False, CopyTagsToSnapshot=False)
    return {"right": "estate-cluster-right", "wrong": "estate-cluster-wrong"}


def proxies(ec2, rds):
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.1.0/24")["Subnet"]["SubnetId"]
    for label, on in (("right", True), ("wrong", False)):
        rds.create_db_proxy(
            DBProxyName=f"estate-proxy-{label}", EngineFamily="POSTGRESQL", RoleArn="arn:aws:iam::123456789012:role/proxy",
            VpcSubnetIds=[subnet], RequireTLS=on, DebugLogging=not on, Auth=[{
                "AuthScheme": "SECRETS", "IAMAuth": "REQUIRED" if on else "DISABLED",
                "SecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:proxy"}])
    return {"right": "estate-proxy-right", "wrong": "estate-proxy-wrong"}
