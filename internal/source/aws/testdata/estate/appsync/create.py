def create(client):
    c = client("appsync")
    right = c.create_graphql_api(name="chart-right", authenticationType="AWS_IAM", xrayEnabled=True, introspectionConfig="DISABLED", visibility="GLOBAL", logConfig={
        "fieldLogLevel": "ERROR", "cloudWatchLogsRoleArn": "arn:aws:iam::123456789012:role/logs", "excludeVerboseContent": True})
    wrong = c.create_graphql_api(name="chart-wrong", authenticationType="API_KEY")
    return {"aws.appsync.api": {"right": right["graphqlApi"]["apiId"], "wrong": wrong["graphqlApi"]["apiId"]}}
