resource "aws_kms_key" "secrets" {}

resource "aws_secretsmanager_secret" "right" {
  name       = "estate-secret-right"
  kms_key_id = aws_kms_key.secrets.arn
}

resource "aws_secretsmanager_secret" "wrong" {
  name = "estate-secret-wrong"
}

resource "aws_secretsmanager_secret_policy" "everyone" {
  secret_arn = aws_secretsmanager_secret.wrong.arn
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "secretsmanager:GetSecretValue", Resource = "*" }]
  })
}
