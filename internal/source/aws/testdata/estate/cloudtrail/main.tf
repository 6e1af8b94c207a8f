resource "aws_kms_key" "trail" {
  enable_key_rotation = true
}

resource "aws_s3_bucket" "trail" {
  bucket = "estate-trail-logs"
}

resource "aws_cloudwatch_log_group" "trail" {
  name = "estate-trail"
}

resource "aws_cloudtrail" "right" {
  name                       = "estate-trail-right"
  s3_bucket_name             = aws_s3_bucket.trail.id
  is_multi_region_trail      = true
  enable_log_file_validation = true
  kms_key_id                 = aws_kms_key.trail.arn
  cloud_watch_logs_group_arn = "${aws_cloudwatch_log_group.trail.arn}:*"
  cloud_watch_logs_role_arn  = "arn:aws:iam::123456789012:role/trail"
  event_selector {
    data_resource {
      type   = "AWS::S3::Object"
      values = ["arn:aws:s3"]
    }
  }
  insight_selector {
    insight_type = "ApiCallRateInsight"
  }
  insight_selector {
    insight_type = "ApiErrorRateInsight"
  }
}

resource "aws_cloudtrail" "wrong" {
  name           = "estate-trail-wrong"
  s3_bucket_name = aws_s3_bucket.trail.id
  enable_logging = false
  event_selector {
    read_write_type = "WriteOnly"
  }
}
