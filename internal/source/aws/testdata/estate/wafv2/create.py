def create(client):
    waf = client("wafv2")
    names = {"right": "estate-acl-right", "wrong": "estate-acl-wrong"}

    def seen(metric):
        return {"CloudWatchMetricsEnabled": True, "MetricName": metric, "SampledRequestsEnabled": True}

    rule = {"Name": "common", "Priority": 1, "OverrideAction": {"None": {}}, "VisibilityConfig": seen("common"),
            "Statement": {"ManagedRuleGroupStatement": {"Name": "AWSManagedRulesCommonRuleSet", "VendorName": "AWS"}}}
    for label, rules in [("right", [rule]), ("wrong", [])]:
        acl = waf.create_web_acl(Name=names[label], Scope="REGIONAL", DefaultAction={"Allow": {}}, Rules=rules,
                                 VisibilityConfig=seen("estate"))["Summary"]
        if label == "right":
            waf.put_logging_configuration(LoggingConfiguration={"ResourceArn": acl["ARN"], "LogDestinationConfigs": [
                "arn:aws:logs:eu-west-1:123456789012:log-group:aws-waf-logs-estate"]})
    return {"aws.wafv2.web_acl": names}
