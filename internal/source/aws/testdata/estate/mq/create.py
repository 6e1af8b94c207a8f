"""Message brokers, right and wrong."""


def create(client):
    mq = client("mq")
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    base = {"EngineType": "ACTIVEMQ", "EngineVersion": "5.18", "HostInstanceType": "mq.m5.large",
            "Users": [{"Username": "admin", "Password": "hunter2hunter2"}], "SecurityGroups": ["sg-1"]}
    mq.create_broker(BrokerName="estate-right", AutoMinorVersionUpgrade=True, PubliclyAccessible=False,
                     DeploymentMode="ACTIVE_STANDBY_MULTI_AZ", EncryptionOptions={"UseAwsOwnedKey": False, "KmsKeyId": key},
                     Logs={"General": True, "Audit": True}, AuthenticationStrategy="LDAP",
                     LdapServerMetadata={"Hosts": ["ldap.example.org"], "RoleBase": "ou=roles", "RoleSearchMatching": "x",
                                         "ServiceAccountUsername": "mq", "ServiceAccountPassword": "hunter2hunter2",
                                         "UserBase": "ou=people", "UserSearchMatching": "x"}, **base)
    mq.create_broker(BrokerName="estate-wrong", AutoMinorVersionUpgrade=False, PubliclyAccessible=True, DeploymentMode="SINGLE_INSTANCE", **base)
    return {"aws.mq.broker": {"right": "estate-right", "wrong": "estate-wrong"}}
