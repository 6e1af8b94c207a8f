resource "aws_kms_key" "logs" {
  enable_key_rotation = true
}

resource "aws_cloudwatch_log_group" "right" {
  name              = "estate-logs-right"
  retention_in_days = 2557
  kms_key_id        = aws_kms_key.logs.arn
}

resource "aws_cloudwatch_log_group" "wrong" {
  name              = "estate-logs-wrong"
  retention_in_days = 30
}

resource "aws_cloudwatch_metric_alarm" "right" {
  alarm_name          = "estate-alarm-right"
  metric_name         = "sign-in-failures"
  namespace           = "Estate"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  alarm_actions       = ["arn:aws:sns:eu-west-1:123456789012:security"]
}

resource "aws_cloudwatch_metric_alarm" "wrong" {
  alarm_name          = "estate-alarm-wrong"
  metric_name         = "root-usage"
  namespace           = "Estate"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
}
