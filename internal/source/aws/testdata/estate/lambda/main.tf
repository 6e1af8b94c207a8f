resource "aws_kms_key" "chart" {}

resource "aws_sqs_queue" "failed" {
  name = "chart-failed"
}

resource "aws_lambda_function" "right" {
  function_name                  = "chart-right"
  role                           = "arn:aws:iam::123456789012:role/estate-lambda"
  handler                        = "index.handler"
  runtime                        = "python3.13"
  filename                       = "chart.zip"
  kms_key_arn                    = aws_kms_key.chart.arn
  reserved_concurrent_executions = 10
  environment {
    variables = { STAGE = "prod" }
  }
  tracing_config {
    mode = "Active"
  }
  dead_letter_config {
    target_arn = aws_sqs_queue.failed.arn
  }
  vpc_config {
    subnet_ids         = ["subnet-12345678"]
    security_group_ids = ["sg-12345678"]
  }
}

resource "aws_lambda_permission" "bucket" {
  function_name  = aws_lambda_function.right.function_name
  action         = "lambda:InvokeFunction"
  principal      = "s3.amazonaws.com"
  source_arn     = "arn:aws:s3:::charts"
  source_account = "123456789012"
}

resource "aws_lambda_function_url" "signed" {
  function_name      = aws_lambda_function.right.function_name
  authorization_type = "AWS_IAM"
}

resource "aws_lambda_function" "wrong" {
  function_name = "chart-wrong"
  role          = "arn:aws:iam::123456789012:role/estate-lambda"
  handler       = "index.handler"
  runtime       = "python3.8"
  filename      = "chart.zip"
  environment {
    variables = { DB_PASSWORD = "planted-hunter2" }
  }
}

resource "aws_lambda_permission" "all" {
  function_name = aws_lambda_function.wrong.function_name
  action        = "lambda:InvokeFunction"
  principal     = "*"
}

resource "aws_lambda_function_url" "open" {
  function_name      = aws_lambda_function.wrong.function_name
  authorization_type = "NONE"
  cors {
    allow_origins = ["*"]
  }
}
