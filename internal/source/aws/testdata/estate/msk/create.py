"""Kafka clusters, right and wrong."""
import json


def create(client):
    kafka = client("kafka")
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    nodes = {"ClientSubnets": ["subnet-1", "subnet-2"], "InstanceType": "kafka.m5.large", "SecurityGroups": ["sg-1"]}
    log = {"BrokerLogs": {"CloudWatchLogs": {"Enabled": True, "LogGroup": "brokers"}}}
    kafka.create_cluster_v2(ClusterName="estate-right", Provisioned={
        "BrokerNodeGroupInfo": nodes, "KafkaVersion": "3.8.x", "NumberOfBrokerNodes": 2,
        "EncryptionInfo": {"EncryptionAtRest": {"DataVolumeKMSKeyId": key}, "EncryptionInTransit": {"ClientBroker": "TLS", "InCluster": True}},
        "ClientAuthentication": {"Sasl": {"Iam": {"Enabled": True}}, "Unauthenticated": {"Enabled": False}}, "LoggingInfo": log,
    })
    kafka.create_cluster_v2(ClusterName="estate-wrong", Provisioned={
        "BrokerNodeGroupInfo": nodes | {"ConnectivityInfo": {"PublicAccess": {"Type": "SERVICE_PROVIDED_EIPS"}}},
        "KafkaVersion": "3.8.x", "NumberOfBrokerNodes": 2,
        "EncryptionInfo": {"EncryptionInTransit": {"ClientBroker": "TLS_PLAINTEXT", "InCluster": False}},
        "ClientAuthentication": {"Unauthenticated": {"Enabled": True}},
    })
    return {"aws.msk.cluster": {"right": "estate-right", "wrong": "estate-wrong"}}
