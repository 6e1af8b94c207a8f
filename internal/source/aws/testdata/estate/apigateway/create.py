import json

OPEN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"}]}


def interface(c, name, authorization, **settings):
    api = c.create_rest_api(name=name, **settings)["id"]
    root = c.get_resources(restApiId=api)["items"][0]["id"]
    c.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType=authorization)
    c.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    c.put_integration_response(restApiId=api, resourceId=root, httpMethod="GET", statusCode="200")
    return api, root, c.create_deployment(restApiId=api)["id"]


def arn(rest):
    return "arn:aws:apigateway:eu-west-1::" + rest


def create(client):
    c = client("apigateway")
    right, root_right, deployed = interface(c, "chart-right", "AWS_IAM", endpointConfiguration={"types": ["PRIVATE"]})
    c.create_stage(restApiId=right, stageName="right", deploymentId=deployed, tracingEnabled=True)
    logs = "arn:aws:logs:eu-west-1:123456789012:log-group:chart"
    c.update_stage(restApiId=right, stageName="right", patchOperations=[
        {"op": "replace", "path": "/accessLogSettings/destinationArn", "value": logs},
        {"op": "replace", "path": "/accessLogSettings/format", "value": "$context.requestId"},
        {"op": "replace", "path": "/*/*/logging/loglevel", "value": "INFO"},
        {"op": "replace", "path": "/*/*/logging/dataTrace", "value": "false"},
        {"op": "replace", "path": "/*/*/caching/dataEncrypted", "value": "false"}])
    wrong, root_wrong, deployed = interface(c, "chart-wrong", "NONE", endpointConfiguration={"types": ["REGIONAL"]}, policy=json.dumps(OPEN))
    c.create_stage(restApiId=wrong, stageName="wrong", deploymentId=deployed, cacheClusterEnabled=True, cacheClusterSize="0.5")
    c.update_stage(restApiId=wrong, stageName="wrong", patchOperations=[
        {"op": "replace", "path": "/*/*/logging/loglevel", "value": "OFF"},
        {"op": "replace", "path": "/*/*/logging/dataTrace", "value": "true"},
        {"op": "replace", "path": "/*/*/caching/enabled", "value": "true"},
        {"op": "replace", "path": "/*/*/caching/dataEncrypted", "value": "false"}])
    v2 = client("apigatewayv2")
    http = {}
    for label, authorization, cors in [("right", "AWS_IAM", {"AllowOrigins": ["https://clinic.example"]}),
                                       ("wrong", "NONE", {"AllowOrigins": ["*"], "AllowCredentials": False})]:
        api = v2.create_api(Name="lab-" + label, ProtocolType="HTTP", CorsConfiguration=cors)["ApiId"]
        route = v2.create_route(ApiId=api, RouteKey="GET /labs", AuthorizationType=authorization)["RouteId"]
        v2.create_stage(ApiId=api, StageName=label, **({"AccessLogSettings": {"DestinationArn": logs, "Format": "$context.requestId"}}
                                                       if label == "right" else {}))
        http[label] = api, arn(f"/apis/{api}/routes/{route}"), arn(f"/apis/{api}/stages/{label}")
    return {
        "aws.apigateway.rest_api": {"right": right, "wrong": wrong},
        "aws.apigateway.stage": {"right": arn(f"/restapis/{right}/stages/right"), "wrong": arn(f"/restapis/{wrong}/stages/wrong")},
        "aws.apigateway.method": {"right": arn(f"/restapis/{right}/resources/{root_right}/methods/GET"),
                                  "wrong": arn(f"/restapis/{wrong}/resources/{root_wrong}/methods/GET")},
        "aws.apigatewayv2.api": {label: http[label][0] for label in http},
        "aws.apigatewayv2.route": {label: http[label][1] for label in http},
        "aws.apigatewayv2.stage": {label: http[label][2] for label in http},
    }
