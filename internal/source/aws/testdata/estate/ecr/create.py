import json

PUBLIC = {"Version": "2012-10-17", "Statement": [
    {"Sid": "all", "Effect": "Allow", "Principal": "*", "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}]}
OLD = {"rules": [{"rulePriority": 1, "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 5},
                  "action": {"type": "expire"}}]}


def create(client):
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    c = client("ecr")
    c.create_repository(repositoryName="chart-right", imageTagMutability="IMMUTABLE", imageScanningConfiguration={"scanOnPush": True},
                        encryptionConfiguration={"encryptionType": "KMS", "kmsKey": key})
    c.put_lifecycle_policy(repositoryName="chart-right", lifecyclePolicyText=json.dumps(OLD))
    c.create_repository(repositoryName="chart-wrong")
    c.set_repository_policy(repositoryName="chart-wrong", policyText=json.dumps(PUBLIC))
    return {"aws.ecr.repository": {"right": "chart-right", "wrong": "chart-wrong"}}
