resource "aws_kms_key" "streams" {}

resource "aws_kinesis_stream" "right" {
  name             = "estate-right"
  shard_count      = 1
  retention_period = 168
  encryption_type  = "KMS"
  kms_key_id       = aws_kms_key.streams.arn
}

resource "aws_kinesis_stream" "wrong" {
  name        = "estate-wrong"
  shard_count = 1
}

resource "aws_kinesis_resource_policy" "wrong" {
  resource_arn = aws_kinesis_stream.wrong.arn
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "kinesis:GetRecords", Resource = aws_kinesis_stream.wrong.arn }]
  })
}
