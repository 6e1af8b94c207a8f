resource "aws_kms_key" "queue" {
  enable_key_rotation = true
}

resource "aws_sqs_queue" "dead" {
  name                 = "estate-queue-dead"
  redrive_allow_policy = jsonencode({ redrivePermission = "allowAll" })
}

resource "aws_sqs_queue" "right" {
  name                      = "estate-queue-right"
  kms_master_key_id         = aws_kms_key.queue.arn
  message_retention_seconds = 1209600
  redrive_policy            = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 5 })
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "tls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = "arn:aws:sqs:eu-west-1:123456789012:estate-queue-right"
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_sqs_queue" "wrong" {
  name                      = "estate-queue-wrong"
  sqs_managed_sse_enabled   = false
  message_retention_seconds = 3600
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = "sqs:SendMessage"
      Resource  = "arn:aws:sqs:eu-west-1:123456789012:estate-queue-wrong"
    }]
  })
}
