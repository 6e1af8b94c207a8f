def create(client):
    ec2, directories, workspaces, browsers = client("ec2"), client("ds"), client("workspaces"), client("workspaces-web")
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.77.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")["Subnet"]["SubnetId"]
               for n, zone in enumerate("ab")]
    directory = directories.create_microsoft_ad(Name="estate.example.org", Password="not-a-real-Passw0rd", Edition="Standard",
                                                VpcSettings={"VpcId": vpc, "SubnetIds": subnets})["DirectoryId"]
    workspaces.register_workspace_directory(DirectoryId=directory)
    key = client("kms").create_key()["KeyMetadata"]
    client("kms").enable_key_rotation(KeyId=key["KeyId"])
    desk = {"DirectoryId": directory, "BundleId": "wsb-12345678"}
    made = workspaces.create_workspaces(Workspaces=[
        {**desk, "UserName": "estate-right", "RootVolumeEncryptionEnabled": True, "UserVolumeEncryptionEnabled": True,
         "VolumeEncryptionKey": key["Arn"],
         "WorkspaceProperties": {"RunningMode": "AUTO_STOP", "RunningModeAutoStopTimeoutInMinutes": 60}},
        {**desk, "UserName": "estate-wrong", "WorkspaceProperties": {"RunningMode": "ALWAYS_ON"}}])["PendingRequests"]
    what = ("copy", "download", "paste", "print", "upload")
    settings = {
        "right": browsers.create_user_settings(**{f"{w}Allowed": "Disabled" for w in what}, idleDisconnectTimeoutInMinutes=10),
        "wrong": browsers.create_user_settings(**{f"{w}Allowed": "Enabled" for w in what}, idleDisconnectTimeoutInMinutes=60),
    }
    return {
        "aws.workspaces.workspace": {label: one["WorkspaceId"] for label, one in zip(("right", "wrong"), made)},
        "aws.workspaces.browser_settings": {label: one["userSettingsArn"] for label, one in settings.items()},
    }
