resource "aws_kms_key" "emr" {}

resource "aws_emr_security_configuration" "right" {
  name = "estate-right"
  configuration = jsonencode({
    EncryptionConfiguration = {
      EnableAtRestEncryption    = true
      EnableInTransitEncryption = true
      AtRestEncryptionConfiguration = {
        S3EncryptionConfiguration = { EncryptionMode = "SSE-KMS", AwsKmsKey = "arn:aws:kms:eu-west-1:123456789012:key/k" }
        LocalDiskEncryptionConfiguration = {
          EncryptionKeyProviderType = "AwsKms", AwsKmsKey = "arn:aws:kms:eu-west-1:123456789012:key/k", EnableEbsEncryption = true
        }
      }
      InTransitEncryptionConfiguration = {
        TLSCertificateConfiguration = { CertificateProviderType = "PEM", S3Object = "s3://c/c.zip" }
      }
    }
    AuthenticationConfiguration = {
      KerberosConfiguration = {
        Provider = "ClusterDedicatedKdc", ClusterDedicatedKdcConfiguration = { TicketLifetimeInHours = 24 }
      }
    }
    InstanceMetadataServiceConfiguration = { MinimumInstanceMetadataServiceVersion = 2, HttpPutResponseHopLimit = 1 }
  })
}

resource "aws_emr_security_configuration" "wrong" {
  name          = "estate-wrong"
  configuration = jsonencode({ EncryptionConfiguration = { EnableAtRestEncryption = false, EnableInTransitEncryption = false } })
}

resource "aws_emr_cluster" "right" {
  name                              = "right"
  release_label                     = "emr-7.10.0"
  service_role                      = "EMR_DefaultRole"
  security_configuration            = aws_emr_security_configuration.right.name
  log_uri                           = "s3://logs/emr/"
  keep_job_flow_alive_when_no_steps = true
  termination_protection            = true
  ec2_attributes {
    instance_profile = "EMR_EC2_DefaultRole"
  }
  kerberos_attributes {
    realm              = "EC2.INTERNAL"
    kdc_admin_password = "hunter2hunter2"
  }
}

resource "aws_emr_cluster" "wrong" {
  name                              = "wrong"
  release_label                     = "emr-6.9.0"
  service_role                      = "EMR_DefaultRole"
  security_configuration            = aws_emr_security_configuration.wrong.name
  keep_job_flow_alive_when_no_steps = true
  ec2_attributes {
    instance_profile = "EMR_EC2_DefaultRole"
  }
}

resource "aws_emrserverless_application" "right" {
  name          = "right"
  release_label = "emr-7.10.0"
  type          = "SPARK"
  network_configuration {
    subnet_ids         = ["subnet-1"]
    security_group_ids = ["sg-1"]
  }
}

resource "aws_emrserverless_application" "wrong" {
  name          = "wrong"
  release_label = "emr-6.9.0"
  type          = "SPARK"
}
