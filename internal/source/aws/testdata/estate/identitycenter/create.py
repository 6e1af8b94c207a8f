import json


def create(client):
    center = client("sso-admin")
    instance = center.list_instances()["Instances"][0]["InstanceArn"]
    made = {label: center.create_permission_set(Name=f"estate-set-{label}", InstanceArn=instance, SessionDuration=time)
            ["PermissionSet"]["PermissionSetArn"] for label, time in (("right", "PT4H"), ("wrong", "PT12H"))}
    center.put_inline_policy_to_permission_set(InstanceArn=instance, PermissionSetArn=made["wrong"], InlinePolicy=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
    return {"aws.identitycenter.permission_set": made}
