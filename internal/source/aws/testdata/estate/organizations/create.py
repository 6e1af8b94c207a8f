import json


def create(client):
    organizations = client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    guard = json.dumps({"Version": "2012-10-17",
                        "Statement": [{"Effect": "Deny", "Action": "cloudtrail:StopLogging", "Resource": "*"}]})
    made = {label: organizations.create_policy(Name=f"estate-policy-{label}", Description="a guard", Content=guard,
                                               Type="SERVICE_CONTROL_POLICY")["Policy"]["PolicySummary"]
            for label in ("right", "wrong")}
    organizations.attach_policy(PolicyId=made["right"]["Id"], TargetId=root)
    return {"aws.organizations.policy": {label: policy["Arn"] for label, policy in made.items()}}
