import json


def document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def create(client):
    iam = client("iam")
    everything = document(Action="*", Resource="*")
    for label in ("right", "wrong"):
        iam.create_user(UserName=f"estate-user-{label}")
        iam.create_group(GroupName=f"estate-group-{label}")
    iam.add_user_to_group(GroupName="estate-group-right", UserName="estate-user-right")
    iam.put_user_policy(UserName="estate-user-wrong", PolicyName="everything", PolicyDocument=everything)
    iam.create_login_profile(UserName="estate-user-wrong", Password="not-a-real-Passw0rd")
    iam.create_access_key(UserName="estate-user-wrong")
    roles = {
        "right": iam.create_role(RoleName="estate-role-right", AssumeRolePolicyDocument=document(
            Action="sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})),
        "wrong": iam.create_role(RoleName="estate-role-wrong", MaxSessionDuration=43200, AssumeRolePolicyDocument=document(
            Action="sts:AssumeRole", Principal={"AWS": "*"})),
    }
    arns = {label: role["Role"]["Arn"] for label, role in roles.items()}
    iam.put_role_policy(RoleName="estate-role-wrong", PolicyName="everything", PolicyDocument=everything)
    policies = {
        "right": document(Action="s3:GetObject", Resource="arn:aws:s3:::charts/*"),
        "wrong": document(Action=["s3:*", "iam:PassRole", "kms:Decrypt", "aws-marketplace:Subscribe"], Resource="*"),
    }
    providers = {
        "right": iam.create_open_id_connect_provider(Url="https://token.actions.githubusercontent.com",
                                                     ClientIDList=["sts.amazonaws.com"], ThumbprintList=["a" * 40]),
        "wrong": iam.create_open_id_connect_provider(Url="https://tokens.example.org", ThumbprintList=["a" * 40]),
    }
    return {
        "aws.iam.user": {label: f"estate-user-{label}" for label in arns},
        "aws.iam.group": {label: f"estate-group-{label}" for label in arns},
        "aws.iam.role": arns,
        "aws.iam.inline_policy": {label: arn + "#inline" for label, arn in arns.items()},
        "aws.iam.policy": {label: iam.create_policy(PolicyName=f"estate-policy-{label}", PolicyDocument=text)["Policy"]["Arn"]
                           for label, text in policies.items()},
        "aws.iam.oidc_provider": {label: made["OpenIDConnectProviderArn"] for label, made in providers.items()},
    }
