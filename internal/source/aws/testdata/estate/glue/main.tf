resource "aws_kms_key" "glue" {}

resource "aws_glue_security_configuration" "right" {
  name = "estate-right"
  encryption_configuration {
    cloudwatch_encryption {
      cloudwatch_encryption_mode = "SSE-KMS"
      kms_key_arn                = aws_kms_key.glue.arn
    }
    job_bookmarks_encryption {
      job_bookmarks_encryption_mode = "CSE-KMS"
      kms_key_arn                   = aws_kms_key.glue.arn
    }
    s3_encryption {
      s3_encryption_mode = "SSE-KMS"
      kms_key_arn        = aws_kms_key.glue.arn
    }
  }
}

resource "aws_glue_security_configuration" "wrong" {
  name = "estate-wrong"
  encryption_configuration {
    cloudwatch_encryption {
      cloudwatch_encryption_mode = "DISABLED"
    }
    job_bookmarks_encryption {
      job_bookmarks_encryption_mode = "DISABLED"
    }
    s3_encryption {
      s3_encryption_mode = "DISABLED"
    }
  }
}

resource "aws_glue_job" "right" {
  name                   = "estate-right"
  role_arn               = "arn:aws:iam::123456789012:role/estate-glue"
  glue_version           = "5.0"
  security_configuration = aws_glue_security_configuration.right.name
  default_arguments      = { "--enable-continuous-cloudwatch-log" = "true" }
  command {
    script_location = "s3://scripts/job.py"
  }
}

resource "aws_glue_job" "wrong" {
  name                   = "estate-wrong"
  role_arn               = "arn:aws:iam::123456789012:role/estate-glue"
  glue_version           = "5.0"
  security_configuration = aws_glue_security_configuration.wrong.name
  default_arguments      = { "--database-password" = "hunter2hunter2" }
  command {
    script_location = "s3://scripts/job.py"
  }
}

resource "aws_glue_crawler" "right" {
  name                   = "estate-right"
  role                   = "arn:aws:iam::123456789012:role/estate-glue"
  database_name          = "records"
  security_configuration = aws_glue_security_configuration.right.name
  s3_target {
    path = "s3://data/records"
  }
}

resource "aws_glue_crawler" "wrong" {
  name          = "estate-wrong"
  role          = "arn:aws:iam::123456789012:role/estate-glue"
  database_name = "records"
  s3_target {
    path = "s3://data/records"
  }
}

resource "aws_glue_connection" "right" {
  name            = "estate-right"
  connection_type = "JDBC"
  connection_properties = {
    JDBC_CONNECTION_URL = "jdbc:postgresql://db.example.org:5432/records"
    JDBC_ENFORCE_SSL    = "true"
    SECRET_ID           = "records"
  }
}

resource "aws_glue_connection" "wrong" {
  name            = "estate-wrong"
  connection_type = "JDBC"
  connection_properties = {
    JDBC_CONNECTION_URL = "jdbc:postgresql://db.example.org:5432/records"
    JDBC_ENFORCE_SSL    = "false"
    USERNAME            = "etl"
    PASSWORD            = "hunter2hunter2"
  }
}

resource "aws_glue_dev_endpoint" "right" {
  name                   = "estate-right"
  role_arn               = "arn:aws:iam::123456789012:role/estate-glue"
  security_configuration = aws_glue_security_configuration.right.name
  subnet_id              = "subnet-1"
  security_group_ids     = ["sg-1"]
}

resource "aws_glue_dev_endpoint" "wrong" {
  name     = "estate-wrong"
  role_arn = "arn:aws:iam::123456789012:role/estate-glue"
}
