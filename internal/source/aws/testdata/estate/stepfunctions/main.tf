resource "aws_kms_key" "steps" {}

resource "aws_sfn_state_machine" "right" {
  name       = "chart-right"
  role_arn   = "arn:aws:iam::123456789012:role/steps"
  definition = jsonencode({ StartAt = "A", States = { A = { Type = "Succeed" } } })
  logging_configuration {
    level                  = "ALL"
    include_execution_data = false
    log_destination        = "arn:aws:logs:eu-west-1:123456789012:log-group:steps:*"
  }
  tracing_configuration {
    enabled = true
  }
  encryption_configuration {
    type       = "CUSTOMER_MANAGED_KMS_KEY"
    kms_key_id = aws_kms_key.steps.arn
  }
}

resource "aws_sfn_state_machine" "wrong" {
  name       = "chart-wrong"
  role_arn   = "arn:aws:iam::123456789012:role/steps"
  definition = jsonencode({ StartAt = "A", States = { A = { Type = "Succeed" } } })
}
