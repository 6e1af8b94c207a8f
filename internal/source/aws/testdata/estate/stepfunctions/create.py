STEPS = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'


def create(client):
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    role = "arn:aws:iam::123456789012:role/steps"
    c = client("stepfunctions")
    c.create_state_machine(name="chart-right", definition=STEPS, roleArn=role, tracingConfiguration={"enabled": True},
                           encryptionConfiguration={"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": key},
                           loggingConfiguration={"level": "ALL", "includeExecutionData": False, "destinations": [
                               {"cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:eu-west-1:123456789012:log-group:steps:*"}}]})
    c.create_state_machine(name="chart-wrong", definition=STEPS, roleArn=role)
    return {"aws.stepfunctions.state_machine": {"right": "chart-right", "wrong": "chart-wrong"}}
