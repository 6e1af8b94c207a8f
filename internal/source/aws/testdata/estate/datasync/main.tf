resource "aws_datasync_location_smb" "right" {
  server_hostname = "files.clinic.example"
  subdirectory    = "/right"
  user            = "copy"
  password        = "not kept"
  agent_arns      = ["arn:aws:datasync:eu-west-1:123456789012:agent/agent-1"]
  mount_options {
    version = "SMB3"
  }
}

resource "aws_datasync_location_smb" "wrong" {
  server_hostname = "files.clinic.example"
  subdirectory    = "/wrong"
  user            = "copy"
  password        = "not kept"
  agent_arns      = ["arn:aws:datasync:eu-west-1:123456789012:agent/agent-1"]
  mount_options {
    version = "SMB2_0"
  }
}

resource "aws_datasync_location_s3" "store" {
  s3_bucket_arn = "arn:aws:s3:::estate-copies"
  subdirectory  = "in"
  s3_config {
    bucket_access_role_arn = "arn:aws:iam::123456789012:role/copy"
  }
}

resource "aws_datasync_task" "right" {
  name                     = "right"
  source_location_arn      = aws_datasync_location_smb.right.arn
  destination_location_arn = aws_datasync_location_s3.store.arn
  cloudwatch_log_group_arn = "arn:aws:logs:eu-west-1:123456789012:log-group:copies"
  options {
    verify_mode = "POINT_IN_TIME_CONSISTENT"
    log_level   = "TRANSFER"
  }
}

resource "aws_datasync_task" "wrong" {
  name                     = "wrong"
  source_location_arn      = aws_datasync_location_smb.right.arn
  destination_location_arn = aws_datasync_location_s3.store.arn
  options {
    verify_mode = "NONE"
    log_level   = "OFF"
  }
}
