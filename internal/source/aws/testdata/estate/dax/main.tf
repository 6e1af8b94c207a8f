resource "aws_dax_cluster" "right" {
  cluster_name                     = "estate-right"
  node_type                        = "dax.t3.small"
  replication_factor               = 1
  iam_role_arn                     = "arn:aws:iam::123456789012:role/dax"
  cluster_endpoint_encryption_type = "TLS"
  server_side_encryption {
    enabled = true
  }
}

resource "aws_dax_cluster" "wrong" {
  cluster_name       = "estate-wrong"
  node_type          = "dax.t3.small"
  replication_factor = 1
  iam_role_arn       = "arn:aws:iam::123456789012:role/dax"
}
