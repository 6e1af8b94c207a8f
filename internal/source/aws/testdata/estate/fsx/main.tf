resource "aws_kms_key" "files" {}

resource "aws_fsx_windows_file_system" "right" {
  subnet_ids                      = ["subnet-0123456789abcdef1", "subnet-0123456789abcdef2"]
  preferred_subnet_id             = "subnet-0123456789abcdef1"
  security_group_ids              = ["sg-0123456789abcdef0"]
  kms_key_id                      = aws_kms_key.files.arn
  storage_capacity                = 300
  throughput_capacity             = 32
  deployment_type                 = "MULTI_AZ_1"
  automatic_backup_retention_days = 35
  audit_log_configuration {
    file_access_audit_log_level       = "SUCCESS_AND_FAILURE"
    file_share_access_audit_log_level = "SUCCESS_AND_FAILURE"
    audit_log_destination             = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/fsx/windows"
  }
}

resource "aws_fsx_windows_file_system" "wrong" {
  subnet_ids                      = ["subnet-0123456789abcdef1"]
  security_group_ids              = ["sg-0123456789abcdef0"]
  storage_capacity                = 300
  throughput_capacity             = 32
  deployment_type                 = "SINGLE_AZ_1"
  automatic_backup_retention_days = 0
  audit_log_configuration {
    file_access_audit_log_level       = "DISABLED"
    file_share_access_audit_log_level = "DISABLED"
  }
}
