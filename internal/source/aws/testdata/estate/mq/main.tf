resource "aws_kms_key" "mq" {}

resource "aws_mq_broker" "right" {
  broker_name                = "estate-right"
  engine_type                = "ActiveMQ"
  engine_version             = "5.18"
  host_instance_type         = "mq.m5.large"
  deployment_mode            = "ACTIVE_STANDBY_MULTI_AZ"
  auto_minor_version_upgrade = true
  publicly_accessible        = false
  security_groups            = ["sg-1"]
  authentication_strategy    = "ldap"
  encryption_options {
    use_aws_owned_key = false
    kms_key_id        = aws_kms_key.mq.arn
  }
  logs {
    general = true
    audit   = true
  }
  user {
    username = "admin"
    password = "hunter2hunter2"
  }
}

resource "aws_mq_broker" "wrong" {
  broker_name                = "estate-wrong"
  engine_type                = "ActiveMQ"
  engine_version             = "5.18"
  host_instance_type         = "mq.m5.large"
  deployment_mode            = "SINGLE_INSTANCE"
  auto_minor_version_upgrade = false
  publicly_accessible        = true
  security_groups            = ["sg-1"]
  user {
    username = "admin"
    password = "hunter2hunter2"
  }
}
