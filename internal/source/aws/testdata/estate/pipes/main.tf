resource "aws_pipes_pipe" "right" {
  name     = "estate-pipe-right"
  role_arn = "arn:aws:iam::123456789012:role/pipe"
  source   = "arn:aws:sqs:eu-west-1:123456789012:estate-from"
  target   = "arn:aws:sqs:eu-west-1:123456789012:estate-to"
  log_configuration {
    level = "ERROR"
    cloudwatch_logs_log_destination {
      log_group_arn = "arn:aws:logs:eu-west-1:123456789012:log-group:estate-pipe"
    }
  }
}

resource "aws_pipes_pipe" "wrong" {
  name     = "estate-pipe-wrong"
  role_arn = "arn:aws:iam::123456789012:role/pipe"
  source   = "arn:aws:sqs:eu-west-1:123456789012:estate-from"
  target   = "arn:aws:sqs:eu-west-1:123456789012:estate-to"
}
