resource "aws_kms_key" "right" {
  enable_key_rotation = true
}

resource "aws_timestreamwrite_database" "right" {
  database_name = "estate-right"
  kms_key_id    = aws_kms_key.right.arn
}

resource "aws_timestreamwrite_database" "wrong" {
  database_name = "estate-wrong"
}

resource "aws_timestreaminfluxdb_db_instance" "right" {
  name                   = "estate-influx-right"
  username               = "estate"
  password               = var.password
  organization           = "estate"
  bucket                 = "estate"
  db_instance_type       = "db.influx.medium"
  allocated_storage      = 20
  vpc_subnet_ids         = ["subnet-1"]
  vpc_security_group_ids = ["sg-1"]
  publicly_accessible    = false
  deployment_type        = "WITH_MULTIAZ_STANDBY"
  log_delivery_configuration {
    s3_configuration {
      bucket_name = "estate"
      enabled     = true
    }
  }
}

resource "aws_timestreaminfluxdb_db_instance" "wrong" {
  name                   = "estate-influx-wrong"
  username               = "estate"
  password               = var.password
  organization           = "estate"
  bucket                 = "estate"
  db_instance_type       = "db.influx.medium"
  allocated_storage      = 20
  vpc_subnet_ids         = ["subnet-1"]
  vpc_security_group_ids = ["sg-1"]
  publicly_accessible    = true
  deployment_type        = "SINGLE_AZ"
}

variable "password" {}
