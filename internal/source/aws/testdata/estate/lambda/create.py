import io
import json
import zipfile

ROLE = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


def archive():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as z:
        z.writestr("index.py", "def handler(event, context):\n    return 1\n")
    return data.getvalue()


def create(client):
    role = client("iam").create_role(RoleName="estate-lambda", AssumeRolePolicyDocument=json.dumps(ROLE))["Role"]["Arn"]
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="estate-lambda", Description="functions", VpcId=vpc)["GroupId"]
    queue = client("sqs").create_queue(QueueName="chart-failed")["QueueUrl"]
    failed = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    c = client("lambda")
    common = {"Role": role, "Handler": "index.handler", "Code": {"ZipFile": archive()}}
    c.create_function(FunctionName="chart-right", Runtime="python3.13", KMSKeyArn=key, TracingConfig={"Mode": "Active"},
                      Environment={"Variables": {"STAGE": "prod"}}, DeadLetterConfig={"TargetArn": failed},
                      VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [group]}, **common)
    c.put_function_concurrency(FunctionName="chart-right", ReservedConcurrentExecutions=10)
    c.add_permission(FunctionName="chart-right", StatementId="bucket", Action="lambda:InvokeFunction",
                     Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::charts", SourceAccount="123456789012")
    c.create_function_url_config(FunctionName="chart-right", AuthType="AWS_IAM")
    c.create_function(FunctionName="chart-wrong", Runtime="python3.8",
                      Environment={"Variables": {"DB_PASSWORD": "planted-hunter2"}}, **common)
    c.add_permission(FunctionName="chart-wrong", StatementId="all", Action="lambda:InvokeFunction", Principal="*")
    c.create_function_url_config(FunctionName="chart-wrong", AuthType="NONE", Cors={"AllowOrigins": ["*"]})
    return {"aws.lambda.function": {"right": "chart-right", "wrong": "chart-wrong"}}
