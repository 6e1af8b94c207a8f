resource "aws_kms_key" "right" {
  description         = "right"
  enable_key_rotation = true
}

resource "aws_kms_key" "wrong" {
  description = "wrong"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "kms:*", Resource = "*" }]
  })
}
