resource "aws_iam_user" "right" {
  name = "estate-user-right"
}
resource "aws_iam_user_group_membership" "right" {
  user   = aws_iam_user.right.name
  groups = [aws_iam_group.right.name]
}

resource "aws_iam_user" "wrong" {
  name = "estate-user-wrong"
}
resource "aws_iam_user_policy" "wrong" {
  user   = aws_iam_user.wrong.name
  policy = local.everything
}
resource "aws_iam_user_login_profile" "wrong" {
  user = aws_iam_user.wrong.name
}
resource "aws_iam_access_key" "wrong" {
  user = aws_iam_user.wrong.name
}

resource "aws_iam_group" "right" {
  name = "estate-group-right"
}
resource "aws_iam_group" "wrong" {
  name = "estate-group-wrong"
}

resource "aws_iam_role" "right" {
  name               = "estate-role-right"
  assume_role_policy = jsonencode({
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}
resource "aws_iam_role" "wrong" {
  name                 = "estate-role-wrong"
  max_session_duration = 43200
  assume_role_policy   = jsonencode({
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "*" } }]
  })
  inline_policy {
    name   = "everything"
    policy = local.everything
  }
}

locals {
  everything = jsonencode({ Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })
}

resource "aws_iam_policy" "right" {
  name   = "estate-policy-right"
  policy = jsonencode({
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::charts/*" }]
  })
}
resource "aws_iam_policy" "wrong" {
  name   = "estate-policy-wrong"
  policy = jsonencode({
    Statement = [{ Effect = "Allow", Action = ["s3:*", "iam:PassRole", "kms:Decrypt", "aws-marketplace:Subscribe"], Resource = "*" }]
  })
}

resource "aws_iam_openid_connect_provider" "right" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}
resource "aws_iam_openid_connect_provider" "wrong" {
  url            = "https://tokens.example.org"
  client_id_list = []
}
