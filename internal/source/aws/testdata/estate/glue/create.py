"""Jobs, crawlers, connections and the like, right and wrong."""


def create(client):
    glue, iam = client("glue"), client("iam")
    trust = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "glue.amazonaws.com"}}]}'
    role = iam.create_role(RoleName="estate-glue", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    glue.create_security_configuration(Name="estate-right", EncryptionConfiguration={
        "S3Encryption": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": key}],
        "CloudWatchEncryption": {"CloudWatchEncryptionMode": "SSE-KMS", "KmsKeyArn": key},
        "JobBookmarksEncryption": {"JobBookmarksEncryptionMode": "CSE-KMS", "KmsKeyArn": key},
    })
    glue.create_security_configuration(Name="estate-wrong", EncryptionConfiguration={
        "S3Encryption": [{"S3EncryptionMode": "DISABLED"}],
        "CloudWatchEncryption": {"CloudWatchEncryptionMode": "DISABLED"},
        "JobBookmarksEncryption": {"JobBookmarksEncryptionMode": "DISABLED"},
    })
    command = {"Name": "glueetl", "ScriptLocation": "s3://scripts/job.py"}
    glue.create_job(Name="estate-right", Role=role, Command=command, GlueVersion="5.0", SecurityConfiguration="estate-right",
                    DefaultArguments={"--enable-continuous-cloudwatch-log": "true"})
    glue.create_job(Name="estate-wrong", Role=role, Command=command, GlueVersion="5.0", SecurityConfiguration="estate-wrong",
                    DefaultArguments={"--database-password": "hunter2hunter2"})
    targets = {"S3Targets": [{"Path": "s3://data/records"}]}
    glue.create_crawler(Name="estate-right", Role=role, Targets=targets, DatabaseName="records", CrawlerSecurityConfiguration="estate-right")
    glue.create_crawler(Name="estate-wrong", Role=role, Targets=targets, DatabaseName="records")
    url = "jdbc:postgresql://db.example.org:5432/records"
    glue.create_connection(ConnectionInput={"Name": "estate-right", "ConnectionType": "JDBC", "ConnectionProperties": {
        "JDBC_CONNECTION_URL": url, "JDBC_ENFORCE_SSL": "true", "SECRET_ID": "records"}})
    glue.create_connection(ConnectionInput={"Name": "estate-wrong", "ConnectionType": "JDBC", "ConnectionProperties": {
        "JDBC_CONNECTION_URL": url, "JDBC_ENFORCE_SSL": "false", "USERNAME": "etl", "PASSWORD": "hunter2hunter2"}})
    glue.create_dev_endpoint(EndpointName="estate-right", RoleArn=role, SecurityConfiguration="estate-right", SubnetId="subnet-1",
                             SecurityGroupIds=["sg-1"])
    glue.create_dev_endpoint(EndpointName="estate-wrong", RoleArn=role)
    both = {"right": "estate-right", "wrong": "estate-wrong"}
    kinds = ["job", "crawler", "connection", "dev_endpoint", "security_configuration"]
    return {"aws.glue." + kind: both for kind in kinds}
