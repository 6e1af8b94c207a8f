resource "aws_kms_key" "models" {}

resource "aws_sagemaker_notebook_instance" "right" {
  name                   = "estate-right"
  instance_type          = "ml.t3.medium"
  role_arn               = "arn:aws:iam::123456789012:role/sagemaker"
  kms_key_id             = aws_kms_key.models.arn
  subnet_id              = "subnet-1"
  security_groups        = ["sg-1"]
  direct_internet_access = "Disabled"
  root_access            = "Disabled"
  instance_metadata_service_configuration {
    minimum_instance_metadata_service_version = "2"
  }
}

resource "aws_sagemaker_notebook_instance" "wrong" {
  name          = "estate-wrong"
  instance_type = "ml.t3.medium"
  role_arn      = "arn:aws:iam::123456789012:role/sagemaker"
}

resource "aws_sagemaker_model" "right" {
  name                     = "estate-right"
  execution_role_arn       = "arn:aws:iam::123456789012:role/sagemaker"
  enable_network_isolation = true
  primary_container {
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/model:1"
  }
  vpc_config {
    subnets            = ["subnet-1"]
    security_group_ids = ["sg-1"]
  }
}

resource "aws_sagemaker_model" "wrong" {
  name               = "estate-wrong"
  execution_role_arn = "arn:aws:iam::123456789012:role/sagemaker"
  primary_container {
    image       = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/model:1"
    environment = { DB_PASSWORD = "hunter2hunter2" }
  }
}

resource "aws_sagemaker_endpoint_configuration" "right" {
  name        = "estate-right"
  kms_key_arn = aws_kms_key.models.arn
  production_variants {
    variant_name           = "all"
    model_name             = "estate-right"
    initial_instance_count = 1
    instance_type          = "ml.m5.large"
  }
  data_capture_config {
    enable_capture              = true
    initial_sampling_percentage = 100
    destination_s3_uri          = "s3://captured/"
    kms_key_id                  = aws_kms_key.models.arn
    capture_options {
      capture_mode = "Input"
    }
  }
}

resource "aws_sagemaker_endpoint_configuration" "wrong" {
  name = "estate-wrong"
  production_variants {
    variant_name           = "all"
    model_name             = "estate-right"
    initial_instance_count = 1
    instance_type          = "ml.m5.large"
  }
  data_capture_config {
    enable_capture              = true
    initial_sampling_percentage = 100
    destination_s3_uri          = "s3://captured/"
    capture_options {
      capture_mode = "Input"
    }
  }
}

resource "aws_sagemaker_domain" "right" {
  domain_name             = "estate-right"
  auth_mode               = "IAM"
  vpc_id                  = "vpc-1"
  subnet_ids              = ["subnet-1"]
  kms_key_id              = aws_kms_key.models.arn
  app_network_access_type = "VpcOnly"
  default_user_settings {
    execution_role = "arn:aws:iam::123456789012:role/sagemaker"
    jupyter_lab_app_settings {
      app_lifecycle_management {
        idle_settings {
          lifecycle_management    = "ENABLED"
          idle_timeout_in_minutes = 60
        }
      }
    }
  }
}

resource "aws_sagemaker_domain" "wrong" {
  domain_name = "estate-wrong"
  auth_mode   = "IAM"
  vpc_id      = "vpc-1"
  subnet_ids  = ["subnet-1"]
  default_user_settings {
    execution_role = "arn:aws:iam::123456789012:role/sagemaker"
  }
}
