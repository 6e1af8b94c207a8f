"""Notebooks, models and endpoint configurations, right and wrong."""


def create(client):
    maker = client("sagemaker")
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    role = "arn:aws:iam::123456789012:role/sagemaker"
    maker.create_notebook_instance(
        NotebookInstanceName="estate-right", InstanceType="ml.t3.medium", RoleArn=role, KmsKeyId=key, SubnetId="subnet-1",
        SecurityGroupIds=["sg-1"], DirectInternetAccess="Disabled", RootAccess="Disabled",
        InstanceMetadataServiceConfiguration={"MinimumInstanceMetadataServiceVersion": "2"})
    maker.create_notebook_instance(NotebookInstanceName="estate-wrong", InstanceType="ml.t3.medium", RoleArn=role)
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/model:1"
    maker.create_model(ModelName="estate-right", ExecutionRoleArn=role, EnableNetworkIsolation=True, PrimaryContainer={"Image": image},
                       VpcConfig={"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]})
    maker.create_model(ModelName="estate-wrong", ExecutionRoleArn=role,
                       PrimaryContainer={"Image": image, "Environment": {"DB_PASSWORD": "hunter2hunter2"}})
    variants = [{"VariantName": "all", "ModelName": "estate-right", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}]
    capture = {"EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": "s3://captured/",
               "CaptureOptions": [{"CaptureMode": "Input"}]}
    maker.create_endpoint_config(EndpointConfigName="estate-right", ProductionVariants=variants, KmsKeyId=key,
                                 DataCaptureConfig=capture | {"KmsKeyId": key})
    maker.create_endpoint_config(EndpointConfigName="estate-wrong", ProductionVariants=variants, DataCaptureConfig=capture)
    vpc = {"VpcId": "vpc-1", "SubnetIds": ["subnet-1"]}
    maker.create_domain(DomainName="estate-right", AuthMode="IAM", KmsKeyId=key, AppNetworkAccessType="VpcOnly", DefaultUserSettings={
        "ExecutionRole": role, "JupyterLabAppSettings": {"AppLifecycleManagement": {
            "IdleSettings": {"LifecycleManagement": "ENABLED", "IdleTimeoutInMinutes": 60}}}}, **vpc)
    maker.create_domain(DomainName="estate-wrong", AuthMode="IAM", DefaultUserSettings={"ExecutionRole": role}, **vpc)
    both = {"right": "estate-right", "wrong": "estate-wrong"}
    kinds = ["notebook_instance", "model", "endpoint_configuration", "domain"]
    return {"aws.sagemaker." + kind: both for kind in kinds}
