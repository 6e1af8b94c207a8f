def create(client):
    c = client("dax")
    common = {"NodeType": "dax.t3.small", "ReplicationFactor": 1, "IamRoleArn": "arn:aws:iam::123456789012:role/dax"}
    c.create_cluster(ClusterName="estate-right", SSESpecification={"Enabled": True}, ClusterEndpointEncryptionType="TLS", **common)
    c.create_cluster(ClusterName="estate-wrong", **common)
    return {"aws.dax.cluster": {"right": "estate-right", "wrong": "estate-wrong"}}
