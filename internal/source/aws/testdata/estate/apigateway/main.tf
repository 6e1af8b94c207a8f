locals {
  logs = "arn:aws:logs:eu-west-1:123456789012:log-group:chart"
}

resource "aws_api_gateway_rest_api" "right" {
  name = "chart-right"
  endpoint_configuration {
    types = ["PRIVATE"]
  }
}

resource "aws_api_gateway_method" "right" {
  rest_api_id   = aws_api_gateway_rest_api.right.id
  resource_id   = aws_api_gateway_rest_api.right.root_resource_id
  http_method   = "GET"
  authorization = "AWS_IAM"
}

resource "aws_api_gateway_stage" "right" {
  rest_api_id          = aws_api_gateway_rest_api.right.id
  stage_name           = "right"
  deployment_id        = "d1"
  xray_tracing_enabled = true
  access_log_settings {
    destination_arn = local.logs
    format          = "$context.requestId"
  }
}

resource "aws_api_gateway_method_settings" "logged" {
  rest_api_id = aws_api_gateway_rest_api.right.id
  stage_name  = aws_api_gateway_stage.right.stage_name
  method_path = "*/*"
  settings {
    logging_level      = "INFO"
    data_trace_enabled = false
  }
}

resource "aws_api_gateway_rest_api" "wrong" {
  name = "chart-wrong"
  endpoint_configuration {
    types = ["REGIONAL"]
  }
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "execute-api:Invoke", Resource = "*" }]
  })
}

resource "aws_api_gateway_method" "wrong" {
  rest_api_id   = aws_api_gateway_rest_api.wrong.id
  resource_id   = aws_api_gateway_rest_api.wrong.root_resource_id
  http_method   = "GET"
  authorization = "NONE"
}

resource "aws_api_gateway_stage" "wrong" {
  rest_api_id           = aws_api_gateway_rest_api.wrong.id
  stage_name            = "wrong"
  deployment_id         = "d2"
  cache_cluster_enabled = true
  cache_cluster_size    = "0.5"
}

resource "aws_api_gateway_method_settings" "cached" {
  rest_api_id = aws_api_gateway_rest_api.wrong.id
  stage_name  = aws_api_gateway_stage.wrong.stage_name
  method_path = "*/*"
  settings {
    logging_level        = "OFF"
    data_trace_enabled   = true
    caching_enabled      = true
    cache_data_encrypted = false
  }
}

resource "aws_apigatewayv2_api" "right" {
  name          = "lab-right"
  protocol_type = "HTTP"
  cors_configuration {
    allow_origins = ["https://clinic.example"]
  }
}

resource "aws_apigatewayv2_route" "right" {
  api_id             = aws_apigatewayv2_api.right.id
  route_key          = "GET /labs"
  authorization_type = "AWS_IAM"
}

resource "aws_apigatewayv2_stage" "right" {
  api_id = aws_apigatewayv2_api.right.id
  name   = "right"
  access_log_settings {
    destination_arn = local.logs
    format          = "$context.requestId"
  }
}

resource "aws_apigatewayv2_api" "wrong" {
  name          = "lab-wrong"
  protocol_type = "HTTP"
  cors_configuration {
    allow_origins     = ["*"]
    allow_credentials = false
  }
}

resource "aws_apigatewayv2_route" "wrong" {
  api_id             = aws_apigatewayv2_api.wrong.id
  route_key          = "GET /labs"
  authorization_type = "NONE"
}

resource "aws_apigatewayv2_stage" "wrong" {
  api_id = aws_apigatewayv2_api.wrong.id
  name   = "wrong"
}
