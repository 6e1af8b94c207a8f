resource "aws_kms_key" "backups" {}

resource "aws_backup_vault" "right" {
  name        = "estate-right"
  kms_key_arn = aws_kms_key.backups.arn
}

resource "aws_backup_vault_lock_configuration" "lock" {
  backup_vault_name  = aws_backup_vault.right.name
  min_retention_days = 35
}

resource "aws_backup_vault" "wrong" {
  name        = "estate-wrong"
  kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:alias/aws/backup"
}

provider "aws" {
  region = "eu-west-1"
}

resource "aws_backup_plan" "right" {
  name = "estate-right"
  rule {
    rule_name         = "right"
    target_vault_name = aws_backup_vault.right.name
    schedule          = "cron(0 5 * * ? *)"
    lifecycle {
      delete_after = 35
    }
    copy_action {
      destination_vault_arn = "arn:aws:backup:eu-central-1:123456789012:backup-vault:far"
    }
  }
}

resource "aws_backup_plan" "wrong" {
  name = "estate-wrong"
  rule {
    rule_name         = "wrong"
    target_vault_name = aws_backup_vault.right.name
    schedule          = "cron(0 5 ? * SUN *)"
    lifecycle {
      delete_after = 7
    }
  }
}
