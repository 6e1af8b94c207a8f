def create(client):
    s3, config = client("s3"), client("config")
    s3.create_bucket(Bucket="estate-config", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    config.put_configuration_recorder(ConfigurationRecorder={
        "name": "default", "roleARN": "arn:aws:iam::123456789012:role/config", "recordingGroup": {"allSupported": True}})
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "estate-config"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    config.put_retention_configuration(RetentionPeriodInDays=2557)
    names = {"right": "estate-aggregator-right", "wrong": "estate-aggregator-wrong"}
    config.put_configuration_aggregator(ConfigurationAggregatorName=names["right"], AccountAggregationSources=[
        {"AccountIds": ["123456789012"], "AllAwsRegions": True}])
    config.put_configuration_aggregator(ConfigurationAggregatorName=names["wrong"], AccountAggregationSources=[
        {"AccountIds": ["123456789012"], "AwsRegions": ["eu-west-1"]}])
    return {"aws.config.recorder": {"right": "default"}, "aws.config.delivery_channel": {"right": "default"},
            "aws.config.retention": {"right": "default"}, "aws.config.aggregator": names}
