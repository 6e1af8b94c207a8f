resource "aws_kms_key" "sessions" {}

resource "aws_ssm_document" "right" {
  name          = "estate-session-right"
  document_type = "Session"
  content = jsonencode({
    schemaVersion = "1.0"
    sessionType   = "Standard_Stream"
    inputs = {
      idleSessionTimeout          = "10"
      kmsKeyId                    = aws_kms_key.sessions.arn
      cloudWatchLogGroupName      = "sessions"
      cloudWatchEncryptionEnabled = true
    }
  })
}

resource "aws_ssm_document" "wrong" {
  name          = "estate-session-wrong"
  document_type = "Session"
  content = jsonencode({
    schemaVersion = "1.0"
    sessionType   = "Standard_Stream"
    inputs = {
      idleSessionTimeout     = "60"
      kmsKeyId               = ""
      cloudWatchLogGroupName = ""
      s3BucketName           = ""
    }
  })
  permissions = {
    type        = "Share"
    account_ids = "all"
  }
}

resource "aws_ssm_parameter" "right" {
  name   = "/estate/password/right"
  type   = "SecureString"
  value  = "not kept"
  key_id = aws_kms_key.sessions.arn
}

resource "aws_ssm_parameter" "wrong" {
  name  = "/estate/password/wrong"
  type  = "String"
  value = "not kept"
}

resource "aws_ssm_patch_baseline" "right" {
  name = "estate-right"
  approval_rule {
    approve_after_days = 7
    patch_filter {
      key    = "PRODUCT"
      values = ["*"]
    }
  }
}

resource "aws_ssm_patch_baseline" "wrong" {
  name = "estate-wrong"
  approval_rule {
    approve_after_days = 60
    patch_filter {
      key    = "PRODUCT"
      values = ["*"]
    }
  }
}
