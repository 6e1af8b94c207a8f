def task(client, name, **settings):
    container = {"name": "app", "image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/chart@sha256:" + "0" * 64, **settings.pop("container")}
    return client.register_task_definition(family=name, containerDefinitions=[container], **settings)["taskDefinition"]["taskDefinitionArn"]


def create(client):
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    c = client("ecs")
    shell = {"kmsKeyId": key, "logging": "OVERRIDE", "logConfiguration": {
        "cloudWatchLogGroupName": "shells", "cloudWatchEncryptionEnabled": True}}
    c.create_cluster(clusterName="clinic-right", settings=[{"name": "containerInsights", "value": "enabled"}],
                     configuration={"executeCommandConfiguration": shell})
    c.create_cluster(clusterName="clinic-wrong", settings=[{"name": "containerInsights", "value": "disabled"}],
                     configuration={"executeCommandConfiguration": {"logging": "NONE"}})
    right = task(c, "chart-right", networkMode="awsvpc", memory="512", cpu="256", container={
        "readonlyRootFilesystem": True, "user": "1000", "memory": 512,
        "environment": [{"name": "STAGE", "value": "prod"}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "chart"}}})
    wrong = task(c, "chart-wrong", networkMode="host", pidMode="host", ipcMode="host", container={
        "privileged": True, "user": "root", "readonlyRootFilesystem": False, "memoryReservation": 64,
        "environment": [{"name": "DB_PASSWORD", "value": "planted-hunter2"}],
        "linuxParameters": {"capabilities": {"add": ["SYS_ADMIN"]}}},
        volumes=[{"name": "root", "host": {"sourcePath": "/"}}])
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    network = {"subnets": [ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.1.0/24")["Subnet"]["SubnetId"]],
               "securityGroups": [ec2.create_security_group(GroupName="tasks", Description="tasks", VpcId=vpc)["GroupId"]]}
    a = c.create_service(cluster="clinic-right", serviceName="chart-right", taskDefinition=right, desiredCount=0, launchType="FARGATE",
                         platformVersion="1.4.0", networkConfiguration={"awsvpcConfiguration": {**network, "assignPublicIp": "DISABLED"}})
    b = c.create_service(cluster="clinic-wrong", serviceName="chart-wrong", taskDefinition=wrong, desiredCount=0, launchType="FARGATE",
                         platformVersion="1.3.0", enableExecuteCommand=True,
                         networkConfiguration={"awsvpcConfiguration": {**network, "assignPublicIp": "ENABLED"}})
    return {
        "aws.ecs.cluster": {"right": "clinic-right", "wrong": "clinic-wrong"},
        "aws.ecs.task_definition": {"right": right, "wrong": wrong},
        "aws.ecs.service": {"right": a["service"]["serviceArn"], "wrong": b["service"]["serviceArn"]},
    }
