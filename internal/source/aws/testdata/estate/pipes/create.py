def create(client):
    pipes = client("pipes")
    names = {"right": "estate-pipe-right", "wrong": "estate-pipe-wrong"}
    queues = "arn:aws:sqs:eu-west-1:123456789012:estate-"
    base = {"RoleArn": "arn:aws:iam::123456789012:role/pipe", "Source": queues + "from", "Target": queues + "to"}
    pipes.create_pipe(Name=names["right"], **base, LogConfiguration={
        "Level": "ERROR", "CloudwatchLogsLogDestination": {"LogGroupArn": "arn:aws:logs:eu-west-1:123456789012:log-group:estate-pipe"}})
    pipes.create_pipe(Name=names["wrong"], **base)
    return {"aws.pipes.pipe": names}
