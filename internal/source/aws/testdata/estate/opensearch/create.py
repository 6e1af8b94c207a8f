"""Search domains and the policies of collections, right and wrong."""
import json


def create(client):
    search = client("opensearch")
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    group = "arn:aws:logs:eu-west-1:123456789012:log-group:search:*"
    logs = ["AUDIT_LOGS", "ES_APPLICATION_LOGS", "SEARCH_SLOW_LOGS", "INDEX_SLOW_LOGS"]
    search.create_domain(
        DomainName="estate-right", EngineVersion="OpenSearch_2.19",
        ClusterConfig={"InstanceType": "r6g.large.search", "InstanceCount": 3, "ZoneAwarenessEnabled": True,
                       "DedicatedMasterEnabled": True, "DedicatedMasterCount": 3, "MultiAZWithStandbyEnabled": True},
        VPCOptions={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        EncryptionAtRestOptions={"Enabled": True, "KmsKeyId": key}, NodeToNodeEncryptionOptions={"Enabled": True},
        DomainEndpointOptions={"EnforceHTTPS": True, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"},
        AdvancedSecurityOptions={"Enabled": True, "InternalUserDatabaseEnabled": False},
        LogPublishingOptions={log: {"Enabled": True, "CloudWatchLogsLogGroupArn": group} for log in logs},
        SoftwareUpdateOptions={"AutoSoftwareUpdateEnabled": True})
    search.create_domain(
        DomainName="estate-wrong", EngineVersion="OpenSearch_2.19",
        ClusterConfig={"InstanceType": "r6g.large.search", "InstanceCount": 1, "ZoneAwarenessEnabled": False},
        EncryptionAtRestOptions={"Enabled": False}, NodeToNodeEncryptionOptions={"Enabled": False},
        DomainEndpointOptions={"EnforceHTTPS": False, "TLSSecurityPolicy": "Policy-Min-TLS-1-0-2019-07"},
        AdvancedSecurityOptions={"Enabled": True, "InternalUserDatabaseEnabled": True,
                                 "MasterUserOptions": {"MasterUserName": "admin", "MasterUserPassword": "Hunter2hunter2!"}},
        SoftwareUpdateOptions={"AutoSoftwareUpdateEnabled": False},
        AccessPolicies=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "es:*", "Resource": "*"}]}))
    less = client("opensearchserverless")
    rules = [{"ResourceType": "collection", "Resource": ["collection/records"]}]
    less.create_security_policy(name="estate-right", type="encryption", policy=json.dumps({"Rules": rules, "AWSOwnedKey": False, "KmsARN": key}))
    less.create_security_policy(name="estate-wrong", type="encryption", policy=json.dumps({"Rules": rules, "AWSOwnedKey": True}))
    return {
        "aws.opensearch.domain": {"right": "estate-right", "wrong": "estate-wrong"},
        "aws.opensearchserverless.policy": {"right": "estate-right", "wrong": "estate-wrong"},
    }
