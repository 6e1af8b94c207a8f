def create(client):
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    c = client("codebuild")

    def project(name, artifacts, variables, location, privileged, **more):
        c.create_project(name=name, source={"type": "GITHUB", "location": location}, artifacts=artifacts,
                         serviceRole="arn:aws:iam::123456789012:role/build",
                         environment={"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL",
                                      "environmentVariables": variables, "privilegedMode": privileged}, **more)

    project("chart-right", {"type": "S3", "location": "results"}, [{"name": "STAGE", "value": "prod", "type": "PLAINTEXT"}],
            "https://github.com/clinic/chart", False, encryptionKey=key,
            logsConfig={"cloudWatchLogs": {"status": "ENABLED"}})
    project("chart-wrong", {"type": "S3", "location": "results", "encryptionDisabled": True},
            [{"name": "DB_PASSWORD", "value": "planted-hunter2", "type": "PLAINTEXT"}],
            "https://planted-user:planted-token@github.com/clinic/chart", True,
            logsConfig={"cloudWatchLogs": {"status": "DISABLED"}, "s3Logs": {"status": "DISABLED"}})
    return {"aws.codebuild.project": {"right": "chart-right", "wrong": "chart-wrong"}}
