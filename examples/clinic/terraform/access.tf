resource "aws_iam_account_password_policy" "clinic" {
  minimum_password_length      = 10 # fault: too short
  require_symbols              = true
  require_numbers              = true
  require_uppercase_characters = true
  require_lowercase_characters = true
  max_password_age             = 90
  password_reuse_prevention    = 24
}

resource "aws_iam_role" "portal" {
  name = "portal"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "portal" {
  name = "portal"
  role = aws_iam_role.portal.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"], Resource = "${module.charts.arn}/*" },
      { Effect = "Allow", Action = "kms:Decrypt", Resource = "*" }, # fault: every key, not the portal's
    ]
  })
}

resource "aws_iam_instance_profile" "portal" {
  name = "portal"
  role = aws_iam_role.portal.name
}

resource "aws_iam_role" "flows" {
  name = "flow-logs"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "vpc-flow-logs.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_user" "billing_export" {
  name = "billing-export" # fault: a static user with a key of its own
}

resource "aws_iam_access_key" "billing_export" {
  user = aws_iam_user.billing_export.name
}

resource "aws_iam_user_policy" "billing_export" {
  name   = "everything"
  user   = aws_iam_user.billing_export.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] }) # fault
}
