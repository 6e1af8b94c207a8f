def create(client):
    route53, logs = client("route53"), client("logs", region_name="us-east-1")
    zones = {label: route53.create_hosted_zone(Name=f"{label}.estate.example", CallerReference=label)["HostedZone"]["Id"]
             for label in ("right", "wrong")}
    group = "/aws/route53/right.estate.example"
    logs.create_log_group(logGroupName=group)
    route53.create_query_logging_config(HostedZoneId=zones["right"].split("/")[-1],
                                        CloudWatchLogsLogGroupArn=f"arn:aws:logs:us-east-1:123456789012:log-group:{group}:*")
    return {"aws.route53.zone": {label: zone.split("/")[-1] for label, zone in zones.items()}}
