resource "aws_cloudwatch_event_bus" "right" {
  name = "estate-bus-right"
}

resource "aws_cloudwatch_event_bus_policy" "lab" {
  event_bus_name = aws_cloudwatch_event_bus.right.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "lab"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:root" }
      Action    = "events:PutEvents"
      Resource  = "arn:aws:events:eu-west-1:123456789012:event-bus/estate-bus-right"
    }]
  })
}

resource "aws_cloudwatch_event_archive" "of_right" {
  name             = "estate-archive"
  event_source_arn = aws_cloudwatch_event_bus.right.arn
}

resource "aws_cloudwatch_event_bus" "wrong" {
  name = "estate-bus-wrong"
}

resource "aws_cloudwatch_event_bus_policy" "all" {
  event_bus_name = aws_cloudwatch_event_bus.wrong.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "all"
      Effect    = "Allow"
      Principal = "*"
      Action    = "events:PutEvents"
      Resource  = "arn:aws:events:eu-west-1:123456789012:event-bus/estate-bus-wrong"
    }]
  })
}

resource "aws_cloudwatch_event_rule" "right" {
  name          = "estate-rule-right"
  event_pattern = jsonencode({ source = ["aws.guardduty"], "detail-type" = ["GuardDuty Finding"] })
}

resource "aws_cloudwatch_event_target" "of_right" {
  rule = aws_cloudwatch_event_rule.right.name
  arn  = "arn:aws:sqs:eu-west-1:123456789012:estate-events"
  dead_letter_config {
    arn = "arn:aws:sqs:eu-west-1:123456789012:estate-events-dead"
  }
}

resource "aws_cloudwatch_event_rule" "wrong" {
  name          = "estate-rule-wrong"
  state         = "DISABLED"
  event_pattern = jsonencode({ source = ["aws.guardduty"], "detail-type" = ["GuardDuty Finding"] })
}

resource "aws_cloudwatch_event_target" "of_wrong" {
  rule = aws_cloudwatch_event_rule.wrong.name
  arn  = "arn:aws:sqs:eu-west-1:123456789012:estate-events"
}
