def create(client):
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    c = client("eks")
    role = "arn:aws:iam::123456789012:role/eks"
    types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
    c.create_cluster(name="clinic-right", version="1.34", roleArn=role,
                     resourcesVpcConfig={"subnetIds": ["subnet-1", "subnet-2"], "endpointPublicAccess": False, "endpointPrivateAccess": True},
                     logging={"clusterLogging": [{"types": types, "enabled": True}]},
                     encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": key}}])
    c.create_cluster(name="clinic-wrong", version="1.24", roleArn=role,
                     resourcesVpcConfig={"subnetIds": ["subnet-1", "subnet-2"], "endpointPublicAccess": True,
                                         "endpointPrivateAccess": False, "publicAccessCidrs": ["0.0.0.0/0"]})
    nodes = {"nodeRole": role, "subnets": ["subnet-1"]}
    a = c.create_nodegroup(clusterName="clinic-right", nodegroupName="nodes-right",
                           remoteAccess={"ec2SshKey": "admin", "sourceSecurityGroups": ["sg-12345678"]}, **nodes)
    b = c.create_nodegroup(clusterName="clinic-wrong", nodegroupName="nodes-wrong", remoteAccess={"ec2SshKey": "admin"}, **nodes)
    return {
        "aws.eks.cluster": {"right": "clinic-right", "wrong": "clinic-wrong"},
        "aws.eks.node_group": {"right": a["nodegroup"]["nodegroupArn"], "wrong": b["nodegroup"]["nodegroupArn"]},
    }
