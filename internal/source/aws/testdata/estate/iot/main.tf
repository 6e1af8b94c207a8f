resource "aws_iot_policy" "right" {
  name = "estate-right"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "iot:Publish"
      Resource = "arn:aws:iot:eu-west-1:123456789012:topic/readings/$${iot:Connection.Thing.ThingName}"
    }]
  })
}

resource "aws_iot_policy" "wrong" {
  name = "estate-wrong"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "iot:*", Resource = "*" }]
  })
}
