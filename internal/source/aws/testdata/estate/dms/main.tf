resource "aws_kms_key" "right" {
  enable_key_rotation = true
}

resource "aws_dms_endpoint" "right" {
  endpoint_id                     = "estate-right"
  endpoint_type                   = "source"
  engine_name                     = "postgres"
  ssl_mode                        = "require"
  kms_key_arn                     = aws_kms_key.right.arn
  secrets_manager_arn             = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:estate"
  secrets_manager_access_role_arn = "arn:aws:iam::123456789012:role/dms"
}

resource "aws_dms_endpoint" "wrong" {
  endpoint_id   = "estate-wrong"
  endpoint_type = "source"
  engine_name   = "postgres"
  ssl_mode      = "none"
  server_name   = "10.0.0.1"
  port          = 5432
  username      = "estate"
  password      = "estate-password"
}
