def create(client):
    transfer = client("transfer")
    right = transfer.create_server(Protocols=["SFTP"], EndpointType="VPC",
                                   EndpointDetails={"VpcId": "vpc-1", "SubnetIds": ["subnet-1"]},
                                   LoggingRole="arn:aws:iam::123456789012:role/log", SecurityPolicyName="TransferSecurityPolicy-2024-01",
                                   IdentityProviderType="SERVICE_MANAGED")["ServerId"]
    wrong = transfer.create_server(Protocols=["FTP"], EndpointType="PUBLIC", SecurityPolicyName="TransferSecurityPolicy-2018-11",
                                   IdentityProviderType="SERVICE_MANAGED")["ServerId"]
    connectors = {}
    for label, ways in (("right", ("AES256_CBC", "SHA256")), ("wrong", ("NONE", "NONE"))):
        connectors[label] = transfer.create_connector(
            Url="https://partner.example/" + label, AccessRole="arn:aws:iam::123456789012:role/send",
            As2Config={"EncryptionAlgorithm": ways[0], "SigningAlgorithm": ways[1]})["ConnectorId"]
    return {"aws.transfer.server": {"right": right, "wrong": wrong}, "aws.transfer.connector": connectors}
