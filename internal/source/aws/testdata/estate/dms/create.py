def create(client):
    key = client("kms").create_key()["KeyMetadata"]
    client("kms").enable_key_rotation(KeyId=key["KeyId"])
    c = client("dms")
    c.create_endpoint(EndpointIdentifier="estate-right", EndpointType="source", EngineName="postgres", SslMode="require",
                      KmsKeyId=key["Arn"], PostgreSQLSettings={
                          "SecretsManagerSecretId": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:estate",
                          "SecretsManagerAccessRoleArn": "arn:aws:iam::123456789012:role/dms"})
    c.create_endpoint(EndpointIdentifier="estate-wrong", EndpointType="source", EngineName="postgres", SslMode="none",
                      ServerName="10.0.0.1", Port=5432, Username="estate", Password="estate-password")
    return {"aws.dms.endpoint": {"right": "estate-right", "wrong": "estate-wrong"}}
