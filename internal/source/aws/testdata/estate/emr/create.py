"""Clusters and applications, right and wrong. The emulator does not list the security configurations of clusters."""
import json


def create(client):
    emr = client("emr")
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    emr.create_security_configuration(Name="estate-right", SecurityConfiguration=json.dumps({
        "EncryptionConfiguration": {
            "EnableAtRestEncryption": True, "EnableInTransitEncryption": True,
            "AtRestEncryptionConfiguration": {
                "S3EncryptionConfiguration": {"EncryptionMode": "SSE-KMS", "AwsKmsKey": key},
                "LocalDiskEncryptionConfiguration": {"EncryptionKeyProviderType": "AwsKms", "AwsKmsKey": key, "EnableEbsEncryption": True},
            },
            "InTransitEncryptionConfiguration": {"TLSCertificateConfiguration": {"CertificateProviderType": "PEM", "S3Object": "s3://c/c.zip"}},
        },
        "AuthenticationConfiguration": {"KerberosConfiguration": {"Provider": "ClusterDedicatedKdc",
                                        "ClusterDedicatedKdcConfiguration": {"TicketLifetimeInHours": 24}}},
        "InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": 2, "HttpPutResponseHopLimit": 1},
    }))
    emr.create_security_configuration(Name="estate-wrong", SecurityConfiguration=json.dumps({
        "EncryptionConfiguration": {"EnableAtRestEncryption": False, "EnableInTransitEncryption": False}}))
    base = {"ReleaseLabel": "emr-7.10.0", "ServiceRole": "EMR_DefaultRole", "JobFlowRole": "EMR_EC2_DefaultRole"}
    group = [{"Name": "primary", "InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}]
    instances = {"InstanceGroups": group, "KeepJobFlowAliveWhenNoSteps": True}
    right = emr.run_job_flow(Name="right", SecurityConfiguration="estate-right", LogUri="s3://logs/emr/",
                             KerberosAttributes={"Realm": "EC2.INTERNAL", "KdcAdminPassword": "hunter2hunter2"},
                             Instances=instances | {"TerminationProtected": True}, **base)["JobFlowId"]
    wrong = emr.run_job_flow(Name="wrong", SecurityConfiguration="estate-wrong", Instances=instances,
                             **base | {"ReleaseLabel": "emr-6.9.0"})["JobFlowId"]
    serverless = client("emr-serverless")
    network = {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]}
    serverless.create_application(name="right", releaseLabel="emr-7.10.0", type="SPARK", networkConfiguration=network)
    serverless.create_application(name="wrong", releaseLabel="emr-6.9.0", type="SPARK")
    return {
        "aws.emr.cluster": {"right": right, "wrong": wrong},
        "aws.emr.serverless_application": {"right": "right", "wrong": "wrong"},
    }
