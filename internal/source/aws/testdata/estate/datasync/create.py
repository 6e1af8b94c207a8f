def create(client):
    datasync = client("datasync")
    agent = "arn:aws:datasync:eu-west-1:123456789012:agent/agent-1"
    locations = {label: datasync.create_location_smb(
        ServerHostname="files.clinic.example", Subdirectory="/" + label, User="copy", Password="not kept", AgentArns=[agent],
        MountOptions={"Version": version})["LocationArn"] for label, version in (("right", "SMB3"), ("wrong", "SMB2_0"))}
    store = datasync.create_location_s3(S3BucketArn="arn:aws:s3:::estate-copies", Subdirectory="in",
                                        S3Config={"BucketAccessRoleArn": "arn:aws:iam::123456789012:role/copy"})["LocationArn"]
    tasks = {}
    for label, more in (("right", {"Options": {"VerifyMode": "POINT_IN_TIME_CONSISTENT", "LogLevel": "TRANSFER"},
                                   "CloudWatchLogGroupArn": "arn:aws:logs:eu-west-1:123456789012:log-group:copies"}),
                        ("wrong", {"Options": {"VerifyMode": "NONE", "LogLevel": "OFF"}})):
        tasks[label] = datasync.create_task(Name=label, SourceLocationArn=locations["right"], DestinationLocationArn=store, **more)["TaskArn"]
    return {"aws.datasync.location": locations, "aws.datasync.task": tasks}
