resource "aws_config_configuration_recorder" "right" {
  name     = "default"
  role_arn = "arn:aws:iam::123456789012:role/config"
  recording_group {
    all_supported = true
  }
}

resource "aws_config_configuration_recorder_status" "main" {
  name       = aws_config_configuration_recorder.right.name
  is_enabled = true
}

resource "aws_config_delivery_channel" "right" {
  name           = "default"
  s3_bucket_name = "estate-config"
}

resource "aws_config_retention_configuration" "right" {
  retention_period_in_days = 2557
}

resource "aws_config_configuration_aggregator" "right" {
  name = "estate-aggregator-right"
  account_aggregation_source {
    account_ids = ["123456789012"]
    all_regions = true
  }
}

resource "aws_config_configuration_aggregator" "wrong" {
  name = "estate-aggregator-wrong"
  account_aggregation_source {
    account_ids = ["123456789012"]
    regions     = ["eu-west-1"]
  }
}
