IMAGE = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "m5.large"}


def disk(encrypted):
    return [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8, "Encrypted": encrypted}}]


def create(client):
    scaling, elb = client("autoscaling"), client("elb")
    elb.create_load_balancer(LoadBalancerName="estate-scaled", AvailabilityZones=["eu-west-1a", "eu-west-1b"],
                             Listeners=[{"Protocol": "TCP", "LoadBalancerPort": 443, "InstancePort": 443}])
    scaling.create_launch_configuration(LaunchConfigurationName="estate-configuration-right", BlockDeviceMappings=disk(True),
                                        MetadataOptions={"HttpTokens": "required"}, **IMAGE)
    scaling.create_launch_configuration(LaunchConfigurationName="estate-configuration-wrong", BlockDeviceMappings=disk(False),
                                        AssociatePublicIpAddress=True, UserData="export DB_PASSWORD=hunter2hunter2\n", **IMAGE)
    zones = {"right": ["eu-west-1a", "eu-west-1b"], "wrong": ["eu-west-1a"]}
    for label, checked in {"right": {"HealthCheckType": "ELB"}, "wrong": {}}.items():
        scaling.create_auto_scaling_group(
            AutoScalingGroupName="estate-scaling-" + label, LaunchConfigurationName="estate-configuration-" + label, MinSize=0, MaxSize=0,
            AvailabilityZones=zones[label], LoadBalancerNames=["estate-scaled"], **checked)
    names = ["right", "wrong"]
    return {"aws.autoscaling.launch_configuration": {label: "estate-configuration-" + label for label in names},
            "aws.autoscaling.group": {label: "estate-scaling-" + label for label in names}}
