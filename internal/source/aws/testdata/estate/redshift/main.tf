resource "aws_kms_key" "right" {
  enable_key_rotation = true
}

resource "aws_redshift_cluster" "right" {
  cluster_identifier                  = "estate-right"
  node_type                           = "ra3.large"
  number_of_nodes                     = 2
  master_username                     = "estate"
  master_password                     = var.password
  encrypted                           = true
  kms_key_id                          = aws_kms_key.right.arn
  publicly_accessible                 = false
  cluster_parameter_group_name        = "default.redshift-1.0"
  automated_snapshot_retention_period = 14
  allow_version_upgrade               = true
  enhanced_vpc_routing                = true
}

resource "aws_redshift_logging" "right" {
  cluster_identifier = aws_redshift_cluster.right.id
  bucket_name        = "estate-redshift-logs"
}

resource "aws_redshift_cluster" "wrong" {
  cluster_identifier                  = "estate-wrong"
  node_type                           = "ra3.large"
  number_of_nodes                     = 1
  master_username                     = "estate"
  master_password                     = var.password
  encrypted                           = false
  publicly_accessible                 = true
  cluster_parameter_group_name        = "default.redshift-1.0"
  automated_snapshot_retention_period = 1
  allow_version_upgrade               = false
  enhanced_vpc_routing                = false
}

variable "password" {}

resource "aws_redshift_cluster_snapshot" "right" {
  cluster_identifier  = aws_redshift_cluster.right.id
  snapshot_identifier = "estate-snapshot-right"
}

resource "aws_redshift_cluster_snapshot" "wrong" {
  cluster_identifier  = aws_redshift_cluster.wrong.id
  snapshot_identifier = "estate-snapshot-wrong"
}
