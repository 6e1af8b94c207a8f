resource "aws_kms_key" "files" {}

resource "aws_efs_file_system" "right" {
  creation_token = "estate-right"
  encrypted      = true
  kms_key_id     = aws_kms_key.files.arn
}

resource "aws_efs_backup_policy" "right" {
  file_system_id = aws_efs_file_system.right.id
  backup_policy {
    status = "ENABLED"
  }
}

resource "aws_efs_file_system_policy" "right" {
  file_system_id = aws_efs_file_system.right.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow", Principal = { AWS = "arn:aws:iam::123456789012:role/app" }
        Action   = "elasticfilesystem:ClientMount"
        Resource = "*"
      },
      {
        Effect    = "Deny", Principal = { AWS = "*" }, Action = "*", Resource = "*"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_efs_file_system" "wrong" {
  creation_token = "estate-wrong"
  encrypted      = false
}

resource "aws_vpc" "v" {
  cidr_block = "10.70.0.0/16"
}

resource "aws_subnet" "one" {
  vpc_id     = aws_vpc.v.id
  cidr_block = "10.70.1.0/24"
}

resource "aws_subnet" "two" {
  vpc_id     = aws_vpc.v.id
  cidr_block = "10.70.2.0/24"
}

resource "aws_security_group" "files" {
  name        = "files"
  description = "files"
  vpc_id      = aws_vpc.v.id
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_efs_mount_target" "right" {
  file_system_id  = aws_efs_file_system.right.id
  subnet_id       = aws_subnet.one.id
  security_groups = [aws_security_group.files.id]
}

resource "aws_efs_mount_target" "wrong" {
  file_system_id = aws_efs_file_system.wrong.id
  subnet_id      = aws_subnet.two.id
}

resource "aws_efs_access_point" "right" {
  file_system_id = aws_efs_file_system.right.id
  posix_user {
    uid = 1000
    gid = 1000
  }
  root_directory {
    path = "/app"
  }
}

resource "aws_efs_access_point" "wrong" {
  file_system_id = aws_efs_file_system.wrong.id
}
