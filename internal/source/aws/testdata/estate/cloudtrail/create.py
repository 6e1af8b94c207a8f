def create(client):
    kms, s3, logs, trail = client("kms"), client("s3"), client("logs"), client("cloudtrail")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.enable_key_rotation(KeyId=key)
    bucket, right, wrong = "estate-trail-logs", "estate-trail-right", "estate-trail-wrong"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    logs.create_log_group(logGroupName="estate-trail")
    trail.create_trail(
        Name=right, S3BucketName=bucket, IsMultiRegionTrail=True, EnableLogFileValidation=True, KmsKeyId=key,
        CloudWatchLogsLogGroupArn="arn:aws:logs:eu-west-1:123456789012:log-group:estate-trail:*",
        CloudWatchLogsRoleArn="arn:aws:iam::123456789012:role/trail")
    trail.put_event_selectors(TrailName=right, EventSelectors=[{
        "ReadWriteType": "All", "IncludeManagementEvents": True,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}])
    trail.put_insight_selectors(TrailName=right, InsightSelectors=[
        {"InsightType": "ApiCallRateInsight"}, {"InsightType": "ApiErrorRateInsight"}])
    trail.start_logging(Name=right)
    trail.create_trail(Name=wrong, S3BucketName=bucket)
    trail.put_event_selectors(TrailName=wrong, EventSelectors=[{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}])
    return {"aws.cloudtrail.trail": {"right": right, "wrong": wrong}}
