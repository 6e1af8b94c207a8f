import json

ROLE = "arn:aws:iam::123456789012:role/estate-flows"


def network(ec2, second):
    vpc = ec2.create_vpc(CidrBlock=f"10.{second}.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{second}.1.0/24")["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    return {"aws.ec2.vpc": vpc, "aws.ec2.subnet": subnet, "aws.ec2.route_table": table, "aws.ec2.network_acl": acl}


def record(ec2, kind, resource, traffic):
    made = ec2.create_flow_logs(ResourceIds=[resource], ResourceType=kind, TrafficType=traffic, LogGroupName="estate-flows",
                                DeliverLogsPermissionArn=ROLE)
    return made["FlowLogIds"][0]


def default_group(ec2, vpc):
    groups = ec2.describe_security_groups(Filters=[
        {"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}])
    return groups["SecurityGroups"][0]


def close(ec2, group):
    if group["IpPermissions"]:
        ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])


def group(ec2, vpc, name, ingress, egress):
    made = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[ingress])
    if egress:
        everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        ec2.revoke_security_group_egress(GroupId=made, IpPermissions=everything)
        ec2.authorize_security_group_egress(GroupId=made, IpPermissions=[egress])
    return made


def create(client):
    ec2 = client("ec2")
    client("logs").create_log_group(logGroupName="estate-flows")
    right, wrong = network(ec2, 30), network(ec2, 31)
    right["aws.ec2.flow_log"] = record(ec2, "VPC", right["aws.ec2.vpc"], "ALL")
    wrong["aws.ec2.flow_log"] = record(ec2, "Subnet", wrong["aws.ec2.subnet"], "REJECT")
    own = default_group(ec2, right["aws.ec2.vpc"])
    close(ec2, own)
    right["aws.ec2.default_security_group"] = own["GroupId"] + "#default"
    other = ec2.create_vpc(CidrBlock="10.32.0.0/16")["Vpc"]["VpcId"]
    wrong["aws.ec2.default_security_group"] = default_group(ec2, other)["GroupId"] + "#default"
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    right["aws.ec2.security_group"] = group(
        ec2, right["aws.ec2.vpc"], "estate-group-right", {**https, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        {**https, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]})
    wrong["aws.ec2.security_group"] = group(ec2, wrong["aws.ec2.vpc"], "estate-group-wrong",
                                            {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}, None)
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::records/*"}]}
    endpoint = ec2.create_vpc_endpoint(
        VpcId=right["aws.ec2.vpc"], ServiceName="com.amazonaws.eu-west-1.s3", PolicyDocument=json.dumps(policy))
    right["aws.ec2.vpc_endpoint"] = endpoint["VpcEndpoint"]["VpcEndpointId"]
    for labelled, accept in ((right, "disable"), (wrong, "enable")):
        made = ec2.create_transit_gateway(Options={"AutoAcceptSharedAttachments": accept})
        labelled["aws.ec2.transit_gateway"] = made["TransitGateway"]["TransitGatewayId"]
    ec2.modify_subnet_attribute(SubnetId=right["aws.ec2.subnet"], MapPublicIpOnLaunch={"Value": False})
    ec2.modify_subnet_attribute(SubnetId=wrong["aws.ec2.subnet"], MapPublicIpOnLaunch={"Value": True})
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=wrong["aws.ec2.vpc"])
    ec2.create_route(RouteTableId=wrong["aws.ec2.route_table"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    entry = {"RuleNumber": 100, "RuleAction": "allow", "Egress": False, "CidrBlock": "0.0.0.0/0"}
    ec2.create_network_acl_entry(NetworkAclId=right["aws.ec2.network_acl"], Protocol="6", PortRange={"From": 443, "To": 443}, **entry)
    ec2.create_network_acl_entry(NetworkAclId=wrong["aws.ec2.network_acl"], Protocol="-1", **entry)
    labels = {}
    for label, made in (("right", right), ("wrong", wrong)):
        for kind, name in made.items():
            labels.setdefault(kind, {})[label] = name
    return labels
