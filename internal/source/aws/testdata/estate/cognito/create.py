def create(client):
    pools, identities = client("cognito-idp"), client("cognito-identity")
    right = pools.create_user_pool(
        PoolName="estate-pool-right", MfaConfiguration="ON", DeletionProtection="ACTIVE",
        UserPoolAddOns={"AdvancedSecurityMode": "ENFORCED"},
        Policies={"PasswordPolicy": {"MinimumLength": 14, "RequireLowercase": True, "RequireUppercase": True,
                                     "RequireNumbers": True, "RequireSymbols": True}})["UserPool"]["Id"]
    wrong = pools.create_user_pool(PoolName="estate-pool-wrong")["UserPool"]["Id"]
    clients = {
        "right": pools.create_user_pool_client(
            UserPoolId=right, ClientName="estate-client-right", PreventUserExistenceErrors="ENABLED", RefreshTokenValidity=8,
            TokenValidityUnits={"RefreshToken": "hours"}, EnableTokenRevocation=True),
        "wrong": pools.create_user_pool_client(
            UserPoolId=wrong, ClientName="estate-client-wrong", AllowedOAuthFlows=["implicit"], RefreshTokenValidity=30,
            EnableTokenRevocation=False),
    }
    return {
        "aws.cognito.user_pool": {"right": right, "wrong": wrong},
        "aws.cognito.client": {label: made["UserPoolClient"]["ClientId"] for label, made in clients.items()},
        "aws.cognito.identity_pool": {
            label: identities.create_identity_pool(IdentityPoolName=f"estate-identities-{label}",
                                                   AllowUnauthenticatedIdentities=label == "wrong")["IdentityPoolId"]
            for label in ("right", "wrong")},
    }
