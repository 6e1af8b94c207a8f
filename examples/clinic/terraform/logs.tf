resource "aws_cloudtrail" "clinic" {
  name                          = "clinic"
  s3_bucket_name                = module.logs.name
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  kms_key_id                    = aws_kms_key.phi.arn
  cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.trail.arn}:*"
  cloud_watch_logs_role_arn     = aws_iam_role.flows.arn
}

resource "aws_cloudwatch_log_group" "trail" {
  name              = "clinic-trail"
  retention_in_days = 2192
  kms_key_id        = aws_kms_key.phi.arn
}

resource "aws_cloudwatch_log_group" "flows" {
  name              = "clinic-flows"
  retention_in_days = var.log_retention_days # unknown here: each environment sets it
  kms_key_id        = aws_kms_key.phi.arn
}

resource "aws_guardduty_detector" "clinic" {
  enable = true
}
