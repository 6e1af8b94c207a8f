resource "aws_appsync_graphql_api" "right" {
  name                 = "chart-right"
  authentication_type  = "AWS_IAM"
  xray_enabled         = true
  visibility           = "GLOBAL"
  introspection_config = "DISABLED"
  log_config {
    field_log_level          = "ERROR"
    cloudwatch_logs_role_arn = "arn:aws:iam::123456789012:role/logs"
    exclude_verbose_content  = true
  }
}

resource "aws_appsync_graphql_api" "wrong" {
  name                = "chart-wrong"
  authentication_type = "API_KEY"
}
