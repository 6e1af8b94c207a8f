"""File systems, mount targets and access points, right and wrong."""
import json


def create(client):
    efs, ec2 = client("efs"), client("ec2")
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    right = efs.create_file_system(CreationToken="estate-right", Encrypted=True, KmsKeyId=key, Backup=True)["FileSystemId"]
    wrong = efs.create_file_system(CreationToken="estate-wrong", Encrypted=False)["FileSystemId"]
    efs.put_file_system_policy(FileSystemId=right, Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:role/app"}, "Action": "elasticfilesystem:ClientMount", "Resource": "*"},
        {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}))
    vpc = ec2.create_vpc(CidrBlock="10.70.0.0/16")["Vpc"]["VpcId"]
    private = ec2.create_subnet(VpcId=vpc, CidrBlock="10.70.1.0/24")["Subnet"]["SubnetId"]
    other = ec2.create_subnet(VpcId=vpc, CidrBlock="10.70.2.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="files", Description="files", VpcId=vpc)["GroupId"]
    target = efs.create_mount_target(FileSystemId=right, SubnetId=private, SecurityGroups=[group])["MountTargetId"]
    careless = efs.create_mount_target(FileSystemId=wrong, SubnetId=other)["MountTargetId"]
    point = efs.create_access_point(ClientToken="right", FileSystemId=right, PosixUser={"Uid": 1000, "Gid": 1000}, RootDirectory={"Path": "/app"})
    open_point = efs.create_access_point(ClientToken="wrong", FileSystemId=wrong)
    return {
        "aws.efs.file_system": {"right": "estate-right", "wrong": "estate-wrong"},
        "aws.efs.mount_target": {"right": target, "wrong": careless},
        "aws.efs.access_point": {"right": point["AccessPointId"], "wrong": open_point["AccessPointId"]},
    }
