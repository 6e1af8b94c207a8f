import base64

IMAGE = "ami-0123456789abcdef0"


def instance(ec2, subnet, public, **settings):
    made = ec2.run_instances(
        ImageId=IMAGE, InstanceType="m5.large", MinCount=1, MaxCount=1,
        NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": public}], **settings)
    return made["Instances"][0]["InstanceId"]


def create(client):
    ec2, iam = client("ec2"), client("iam")
    iam.create_instance_profile(InstanceProfileName="estate-profile")
    network = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=network, CidrBlock="10.20.1.0/24")["Subnet"]["SubnetId"]
    right = instance(ec2, subnet, False, MetadataOptions={"HttpTokens": "required"}, Monitoring={"Enabled": True},
                     IamInstanceProfile={"Name": "estate-profile"})
    wrong = instance(ec2, subnet, True, MetadataOptions={"HttpTokens": "optional"},
                     UserData="export DB_PASSWORD=hunter2hunter2\n")
    ec2.modify_instance_attribute(InstanceId=right, DisableApiTermination={"Value": True})
    disk = {"DeviceName": "/dev/xvda"}
    ec2.create_launch_template(LaunchTemplateName="estate-template-right", LaunchTemplateData={
        "ImageId": IMAGE, "MetadataOptions": {"HttpTokens": "required"},
        "BlockDeviceMappings": [{**disk, "Ebs": {"Encrypted": True}}]})
    ec2.create_launch_template(LaunchTemplateName="estate-template-wrong", LaunchTemplateData={
        "ImageId": IMAGE, "UserData": base64.b64encode(b"export API_TOKEN=abcdabcd1\n").decode(),
        "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": True}],
        "BlockDeviceMappings": [{**disk, "Ebs": {"Encrypted": False}}]})
    images = {}
    for label, source in {"right": right, "wrong": wrong}.items():
        images[label] = ec2.create_image(InstanceId=source, Name="estate-image-" + label)["ImageId"]
    ec2.modify_image_attribute(ImageId=images["wrong"], LaunchPermission={"Add": [{"Group": "all"}]})
    return {
        "aws.ec2.instance": {"right": right, "wrong": wrong},
        "aws.ec2.launch_template": {"right": "estate-template-right", "wrong": "estate-template-wrong"},
        "aws.ec2.ami": images,
    }
