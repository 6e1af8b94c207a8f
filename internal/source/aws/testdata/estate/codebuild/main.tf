resource "aws_kms_key" "results" {}

resource "aws_codebuild_project" "right" {
  name           = "chart-right"
  service_role   = "arn:aws:iam::123456789012:role/build"
  encryption_key = aws_kms_key.results.arn
  source {
    type     = "GITHUB"
    location = "https://github.com/clinic/chart"
  }
  artifacts {
    type     = "S3"
    location = "results"
  }
  environment {
    type            = "LINUX_CONTAINER"
    image           = "aws/codebuild/standard:7.0"
    compute_type    = "BUILD_GENERAL1_SMALL"
    privileged_mode = false
    environment_variable {
      name  = "STAGE"
      value = "prod"
      type  = "PLAINTEXT"
    }
  }
  logs_config {
    cloudwatch_logs {
      status = "ENABLED"
    }
  }
}

resource "aws_codebuild_project" "wrong" {
  name         = "chart-wrong"
  service_role = "arn:aws:iam::123456789012:role/build"
  source {
    type     = "GITHUB"
    location = "https://planted-user:planted-token@github.com/clinic/chart"
  }
  artifacts {
    type                = "S3"
    location            = "results"
    encryption_disabled = true
  }
  environment {
    type            = "LINUX_CONTAINER"
    image           = "aws/codebuild/standard:7.0"
    compute_type    = "BUILD_GENERAL1_SMALL"
    privileged_mode = true
    environment_variable {
      name  = "DB_PASSWORD"
      value = "planted-hunter2"
      type  = "PLAINTEXT"
    }
  }
  logs_config {
    cloudwatch_logs {
      status = "DISABLED"
    }
    s3_logs {
      status = "DISABLED"
    }
  }
}
