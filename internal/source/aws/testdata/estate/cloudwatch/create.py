def create(client):
    kms, logs, cloudwatch = client("kms"), client("logs"), client("cloudwatch")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.enable_key_rotation(KeyId=key)
    logs.create_log_group(logGroupName="estate-logs-right", kmsKeyId=key)
    logs.put_retention_policy(logGroupName="estate-logs-right", retentionInDays=2557)
    logs.create_log_group(logGroupName="estate-logs-wrong")
    logs.put_retention_policy(logGroupName="estate-logs-wrong", retentionInDays=30)
    for name, metric, actions in [
            ("estate-alarm-right", "sign-in-failures", ["arn:aws:sns:eu-west-1:123456789012:security"]),
            ("estate-alarm-wrong", "root-usage", [])]:
        cloudwatch.put_metric_alarm(
            AlarmName=name, MetricName=metric, Namespace="Estate", Statistic="Sum", Period=300, EvaluationPeriods=1,
            Threshold=1, ComparisonOperator="GreaterThanOrEqualToThreshold", AlarmActions=actions)
    return {"aws.cloudwatch.log_group": {"right": "estate-logs-right", "wrong": "estate-logs-wrong"},
            "aws.cloudwatch.alarm": {"right": "estate-alarm-right", "wrong": "estate-alarm-wrong"}}
