def create(client):
    elb = client("elb")
    certificate = client("acm").request_certificate(DomainName="classic.estate.example")["CertificateArn"]
    elb.create_load_balancer(LoadBalancerName="estate-classic-right", AvailabilityZones=["eu-west-1a", "eu-west-1b"], Listeners=[
        {"LoadBalancerPort": 443, "InstancePort": 443, "Protocol": "https", "InstanceProtocol": "https", "SSLCertificateId": certificate}])
    elb.create_load_balancer(LoadBalancerName="estate-classic-wrong", AvailabilityZones=["eu-west-1a"], Listeners=[
        {"LoadBalancerPort": 80, "InstancePort": 80, "Protocol": "http", "InstanceProtocol": "http"}])
    elb.modify_load_balancer_attributes(LoadBalancerName="estate-classic-right", LoadBalancerAttributes={
        "CrossZoneLoadBalancing": {"Enabled": True}, "AccessLog": {"Enabled": True, "S3BucketName": "estate-logs"}})
    elb.modify_load_balancer_attributes(LoadBalancerName="estate-classic-wrong", LoadBalancerAttributes={
        "CrossZoneLoadBalancing": {"Enabled": False}})
    return {"aws.elb.load_balancer": {"right": "estate-classic-right", "wrong": "estate-classic-wrong"}}
