resource "aws_transfer_server" "right" {
  protocols            = ["SFTP"]
  endpoint_type        = "VPC"
  logging_role         = "arn:aws:iam::123456789012:role/log"
  security_policy_name = "TransferSecurityPolicy-2024-01"
  endpoint_details {
    vpc_id     = "vpc-1"
    subnet_ids = ["subnet-1"]
  }
}

resource "aws_transfer_server" "wrong" {
  protocols            = ["FTP"]
  endpoint_type        = "PUBLIC"
  security_policy_name = "TransferSecurityPolicy-2018-11"
}

resource "aws_transfer_connector" "right" {
  url         = "https://partner.example/right"
  access_role = "arn:aws:iam::123456789012:role/send"
  as2_config {
    encryption_algorithm = "AES256_CBC"
    signing_algorithm    = "SHA256"
  }
}

resource "aws_transfer_connector" "wrong" {
  url         = "https://partner.example/wrong"
  access_role = "arn:aws:iam::123456789012:role/send"
  as2_config {
    encryption_algorithm = "NONE"
    signing_algorithm    = "NONE"
  }
}
