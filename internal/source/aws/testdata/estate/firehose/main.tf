resource "aws_kms_key" "streams" {}

resource "aws_kinesis_firehose_delivery_stream" "right" {
  name        = "estate-right"
  destination = "extended_s3"
  server_side_encryption {
    enabled  = true
    key_type = "CUSTOMER_MANAGED_CMK"
    key_arn  = aws_kms_key.streams.arn
  }
  extended_s3_configuration {
    role_arn    = "arn:aws:iam::123456789012:role/firehose"
    bucket_arn  = "arn:aws:s3:::estate-firehose"
    kms_key_arn = aws_kms_key.streams.arn
    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = "firehose"
      log_stream_name = "right"
    }
  }
}

resource "aws_kinesis_firehose_delivery_stream" "wrong" {
  name        = "estate-wrong"
  destination = "extended_s3"
  extended_s3_configuration {
    role_arn   = "arn:aws:iam::123456789012:role/firehose"
    bucket_arn = "arn:aws:s3:::estate-firehose"
  }
}
