def create(client):
    ec2 = client("ec2")
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    volumes, snapshots = {}, {}
    for label, encryption in {"right": {"Encrypted": True, "KmsKeyId": key}, "wrong": {}}.items():
        volumes[label] = ec2.create_volume(AvailabilityZone="eu-west-1a", Size=10, **encryption)["VolumeId"]
        snapshots[label] = ec2.create_snapshot(VolumeId=volumes[label])["SnapshotId"]
    ec2.modify_snapshot_attribute(SnapshotId=snapshots["wrong"], Attribute="createVolumePermission", OperationType="add",
                                  UserIds=["111122223333"])
    return {"aws.ebs.volume": volumes, "aws.ebs.snapshot": snapshots}
