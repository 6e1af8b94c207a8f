def balancer(elb, name, scheme, subnets, attributes):
    arn = elb.create_load_balancer(Name=name, Scheme=scheme, Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": k, "Value": v} for k, v in attributes.items()])
    return arn


def create(client):
    ec2, elb, acm = client("ec2"), client("elbv2"), client("acm")
    network = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    subnets = [ec2.create_subnet(VpcId=network, CidrBlock=f"10.40.{n}.0/24", AvailabilityZone="eu-west-1" + zone)["Subnet"]["SubnetId"]
               for n, zone in enumerate("ab")]
    balancers = {
        "right": balancer(elb, "estate-balancer-right", "internal", subnets, {
            "routing.http.drop_invalid_header_fields.enabled": "true", "deletion_protection.enabled": "true",
            "routing.http.desync_mitigation_mode": "strictest", "access_logs.s3.enabled": "true", "access_logs.s3.bucket": "estate-logs"}),
        "wrong": balancer(elb, "estate-balancer-wrong", "internet-facing", subnets, {"routing.http.desync_mitigation_mode": "monitor"}),
    }
    targets, listeners = {}, {}
    for label, protocol, port in (("right", "HTTPS", 443), ("wrong", "HTTP", 80)):
        made = elb.create_target_group(Name="estate-targets-" + label, Protocol=protocol, Port=port, VpcId=network)
        targets[label] = made["TargetGroups"][0]["TargetGroupArn"]
    certificate = acm.request_certificate(DomainName="estate.example")["CertificateArn"]
    tls = {"SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06", "Certificates": [{"CertificateArn": certificate}]}
    for label, protocol, port, secured in (("right", "HTTPS", 443, tls), ("wrong", "HTTP", 80, {})):
        made = elb.create_listener(LoadBalancerArn=balancers[label], Protocol=protocol, Port=port,
                                   DefaultActions=[{"Type": "forward", "TargetGroupArn": targets[label]}], **secured)
        listeners[label] = made["Listeners"][0]["ListenerArn"]
    return {"aws.elbv2.load_balancer": balancers, "aws.elbv2.target_group": targets, "aws.elbv2.listener": listeners}
