resource "aws_sns_topic" "right" {
  name                          = "estate-topic-right"
  kms_master_key_id             = "alias/aws/sns"
  sqs_failure_feedback_role_arn = "arn:aws:iam::123456789012:role/feedback"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "tls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sns:*"
      Resource  = "arn:aws:sns:eu-west-1:123456789012:estate-topic-right"
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_sns_topic" "wrong" {
  name = "estate-topic-wrong"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = "sns:Publish"
      Resource  = "arn:aws:sns:eu-west-1:123456789012:estate-topic-wrong"
    }]
  })
}

resource "aws_sns_topic_subscription" "right" {
  topic_arn      = aws_sns_topic.right.arn
  protocol       = "sqs"
  endpoint       = "arn:aws:sqs:eu-west-1:123456789012:estate-sns"
  redrive_policy = jsonencode({ deadLetterTargetArn = "arn:aws:sqs:eu-west-1:123456789012:estate-sns-dead" })
}

resource "aws_sns_topic_subscription" "wrong" {
  topic_arn = aws_sns_topic.wrong.arn
  protocol  = "http"
  endpoint  = "http://chart.example.org/results"
}
